/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One connection to a NATS server by libnats, which is loaded for it. Made anew by whoever uses it,
 * not by the library, so that it is known what arrived; nothing here tells a password.
 */
#ifndef USERSPACE_PUBLISH_WIRE_H
#define USERSPACE_PUBLISH_WIRE_H

#include <stdbool.h>
#include <stddef.h>

#include "userspace/options.h"

struct publish_wire;

/* Whether this build has libnats at all. */
bool publish_wire_is_built(void);

/*
 * Loads the library; no thread is started. *out is to be released with publish_wire_close(). 0, or
 * -errno after one line on stderr; -ENOSYS: it is not built.
 */
int publish_wire_open(struct publish_wire **out);

/*
 * Prepares connections to the servers of o, called name there. The library's threads have the
 * privileges that the caller has now. refused(arg) is called, in one of those threads, for each
 * message that the server does not permit. 0, or -errno after one line on stderr.
 */
int publish_wire_start(struct publish_wire *w, const struct options *o, const char *name,
		       void (*refused)(void *arg), void *arg);

/* Connects; waits a few seconds at most for each server. NULL, or what went wrong (static). */
const char *publish_wire_connect(struct publish_wire *w);

/* False when there is no connection, or not any more. */
bool publish_wire_is_up(struct publish_wire *w);

/* 0; -EMSGSIZE: the server takes none that long; -EPIPE: the connection is of no use any more. */
int publish_wire_send(struct publish_wire *w, const char *subject, const char *line, size_t len);

/* Waits until the server has had all that was sent. 0, -ETIMEDOUT after ms milliseconds, -EPIPE. */
int publish_wire_flush(struct publish_wire *w, unsigned int ms);

/* Ends the connection, if there is one. */
void publish_wire_hang_up(struct publish_wire *w);

/*
 * Waits a little for the library's threads. False: some are left, and the process has to end
 * without the library's own clearing up. Accepts NULL.
 */
bool publish_wire_close(struct publish_wire *w);

#endif
