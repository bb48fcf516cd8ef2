/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Keeps of every connection what a plot of it takes, since which of them have findings is known
 * at the end only. In memory that has a bound: first the points of all become fewer, then
 * connections that show nothing odd are given up, then new ones are not begun.
 */
#ifndef PCAP_REPLAY_PLOTS_H
#define PCAP_REPLAY_PLOTS_H

#include "pcap-replay/series_point.h"
#include "userspace/plot.h"

#define PLOTS_POINTS_MOST  1024U /* of a direction */
#define PLOTS_POINTS_LEAST 64U   /* so many are kept of each when memory is short */
#define PLOTS_WAITS_MOST   128U  /* of a direction and kind: the longest ones */
#define PLOTS_BYTES_MOST   (64UL << 20)

struct plots;

/* bytes_most: the bound, PLOTS_BYTES_MOST but for tests. NULL: out of memory. */
struct plots *plots_open(size_t bytes_most);

/* The points that a segment made, n of them; those of a direction in order. */
void plots_add(struct plots *p, const struct native_segment *segment,
	       const struct series_point *points, unsigned int n);

/* As struct plot_source has it; arg is the plots. */
bool plots_find(void *arg, __u64 flow, __u8 sender, __u64 end_ns, struct plot *out);

/* Changes of connections that found no room, or lost what was kept of them: 0 is usual. */
__u64 plots_lost(const struct plots *p);

/* Bytes that are in use, never more than the bound by more than one direction's. */
size_t plots_bytes(const struct plots *p);

/* Accepts NULL. */
void plots_close(struct plots *p);

#endif
