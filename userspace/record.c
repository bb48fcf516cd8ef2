// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/record.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/infer.h"
#include "userspace/around.h"
#include "userspace/baseline.h"
#include "userspace/ordered.h"
#include "userspace/retired.h"

void record_address(struct record_address *out, const __u64 addr[2], bool ipv6)
{
	if (!inet_ntop(ipv6 ? AF_INET6 : AF_INET, addr, out->text, sizeof(out->text)))
		out->text[0] = '\0';
}

void record_address_port(char out[RECORD_ENDPOINT_ROOM], const __u64 addr[2], bool ipv6, __u16 port)
{
	struct record_address a;

	record_address(&a, addr, ipv6);
	if (!port)
		snprintf(out, RECORD_ENDPOINT_ROOM, "%s", a.text);
	else if (ipv6)
		snprintf(out, RECORD_ENDPOINT_ROOM, "[%s]:%u", a.text, port);
	else
		snprintf(out, RECORD_ENDPOINT_ROOM, "%s:%u", a.text, port);
}

/* ---- findings ---- */

_Static_assert(sizeof(struct record_findings) > VERDICT_MAX * sizeof(struct record_finding),
	       "a record has room for every finding");

static bool finding_before(const struct finding *a, const struct finding *b)
{
	if (a->packets[0] != b->packets[0])
		return a->packets[0] < b->packets[0];
	if (a->code != b->code)
		return strcmp(names_detector(a->code)->code, names_detector(b->code)->code) < 0;
	return a->side < b->side;
}

static void findings_sort(struct finding *list, unsigned int n)
{
	for (unsigned int i = 1; i < n; i++) {
		struct finding f = list[i];
		unsigned int to = i;

		for (; to && finding_before(&f, &list[to - 1]); to--)
			list[to] = list[to - 1];
		list[to] = f;
	}
}

unsigned int record_flow_facts(const struct transfer *t, struct finding *out)
{
	unsigned int n = diagnose_flow(t, out);

	findings_sort(out, n);
	return n;
}

unsigned int record_endpoint_facts(const struct report *r, const struct endpoint_entry *e,
				   struct finding *out)
{
	struct vicinity v;
	unsigned int n;

	around_vicinity(&v, r, e);
	n = diagnose_endpoint(&e->key, &e->endpoint, &v, out);
	n = baseline_findings(e, baseline_find(r->baseline, &e->key), out, n);
	findings_sort(out, n);
	return n;
}

int record_worst(const struct finding *facts, unsigned int n)
{
	int worst = -1;

	for (unsigned int i = 0; i < n; i++)
		worst = facts[i].severity > worst ? facts[i].severity : worst;
	return worst;
}

bool record_slowed(struct record_slowed *sum, const struct transfer *t, const struct finding *facts,
		   unsigned int n)
{
	if (record_worst(facts, n) < SEVERITY_NOTICE)
		return false;
	sum->flows++;
	sum->waited_ns += transfer_waited_ns(t);
	sum->bytes += t->flow->half[0].bytes + t->flow->half[1].bytes;
	return true;
}

static void record_packets(struct record_packets *out, const struct report *r,
			   const struct finding *finding)
{
	out->n = 0;
	for (size_t i = 0; i < FINDING_PACKETS; i++) {
		if (report_packet(r, finding->packets[i], &out->list[out->n].file,
				  &out->list[out->n].number))
			out->n++;
	}
}

static void record_finding(struct record_finding *out, const struct report *r,
			   const struct finding *finding, const struct record_names *names)
{
	const struct names_detector *detector = names_detector(finding->code);

	out->code = detector->code;
	out->severity = names_of(NAMES_SEVERITY, finding->severity);
	out->side = names_of(NAMES_SIDE, finding->side);
	out->blame = names_of(NAMES_BLAME, finding->blame);
	out->confidence = names_of(NAMES_CONFIDENCE, finding->confidence);
	out->numbers.code = finding->code;
	memcpy(out->numbers.value, finding->value, sizeof(out->numbers.value));
	out->replaces = finding->replaces;
	record_sentence(&out->text, detector->text, names, finding);
	record_sentence(&out->advice, detector->advice, names, finding);
	out->settled_by = record_settled_by(finding);
	record_packets(&out->packets, r, finding);
}

static void record_findings(struct record_findings *out, const struct report *r,
			    const struct finding *facts, unsigned int n,
			    const struct record_names *names)
{
	out->n = n;
	for (unsigned int i = 0; i < n; i++)
		record_finding(&out->list[i], r, &facts[i], names);
}

/* ---- flow ---- */

