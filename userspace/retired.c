// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/retired.h"

#include "platform/grow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int retired_start(struct retired *x)
{
	text_judged_start(&x->judged);
	x->worst = -1;
	memset(&x->around, 0, sizeof(x->around));
	x->report.around = &x->around;
	x->report.retired = x;
	return table_init(&x->listeners, sizeof(struct retired_listener),
			  sizeof(struct endpoint_key), false);
}

void retired_free(struct retired *x)
{
	text_groups_free(&x->groups);
	free(x->losses);
	if (x->listeners.slots)
		table_free(&x->listeners);
	memset(x, 0, sizeof(*x));
}

/* ---- listeners ---- */

static __u32 listener_hash(const struct endpoint_key *key)
{
	__u64 h = table_mix(key->addr[0], key->addr[1]);

	return (__u32)table_mix(h, (__u64)key->domain << 32 | key->port);
}

/* The server's end of a connection; 0: out of memory. */
static struct retired_listener *retired_listener(struct retired *x, const struct flow_entry *e)
{
	struct retired_listener *l;
	struct endpoint_key key;
	__u32 hash;

	endpoint_key_of(&key, &e->key, !e->flow.client, ENDPOINT_SERVER);
	hash = listener_hash(&key);
	l = table_find(&x->listeners, &key, sizeof(key), hash);
	if (l)
		return l;
	l = table_insert(&x->listeners, &key, hash);
	if (!l) {
		x->err = -ENOMEM;
		return NULL;
	}
	memset((char *)l + sizeof(key), 0, sizeof(*l) - sizeof(key));
	return l;
}

static const struct finding *find_code(const struct finding *facts, unsigned int n,
				       enum finding_code code)
{
	for (unsigned int i = 0; i < n; i++) {
		if (facts[i].code == code)
			return &facts[i];
	}
	return NULL;
}

static void retired_sum(struct text_group *sum, const struct flow_entry *e, const struct finding *f,
			__u64 waited_ns)
{
	struct text_group g;

	text_group_of(&g, e, f, waited_ns);
	text_group_add(sum, &g);
}

/*
 * A connection of which the other handshakes at its listener decide what it is: both answers
 * are kept, for the end. Returns the code that must not be added up now, or FINDING_CODES.
 */
static unsigned int retired_cookie(struct retired *x, const struct flow_entry *e,
				   const struct transfer *t, __u64 waited_ns, bool printed)
{
	/* A listener that is under cookies, whatever this one is; and one of which nothing is known. */
	const struct endpoint cookies = {
		.opportunities = 2UL * COOKIE_HANDSHAKES,
		.offers = COOKIE_HANDSHAKES,
		.plain = COOKIE_HANDSHAKES,
	};
	struct finding facts[RECORD_FINDINGS_MOST];
	const struct finding *f;
	struct retired_listener *l;
	struct transfer other = *t;
	unsigned int n;

	if (!t->listener)
		return FINDING_CODES;
	other.listener = &cookies;
	n = record_flow_facts(&other, facts);
	f = find_code(facts, n, FINDING_syncookie_no_wscale);
	l = f ? retired_listener(x, e) : NULL;
	if (!l)
		return FINDING_CODES;
	retired_sum(&l->cookies, e, f, waited_ns);
	l->printed += printed;
	other.listener = NULL;
	n = record_flow_facts(&other, facts);
	f = find_code(facts, n, FINDING_server_no_wscale);
	if (f)
		retired_sum(&l->refused, e, f, waited_ns);
	return printed ? FINDING_syncookie_no_wscale : FINDING_server_no_wscale;
}

static void retired_shift(struct retired *x, const struct flow_entry *e, const struct transfer *t)
{
	struct retired_listener *l;
	struct finding found;

	if (t->scaling != SCALING_OFF || !detect_phantom_scaling(t, !t->flow->client, &found))
		return;
	l = retired_listener(x, e);
	if (l)
		l->shifting = true;
}

/* Asks one listener after the other. */
struct shifting_query {
	bool (*is_in)(const struct endpoint_key *key, const struct endpoint_key *prefix);
	const struct endpoint_key *prefix;
	bool found;
};

static void shifting_ask(void *arg, void *entry)
{
	struct shifting_query *q = arg;
	const struct retired_listener *l = entry;

	q->found |= l->shifting && q->is_in(&l->key, q->prefix);
}

bool retired_shifting(const struct retired *x,
		      bool (*is_in)(const struct endpoint_key *key,
				    const struct endpoint_key *prefix),
		      const struct endpoint_key *prefix)
{
	struct shifting_query q = { .is_in = is_in, .prefix = prefix };

	/* Without memory for the walk there is no evidence, which claims less. */
	return !table_each(&x->listeners, shifting_ask, &q) && q.found;
}

/* ---- losses ---- */

static int retired_lose(struct retired *x, const struct flow_entry *e, const struct transfer *t,
			bool slowed)
{
	__u64 ns = state_loss_ns(t->flow, t->gauge);
	struct retired_loss *loss;

	if (!ns)
		return 0;
	if (GROW(x->losses, x->losses_n, &x->losses_room))
		return -ENOMEM;
	loss = &x->losses[x->losses_n++];
	text_example(&loss->example, e);
	loss->ns = ns;
	loss->first_ns = t->flow->first_ns;
	loss->waited_ns = transfer_waited_ns(t);
	loss->bytes = t->flow->half[0].bytes + t->flow->half[1].bytes;
	loss->packets[0] = t->flow->syn[t->flow->client & 1].id;
	loss->packets[1] = t->flow->syn[!t->flow->client].id;
	loss->slowed = slowed;
	return 0;
}

