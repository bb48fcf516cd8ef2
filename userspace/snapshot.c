// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "platform/grow.h"
#include "platform/native.h"
#include "userspace/snapshot_walk.h"

static int snapshot_compare(__u64 a, __u64 b)
{
	return a < b ? -1 : a > b;
}

int snapshot_flow_order(const struct flow_entry *a, const struct flow_entry *b)
{
	int order = snapshot_compare(a->flow.first_ns, b->flow.first_ns);

	if (!order)
		order = snapshot_compare(a->flow.first_id, b->flow.first_id);
	if (!order)
		order = memcmp(&a->key, &b->key, sizeof(a->key));
	for (int i = 0; i < 2 && !order; i++)
		order = snapshot_compare(a->flow.syn[i].isn, b->flow.syn[i].isn);
	return order;
}

int snapshot_endpoint_order(const struct endpoint_entry *a, const struct endpoint_entry *b)
{
	return memcmp(&a->key, &b->key, sizeof(a->key));
}

static int snapshot_order(const void *a, const void *b)
{
	const struct flow_entry *const *x = a, *const *y = b;
	int order = snapshot_flow_order(*x, *y);

	/* Of two copies the one from the table of confirmed connections goes first. */
	if (!order)
		order = !((*x)->flow.bits & FLOW_CONFIRMED) - !((*y)->flow.bits & FLOW_CONFIRMED);
	return order;
}

static int snapshot_endpoint_compare(const void *a, const void *b)
{
	return snapshot_endpoint_order(a, b);
}

/* Room for one more in an array of *n elements. NULL when out of memory. */
static void *snapshot_append(void **array, size_t *n, size_t *room, size_t size)
{
	void *grown = grow_list(*array, *n, room, size);

	if (!grown)
		return NULL;
	*array = grown;
	return (char *)grown + (*n)++ * size;
}

/* g: its gauges, or NULL. */
static int snapshot_add(struct snapshot *s, const struct flow_key *key, const struct flow *flow,
			const struct gauge *g)
{
	struct snapshot_flow *record =
		snapshot_append((void **)&s->flows, &s->order_n, &s->flows_room, sizeof(*record));

	if (!record)
		return -ENOMEM;
	record->entry.key = *key;
	record->entry.flow = *flow;
	if (g)
		memcpy(record->gauge, g, sizeof(record->gauge));
	return 0;
}

static int snapshot_add_flow(void *arg, const void *key, const void *value)
{
	const struct live_flow *live = value;

	return snapshot_add(arg, key, &live->flow, live->gauge);
}

static int snapshot_add_rival(struct snapshot *s, const struct flow_key *key,
			      const struct pending *entry)
{
	struct flow rival;

	track_rival_flow(&rival, entry);
	return snapshot_add(s, key, &rival, NULL);
}

static int snapshot_add_pending(void *arg, const void *key, const void *value)
{
	const struct pending *entry = value;
	int err = snapshot_add(arg, key, &entry->flow, NULL);

	if (!err && entry->rival.bits & SYN_SEEN)
		err = snapshot_add_rival(arg, key, entry);
	return err;
}

static int snapshot_add_endpoint(void *arg, const void *key, const void *value)
{
	struct snapshot *s = arg;
	struct endpoint_entry *e = snapshot_append((void **)&s->endpoints, &s->report.endpoints_n,
						   &s->endpoints_room, sizeof(*e));

	if (!e)
		return -ENOMEM;
	memcpy(&e->key, key, sizeof(e->key));
	memcpy(&e->endpoint, value, sizeof(e->endpoint));
	return 0;
}

int snapshot_counters(int fd, __u64 sums[COUNTER_SLOTS])
{
	int cpus = libbpf_num_possible_cpus(), err = 0;
	__u64 *values;

	if (cpus < 0)
		return cpus;
	values = calloc((size_t)cpus, sizeof(*values));
	if (!values)
		return -ENOMEM;
	for (__u32 i = 0; i < COUNTER_SLOTS && !err; i++) {
		err = bpf_map_lookup_elem(fd, &i, values);
		sums[i] = 0;
		for (int cpu = 0; cpu < cpus; cpu++)
			sums[i] += values[cpu];
	}
	free(values);
	return err;
}

static __u64 snapshot_missing(__u64 inserts, __u64 deletes, __u64 population)
{
	return inserts > deletes + population ? inserts - deletes - population : 0;
}