static enum visibility record_visibility(const struct flow *f)
{
	const struct half *client = &f->half[f->client & 1], *server = &f->half[!f->client];

	if (!((f->syn[0].bits | f->syn[1].bits) & SYN_SEEN))
		return VISIBILITY_MIDSTREAM;
	if (client->packets && server->packets)
		return VISIBILITY_BOTH;
	return client->packets ? VISIBILITY_CLIENT_ONLY : VISIBILITY_SERVER_ONLY;
}

enum scaling record_inferred(const struct flow *f)
{
	return infer_scaling(f);
}

static __s64 effective(const struct flow *f, unsigned int dir, enum scaling scaling, __u16 window)
{
	if (scaling == SCALING_UNKNOWN)
		return RECORD_NO_NUMBER;
	return scaling == SCALING_ON ? (__s64)window << flow_shift_on(f, (__u8)dir) : window;
}

static void record_windows(struct record_direction *out, const struct flow *f, unsigned int dir,
			   enum scaling scaling)
{
	const struct half *h = &f->half[dir];

	out->window_min = out->window_max = RECORD_NO_NUMBER;
	out->effective_min = out->effective_max = RECORD_NO_NUMBER;
	if (!(h->bits & HALF_WINDOW))
		return;
	out->window_min = h->window_min;
	out->window_max = h->window_max;
	out->effective_min = effective(f, dir, scaling, h->window_min);
	out->effective_max = effective(f, dir, scaling, h->window_max);
}

/* What the gauges tell of a direction; without them nobody measured. */
static void record_transfer(struct record_direction *out, const struct transfer *t, __u8 dir)
{
	const struct gauge *g = t->gauge ? &t->gauge[dir] : NULL;
	__u64 window;
	enum limited limited = transfer_limited(t, dir, &window);

	out->limited = names_of(NAMES_LIMITED, limited);
	out->limited_s = g && limited == LIMITED_YES ? g->limited_ns : 0;
	out->ceiling_bps = RECORD_NO_NUMBER;
	if (limited == LIMITED_YES && transfer_rtt_us(t, dir))
		out->ceiling_bps = (__s64)transfer_ceiling(window, transfer_rtt_us(t, dir));
	out->flight_max = g ? (__s64)g->flight_most : RECORD_NO_NUMBER;
	out->window_shrinks = RECORD_NO_NUMBER;
	if (g && t->flow->half[dir].shift != SHIFT_UNKNOWN)
		out->window_shrinks = g->shrinks;
	out->zero_window_probes = g ? t->gauge[!dir].probes_most : 0;
}

static void record_zero_windows(struct record_direction *out, const struct half *h, __u64 last_ns)
{
	__u64 open = transfer_open_ns(h, last_ns);

	out->zero_windows = h->zero_windows;
	out->zero_window_spells = h->zero_spells;
	out->zero_window_s = h->zero_ns + open;
	out->zero_window_open = h->bits & HALF_ZERO;
	out->zero_window_longest_s = transfer_longest_ns(h, open);
}

static void record_direction(struct record_direction *out, const struct transfer *t,
			     unsigned int dir, __u64 last_ns)
{
	const struct flow *f = t->flow;
	const struct half *h = &f->half[dir];
	const struct syn *s = &f->syn[dir];
	bool seen = s->bits & SYN_SEEN;
	unsigned int state = seen ? s->wscale_state : (unsigned int)WSCALE_UNKNOWN;

	out->packets = h->packets;
	out->bytes = h->bytes;
	out->wscale_state = names_of(NAMES_WSCALE_STATE, state);
	out->wscale = state == WSCALE_PRESENT ? s->wscale : RECORD_NO_NUMBER;
	out->syn_window = seen ? s->window : RECORD_NO_NUMBER;
	record_windows(out, f, dir, t->scaling);
	record_zero_windows(out, h, last_ns);
	record_transfer(out, t, (__u8)dir);
	out->retransmits = h->retransmits;
	out->duplicates = h->duplicates;
}

