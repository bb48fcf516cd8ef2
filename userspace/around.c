// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/around.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "platform/grow.h"
#include "userspace/report.h"
#include "userspace/retired.h"

/* Neighbours looked at on either side of a host, so that a full prefix costs no square. */
#define AROUND_NEIGHBOURS 256

static int around_order(const void *a, const void *b)
{
	__u64 x = *(const __u64 *)a, y = *(const __u64 *)b;

	return (x > y) - (x < y);
}

/* Servers that offer; endpoints of one address stand together, whatever their ports. */
static __u32 around_count_offering(const struct report *r)
{
	const __u64 *last = NULL;
	__u32 n = 0;

	for (size_t i = 0; i < r->endpoints_n; i++) {
		const struct endpoint_entry *e = &r->endpoints[i];

		if (e->key.role != ENDPOINT_SERVER || !e->endpoint.offers)
			continue;
		n += !last || memcmp(last, e->key.addr, sizeof(e->key.addr));
		last = e->key.addr;
	}
	return n;
}

static int around_add_lost(struct around *out, size_t *room, __u64 ns)
{
	if (GROW(out->lost, out->lost_n, room))
		return -ENOMEM;
	out->lost[out->lost_n++] = ns;
	return 0;
}

int around_make(struct around *out, struct report *r)
{
	size_t room = 0;
	int err = 0;

	memset(out, 0, sizeof(*out));
	out->offering = around_count_offering(r);
	out->span_ns = r->span_ns;
	r->around = out;
	/* Nobody can have reached the age. */
	for (size_t i = 0; i < r->flows_n && r->span_ns >= LOSS_AGE_NS && !err; i++) {
		const struct flow_entry *e = r->flows[i];
		__u64 ns = state_loss_ns(&e->flow, report_gauges(r, e));

		if (ns)
			err = around_add_lost(out, &room, ns);
	}
	for (size_t i = 0; r->retired && i < r->retired->losses_n && !err; i++)
		err = around_add_lost(out, &room, r->retired->losses[i].ns);
	if (err)
		return err;
	if (out->lost_n)
		qsort(out->lost, out->lost_n, sizeof(*out->lost), around_order);
	return 0;
}

void around_free(struct around *a)
{
	free(a->lost);
	memset(a, 0, sizeof(*a));
}