/*
 * Entries that were there before the reading began, were not deleted until it ended, and
 * were not met: a lower bound while packets arrive, exact when none do.
 */
static __u64 snapshot_evictions(const __u64 *before, const __u64 *after, __u64 flows, __u64 pending,
				__u64 endpoints)
{
	return snapshot_missing(before[COUNTER_FLOW_INSERTS], after[COUNTER_FLOW_DELETES], flows) +
	       snapshot_missing(before[COUNTER_PENDING_INSERTS], after[COUNTER_PENDING_DELETES],
				pending) +
	       snapshot_missing(before[COUNTER_ENDPOINT_INSERTS], 0, endpoints);
}

/*
 * Reads the three tables; unconfirmed connections first, so that one which is confirmed
 * meanwhile is met twice rather than not at all.
 */
static int snapshot_tables(struct snapshot *s, const struct snapshot_maps *maps)
{
	__u64 before[COUNTER_SLOTS], flows = 0, pending = 0;
	int err = snapshot_counters(maps->counters, before);

	if (!err)
		err = snapshot_walk(maps->pending, sizeof(struct flow_key), sizeof(struct pending),
				    snapshot_add_pending, s, &pending);
	if (!err)
		err = snapshot_walk(maps->flows, sizeof(struct flow_key), sizeof(struct live_flow),
				    snapshot_add_flow, s, &flows);
	if (!err)
		err = snapshot_walk(maps->endpoints, sizeof(struct endpoint_key),
				    sizeof(struct endpoint), snapshot_add_endpoint, s, NULL);
	if (!err)
		err = snapshot_counters(maps->counters, s->report.counters);
	if (!err)
		s->report.evictions = snapshot_evictions(before, s->report.counters, flows, pending,
							 s->report.endpoints_n);
	return err;
}

/* Sorts the records and leaves out second copies. */
static int snapshot_sort(struct snapshot *s)
{
	size_t n = 0;

	s->order = calloc(s->order_n ? s->order_n : 1, sizeof(*s->order));
	if (!s->order)
		return -ENOMEM;
	for (size_t i = 0; i < s->order_n; i++)
		s->order[i] = &s->flows[i].entry;
	qsort(s->order, s->order_n, sizeof(*s->order), snapshot_order);
	for (size_t i = 0; i < s->order_n; i++) {
		if (!n || snapshot_flow_order(s->order[n - 1], s->order[i]))
			s->order[n++] = s->order[i];
	}
	s->report.flows = s->order;
	s->report.flows_n = n;
	s->report.gauges_at = offsetof(struct snapshot_flow, gauge);
	if (s->endpoints)
		qsort(s->endpoints, s->report.endpoints_n, sizeof(*s->endpoints),
		      snapshot_endpoint_compare);
	s->report.endpoints = s->endpoints;
	return 0;
}

/* What takes a walk over all connections. */
static void snapshot_sum(struct report *r)
{
	for (size_t i = 0; i < r->flows_n; i++) {
		const struct flow *f = &r->flows[i]->flow;
		__u64 span = flow_last_ns(f) - r->flows[0]->flow.first_ns;

		r->span_ns = span > r->span_ns ? span : r->span_ns;
		if (f->bits & FLOW_CONFIRMED && !flow_closed(f) && flow_scaling(f) == SCALING_OFF)
			r->open_unscaled++;
	}
}

int snapshot_take(struct snapshot **out, const struct snapshot_maps *maps,
		  const struct snapshot_flow *ended, size_t ended_n)
{
	struct snapshot *s = calloc(1, sizeof(*s));
	int err = s ? 0 : -ENOMEM;

	*out = NULL;
	for (size_t i = 0; i < ended_n && !err; i++)
		err = snapshot_add(s, &ended[i].entry.key, &ended[i].entry.flow, ended[i].gauge);
	if (!err)
		err = snapshot_tables(s, maps);
	if (!err)
		err = snapshot_sort(s);
	if (!err) {
		snapshot_sum(&s->report);
		err = around_make(&s->around, &s->report);
	}
	if (err) {
		snapshot_free(s);
		return err;
	}
	*out = s;
	return 0;
}

void snapshot_free(struct snapshot *s)
{
	if (!s)
		return;
	around_free(&s->around);
	free(s->order);
	free(s->flows);
	free(s->endpoints);
	free(s);
}
