// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Which rows a view of `wscope top` has, and in which order. */
#include <stdlib.h>
#include <string.h>

#include "userspace/snapshot.h"
#include "userspace/top_model.h"

static const char *const flow_sorts[TOP_FLOW_SORTS] = {
	[TOP_BY_WAITED] = "waited", [TOP_BY_SEVERITY] = "severity", [TOP_BY_WINDOW] = "window",
	[TOP_BY_BYTES] = "bytes",   [TOP_BY_LAST] = "last packet",  [TOP_BY_CLIENT] = "client",
};

static const char *const endpoint_sorts[TOP_ENDPOINT_SORTS] = {
	[TOP_BY_REFUSED] = "refused",           [TOP_BY_HANDSHAKES] = "handshakes",
	[TOP_BY_OFFERED] = "offered",           [TOP_BY_ADDRESS] = "address",
	[TOP_BY_LAST_REFUSAL] = "last refusal",
};

const char *top_sort_name(const struct top_model *m)
{
	if (m->view == TOP_CONNECTIONS)
		return flow_sorts[m->sort[m->view]];
	return m->view == TOP_ENDPOINTS ? endpoint_sorts[m->sort[m->view]] : "";
}

void top_next_sort(struct top_model *m)
{
	unsigned int sorts = m->view == TOP_CONNECTIONS ? TOP_FLOW_SORTS
			     : m->view == TOP_ENDPOINTS ? TOP_ENDPOINT_SORTS
							: 1;

	m->sort[m->view] = (m->sort[m->view] + 1) % sorts;
}

static int more(__u64 a, __u64 b)
{
	return (a < b) - (a > b);
}

/* The smallest windows first, those that nobody knows last. */
static __u64 window_rank(const struct top_flow *f)
{
	__s64 window = f->window[0] > f->window[1] ? f->window[0] : f->window[1];

	return window < 0 ? 0 : ~(__u64)window;
}

static int client_order(const struct top_flow *a, const struct top_flow *b)
{
	const struct flow_key *x = &a->entry->key, *y = &b->entry->key;
	unsigned int i = a->entry->flow.client & 1, k = b->entry->flow.client & 1;

	for (unsigned int part = 0; part < 2; part++) {
		if (x->addr[i][part] != y->addr[k][part])
			return more(y->addr[k][part], x->addr[i][part]);
	}
	return more(y->port[k], x->port[i]);
}

static int flow_order(const struct top_flow *a, const struct top_flow *b, enum top_flow_sort by)
{
	switch (by) {
	case TOP_BY_WAITED:
		return more(a->waited_ns, b->waited_ns);
	case TOP_BY_SEVERITY:
		return (a->severity < b->severity) - (a->severity > b->severity);
	case TOP_BY_WINDOW:
		return more(window_rank(a), window_rank(b));
	case TOP_BY_BYTES:
		return more(a->bytes, b->bytes);
	case TOP_BY_LAST:
		return more(a->last_ns, b->last_ns);
	default:
		return client_order(a, b);
	}
}

static int endpoint_order(const struct endpoint_entry *a, const struct endpoint_entry *b,
			  enum top_endpoint_sort by)
{
	switch (by) {
	case TOP_BY_REFUSED:
		return more(a->endpoint.refusals, b->endpoint.refusals);
	case TOP_BY_HANDSHAKES:
		return more(a->endpoint.opportunities, b->endpoint.opportunities);
	case TOP_BY_OFFERED:
		return more(a->endpoint.offers, b->endpoint.offers);
	case TOP_BY_LAST_REFUSAL:
		return more(a->endpoint.last_refusal_ns, b->endpoint.last_refusal_ns);
	default:
		return 0; /* as the report has them */
	}
}

/* By what the user chose, then what is worse, then as the report has them: rows do not jump. */
static int row_order(const void *a, const void *b, void *arg)
{
	const struct top_model *m = arg;
	size_t i = *(const size_t *)a, k = *(const size_t *)b;
	unsigned int by = m->sort[m->view];
	int order;

	if (m->view == TOP_ENDPOINTS) {
		order = endpoint_order(&m->report->endpoints[i], &m->report->endpoints[k], by);
	} else {
		order = flow_order(&m->flows[i], &m->flows[k], by);
		if (!order)
			order = flow_order(&m->flows[i], &m->flows[k], TOP_BY_SEVERITY);
	}
	if (order)
		return m->reverse[m->view] ? -order : order;
	return (i > k) - (i < k);
}

static bool endpoint_matches(const struct endpoint_entry *e, const char *filter)
{
	char address[RECORD_ENDPOINT_ROOM], text[RECORD_ENDPOINT_ROOM + 32];

	record_address_port(address, e->key.addr, e->key.domain & DOMAIN_IPV6, e->key.port);
	snprintf(text, sizeof(text), "%s %s", address, names_of(NAMES_ROLE, e->key.role));
	return top_matches(text, filter);
}

static bool row_matches(const struct top_model *m, size_t i)
{
	char text[TOP_LINE_ROOM];

	if (!*m->filter)
		return true;
	if (m->view == TOP_ENDPOINTS)
		return endpoint_matches(&m->report->endpoints[i], m->filter);
	return top_matches(top_flow_text(text, sizeof(text), &m->flows[i]), m->filter);
}

void top_select(struct top_model *m)
{
	size_t rows = 0;

	m->shown_n = 0;
	if (!m->report)
		return;
	if (m->view == TOP_CONNECTIONS)
		rows = m->flows_n;
	else if (m->view == TOP_ENDPOINTS)
		rows = m->report->endpoints_n;
	for (size_t i = 0; i < rows; i++) {
		if (row_matches(m, i))
			m->shown[m->shown_n++] = i;
	}
	if (m->shown_n)
		qsort_r(m->shown, m->shown_n, sizeof(*m->shown), row_order, m);
}

const struct top_flow *top_flow_at(const struct top_model *m, size_t i)
{
	return m->view == TOP_CONNECTIONS && i < m->shown_n ? &m->flows[m->shown[i]] : NULL;
}