void record_flow(struct record_flow *out, const struct report *r, const struct flow_entry *rf)
{
	const struct flow *f = &rf->flow;
	unsigned int client = f->client & 1, server = !client, n;
	bool ipv6 = rf->key.domain & DOMAIN_IPV6;
	struct transfer t;
	__u64 last_ns = flow_last_ns(f), number;
	struct finding facts[RECORD_FINDINGS_MOST];
	struct record_names names = { 0 };

	around_transfer(&t, r, rf);
	out->file = NULL;
	report_packet(r, f->first_id, &out->file, &number);
	out->family = ipv6 ? 6 : 4;
	out->encap = f->encap;
	out->domain = rf->key.domain & DOMAIN_NUMBER;
	record_address(&out->client, rf->key.addr[client], ipv6);
	out->client_port = rf->key.port[client];
	record_address(&out->server, rf->key.addr[server], ipv6);
	out->server_port = rf->key.port[server];
	out->role_source = names_of(NAMES_ROLE_SOURCE, f->role_source);
	out->first = record_time(r, f->first_ns);
	out->last = record_time(r, last_ns);
	out->duration_s = last_ns - f->first_ns;
	out->visibility = names_of(NAMES_VISIBILITY, record_visibility(f));
	out->scaling = names_of(NAMES_SCALING, t.scaling);
	out->scaling_inferred = names_of(NAMES_SCALING_INFERRED, infer_scaling(f));
	out->rtt_us = f->rtt_us ? (__s64)f->rtt_us : RECORD_NO_NUMBER;
	record_direction(&out->c2s, &t, client, last_ns);
	record_direction(&out->s2c, &t, server, last_ns);
	names.client = out->client.text;
	names.server = out->server.text;
	n = record_flow_facts(&t, facts);
	record_findings(&out->findings, r, facts, n, &names);
	out->retire = r->retired;
	out->continued = f->bits & FLOW_CONTINUED;
}

/* ---- endpoint, event, summary ---- */

static __s64 refused_since(const struct report *r, const struct endpoint *e)
{
	return e->run ? record_time(r, e->run_since_ns) : RECORD_NO_TIME;
}

/* What it takes to add up an endpoint of several runs, and to judge it again. */
static void record_endpoint_more(struct record_endpoint *out, const struct report *r,
				 const struct endpoint_entry *re)
{
	const struct endpoint *e = &re->endpoint;
	const struct finding last = { .packets = { e->run_first_id, e->last_refusal_id } };
	__u32 domain = re->key.domain;

	out->domain = domain & DOMAIN_NUMBER;
	out->domain_kind = names_of(NAMES_DOMAIN_KIND, domain & DOMAIN_VNI    ? 1
						       : domain & DOMAIN_VLAN ? 2
									      : 0);
	out->refusals_in_row = e->run;
	out->last_offer = e->bits & ENDPOINT_OFFERED ? record_time(r, e->last_offer_ns)
						     : RECORD_NO_TIME;
	out->by_box = e->by_box;
	out->local = e->bits & ENDPOINT_LOCAL;
	record_packets(&out->refusal_packets, r, &last);
}

void record_endpoint(struct record_endpoint *out, const struct report *r,
		     const struct endpoint_entry *re)
{
	const struct endpoint *e = &re->endpoint;
	const struct baseline_endpoint *before = baseline_find(r->baseline, &re->key);
	struct record_names names = { .host = out->address.text };
	struct finding facts[RECORD_FINDINGS_MOST];
	bool refused = e->bits & ENDPOINT_REFUSED;

	record_address(&out->address, re->key.addr, re->key.domain & DOMAIN_IPV6);
	out->port = re->key.port;
	out->role = names_of(NAMES_ROLE, re->key.role);
	out->opportunities = e->opportunities;
	out->offers = e->offers;
	out->refusals = e->refusals;
	out->first_refusal = refused ? record_time(r, e->first_refusal_ns) : RECORD_NO_TIME;
	out->last_refusal = refused ? record_time(r, e->last_refusal_ns) : RECORD_NO_TIME;
	out->refused_since = refused_since(r, e);
	record_endpoint_more(out, r, re);
	out->baseline_opportunities = before ? (__s64)before->opportunities : RECORD_NO_NUMBER;
	out->baseline_offers = before ? (__s64)before->offers : RECORD_NO_NUMBER;
	out->baseline_last = before ? before->last_ns : RECORD_NO_TIME;
	record_findings(&out->findings, r, facts, record_endpoint_facts(r, re, facts), &names);
}

