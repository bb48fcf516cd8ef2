// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/top_model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "userspace/around.h"

#define TOP_NS_PER_S 1000000000ULL

static const struct top_rates top_no_rates = { -1, -1, -1, -1, -1 };

void top_model_start(struct top_model *m)
{
	memset(m, 0, sizeof(*m));
	m->rates = top_no_rates;
}

void top_forget(struct top_model *m)
{
	text_groups_free(&m->groups);
	memset(&m->groups, 0, sizeof(m->groups));
	free(m->flows);
	free(m->shown);
	m->flows = NULL;
	m->shown = NULL;
	m->flows_n = m->shown_n = 0;
	m->report = NULL;
}

void top_model_free(struct top_model *m)
{
	top_forget(m);
}

/* ---- rows ---- */

/* The newest window in bytes; -1 when its unit is not known. */
static __s64 effective(const struct half *h)
{
	if (!(h->bits & HALF_WINDOW) || h->shift == SHIFT_UNKNOWN)
		return -1;
	return (__s64)h->window_last << (h->shift & 15);
}

static void flow_row(struct top_flow *out, const struct report *r, const struct flow_entry *e)
{
	const struct flow *f = &e->flow;
	struct finding facts[RECORD_FINDINGS_MOST];
	struct transfer transfer;
	unsigned int n;

	around_transfer(&transfer, r, e);
	n = record_flow_facts(&transfer, facts);
	*out = (struct top_flow){
		.entry = e,
		.waited_ns = transfer_waited_ns(&transfer),
		.bytes = f->half[0].bytes + f->half[1].bytes,
		.last_ns = flow_last_ns(f),
		.window = { effective(&f->half[f->client & 1]), effective(&f->half[!f->client]) },
		.severity = record_worst(facts, n),
		.scaling = flow_scaling(f),
	};
	for (unsigned int i = 0; i < n; i++)
		out->codes |= 1U << facts[i].code;
}

const char *top_flow_text(char *out, size_t room, const struct top_flow *f)
{
	const struct flow_entry *e = f->entry;
	unsigned int c = e->flow.client & 1;
	bool ipv6 = e->key.domain & DOMAIN_IPV6;
	char client[RECORD_ENDPOINT_ROOM], server[RECORD_ENDPOINT_ROOM];
	size_t at;

	record_address_port(client, e->key.addr[c], ipv6, e->key.port[c]);
	record_address_port(server, e->key.addr[!c], ipv6, e->key.port[!c]);
	at = (size_t)snprintf(out, room, "%s %s %s", client, server,
			      names_of(NAMES_SCALING, f->scaling));
	for (unsigned int code = 0; code < FINDING_CODES && at < room; code++) {
		if (f->codes & 1U << code)
			at += (size_t)snprintf(out + at, room - at, " %s",
					       names_detector(code)->code);
	}
	return out;
}

/* ---- histories ---- */

static bool is_of(const struct top_history *h, const struct flow_key *key, __u64 first_ns)
{
	return h->used && h->first_ns == first_ns && !memcmp(&h->key, key, sizeof(*key));
}

const struct top_history *top_history_find(const struct top_model *m, const struct flow_key *key,
					   __u64 first_ns)
{
	for (size_t i = 0; i < TOP_TRACKED; i++) {
		if (is_of(&m->history[i], key, first_ns))
			return &m->history[i];
	}
	return NULL;
}

static void history_add(struct top_history *h, const __s64 window[2])
{
	if (h->n == TOP_SAMPLES) {
		h->n--;
		for (unsigned int side = 0; side < 2; side++)
			memmove(h->window[side], h->window[side] + 1,
				h->n * sizeof(h->window[side][0]));
	}
	h->window[0][h->n] = window[0];
	h->window[1][h->n++] = window[1];
}

