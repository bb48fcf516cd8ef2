// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/text_group.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "platform/grow.h"
#include "userspace/around.h"
#include "userspace/ordered.h"
#include "userspace/retired.h"

/* ---- grouping ---- */

static bool accuses_path(const struct finding *f)
{
	return f->blame == BLAME_PATH;
}

static bool same_group(const struct text_group *a, const struct text_group *b)
{
	if (a->finding.code != b->finding.code || a->finding.side != b->finding.side ||
	    accuses_path(&a->finding) != accuses_path(&b->finding))
		return false;
	return accuses_path(&a->finding) ||
	       (a->domain == b->domain && a->addr[0] == b->addr[0] && a->addr[1] == b->addr[1]);
}

static size_t group_hash(const struct text_group *g)
{
	__u64 h = ((__u64)g->finding.code << 8 | g->finding.side) * 0x9e3779b97f4a7c15ULL;

	if (accuses_path(&g->finding))
		return (size_t)(h >> 32);
	h = (h ^ g->addr[0]) * 0x9e3779b97f4a7c15ULL;
	h = (h ^ h >> 29 ^ g->addr[1]) * 0xbf58476d1ce4e5b9ULL;
	h = (h ^ h >> 32 ^ g->domain) * 0x94d049bb133111ebULL;
	return (size_t)(h >> 32);
}

static size_t *group_slot(const struct text_groups *groups, const struct text_group *g)
{
	size_t at = group_hash(g) & (groups->slots_n - 1);

	while (groups->slots[at] && !same_group(&groups->list[groups->slots[at] - 1], g))
		at = (at + 1) & (groups->slots_n - 1);
	return &groups->slots[at];
}

