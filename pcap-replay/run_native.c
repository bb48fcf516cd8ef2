// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The engine in this process: no privileges, no limits but memory. */
#include <errno.h>
#include <stdlib.h>

#include "pcap-replay/run.h"
#include "platform/native.h"

struct run_native_state {
	struct native *native;
	struct flow_entry *rivals; /* unanswered SYNs kept beside a pending entry, as records */
	const struct flow_entry **flows;
	struct endpoint_entry *endpoints;
};

/* A record and what it is sorted by, side by side: the sort then stays in the cache. */
struct run_order {
	__u64 ns;
	__u64 id;
	const struct flow_entry *flow;
};

static void run_native_close(void *state)
{
	struct run_native_state *s = state;

	if (!s)
		return;
	native_close(s->native);
	free(s->rivals);
	free(s->flows);
	free(s->endpoints);
	free(s);
}

static int run_native_open(void **state, const struct options *o, char *err, size_t err_len)
{
	struct run_native_state *s = calloc(1, sizeof(*s));

	if (s)
		s->native = native_open(&o->config);
	if (!s || !s->native) {
		run_native_close(s);
		snprintf(err, err_len, "out of memory");
		return -ENOMEM;
	}
	*state = s;
	return 0;
}

static int run_native_feed(void *state, const struct reader_packet *packets, unsigned int n)
{
	struct run_native_state *s = state;
	struct native_frame frames[NATIVE_BATCH];

	for (unsigned int i = 0; i < n; i++) {
		frames[i] = (struct native_frame){
			.ns = packets[i].ns,
			.id = packet_id_make(packets[i].file, packets[i].number),
			.data = packets[i].data,
			.caplen = packets[i].caplen,
			.wirelen = packets[i].wirelen,
			.ifindex = packets[i].ifindex,
			.linktype = packets[i].linktype > 0xffff ? 0xffff
								 : (__u16)packets[i].linktype,
		};
	}
	native_frames(s->native, frames, n);
	return s->native->out_of_memory ? -ENOMEM : 0;
}

static int run_order_compare(const void *a, const void *b)
{
	const struct run_order *x = a, *y = b;

	if (x->ns != y->ns)
		return x->ns < y->ns ? -1 : 1;
	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return memcmp(&x->flow->key, &y->flow->key, sizeof(x->flow->key));
}

static int run_endpoint_compare(const void *a, const void *b)
{
	const struct endpoint_entry *x = a, *y = b;

	return memcmp(&x->key, &y->key, sizeof(x->key));
}

static size_t run_native_collect(struct run_native_state *s, struct run_order *order)
{
	struct native *n = s->native;
	size_t count = 0, rivals = 0;

	for (__u64 i = 0; i <= n->flows.mask; i++) {
		if (n->flows.slots[i])
			order[count++].flow = table_entry(&n->flows, (__u32)n->flows.slots[i] - 1);
	}
	for (__u64 i = 0; i <= n->pending.mask; i++) {
		struct native_pending *e;

		if (!n->pending.slots[i])
			continue;
		e = table_entry(&n->pending, (__u32)n->pending.slots[i] - 1);
		order[count++].flow = (const struct flow_entry *)e;
		if (!(e->entry.rival.bits & SYN_SEEN))
			continue;
		s->rivals[rivals].key = e->key;
		track_rival_flow(&s->rivals[rivals].flow, &e->entry);
		order[count++].flow = &s->rivals[rivals++];
	}
	for (size_t i = 0; i < n->ended_n; i++)
		order[count++].flow = n->ended[i];
	return count;
}

static int run_native_endpoints(struct run_native_state *s, struct report *r)
{
	struct native *n = s->native;
	size_t count = 0;

	s->endpoints = malloc((n->endpoints.used + 1) * sizeof(*s->endpoints));
	if (!s->endpoints)
		return -ENOMEM;
	for (__u64 i = 0; i <= n->endpoints.mask; i++) {
		struct endpoint_entry *e;

		if (!n->endpoints.slots[i])
			continue;
		e = table_entry(&n->endpoints, (__u32)n->endpoints.slots[i] - 1);
		s->endpoints[count++] = *e;
	}
	qsort(s->endpoints, count, sizeof(*s->endpoints), run_endpoint_compare);
	r->endpoints = s->endpoints;
	r->endpoints_n = count;
	return 0;
}

static int run_native_report(void *state, struct report *r)
{
	struct run_native_state *s = state;
	struct native *n = s->native;
	size_t room = n->flows.used + 2UL * n->pending.used + n->ended_n + 1;
	struct run_order *order = malloc(room * sizeof(*order));
	int err = -ENOMEM;

	s->rivals = malloc((n->pending.used + 1UL) * sizeof(*s->rivals));
	s->flows = malloc(room * sizeof(*s->flows));
	if (!order || !s->rivals || !s->flows)
		goto out;
	r->flows_n = run_native_collect(s, order);
	for (size_t i = 0; i < r->flows_n; i++) {
		order[i].ns = order[i].flow->flow.first_ns;
		order[i].id = order[i].flow->flow.first_id;
	}
	qsort(order, r->flows_n, sizeof(*order), run_order_compare);
	for (size_t i = 0; i < r->flows_n; i++)
		s->flows[i] = order[i].flow;
	r->flows = s->flows;
	memcpy(r->counters, n->counters, sizeof(r->counters));
	err = run_native_endpoints(s, r);
out:
	free(order);
	return err;
}

const struct run_engine run_native = {
	.open = run_native_open,
	.feed = run_native_feed,
	.report = run_native_report,
	.close = run_native_close,
};
