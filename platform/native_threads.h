/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Native tracking in several threads. The caller's thread parses; the connections are shared out
 * among worlds by their key's hash. A connection's segments all go to its world, in order, and any
 * thread takes them in there, one at a time: the helpers, and the caller's own when they are behind.
 *
 * What is about a connection needs nothing else. Endpoints are counted over connections, and what
 * they remember depends on the order of packets: worlds note what each packet added, and when the
 * threads meet it is joined in that order. The result is that of one thread.
 *
 * A single world gets all frames, also those without a segment, and keeps the endpoints itself;
 * parsing goes on beside it.
 */
#ifndef PLATFORM_NATIVE_THREADS_H
#define PLATFORM_NATIVE_THREADS_H

#include "platform/native.h"

/* Worlds; more threads would wait for the one that parses. */
#define NATIVE_THREADS_MOST 64

struct native_threads;

/* n worlds, 1 to NATIVE_THREADS_MOST, and at least one helper. 0 or -errno. */
int native_threads_open(struct native_threads **out, const struct engine_config *config,
			unsigned int n, unsigned int helpers);

/* Frames in order, at most NATIVE_BATCH; their bytes are not needed any more on return. 0 or
 * -ENOMEM. */
int native_threads_frames(struct native_threads *t, const struct frame *frames,
			  unsigned int frames_n);

/* Waits until all that was handed over is tracked, and joins the endpoints. 0 or -ENOMEM. */
int native_threads_settle(struct native_threads *t);

/* Whether they have met, and nothing was handed over since: what the threads have can be looked at. */
bool native_threads_settled(const struct native_threads *t);

/*
 * When settled: the world that has the counters of parsing, those that have the connections and
 * the counters of tracking, i below the n of native_threads_open(), and the one that has the
 * endpoints.
 */
struct native *native_threads_front(struct native_threads *t);
struct native *native_threads_world(struct native_threads *t, unsigned int i);
struct native *native_threads_endpoints(struct native_threads *t);

/* Accepts NULL. */
void native_threads_close(struct native_threads *t);

#endif