/* Twice the room, and a hash table that stays half empty. */
static int groups_grow(struct text_groups *groups)
{
	size_t room = groups->room ? 2 * groups->room : 64;
	struct text_group *list = realloc(groups->list, room * sizeof(*list));
	size_t *slots;

	if (!list)
		return -ENOMEM;
	groups->list = list;
	slots = calloc(2 * room, sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	free(groups->slots);
	groups->slots = slots;
	groups->slots_n = 2 * room;
	groups->room = room;
	for (size_t i = 0; i < groups->n; i++)
		*group_slot(groups, &list[i]) = i + 1;
	return 0;
}

/* Worst severity, and the surest of those. */
static bool finding_stronger(const struct finding *a, const struct finding *b)
{
	if (a->severity != b->severity)
		return a->severity > b->severity;
	return a->confidence > b->confidence;
}

void text_example(struct text_example *out, const struct flow_entry *e)
{
	memset(out, 0, sizeof(*out));
	out->key = e->key;
	out->client = e->flow.client & 1;
	out->known = true;
	out->unscaled = flow_scaling(&e->flow) == SCALING_OFF ||
			record_inferred(&e->flow) == SCALING_OFF;
}

/* Of many connections few become an example: only of these is it worked out. */
static void group_exemplify(struct text_group *to, const struct text_group *g)
{
	if (g->source)
		text_example(&to->example, g->source);
	else
		to->example = g->example;
	to->source = NULL;
}

static void group_merge(struct text_group *to, const struct text_group *g)
{
	to->count += g->count;
	to->waited_ns += g->waited_ns;
	to->bytes += g->bytes;
	if (g->port != to->port || g->several_ports) {
		to->several_ports = true;
		to->port = 0;
	}
	if (to->addr[0] != g->addr[0] || to->addr[1] != g->addr[1] || to->domain != g->domain ||
	    g->several_hosts)
		to->several_hosts = true;
	/* Of equals the earliest: connections that were retired come in another order. */
	if (finding_stronger(&g->finding, &to->finding) ||
	    (!g->of_endpoint && g->first_ns < to->first_ns &&
	     !finding_stronger(&to->finding, &g->finding))) {
		to->finding = g->finding;
		group_exemplify(to, g);
	}
	if (g->first_ns < to->first_ns)
		to->first_ns = g->first_ns;
}

void text_group_add(struct text_group *to, const struct text_group *g)
{
	if (to->count) {
		group_merge(to, g);
		return;
	}
	*to = *g;
	group_exemplify(to, g);
}

int text_groups_add(struct text_groups *groups, const struct text_group *g)
{
	size_t *slot;

	if (groups->n == groups->room && groups_grow(groups))
		return -ENOMEM;
	slot = group_slot(groups, g);
	if (*slot) {
		group_merge(&groups->list[*slot - 1], g);
		return 0;
	}
	groups->list[groups->n].count = 0;
	text_group_add(&groups->list[groups->n], g);
	*slot = ++groups->n;
	return 0;
}

/* The side's address is the culprit; of what blames the path, whose option it was. */
void text_group_of(struct text_group *g, const struct flow_entry *entry,
		   const struct finding *finding, __u64 waited_ns)
{
	unsigned int client = entry->flow.client & 1;
	unsigned int dir = finding->side == SIDE_SERVER ? !client : client;

	memset(g, 0, sizeof(*g));
	g->finding = *finding;
	memcpy(g->addr, entry->key.addr[dir], sizeof(g->addr));
	g->domain = entry->key.domain;
	g->port = entry->key.port[!client];
	g->count = 1;
	g->first_ns = entry->flow.first_ns;
	g->waited_ns = waited_ns;
	g->bytes = entry->flow.half[0].bytes + entry->flow.half[1].bytes;
	g->source = entry;
}

static void group_of_endpoint(struct text_group *g, const struct endpoint_entry *entry,
			      const struct finding *finding)
{
	memset(g, 0, sizeof(*g));
	g->finding = *finding;
	memcpy(g->addr, entry->key.addr, sizeof(g->addr));
	g->domain = entry->key.domain;
	g->port = entry->key.port;
	g->of_endpoint = true;
	g->count = entry->endpoint.refusals;
	g->first_ns = entry->endpoint.first_refusal_ns;
}

static int group_order(const void *a, const void *b)
{
	const struct text_group *x = a, *y = b;

	if (x->finding.severity != y->finding.severity)
		return y->finding.severity - x->finding.severity;
	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	/* Of one connection's findings, what was weighed says more than what was seen at once. */
	if (names_detector(x->finding.code)->weighed != names_detector(y->finding.code)->weighed)
		return names_detector(x->finding.code)->weighed ? -1 : 1;
	if (x->first_ns != y->first_ns)
		return x->first_ns < y->first_ns ? -1 : 1;
	return x->finding.code - y->finding.code;
}

/* From the first to the last packet of a connection, whatever order they came in. */
static void judge_time(struct text_judged *out, const struct report *r, const struct flow *f)
{
	__s64 start = record_time(r, f->first_ns), end = record_time(r, flow_last_ns(f));

	out->first = start < out->first ? start : out->first;
	out->last = end > out->last ? end : out->last;
}

static enum text_unknown judge_unknown(const struct flow *f)
{
	const struct syn *c = &f->syn[f->client & 1], *s = &f->syn[!f->client];

	if (f->bits & FLOW_CONTINUED)
		return TEXT_UNKNOWN_CONTINUED;
	if (!(c->bits & SYN_SEEN))
		return TEXT_UNKNOWN_NO_SYN;
	if (!f->half[!f->client].packets && f->half[f->client & 1].bits & HALF_WINDOW)
		return TEXT_UNKNOWN_ONE_SIDED;
	if (!(s->bits & SYN_SEEN))
		return TEXT_UNKNOWN_UNANSWERED;
	if (flow_copies_differ(f, f->client) || flow_answers_differ(f))
		return TEXT_UNKNOWN_COPIES;
	return TEXT_UNKNOWN_OPTIONS;
}

/* Whether a window limited either side; unknown when nobody measured. */
static enum limited judge_windows(const struct transfer *t)
{
	enum limited worst = LIMITED_UNKNOWN;
	__u64 window;

	for (__u8 i = 0; i < 2; i++) {
		enum limited limited = transfer_limited(t, i, &window);

		worst = limited > worst ? limited : worst;
	}
	return worst;
}

void text_judge(struct text_judged *out, const struct report *r, const struct transfer *t)
{
	const struct flow *f = t->flow;
	enum scaling inferred;

	judge_time(out, r, f);
	out->windows[judge_windows(t)]++;
	if (t->scaling != SCALING_UNKNOWN) {
		out->on += t->scaling == SCALING_ON;
		out->off += t->scaling == SCALING_OFF;
		out->off_unoffered += t->scaling == SCALING_OFF &&
				      !(f->syn[f->client & 1].bits & SYN_SEEN);
		return;
	}
	inferred = record_inferred(f);
	out->unknown++;
	out->inferred_on += inferred == SCALING_ON;
	out->inferred_off += inferred == SCALING_OFF;
	out->why[judge_unknown(f)]++;
}

/* Keeps a connection whose cost may have to be told. */
static int groups_add_slow(struct text_groups *groups, const struct flow_entry *e)
{
	if (GROW(groups->slow, groups->slow_n, &groups->slow_room))
		return -ENOMEM;
	groups->slow[groups->slow_n++] = e;
	return 0;
}

/* One connection into the groups, and, unless that is 0, into what was judged. */
static int groups_add_flow(struct text_groups *groups, struct text_judged *judged,
			   const struct report *r, const struct flow_entry *e)
{
	struct finding facts[RECORD_FINDINGS_MOST];
	__u64 waited_ns = 0;
	struct transfer t;
	unsigned int n;
	int err = 0;

	around_transfer(&t, r, e);
	n = record_flow_facts(&t, facts);
	if (judged) {
		text_judge(judged, r, &t);
		record_slowed(&judged->slowed, &t, facts, n);
	}
	if (t.scaling == SCALING_OFF && e->flow.rtt_us)
		err = groups_add_slow(groups, e);
	if (n)
		waited_ns = transfer_waited_ns(&t);
	for (unsigned int k = 0; k < n && !err; k++) {
		struct text_group g;

		text_group_of(&g, e, &facts[k], waited_ns);
		err = text_groups_add(groups, &g);
	}
	return err;
}

static void judged_add(struct text_judged *to, const struct text_judged *j)
{
	to->on += j->on;
	to->off += j->off;
	to->unknown += j->unknown;
	to->off_unoffered += j->off_unoffered;
	to->inferred_on += j->inferred_on;
	to->inferred_off += j->inferred_off;
	for (unsigned int i = 0; i < TEXT_UNKNOWNS; i++)
		to->why[i] += j->why[i];
	for (unsigned int i = 0; i < sizeof(to->windows) / sizeof(to->windows[0]); i++)
		to->windows[i] += j->windows[i];
	to->slowed.flows += j->slowed.flows;
	to->slowed.waited_ns += j->slowed.waited_ns;
	to->slowed.bytes += j->slowed.bytes;
	to->first = j->first < to->first ? j->first : to->first;
	to->last = j->last > to->last ? j->last : to->last;
}

/* Connections judged by several threads; groups depend on their order, and are made afterwards. */
struct judging {
	const struct report *r;
	struct text_judged *shares; /* of each thread */
	bool *grouped;              /* of each connection: it has something for the groups */
};

static void judge_share(void *arg, unsigned int share, size_t from, size_t until)
{
	const struct judging *j = arg;
	struct finding facts[RECORD_FINDINGS_MOST];
	struct text_judged sum;

	text_judged_start(&sum);
	for (size_t i = from; i < until; i++) {
		struct transfer t;
		unsigned int n;

		report_prefetch(j->r, i);
		around_transfer(&t, j->r, j->r->flows[i]);
		text_judge(&sum, j->r, &t);
		n = record_flow_facts(&t, facts);
		record_slowed(&sum.slowed, &t, facts, n);
		j->grouped[i] = n || (t.scaling == SCALING_OFF && t.flow->rtt_us);
	}
	j->shares[share] = sum;
}

/* All connections into what was judged, and those that have something into the groups. */
static int groups_add_flows(struct text_groups *groups, struct text_judged *judged,
			    const struct report *r)
{
	unsigned int threads = r->threads ? r->threads : 1;
	struct judging j = { .r = r };
	int err = 0;

	if (threads > 1) {
		j.shares = calloc(threads, sizeof(*j.shares));
		j.grouped = calloc(r->flows_n + 1, sizeof(*j.grouped));
		err = j.shares && j.grouped ? 0 : -ENOMEM;
	}
	if (threads > 1 && !err) {
		ordered_shares(threads, r->flows_n, &j, judge_share);
		for (unsigned int i = 0; i < threads; i++)
			judged_add(judged, &j.shares[i]);
	}
	for (size_t i = 0; i < r->flows_n && !err; i++) {
		if (threads == 1)
			report_prefetch(r, i);
		if (threads == 1 || j.grouped[i])
			err = groups_add_flow(groups, threads == 1 ? judged : NULL, r, r->flows[i]);
	}
	free(j.shares);
	free(j.grouped);
	return err;
}

void text_judged_start(struct text_judged *out)
{
	memset(out, 0, sizeof(*out));
	out->first = INT64_MAX;
	out->last = INT64_MIN;
}

/* What is known of connections that are gone. The samples stay theirs. */
static int groups_take(struct text_groups *groups, struct text_judged *judged,
		       const struct retired *retired)
{
	int err = 0;

	*judged = retired->judged;
	groups->gone = &retired->groups;
	for (size_t i = 0; i < retired->groups.n && !err; i++)
		err = text_groups_add(groups, &retired->groups.list[i]);
	return err;
}

int text_groups_make(struct text_groups *groups, struct text_judged *judged, const struct report *r)
{
	struct finding facts[RECORD_FINDINGS_MOST];
	struct text_group g;
	int err = 0;

	memset(groups, 0, sizeof(*groups));
	text_judged_start(judged);
	if (r->retired)
		err = groups_take(groups, judged, r->retired);
	for (size_t i = 0; i < r->endpoints_n && !err; i++) {
		unsigned int n = record_endpoint_facts(r, &r->endpoints[i], facts);

		for (unsigned int k = 0; k < n && !err; k++) {
			group_of_endpoint(&g, &r->endpoints[i], &facts[k]);
			err = text_groups_add(groups, &g);
		}
	}
	if (!err)
		err = groups_add_flows(groups, judged, r);
	if (groups->n)
		qsort(groups->list, groups->n, sizeof(*groups->list), group_order);
	return err;
}

void text_groups_free(struct text_groups *groups)
{
	free(groups->list);
	free(groups->slots);
	free(groups->slow);
	free(groups->samples);
	memset(groups, 0, sizeof(*groups));
}

/* ---- what was judged ---- */

const char *text_why_name(enum text_unknown why)
{
	static const char *const names[] = {
		[TEXT_UNKNOWN_NO_SYN] = "SYN not seen",
		[TEXT_UNKNOWN_UNANSWERED] = "SYN not answered",
		[TEXT_UNKNOWN_ONE_SIDED] = "one direction only",
		[TEXT_UNKNOWN_OPTIONS] = "options cut or malformed",
		[TEXT_UNKNOWN_CONTINUED] = "continued after a pause",
		[TEXT_UNKNOWN_COPIES] = "copies of the SYN differ",
	};

	return names[why];
}

static int rtt_order(const void *a, const void *b)
{
	__u32 x = *(const __u32 *)a, y = *(const __u32 *)b;

	return (x > y) - (x < y);
}

static bool concerns(const struct text_group *g, const __u64 addr[2][2], __u32 domain)
{
	if (accuses_path(&g->finding))
		return true;
	for (int i = 0; i < 2; i++) {
		if (domain == g->domain && addr[i][0] == g->addr[0] && addr[i][1] == g->addr[1])
			return true;
	}
	return false;
}

/* The larger shift that its ends offered; SHIFT_UNKNOWN: none did. */
static __u8 slow_offer(const struct flow *f)
{
	__u8 offer = SHIFT_UNKNOWN;

	for (int k = 0; k < 2; k++) {
		if (syn_offers(&f->syn[k]) &&
		    (offer == SHIFT_UNKNOWN || syn_shift(&f->syn[k]) > offer))
			offer = syn_shift(&f->syn[k]);
	}
	return offer;
}

/* A number that looks like chance and is the same each time. */
static __u64 sample_chance(__u64 n)
{
	n = (n + 1) * 0x9e3779b97f4a7c15ULL;
	n = (n ^ n >> 30) * 0xbf58476d1ce4e5b9ULL;
	return n ^ n >> 31;
}

/*
 * The first TEXT_SAMPLES, then each one less likely, in the place of another, so that all are
 * as likely to be among them (reservoir sampling).
 */
int text_groups_sample(struct text_groups *groups, const struct flow_entry *e)
{
	struct text_sample *s;
	__u64 at = groups->samples_n;

	if (at == TEXT_SAMPLES)
		at = sample_chance(groups->sampled) % (groups->sampled + 1);
	groups->sampled++;
	if (at >= TEXT_SAMPLES)
		return 0;
	if (GROW(groups->samples, at, &groups->samples_room))
		return -ENOMEM;
	groups->samples_n += at == groups->samples_n;
	s = &groups->samples[at];
	memcpy(s->addr, e->key.addr, sizeof(s->addr));
	s->domain = e->key.domain;
	s->rtt_us = e->flow.rtt_us;
	s->offer = slow_offer(&e->flow);
	return 0;
}

static void slow_add(struct text_slow *out, __u32 *rtts, size_t *n, __u32 rtt_us, __u8 offer)
{
	rtts[(*n)++] = rtt_us;
	if (offer != SHIFT_UNKNOWN && (out->offer == SHIFT_UNKNOWN || offer > out->offer))
		out->offer = offer;
}

void text_slow(struct text_slow *out, const struct text_groups *groups, const struct text_group *g)
{
	size_t gone = groups->gone ? groups->gone->samples_n : 0, n = 0;
	__u32 *rtts = malloc((groups->slow_n + gone + 1) * sizeof(*rtts));

	out->rtt_us = 0;
	out->offer = SHIFT_UNKNOWN;
	for (size_t i = 0; i < groups->slow_n && rtts; i++) {
		const struct flow_entry *e = groups->slow[i];

		if (concerns(g, e->key.addr, e->key.domain))
			slow_add(out, rtts, &n, e->flow.rtt_us, slow_offer(&e->flow));
	}
	for (size_t i = 0; i < gone && rtts; i++) {
		const struct text_sample *s = &groups->gone->samples[i];

		if (concerns(g, s->addr, s->domain))
			slow_add(out, rtts, &n, s->rtt_us, s->offer);
	}
	if (n) {
		qsort(rtts, n, sizeof(*rtts), rtt_order);
		out->rtt_us = rtts[n / 2];
	}
	free(rtts);
}
