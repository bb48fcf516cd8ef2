/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a run found, ready to be shown: the facts as the engine left them, whoever
 * collected them (native replay, test runs, live maps). Outputs read this and
 * nothing else.
 */
#ifndef USERSPACE_REPORT_H
#define USERSPACE_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/config.h"
#include "engine/counters.h"
#include "engine/finding.h"
#include "engine/flow.h"
#include "engine/gauge.h"
#include "engine/slots.h"

struct around;
struct baseline;
struct retired;

/*
 * All arrays are owned by whoever made the report. Times inside facts plus
 * epoch_offset_ns are nanoseconds since the epoch.
 */
struct report {
	const struct baseline *baseline; /* earlier behaviour to judge endpoints by, or 0; borrowed */
	const struct flow_entry *const *flows; /* sorted by first packet, then key */
	size_t flows_n;
	size_t gauges_at; /* from a record to its gauges, bytes; 0: nobody has any */
	const struct endpoint_entry *endpoints; /* sorted by key */
	size_t endpoints_n;
	__u64 counters[COUNTER_SLOTS];
	__u64 evictions;    /* entries the tables gave up for room: the report is incomplete */
	__u64 lost_packets; /* known to have been missed before us */
	__u64 unsent;       /* live: events that did not get to NATS */
	const char *const *files; /* replay: by packet_id_file(); live: 0 */
	size_t files_n;
	__s64 epoch_offset_ns;
	__u64 started_ns; /* since the epoch: live, when it was attached; replay, first packet */
	__u64 span_ns;    /* from the first packet to the last */
	struct around *around;         /* what connections tell about each other; 0: not asked */
	unsigned int threads;          /* that an output may use; 0 is one, too */
	const struct retired *retired; /* connections that are not among flows any more, or 0 */
	bool live;
	bool interim;         /* live: a summary on the way, the last one is still to come */
	size_t open_unscaled; /* live: connections that are open and run with scaling off */
};

/* How far ahead of a walk over all records their memory is asked for. */
#define REPORT_AHEAD 8

/* Asks for what a walk that stands at i will soon want to know of a handshake. */
static inline void report_prefetch(const struct report *r, size_t i)
{
	const struct flow *f;

	if (i + REPORT_AHEAD >= r->flows_n)
		return;
	f = &r->flows[i + REPORT_AHEAD]->flow;
	__builtin_prefetch(f);
	__builtin_prefetch(&f->half[0]);
	__builtin_prefetch(&f->half[1]);
	__builtin_prefetch(&f->syn[0]);
	__builtin_prefetch(&f->syn[1]);
	__builtin_prefetch(&f->half[0].other);
	__builtin_prefetch(&f->half[1].other);
}

/* The two gauges of a connection, as its halves; NULL when they were never begun. */
static inline const struct gauge *report_gauges(const struct report *r, const struct flow_entry *e)
{
	if (!r->gauges_at || !(e->flow.bits & FLOW_GAUGED))
		return NULL;
	return (const struct gauge *)((const char *)e + r->gauges_at);
}

/* Index into the file's name and the packet's number there; false for 0 and when live. */
static inline bool report_packet(const struct report *r, __u64 id, const char **file, __u64 *number)
{
	if (!id || r->live || packet_id_file(id) >= r->files_n)
		return false;
	*file = r->files[packet_id_file(id)];
	*number = packet_id_number(id);
	return true;
}

#endif
