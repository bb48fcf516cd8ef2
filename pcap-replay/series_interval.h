/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One point for each direction and interval, in memory that does not grow: what changes in the
 * interval that is open is kept, and handed on when a point of another one comes. Intervals are
 * multiples of their length since the epoch, the same for all connections.
 */
#ifndef PCAP_REPLAY_SERIES_INTERVAL_H
#define PCAP_REPLAY_SERIES_INTERVAL_H

#include <stdbool.h>

#include "pcap-replay/series_point.h"

struct series_interval;

/* Takes a point that is done with; in the order in which their directions changed first. */
typedef void (*series_interval_put)(void *arg, const struct series_point *point);

/* ns > 0: the length. most: directions kept at a time, a power of two. 0: out of memory. */
struct series_interval *series_interval_open(__u64 ns, __u32 most, series_interval_put put,
					     void *arg);

/* Points of one interval and direction become one, see series_point_merge(). */
void series_interval_add(struct series_interval *s, const struct series_point *point);

/* Hands everything on that is kept. */
void series_interval_flush(struct series_interval *s);

/* Whether there were more directions than could be kept: some have more points than one. */
bool series_interval_is_crowded(const struct series_interval *s);

/* Hands nothing on. Accepts NULL. */
void series_interval_close(struct series_interval *s);

#endif