/* The first of the times that is not before ns. */
static size_t around_from(const struct around *a, __u64 ns)
{
	size_t low = 0, high = a->lost_n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (a->lost[middle] < ns)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

__u32 around_lost(const struct around *a, __u64 ns)
{
	size_t from = around_from(a, ns > LOSS_SPAN_NS ? ns - LOSS_SPAN_NS : 0), to = from;
	__u64 most = 0;

	for (; from < a->lost_n && a->lost[from] <= ns; from++) {
		while (to < a->lost_n && a->lost[to] - a->lost[from] <= LOSS_SPAN_NS)
			to++;
		if (to - from > most)
			most = to - from;
	}
	/* In ms, so that the products of years and of millions fit. */
	if (most * (a->span_ns / ENGINE_NS_PER_MS) <
	    LOSS_TIMES_USUAL * a->lost_n * (LOSS_SPAN_NS / ENGINE_NS_PER_MS))
		return 0;
	return most > 0xffffffffU ? 0xffffffffU : (__u32)most;
}

static int endpoint_order(const void *key, const void *entry)
{
	const struct endpoint_entry *e = entry;

	return memcmp(key, &e->key, sizeof(e->key));
}

const struct endpoint_entry *around_find(const struct report *r, const struct endpoint_key *key)
{
	if (r->around && r->around->find)
		return r->around->find(r->around->find_arg, key);
	if (!r->endpoints_n)
		return NULL;
	return bsearch(key, r->endpoints, r->endpoints_n, sizeof(*r->endpoints), endpoint_order);
}

const struct endpoint_entry *around_endpoint(const struct report *r, const struct flow_entry *e,
					     enum endpoint_role role)
{
	struct endpoint_key key;

	endpoint_key_of(&key, &e->key, role == ENDPOINT_CLIENT ? e->flow.client : !e->flow.client,
			role);
	return around_find(r, &key);
}

void around_transfer(struct transfer *out, const struct report *r, const struct flow_entry *e)
{
	const struct flow *f = &e->flow;
	const struct syn *c = &f->syn[f->client & 1];

	out->flow = f;
	out->gauge = report_gauges(r, e);
	out->scaling = flow_scaling(f);
	out->listener = NULL;
	out->lost_together = 0;
	if (out->scaling == SCALING_OFF && syn_offers(c) && !(c->opt_bits & OPT_TIMESTAMPS)) {
		const struct endpoint_entry *listener = around_endpoint(r, e, ENDPOINT_SERVER);

		out->listener = listener ? &listener->endpoint : NULL;
	}
	if (r->around && r->around->lost_n) {
		__u64 ns = state_loss_ns(f, out->gauge);

		out->lost_together = ns ? around_lost(r->around, ns) : 0;
	}
}

/* /24 for IPv4, /48 for IPv6: what one site usually has. */
static bool around_shares_bytes(const struct endpoint_key *a, const struct endpoint_key *b)
{
	return !memcmp(a->addr, b->addr, b->domain & DOMAIN_IPV6 ? 6 : 3);
}

static bool around_same_prefix(const struct endpoint_key *a, const struct endpoint_key *b)
{
	return a->domain == b->domain && around_shares_bytes(a, b);
}

/* One address of the prefix into the count; *last is the one before. */
static void around_count(struct vicinity *out, const struct endpoint_entry *e, const __u64 **last)
{
	if (e->key.role != ENDPOINT_SERVER)
		return;
	if (e->endpoint.offers)
		out->offering++;
	else if (e->endpoint.refusals && (!*last || memcmp(*last, e->key.addr, 16)))
		out->refusing++;
	out->shifting |= e->endpoint.by_box > 0;
	*last = e->key.addr;
}

/* Whether a server of the prefix shifts its windows although its option did not come through. */
static bool around_is_shifting(const struct report *r, const struct endpoint_key *prefix)
{
	struct finding found;

	for (size_t i = 0; i < r->around->shifters_n; i++) {
		const struct endpoint_key *key = &r->around->shifters[i];

		if (!((key->domain ^ prefix->domain) & ~(DOMAIN_VNI | DOMAIN_VLAN)) &&
		    around_shares_bytes(key, prefix))
			return true;
	}
	for (size_t i = 0; i < r->flows_n; i++) {
		const struct flow_entry *e = r->flows[i];
		__u8 server = !e->flow.client;
		struct endpoint_key key = {
			.addr = { e->key.addr[server][0], e->key.addr[server][1] },
			.domain = e->key.domain,
		};
		struct transfer t;

		if (!around_same_prefix(&key, prefix) || flow_scaling(&e->flow) != SCALING_OFF)
			continue;
		around_transfer(&t, r, e);
		if (detect_phantom_scaling(&t, server, &found))
			return true;
	}
	return r->retired && retired_shifting(r->retired, around_same_prefix, prefix);
}

/* The servers of a prefix stand together, so the last answer is most often the next one. */
static bool around_prefix_shifts(struct around *a, const struct report *r,
				 const struct endpoint_key *prefix)
{
	if (!a->asked || !around_same_prefix(&a->prefix, prefix)) {
		a->asked = true;
		a->prefix = *prefix;
		a->shifting = around_is_shifting(r, prefix);
	}
	return a->shifting;
}

void around_vicinity(struct vicinity *out, const struct report *r, const struct endpoint_entry *e)
{
	size_t at = (size_t)(e - r->endpoints), from = at, to = at;
	const __u64 *last = NULL;

	memset(out, 0, sizeof(*out));
	if (e->key.role != ENDPOINT_SERVER || e->endpoint.offers || !r->around)
		return;
	while (from && at - from < AROUND_NEIGHBOURS &&
	       around_shares_bytes(&r->endpoints[from - 1].key, &e->key))
		from--;
	while (to + 1 < r->endpoints_n && to - at < AROUND_NEIGHBOURS &&
	       around_shares_bytes(&r->endpoints[to + 1].key, &e->key))
		to++;
	/* Sorted by address first: other domains stand between. */
	for (size_t i = from; i <= to; i++) {
		if (r->endpoints[i].key.domain == e->key.domain)
			around_count(out, &r->endpoints[i], &last);
	}
	out->elsewhere = r->around->offering;
	if (out->refusing >= STRIPS_HOSTS && !out->offering && out->elsewhere && !out->shifting)
		out->shifting = around_prefix_shifts(r->around, r, &e->key);
}
