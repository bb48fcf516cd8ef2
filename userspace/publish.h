/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The events of `wscope live` to NATS: each the line that --json prints, without its end, on the
 * subject wscope.NODE.CODE. They go through a queue with room for so many to a thread that sends
 * them, so that nobody waits for a server; an event leaves the queue when the server has confirmed
 * it, and what finds no room is counted.
 */
#ifndef USERSPACE_PUBLISH_H
#define USERSPACE_PUBLISH_H

#include <stdbool.h>

#include "engine/finding.h"
#include "userspace/options.h"
#include "userspace/report.h"

/* A token of a subject, as long as the name of a host may be. */
#define PUBLISH_NODE_ROOM 256

struct publish;

struct publish_counts {
	__u64 sent; /* confirmed by the server */
	__u64 lost; /* found no room, were too long, not permitted, or left at the end */
};

/*
 * Loads what it takes for o->nats; *out is NULL where that is not given. 0, or -errno after one line on
 * stderr.
 */
int publish_open(struct publish **out, const struct options *o);

/*
 * Starts the threads, which have the privileges, the signal mask and the system calls that the
 * caller has now. 0, or -errno after one line on stderr. Accepts NULL, as all below.
 */
int publish_start(struct publish *p);

/* Never waits for a server. times: for the epoch, as an output's event() takes it. */
void publish_event(struct publish *p, const struct report *times, const struct event *event);

/* No event follows: waits a few seconds at most for those in the queue; what is left is lost. */
void publish_finish(struct publish *p);

/* NULL: nothing was published. */
void publish_counts(const struct publish *p, struct publish_counts *out);

/*
 * False: threads that a server keeps waiting are left, and the process is to end by _exit(2): the
 * library does not clear up safely behind them.
 */
bool publish_close(struct publish *p);

/* The name of a node as one token of a subject: what is no ASCII letter, digit, '-' or '_' is '_'. */
void publish_node(char out[PUBLISH_NODE_ROOM], const char *name);

/* URLs without what stands before the '@' of each, to show them; out has room for as many bytes. */
void publish_shown(char *out, const char *urls);

/* Whether it is a list of URLs, with commas between, as --nats takes it. */
bool publish_is_urls(const char *urls);

#endif
