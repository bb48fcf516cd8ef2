// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The engine in this process: no privileges, no limits but memory. */
#include <errno.h>
#include <stdlib.h>

#include "pcap-replay/run.h"
#include "pcap-replay/watch.h"
#include "platform/native_retire.h"
#include "platform/native_threads.h"
#include "userspace/around.h"
#include "userspace/retired.h"
#include "userspace/snapshot.h"

/* A record with the time it is sorted by beside it: most comparisons need not look further. */
struct run_order {
	__u64 ns;
	const struct flow_entry *flow;
};

struct run_native_state {
	struct native *native;          /* the only world, or the one that has all endpoints */
	struct native_threads *threads; /* or 0: this thread does everything */
	unsigned int worlds;            /* that have connections */
	unsigned int jobs;              /* threads, this one included */
	struct flow_entry *rivals; /* unanswered SYNs kept beside a pending entry, as records */
	struct run_order *order;   /* while gathering; then the records' addresses, see below */
	struct endpoint_entry *endpoints;
	struct around around;
	struct retired *retired; /* borrowed, or 0 */
	__u64 first_ns, last_ns; /* of what was fed; 0, 0: nothing */
};

/* What a report was made of; the tables stay. */
static void run_native_forget(struct run_native_state *s)
{
	free(s->rivals);
	free(s->order);
	free(s->endpoints);
	around_free(&s->around);
	s->rivals = NULL;
	s->order = NULL;
	s->endpoints = NULL;
}

static void run_native_end(struct run_native_state *s)
{
	if (s->threads)
		native_threads_close(s->threads);
	else
		native_close(s->native);
	s->threads = NULL;
	s->native = NULL;
}

/* An empty world, or as many as there are threads. 0 or -errno; run_native_end() in either case. */
static int run_native_begin(struct run_native_state *s, const struct engine_config *config)
{
	int err = 0;

	if (s->jobs <= 1) {
		s->native = native_open(config);
		return s->native ? 0 : -ENOMEM;
	}
	err = native_threads_open(&s->threads, config, s->worlds, s->worlds > 1 ? s->jobs - 1 : 1);
	if (!err)
		s->native = native_threads_endpoints(s->threads);
	return err;
}

static struct native *run_native_world(const struct run_native_state *s, unsigned int i)
{
	return s->threads ? native_threads_world(s->threads, i) : s->native;
}

static void run_native_close(void *state)
{
	struct run_native_state *s = state;

	if (!s)
		return;
	run_native_end(s);
	run_native_forget(s);
	free(s);
}

static int run_native_reset(void *state)
{
	struct run_native_state *s = state;
	const struct engine_config config = s->native->config;

	run_native_forget(s);
	run_native_end(s);
	s->retired = NULL;
	s->first_ns = s->last_ns = 0;
	return run_native_begin(s, &config);
}

static int run_native_open(void **state, const struct options *o, char *err, size_t err_len)
{
	struct run_native_state *s = calloc(1, sizeof(*s));
	int failed = -ENOMEM;

	if (s) {
		s->jobs = o->jobs;
		/* Connections are retired in one order: there is one place where it is known. */
		s->worlds = o->jobs && o->retire_s <= 0 ? o->jobs : 1;
		failed = run_native_begin(s, &o->config);
	}
	if (failed) {
		snprintf(err, err_len,
			 failed == -ENOMEM ? "out of memory" : "cannot start threads: %s",
			 strerror(-failed));
		run_native_close(s);
		return failed;
	}
	*state = s;
	return 0;
}

/* Packets come in order, or nearly so: a batch's ends are near enough to the first and last. */
static void run_native_span(struct run_native_state *s, const struct frame *packets, unsigned int n)
{
	if (!s->first_ns)
		s->first_ns = packets[0].ns;
	if (packets[n - 1].ns > s->last_ns)
		s->last_ns = packets[n - 1].ns;
}

static void run_native_watch(void *state, struct watch *watch)
{
	struct run_native_state *s = state;

	s->native->on_segment = watch_segment;
	s->native->on_segment_arg = watch;
}

