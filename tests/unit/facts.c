// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "tests/unit/facts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool address(__u64 out[2], const char *text)
{
	bool ipv6 = strchr(text, ':');

	out[0] = out[1] = 0;
	assert_int_equal(inet_pton(ipv6 ? AF_INET6 : AF_INET, text, out), 1);
	return ipv6;
}

static void half(struct half *out, const struct facts_half *facts, __u64 first_ns, bool data)
{
	out->packets = facts->packets;
	out->bytes = facts->bytes;
	out->last_ns = facts->last_ns ? facts->last_ns : first_ns;
	out->bits = (__u8)((facts->windows ? HALF_WINDOW : 0) | (facts->zero_open ? HALF_ZERO : 0) |
			   (data ? HALF_DATA : 0));
	out->window_first = facts->window_first;
	out->window_min = facts->window_min;
	out->window_max = facts->window_max;
	out->zero_since_ns = facts->zero_since_ns;
	out->zero_ns = facts->zero_ns;
	out->zero_windows = facts->zero_windows;
	out->zero_spells = facts->zero_spells;
	out->retransmits = facts->retransmits;
	out->duplicates = facts->duplicates;
}

static __u8 state_of(int w)
{
	return w == FACTS_ABSENT    ? WSCALE_ABSENT
	       : w == FACTS_UNKNOWN ? WSCALE_UNKNOWN
				    : WSCALE_PRESENT;
}

static __u8 shift_of(int w)
{
	return w >= FACTS_SHIFT(0) ? (__u8)(w - FACTS_SHIFT(0)) : 0;
}

/* What Linux writes into a SYN and a SYN-ACK. */
#define CLIENT_WINDOW 64240
#define SERVER_WINDOW 65160

static void syn(struct syn *out, int w, __u16 window, __u16 bits, __u64 id)
{
	if (!w)
		return;
	out->bits = bits | SYN_SEEN;
	out->copies = 1;
	out->wscale_state = state_of(w);
	out->wscale = shift_of(w);
	out->window = window;
	out->id = id;
}

void facts_flow(struct flow_entry *out, const struct facts *facts)
{
	struct flow *f = &out->flow;
	struct packet p = { .sport = facts->client_port ? facts->client_port : 40000,
			    .dport = facts->server_port ? facts->server_port : 443,
			    .domain = facts->domain };
	__u16 local = facts->local ? SYN_EGRESS_LOCAL : 0;
	__u8 c;

	memset(out, 0, sizeof(*out));
	p.ipv6 = address(p.src, facts->client ? facts->client : "192.0.2.1");
	address(p.dst, facts->server ? facts->server : "198.51.100.1");
	c = flow_key_canon(&p);
	out->key = p.key;
	f->client = c;
	f->first_ns = facts->first_ns;
	f->first_id = facts->client_id ? facts->client_id : 1;
	f->rtt_us = facts->rtt_us;
	f->role_source = (__u8)facts->role_source;
	f->encap = facts->encap;
	half(&f->half[c], &facts->c2s, facts->first_ns, facts->data);
	half(&f->half[!c], &facts->s2c, facts->first_ns, facts->data);
	syn(&f->syn[c], facts->client_w,
	    facts->client_window ? facts->client_window : CLIENT_WINDOW, local, facts->client_id);
	syn(&f->syn[!c], facts->server_w,
	    facts->server_window ? facts->server_window : SERVER_WINDOW,
	    (__u16)(local | (facts->unanswered ? 0 : SYN_WITH_ACK)), facts->server_id);
	f->syn[c].nop_run = facts->client_nops;
	if (facts->other_kind == SYN_OTHER_NONE)
		return;
	f->half[c].other.kind = (__u8)facts->other_kind;
	f->half[c].other.wscale = shift_of(facts->other_w);
	f->half[c].other.wscale_state = state_of(facts->other_w);
	f->half[c].other.gap_us = facts->other_gap_us;
}

void facts_endpoint(struct endpoint_entry *out, const struct facts_endpoint *facts)
{
	struct endpoint *e = &out->endpoint;

	memset(out, 0, sizeof(*out));
	if (address(out->key.addr, facts->address))
		out->key.domain = DOMAIN_IPV6;
	out->key.port = facts->port;
	out->key.role = facts->port ? ENDPOINT_SERVER : ENDPOINT_CLIENT;
	e->opportunities = facts->offers + facts->refusals;
	e->offers = facts->offers;
	e->refusals = facts->refusals;
	e->run = facts->run;
	e->first_refusal_ns = facts->first_refusal_ns;
	e->last_refusal_ns = facts->last_refusal_ns;
	e->run_since_ns = facts->run_since_ns;
	e->last_offer_ns = facts->last_offer_ns;
	e->run_first_id = facts->run_first_id;
	e->last_refusal_id = facts->last_refusal_id;
	e->bits = (__u16)((facts->offers ? ENDPOINT_OFFERED : 0) |
			  (facts->refusals ? ENDPOINT_REFUSED : 0) |
			  (facts->local ? ENDPOINT_LOCAL : 0));
}

void facts_report_start(struct facts_report *r)
{
	static const char *const files[] = { "a.pcap" };

	memset(r, 0, sizeof(*r));
	for (size_t i = 0; i < FACTS_MOST; i++)
		r->list[i] = &r->flows[i];
	r->report.flows = r->list;
	r->report.endpoints = r->endpoints;
	r->report.files = files;
	r->report.files_n = 1;
}

void facts_report_flow(struct facts_report *r, const struct facts *facts)
{
	assert_true(r->report.flows_n < FACTS_MOST);
	facts_flow(&r->flows[r->report.flows_n++], facts);
}

void facts_report_endpoint(struct facts_report *r, const struct facts_endpoint *facts)
{
	assert_true(r->report.endpoints_n < FACTS_MOST);
	facts_endpoint(&r->endpoints[r->report.endpoints_n++], facts);
}

char *facts_print(const struct output *output, const struct report *r, const struct options *o)
{
	char *text = NULL;
	size_t n;
	FILE *to = open_memstream(&text, &n);

	assert_non_null(to);
	assert_int_equal(output->report(to, r, o), 0);
	assert_int_equal(fclose(to), 0);
	return text;
}

char *facts_print_event(const struct output *output, const struct report *r, const struct event *e,
			const struct options *o)
{
	char *text = NULL;
	size_t n;
	FILE *to = open_memstream(&text, &n);

	assert_non_null(to);
	assert_int_equal(output->event(to, r, e, o), 0);
	assert_int_equal(fclose(to), 0);
	return text;
}
