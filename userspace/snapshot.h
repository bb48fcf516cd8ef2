/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the kernel's tables hold at this moment, as a report. The programs may go on
 * working meanwhile: what moves from one table to the other is shown once, and what
 * was counted as given up was.
 */
#ifndef USERSPACE_SNAPSHOT_H
#define USERSPACE_SNAPSHOT_H

#include "userspace/around.h"
#include "userspace/report.h"

/* File descriptors of the maps; all readable, none is closed here. */
struct snapshot_maps {
	int flows;
	int pending;
	int endpoints;
	int counters;
};

/* A record, with its gauges behind it. */
struct snapshot_flow {
	struct flow_entry entry;
	struct gauge gauge[2]; /* valid with FLOW_GAUGED */
};

struct snapshot {
	struct report report; /* what the tables do not know is 0: see snapshot_take() */
	const struct flow_entry **order;
	struct snapshot_flow *flows;
	struct endpoint_entry *endpoints;
	struct around around;
	size_t order_n, flows_room, endpoints_room;
};

/*
 * Reads the tables. ended are records of connections that left them (EVENT_FLOW_ENDED);
 * they are copied. On success *out is to be released with snapshot_free(); flows,
 * endpoints, counters, evictions, span, around and open_unscaled of its report are filled, the rest
 * (files, times, live, lost_packets) is the caller's. 0, or -errno of the map access or
 * -ENOMEM; *out is then NULL.
 */
int snapshot_take(struct snapshot **out, const struct snapshot_maps *maps,
		  const struct snapshot_flow *ended, size_t ended_n);

/* Accepts NULL. */
void snapshot_free(struct snapshot *s);

/* Sums the per-CPU counters into sums[COUNTER_SLOTS]. 0 or -errno. */
int snapshot_counters(int fd, __u64 sums[COUNTER_SLOTS]);

/* The order of flow records in a report: first packet, then key, then the SYNs. As for qsort(). */
int snapshot_flow_order(const struct flow_entry *a, const struct flow_entry *b);
int snapshot_endpoint_order(const struct endpoint_entry *a, const struct endpoint_entry *b);

#endif