static void run_native_retired(void *arg, const struct flow_entry *e, size_t gauges_at)
{
	retired_add(arg, e, gauges_at);
}

/* Endpoints while they are counted. */
static const struct endpoint_entry *run_native_find(const void *arg, const struct endpoint_key *key)
{
	const struct native *n = arg;

	return table_find(&n->endpoints, key, sizeof(*key), native_endpoint_hash(key));
}

static int run_native_retire(void *state, struct retired *retired)
{
	struct run_native_state *s = state;
	double ns = retired->idle_s * 1e9;

	s->retired = retired;
	retired->around.find = run_native_find;
	retired->around.find_arg = s->native;
	/* Less than a nanosecond is one: nothing is idle for no time. */
	return native_retire_start(s->native, ns < 1 ? 1 : (__u64)ns, run_native_retired, retired);
}

static int run_native_feed(void *state, const struct frame *packets, unsigned int n)
{
	struct run_native_state *s = state;

	run_native_span(s, packets, n);
	if (s->threads) {
		int err = native_threads_frames(s->threads, packets, n);

		/* Otherwise it is the other thread's. */
		if (!err && s->retired && native_threads_settled(s->threads))
			err = s->retired->err;
		return err;
	}
	native_frames(s->native, packets, n);
	if (s->native->out_of_memory)
		return -ENOMEM;
	return s->retired ? s->retired->err : 0;
}

static bool run_order_after(const struct run_order *a, const struct run_order *b)
{
	if (a->ns != b->ns)
		return a->ns > b->ns;
	return snapshot_flow_order(a->flow, b->flow) > 0;
}

/*
 * Shell sort with the gaps of Ciura (2001), extended by 9/4: in place, since memory is
 * what a million connections are short of, and fast on what is nearly in order, as
 * connections entered in the order of their handshakes are.
 */
static void run_order_sort(struct run_order *order, size_t n)
{
	static const size_t ciura[] = { 1, 4, 10, 23, 57, 132, 301, 701 };
	size_t gaps[64], count = sizeof(ciura) / sizeof(ciura[0]);

	memcpy(gaps, ciura, sizeof(ciura));
	while (gaps[count - 1] < n / 9 * 4) {
		gaps[count] = gaps[count - 1] / 4 * 9;
		count++;
	}
	while (count--) {
		size_t gap = gaps[count];

		for (size_t i = gap; i < n; i++) {
			struct run_order moving = order[i];
			size_t at = i;

			for (; at >= gap && run_order_after(&order[at - gap], &moving); at -= gap)
				order[at] = order[at - gap];
			order[at] = moving;
		}
	}
}

static int run_endpoint_compare(const void *a, const void *b)
{
	return snapshot_endpoint_order(a, b);
}

/* Keeps the addresses only, packed into the memory of the pairs. */
static const struct flow_entry **run_order_pack(struct run_order *order, size_t n)
{
	const struct flow_entry **flows = (void *)order;

	for (size_t i = 0; i < n; i++)
		flows[i] = order[i].flow;
	return flows;
}

/* Records being gathered. */
struct run_gather {
	struct run_order *order;
	struct flow_entry *rivals;
	struct endpoint_entry *endpoints;
	size_t flows_n, rivals_n, endpoints_n;
	bool sorted; /* so far */
};

static void run_gather_record(struct run_gather *g, const struct flow_entry *flow)
{
	struct run_order *o = &g->order[g->flows_n++];

	o->ns = flow->flow.first_ns;
	o->flow = flow;
	if (g->sorted && g->flows_n > 1)
		g->sorted = !run_order_after(o - 1, o);
}

static void run_gather_flow(void *arg, void *entry)
{
	run_gather_record(arg, entry);
}

static void run_gather_pending(void *arg, void *entry)
{
	struct run_gather *g = arg;
	struct native_pending *e = entry;

	run_gather_record(g, (const struct flow_entry *)e);
	if (!(e->entry.rival.bits & SYN_SEEN))
		return;
	g->rivals[g->rivals_n].key = e->key;
	track_rival_flow(&g->rivals[g->rivals_n].flow, &e->entry);
	run_gather_record(g, &g->rivals[g->rivals_n++]);
}