/* ---- one connection ---- */

static void retired_keep(struct retired *x, const struct flow_entry *e, const struct gauge *g)
{
	struct retired_kept *kept = &x->kept[x->kept_n];

	if (x->kept_n == RETIRED_KEPT)
		return;
	x->kept_n++;
	kept->entry = *e;
	if (g)
		memcpy(kept->gauges, g, sizeof(kept->gauges));
}

/* Adds up findings, save one whose code waits for the end. */
static int retired_count(struct retired *x, const struct flow_entry *e, const struct finding *facts,
			 unsigned int n, __u64 waited_ns, unsigned int waits)
{
	int err = 0;

	for (unsigned int i = 0; i < n && !err; i++) {
		struct text_group g;

		if (facts[i].code == waits)
			continue;
		x->findings[facts[i].code]++;
		text_group_of(&g, e, &facts[i], waited_ns);
		err = text_groups_add(&x->groups, &g);
	}
	return err;
}

void retired_add(struct retired *x, const struct flow_entry *e, size_t gauges_at)
{
	struct finding facts[RECORD_FINDINGS_MOST];
	__u64 waited_ns;
	struct transfer t;
	unsigned int n, waits;
	bool slowed;
	int worst;

	if (x->err)
		return;
	x->report.gauges_at = gauges_at;
	around_transfer(&t, &x->report, e);
	n = record_flow_facts(&t, facts);
	waited_ns = n ? transfer_waited_ns(&t) : 0;
	x->flows++;
	text_judge(&x->judged, &x->report, &t);
	slowed = record_slowed(&x->judged.slowed, &t, facts, n);
	if (slowed)
		retired_keep(x, e, t.gauge);
	worst = record_worst(facts, n);
	x->worst = worst > x->worst ? worst : x->worst;
	waits = retired_cookie(x, e, &t, waited_ns,
			       find_code(facts, n, FINDING_syncookie_no_wscale));
	retired_shift(x, e, &t);
	if (!x->err)
		x->err = retired_count(x, e, facts, n, waited_ns, waits);
	if (!x->err && t.scaling == SCALING_OFF && e->flow.rtt_us)
		x->err = text_groups_sample(&x->groups, e);
	if (!x->err)
		x->err = retired_lose(x, e, &t, slowed);
	if (!x->err && x->print)
		x->err = x->print(x->to, &x->report, e);
}

/* ---- the end ---- */

struct retired_end {
	struct retired *x;
	const struct report *report;
	int err;
};

static void end_sum(struct retired_end *end, const struct text_group *sum)
{
	if (!sum->count || end->err)
		return;
	end->x->findings[sum->finding.code] += sum->count;
	end->err = text_groups_add(&end->x->groups, sum);
}

static void end_listener(void *arg, void *entry)
{
	struct retired_end *end = arg;
	struct retired_listener *l = entry;
	const struct endpoint_entry *e = around_find(end->report, &l->key);

	if (!e || !syncookie_listener(&e->endpoint)) {
		end->x->late += l->printed;
		end_sum(end, &l->refused);
		return;
	}
	end->x->late += l->cookies.count - l->printed;
	l->cookies.finding.value[0] = e->endpoint.plain;
	l->cookies.finding.value[1] = e->endpoint.opportunities - e->endpoint.plain;
	end_sum(end, &l->cookies);
}

/* A connection that was lost with others, as is known now. */
static int end_loss(struct retired *x, const struct retired_loss *loss, __u32 together)
{
	unsigned int client = loss->example.client;
	struct text_group g = { .example = loss->example, .count = 1 };

	finding_set(&g.finding, FINDING_state_loss, SEVERITY_WARNING, SIDE_PATH, BLAME_PATH,
		    CONFIDENCE_MEDIUM);
	g.finding.value[0] = together;
	g.finding.value[1] = loss->ns - loss->first_ns;
	memcpy(g.finding.packets, loss->packets, sizeof(loss->packets));
	memcpy(g.addr, loss->example.key.addr[client], sizeof(g.addr));
	g.domain = loss->example.key.domain;
	g.port = loss->example.key.port[!client];
	g.first_ns = loss->first_ns;
	g.waited_ns = loss->waited_ns;
	g.bytes = loss->bytes;
	x->late++;
	x->findings[FINDING_state_loss]++;
	x->worst = x->worst < SEVERITY_WARNING ? SEVERITY_WARNING : x->worst;
	if (!loss->slowed) {
		x->judged.slowed.flows++;
		x->judged.slowed.waited_ns += loss->waited_ns;
		x->judged.slowed.bytes += loss->bytes;
	}
	return text_groups_add(&x->groups, &g);
}

int retired_finish(struct retired *x, const struct report *r)
{
	struct retired_end end = { .x = x, .report = r };
	int err = table_each(&x->listeners, end_listener, &end);

	if (!err)
		err = end.err;
	for (size_t i = 0; i < x->losses_n && !err; i++) {
		__u32 together = around_lost(r->around, x->losses[i].ns);

		if (together >= LOSS_FLOWS)
			err = end_loss(x, &x->losses[i], together);
	}
	return err;
}
