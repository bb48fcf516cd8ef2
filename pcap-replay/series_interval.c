// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "pcap-replay/series_interval.h"

#include <stdlib.h>

/* A direction that has changed, and the place among the slots that leads to it. */
struct interval_entry {
	struct series_point point;
	__u32 slot;
};

struct series_interval {
	__u64 ns;
	__u64 open; /* the interval: time over length */
	series_interval_put put;
	void *arg;
	struct interval_entry *entries; /* in the order of their first points */
	__u32 *slots;                   /* index of an entry plus 1, by hash; twice as many */
	__u32 used;
	__u32 most;
	bool crowded;
};

struct series_interval *series_interval_open(__u64 ns, __u32 most, series_interval_put put,
					     void *arg)
{
	struct series_interval *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->ns = ns;
	s->most = most;
	s->put = put;
	s->arg = arg;
	s->entries = calloc(most, sizeof(*s->entries));
	s->slots = calloc(2UL * most, sizeof(*s->slots));
	if (s->entries && s->slots)
		return s;
	series_interval_close(s);
	return NULL;
}

void series_interval_close(struct series_interval *s)
{
	if (!s)
		return;
	free(s->entries);
	free(s->slots);
	free(s);
}

bool series_interval_is_crowded(const struct series_interval *s)
{
	return s->crowded;
}

void series_interval_flush(struct series_interval *s)
{
	for (__u32 i = 0; i < s->used; i++) {
		s->slots[s->entries[i].slot] = 0;
		s->put(s->arg, &s->entries[i].point);
	}
	s->used = 0;
}

static bool interval_is_same(const struct series_point *a, const struct series_point *b)
{
	return a->flow == b->flow && a->sender == b->sender;
}

/* The slot that leads to the direction of a point, or the free one where it belongs. */
static __u32 interval_slot(const struct series_interval *s, const struct series_point *point)
{
	__u32 mask = 2 * s->most - 1;
	__u32 slot = (__u32)table_mix(point->flow << 1 | point->sender, 0) & mask;

	while (s->slots[slot] && !interval_is_same(&s->entries[s->slots[slot] - 1].point, point))
		slot = (slot + 1) & mask;
	return slot;
}

void series_interval_add(struct series_interval *s, const struct series_point *point)
{
	__u64 interval = point->ns / s->ns;
	struct interval_entry *e;
	__u32 slot;

	if (interval != s->open)
		series_interval_flush(s);
	s->open = interval;
	slot = interval_slot(s, point);
	if (s->slots[slot]) {
		series_point_merge(&s->entries[s->slots[slot] - 1].point, point);
		return;
	}
	if (s->used == s->most) {
		s->crowded = true;
		series_interval_flush(s);
		slot = interval_slot(s, point);
	}
	e = &s->entries[s->used++];
	e->point = *point;
	e->slot = slot;
	s->slots[slot] = s->used;
}