static void run_gather_endpoint(void *arg, void *entry)
{
	struct run_gather *g = arg;
	struct endpoint_entry *e = entry;

	g->endpoints[g->endpoints_n++] = *e;
}

/* Room for all records, exactly enough. 0 or -ENOMEM. */
static int run_gather_room(struct run_native_state *s, struct run_gather *g)
{
	size_t flows = 1, rivals = 1;

	for (unsigned int i = 0; i < s->worlds; i++) {
		const struct native *n = run_native_world(s, i);

		rivals += n->pending.used;
		flows += n->flows.used + 2UL * n->pending.used + n->ended.used;
	}
	g->rivals = s->rivals = malloc(rivals * sizeof(*s->rivals));
	g->endpoints = s->endpoints =
		malloc((s->native->endpoints.used + 1UL) * sizeof(*s->endpoints));
	g->order = s->order = malloc(flows * sizeof(*s->order));
	return s->rivals && s->endpoints && s->order ? 0 : -ENOMEM;
}

/* All records of all worlds, in order. 0 or -ENOMEM. */
static int run_gather_all(struct run_native_state *s, struct run_gather *g)
{
	if (run_gather_room(s, g))
		return -ENOMEM;
	for (unsigned int i = 0; i < s->worlds; i++) {
		const struct native *n = run_native_world(s, i);

		if (table_each(&n->flows, run_gather_flow, g) ||
		    table_each(&n->pending, run_gather_pending, g) ||
		    table_each(&n->ended, run_gather_flow, g))
			return -ENOMEM;
	}
	if (table_each(&s->native->endpoints, run_gather_endpoint, g))
		return -ENOMEM;
	if (!g->sorted)
		run_order_sort(s->order, g->flows_n);
	qsort(s->endpoints, g->endpoints_n, sizeof(*s->endpoints), run_endpoint_compare);
	return 0;
}

/* Each thread counted what it did. */
static void run_native_counters(const struct run_native_state *s, __u64 counters[COUNTER_SLOTS])
{
	memset(counters, 0, COUNTER_SLOTS * sizeof(*counters));
	for (unsigned int i = 0; i < s->worlds + !!s->threads; i++) {
		const struct native *n = i < s->worlds ? run_native_world(s, i)
						       : native_threads_front(s->threads);

		for (unsigned int k = 0; k < COUNTER_SLOTS; k++)
			counters[k] += n->counters[k];
	}
}

/* What takes all connections. */
static int run_native_judge(struct run_native_state *s, struct report *r)
{
	int err = around_make(&s->around, r);

	if (err || !s->retired)
		return err;
	s->retired->continued = s->native->retire->continued;
	s->retired->forgotten = s->native->retire->forgotten;
	return s->retired->err ? s->retired->err : retired_finish(s->retired, r);
}

static int run_native_report(void *state, struct report *r)
{
	struct run_native_state *s = state;
	struct run_gather g = { .sorted = true };
	int err;

	if (!s->threads)
		native_flush(s->native);
	err = s->threads ? native_threads_settle(s->threads) : 0;
	if (!err)
		err = run_gather_all(s, &g);
	if (err)
		return err;
	r->flows = run_order_pack(s->order, g.flows_n);
	r->flows_n = g.flows_n;
	r->gauges_at = NATIVE_GAUGES;
	r->endpoints = s->endpoints;
	r->endpoints_n = g.endpoints_n;
	r->threads = s->jobs;
	run_native_counters(s, r->counters);
	r->span_ns = s->last_ns > s->first_ns ? s->last_ns - s->first_ns : 0;
	r->retired = s->retired;
	return run_native_judge(s, r);
}

const struct run_engine run_native = {
	.open = run_native_open,
	.watch = run_native_watch,
	.retire = run_native_retire,
	.feed = run_native_feed,
	.report = run_native_report,
	.reset = run_native_reset,
	.close = run_native_close,
};
