/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the programs send: shown at once, or kept for the summaries. */
#ifndef USERSPACE_LIVE_EVENTS_H
#define USERSPACE_LIVE_EVENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "userspace/output/output.h"
#include "userspace/snapshot.h"

/* Records of ended connections that are kept; then the oldest make room and are counted. */
#define LIVE_EVENTS_ENDED 65536U

struct ring_buffer;

struct live_events {
	struct ring_buffer *ring;
	const struct options *options;
	const struct output *output;
	FILE *to;                   /* where they are shown */
	const struct report *times; /* for the epoch; nothing else of it is read here */
	void (*on_event)(void *arg, const struct event *event); /* after it was shown */
	void *on_event_arg;
	__u64 shown;         /* findings shown, or left out by the limit below */
	unsigned int budget; /* findings about connections the text may still show this second */
	__u64 left_out;      /* since live_events_second() */
	int write_error;     /* -errno of the output: nothing more is shown */
	struct snapshot_flow *ended;
	size_t ended_n, ended_room, ended_next;
	__u64 ended_lost; /* records that made room */
	bool draining;
};

/* Opens the ring. The caller has filled options, output, to, times and on_event. 0 or -errno. */
int live_events_open(struct live_events *e, int ring);

/* Accepts what was never opened. */
void live_events_close(struct live_events *e);

/* Readable when something was sent. */
int live_events_fd(const struct live_events *e);

/* Takes what is there; stops early at --count, and now and then so that a flood leaves time. */
void live_events_take(struct live_events *e);

/* Takes all that is left, once the programs are detached; ended records too after --count. */
void live_events_drain(struct live_events *e);

/* True when --count findings were shown. */
bool live_events_enough(const struct live_events *e);

/* A second has passed: says how much was left out, and grants the next second's share. */
void live_events_second(struct live_events *e);

#endif