void record_event(struct record_event *out, const struct report *r, const struct event *e,
		  const char *interface)
{
	unsigned int client = e->client & 1, server = !client;
	bool ipv6 = e->key.domain & DOMAIN_IPV6;
	struct record_names names = { 0 };

	out->time = record_time(r, e->ns);
	out->hook = names_of(NAMES_HOOK, e->hook);
	out->ifindex = e->ifindex;
	out->interface = interface;
	out->family = ipv6 ? 6 : 4;
	out->domain = e->key.domain & DOMAIN_NUMBER;
	record_address(&out->client, e->key.addr[client], ipv6);
	out->client_port = e->key.port[client];
	record_address(&out->server, e->key.addr[server], ipv6);
	out->server_port = e->key.port[server];
	memset(&out->endpoint, 0, sizeof(out->endpoint));
	if (e->kind == EVENT_ENDPOINT_FINDING) {
		record_address(&out->endpoint.address, e->endpoint.addr, ipv6);
		out->endpoint.port = e->endpoint.port;
		out->endpoint.role = names_of(NAMES_ROLE, e->endpoint.role);
		out->endpoint.refused_since = refused_since(r, &e->stats);
	}
	names.client = out->client.text;
	names.server = out->server.text;
	names.host = out->endpoint.address.text;
	record_finding(&out->finding, r, &e->finding, &names);
}

__u64 record_skipped(const struct report *r)
{
	__u64 n = 0;

	for (unsigned int i = 0; i < COUNTERS; i++)
		n += names_counters[i].skip ? r->counters[i] : 0;
	return n;
}

/* What one of several threads counted. */
struct flow_counts {
	struct record_finding_counts findings;
	struct record_slowed slowed;
};

struct flow_counting {
	const struct report *r;
	struct flow_counts *shares;
};

static void count_flows(void *arg, unsigned int share, size_t from, size_t until)
{
	const struct report *r = ((struct flow_counting *)arg)->r;
	struct finding facts[RECORD_FINDINGS_MOST];
	struct flow_counts sum = { 0 };

	for (size_t i = from; i < until; i++) {
		struct transfer t;
		unsigned int n;

		report_prefetch(r, i);
		around_transfer(&t, r, r->flows[i]);
		n = record_flow_facts(&t, facts);
		record_slowed(&sum.slowed, &t, facts, n);
		while (n--)
			sum.findings.n[facts[n].code]++;
	}
	((struct flow_counting *)arg)->shares[share] = sum;
}

/* What was counted of one share of the connections, or of those that were retired. */
static void count_add(struct record_summary *out, const __u64 findings[FINDING_CODES],
		      const struct record_slowed *slowed)
{
	for (unsigned int i = 0; i < FINDING_CODES; i++)
		out->findings.n[i] += findings[i];
	out->slowed_flows += slowed->flows;
	out->slowed_s += slowed->waited_ns;
	out->slowed_bytes += slowed->bytes;
}

static void count_findings(struct record_summary *out, const struct report *r)
{
	unsigned int threads = r->threads ? r->threads : 1;
	struct flow_counts one = { 0 }, *shares = calloc(threads, sizeof(*shares));
	struct flow_counting counting = { .r = r, .shares = shares ? shares : &one };
	struct finding facts[RECORD_FINDINGS_MOST];

	memset(&out->findings, 0, sizeof(out->findings));
	out->slowed_flows = out->slowed_s = out->slowed_bytes = 0;
	if (!shares)
		threads = 1;
	ordered_shares(threads, r->flows_n, &counting, count_flows);
	for (unsigned int i = 0; i < threads; i++)
		count_add(out, counting.shares[i].findings.n, &counting.shares[i].slowed);
	if (r->retired)
		count_add(out, r->retired->findings, &r->retired->judged.slowed);
	free(shares);
	for (size_t i = 0; i < r->endpoints_n; i++) {
		unsigned int n = record_endpoint_facts(r, &r->endpoints[i], facts);

		while (n--)
			out->findings.n[facts[n].code]++;
	}
}

void record_summary(struct record_summary *out, const struct report *r)
{
	__u64 skipped = record_skipped(r), packets = r->counters[COUNTER_PACKETS];

	out->files = r->live ? 0 : r->files_n;
	out->packets = packets;
	out->tcp_packets = packets > skipped ? packets - skipped : 0;
	out->flows = report_connections(r);
	out->handshakes = r->counters[COUNTER_HANDSHAKES];
	count_findings(out, r);
	for (unsigned int i = 0; i < COUNTERS; i++)
		out->skipped.n[i] = names_counters[i].skip ? r->counters[i] : 0;
	out->duplicates = r->counters[COUNTER_DUPLICATES];
	out->lost.packets = r->lost_packets;
	out->lost.events = r->counters[COUNTER_EVENTS_LOST];
	out->lost.unsent = r->unsent;
	out->evictions = r->evictions;
	memset(&out->retired, 0, sizeof(out->retired));
	out->retire = r->retired;
	if (!r->retired)
		return;
	out->retired.flows = r->retired->flows;
	out->retired.continued = r->retired->continued;
	out->retired.forgotten = r->retired->forgotten;
	out->retired.late = r->retired->late;
}