const struct top_history *top_track(struct top_model *m, const struct flow_entry *e)
{
	struct top_history *oldest = &m->history[0];

	for (size_t i = 0; i < TOP_TRACKED; i++) {
		struct top_history *h = &m->history[i];

		if (is_of(h, &e->key, e->flow.first_ns)) {
			h->used = m->refreshes;
			return h;
		}
		if (h->used < oldest->used)
			oldest = h;
	}
	/* Everything that is kept is on the screen. */
	if (oldest->used == m->refreshes)
		return NULL;
	*oldest = (struct top_history){
		.key = e->key,
		.first_ns = e->flow.first_ns,
		.used = m->refreshes,
	};
	history_add(oldest, (const __s64[]){ effective(&e->flow.half[e->flow.client & 1]),
					     effective(&e->flow.half[!e->flow.client]) });
	return oldest;
}

const struct top_flow *top_flow_find(const struct top_model *m, const struct flow_key *key,
				     __u64 first_ns)
{
	for (size_t i = 0; i < m->flows_n; i++) {
		const struct flow_entry *e = m->flows[i].entry;

		if (e->flow.first_ns == first_ns && !memcmp(&e->key, key, sizeof(*key)))
			return &m->flows[i];
	}
	return NULL;
}

static void sample_histories(struct top_model *m)
{
	for (size_t i = 0; i < TOP_TRACKED; i++) {
		struct top_history *h = &m->history[i];
		const struct top_flow *f = h->used ? top_flow_find(m, &h->key, h->first_ns) : NULL;

		if (f)
			history_add(h, f->window);
	}
}

/* ---- rates ---- */

static void count_verdicts(struct top_model *m, __u64 until_ns)
{
	double seconds = (double)(until_ns - m->decided_ns) / (double)TOP_NS_PER_S;
	double n[3] = { 0 };

	for (size_t i = 0; i < m->flows_n; i++) {
		__u64 first_ns = m->flows[i].entry->flow.first_ns;

		if (first_ns >= m->decided_ns && first_ns < until_ns)
			n[m->flows[i].scaling]++;
	}
	m->rates.on = n[SCALING_ON] / seconds;
	m->rates.off = n[SCALING_OFF] / seconds;
	m->rates.unknown = n[SCALING_UNKNOWN] / seconds;
}

static void rates(struct top_model *m, const struct report *r, __u64 now_ns)
{
	__u64 until_ns = now_ns > TOP_DECIDED_NS ? now_ns - TOP_DECIDED_NS : 0;

	if (m->seen_ns && now_ns > m->seen_ns) {
		double seconds = (double)(now_ns - m->seen_ns) / (double)TOP_NS_PER_S;
		const __u64 *c = r->counters, *b = m->counters;

		m->rates.packets = (double)(c[COUNTER_PACKETS] - b[COUNTER_PACKETS]) / seconds;
		m->rates.handshakes =
			(double)(c[COUNTER_HANDSHAKES] - b[COUNTER_HANDSHAKES]) / seconds;
		if (m->handshakes_n == TOP_SAMPLES)
			memmove(m->handshakes, m->handshakes + 1,
				--m->handshakes_n * sizeof(m->handshakes[0]));
		m->handshakes[m->handshakes_n++] = (__s64)(m->rates.handshakes + 0.5);
		if (until_ns > m->decided_ns)
			count_verdicts(m, until_ns);
	}
	m->seen_ns = now_ns;
	m->decided_ns = until_ns > m->decided_ns ? until_ns : m->decided_ns;
	memcpy(m->counters, r->counters, sizeof(m->counters));
}

int top_update(struct top_model *m, const struct report *r, __u64 now_ns)
{
	int err;

	top_forget(m);
	err = text_groups_make(&m->groups, &m->judged, r);
	m->flows = malloc((r->flows_n + 1) * sizeof(*m->flows));
	m->shown = malloc((r->flows_n + r->endpoints_n + 1) * sizeof(*m->shown));
	if (err || !m->flows || !m->shown) {
		top_forget(m);
		return -ENOMEM;
	}
	m->report = r;
	m->flows_n = r->flows_n;
	for (size_t i = 0; i < r->flows_n; i++) {
		report_prefetch(r, i);
		flow_row(&m->flows[i], r, r->flows[i]);
	}
	m->refreshes++;
	sample_histories(m);
	rates(m, r, now_ns);
	top_select(m);
	return 0;
}
