// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/judge.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "userspace/around.h"
#include "userspace/text_style.h"

/* What a clause is shown: each selected connection, each end of them, then the end. */
enum judge_step_kind { JUDGE_FLOW, JUDGE_HOST, JUDGE_END };

struct judge_step {
	enum judge_step_kind kind;
	const struct expectation *expectation;
	const struct report *report;
	const struct flow_entry *flow;         /* JUDGE_FLOW */
	struct transfer transfer;              /* the same, as it is diagnosed */
	const struct record_flow *record;      /* the same, told */
	const struct endpoint_entry *endpoint; /* JUDGE_HOST */
	const struct finding *facts;           /* of it */
	unsigned int facts_n;
};

/* One that speaks against the clause; those of which nothing can be said come behind. */
static struct judge_witness *judge_witness(struct judge_clause *jc, const struct judge_step *step,
					   bool unknown)
{
	size_t at = jc->witnesses_n;
	struct judge_witness *w;

	while (!unknown && at && jc->witnesses[at - 1].unknown)
		at--;
	if (at == JUDGE_WITNESSES)
		return NULL;
	if (jc->witnesses_n < JUDGE_WITNESSES)
		jc->witnesses_n++;
	w = &jc->witnesses[at];
	memmove(w + 1, w, (jc->witnesses_n - 1 - at) * sizeof(*w));
	memset(w, 0, sizeof(*w));
	w->flow = step->kind == JUDGE_FLOW ? step->flow : NULL;
	w->endpoint = step->kind == JUDGE_HOST ? step->endpoint : NULL;
	w->unknown = unknown;
	return w;
}

/* ---- assertions on a value of each connection ---- */

enum judge_outcome { JUDGE_GOOD, JUDGE_BAD, JUDGE_OPEN };

/* Counts a connection; packets: up to two that show the value, 0 for none. */
static void judge_value(struct judge_clause *jc, const struct judge_step *step,
			enum judge_outcome outcome, __u64 packet, __u64 other, const char *what)
{
	struct judge_witness *w;

	if (outcome == JUDGE_GOOD)
		return;
	jc->against += outcome == JUDGE_BAD;
	jc->unknown += outcome == JUDGE_OPEN;
	w = judge_witness(jc, step, outcome == JUDGE_OPEN);
	if (!w)
		return;
	snprintf(w->what, sizeof(w->what), "%s", what);
	w->packets[0] = packet ? packet : other;
	w->packets[1] = packet ? other : 0;
	if (!w->packets[0])
		w->packets[0] = step->flow->flow.first_id;
}

/* After the last connection. */
static void judge_values_end(struct judge_clause *jc)
{
	char many[TEXT_COUNTED_ROOM], bad[TEXT_NUMBER_ROOM], open[TEXT_NUMBER_ROOM];

	text_counted(many, jc->flows, "connection");
	text_number(bad, jc->against);
	text_number(open, jc->unknown);
	jc->verdict = jc->against ? JUDGE_FAILS : jc->unknown ? JUDGE_UNKNOWN : JUDGE_HOLDS;
	if (jc->against)
		snprintf(jc->found, sizeof(jc->found), "%s in %s of %s%s%s%s",
			 jc->witnesses[0].what, bad, many, jc->unknown ? "; " : "",
			 jc->unknown ? open : "", jc->unknown ? " cannot be judged" : "");
	else if (jc->unknown)
		snprintf(jc->found, sizeof(jc->found), "%s of %s cannot be judged: %s", open, many,
			 jc->witnesses[0].what);
	else
		snprintf(jc->found, sizeof(jc->found), "so in %s", many);
}

/* The packet of a side's SYN or SYN-ACK; 0: none was seen. */
static __u64 judge_syn(const struct judge_step *step, enum side side)
{
	const struct flow *f = &step->flow->flow;
	const struct syn *s = &f->syn[side == SIDE_CLIENT ? f->client & 1 : !f->client];

	return s->bits & SYN_SEEN ? s->id : 0;
}

static const struct record_direction *judge_direction(const struct judge_step *step, enum side side)
{
	return side == SIDE_CLIENT ? &step->record->c2s : &step->record->s2c;
}

static void judge_wscale(struct judge_clause *jc, const struct judge_step *step)
{
	const struct expect_clause *c = jc->clause;
	const struct record_direction *d;
	enum judge_outcome outcome = JUDGE_GOOD;
	char what[JUDGE_WHAT_ROOM];
	int state;

	if (step->kind == JUDGE_END)
		judge_values_end(jc);
	if (step->kind != JUDGE_FLOW)
		return;
	d = judge_direction(step, c->side);
	state = names_find(NAMES_WSCALE_STATE, d->wscale_state);
	if (state == WSCALE_UNKNOWN)
		outcome = JUDGE_OPEN;
	else if (state != (c->state < 0 ? WSCALE_PRESENT : c->state) ||
		 (c->ranged && !expect_holds(&c->range, (__u64)d->wscale)))
		outcome = JUDGE_BAD;
	if (state == WSCALE_UNKNOWN)
		snprintf(what, sizeof(what), "the %s's option was not seen, or cut",
			 names_of(NAMES_SIDE, c->side));
	else if (state == WSCALE_ABSENT)
		snprintf(what, sizeof(what), "no option of the %s", names_of(NAMES_SIDE, c->side));
	else
		snprintf(what, sizeof(what), "shift %lld of the %s", (long long)d->wscale,
			 names_of(NAMES_SIDE, c->side));
	judge_value(jc, step, outcome, judge_syn(step, c->side), 0, what);
}

static void judge_scaling(struct judge_clause *jc, const struct judge_step *step)
{
	int scaling;
	char what[JUDGE_WHAT_ROOM];

	if (step->kind == JUDGE_END)
		judge_values_end(jc);
	if (step->kind != JUDGE_FLOW)
		return;
	scaling = names_find(NAMES_SCALING, step->record->scaling);
	snprintf(what, sizeof(what), "window scaling %s", step->record->scaling);
	judge_value(jc, step,
		    scaling == SCALING_UNKNOWN            ? JUDGE_OPEN
		    : scaling == (int)jc->clause->scaling ? JUDGE_GOOD
							  : JUDGE_BAD,
		    judge_syn(step, SIDE_CLIENT), judge_syn(step, SIDE_SERVER), what);
}

static void judge_effective_window(struct judge_clause *jc, const struct judge_step *step)
{
	const struct expect_clause *c = jc->clause;
	char what[JUDGE_WHAT_ROOM], number[EXPECT_TEXT_ROOM];
	__s64 most;

	if (step->kind == JUDGE_END)
		judge_values_end(jc);
	if (step->kind != JUDGE_FLOW)
		return;
	most = judge_direction(step, c->side)->effective_max;
	if (most == RECORD_NO_NUMBER)
		snprintf(what, sizeof(what), "no window of the %s is known in bytes",
			 names_of(NAMES_SIDE, c->side));
	else
		snprintf(what, sizeof(what), "a largest window of %.40s",
			 expect_value_text(number, (__u64)most, EXPECT_BYTES));
	judge_value(jc, step,
		    most == RECORD_NO_NUMBER               ? JUDGE_OPEN
		    : expect_holds(&c->range, (__u64)most) ? JUDGE_GOOD
							   : JUDGE_BAD,
		    judge_syn(step, c->side), 0, what);
}

static void judge_rtt(struct judge_clause *jc, const struct judge_step *step)
{
	char what[JUDGE_WHAT_ROOM], number[EXPECT_TEXT_ROOM];
	__s64 us;

	if (step->kind == JUDGE_END)
		judge_values_end(jc);
	if (step->kind != JUDGE_FLOW)
		return;
	us = step->record->rtt_us;
	if (us == RECORD_NO_NUMBER)
		snprintf(what, sizeof(what), "the round trip was not seen, or something repeated");
	else
		snprintf(what, sizeof(what), "a round trip of %.40s",
			 expect_value_text(number, (__u64)us * 1000, EXPECT_DURATION));
	judge_value(jc, step,
		    us == RECORD_NO_NUMBER                               ? JUDGE_OPEN
		    : expect_holds(&jc->clause->range, (__u64)us * 1000) ? JUDGE_GOOD
									 : JUDGE_BAD,
		    judge_syn(step, SIDE_CLIENT), judge_syn(step, SIDE_SERVER), what);
}

/* ---- counts ---- */

static void judge_min_flows(struct judge_clause *jc, const struct judge_step *step)
{
	char many[TEXT_COUNTED_ROOM];

	if (step->kind != JUDGE_END)
		return;
	jc->verdict = jc->flows >= jc->clause->count ? JUDGE_HOLDS : JUDGE_FAILS;
	snprintf(jc->found, sizeof(jc->found), "%s selected, of %zu in all",
		 text_counted(many, jc->flows, "connection"), step->report->flows_n);
}

/* The finding's number with that name, in what comparisons count in. */
static bool judge_number(const struct finding *f, const char *key, __u64 *value)
{
	for (unsigned int i = 0; i < FINDING_VALUES; i++) {
		char name[RECORD_VALUE_ROOM];
		enum record_unit unit = record_value_key(name, f, i);

		if (!*name || strcmp(name, key) != 0)
			continue;
		*value = unit == RECORD_UNIT_US ? f->value[i] * 1000 : f->value[i];
		return true;
	}
	return false;
}

static bool judge_where(const struct expect_where *w, const struct finding *f)
{
	__u64 value = 0;

	switch (w->word) {
#define EXPECT_WORD(name, names) \
	case EXPECT_WORD_##name: \
		value = f->name; \
		break;
#include "userspace/expect.def"
	default:
		if (!judge_number(f, w->key, &value))
			return false;
	}
	return expect_holds(&w->range, value);
}

/* Whether a finding is one of those that a clause counts. */
static bool judge_counts(const struct expect_clause *c, const struct expectation *e,
			 const struct finding *f)
{
	/* One that stands for a less specific code is a finding of that, too. */
	if (c->of_severity ? f->severity < c->what
			   : f->code != c->what && !(f->replaces & 1U << c->what))
		return false;
	if ((e->select.given & 1U << EXPECT_SELECT_role) && f->side != e->select.role)
		return false;
	for (size_t i = 0; i < c->where_n; i++) {
		if (!judge_where(&c->where[i], f))
			return false;
	}
	return true;
}

/* Codes that are told whether or not the handshake was seen. */
#define JUDGE_WITHOUT_HANDSHAKE \
	(FINDING_BIT(zero_window_stall) | FINDING_BIT(state_loss) | FINDING_BIT(wscale_non_syn))

/* Whether a connection could have the finding at all, or nobody can know. */
static bool judge_can_tell(const struct expect_clause *c, const struct judge_step *step)
{
	const struct transfer *t = &step->transfer;
	__u64 window;

	if (!c->of_severity && (1U << c->what & JUDGE_WITHOUT_HANDSHAKE))
		return true;
	if (!c->of_severity && names_detector(c->what)->of_endpoint)
		return true;
	if (!c->of_severity && c->what == FINDING_window_limited)
		return transfer_limited(t, 0, &window) != LIMITED_UNKNOWN ||
		       transfer_limited(t, 1, &window) != LIMITED_UNKNOWN;
	return t->scaling != SCALING_UNKNOWN;
}

static bool judge_of_hosts(const struct expect_clause *c)
{
	return !c->of_severity && names_detector(c->what)->of_endpoint;
}

/* How many of what a finding limit is counted in, and of how many a percentage is taken. */
static void judge_findings_end(struct judge_clause *jc)
{
	const struct expect_clause *c = jc->clause;
	__u64 base = judge_of_hosts(c) ? jc->hosts : jc->flows;
	__u64 got = c->percent ? jc->flagged * 1000000 : jc->against;
	__u64 open = c->percent ? jc->unknown * 1000000 : jc->unknown;
	__u64 limit = c->percent ? c->count * base : c->count;
	char findings[TEXT_COUNTED_ROOM], many[TEXT_COUNTED_ROOM], number[TEXT_NUMBER_ROOM];
	char unknown[TEXT_NUMBER_ROOM];

	if (c->at_least)
		jc->verdict = got >= limit         ? JUDGE_HOLDS
			      : got + open < limit ? JUDGE_FAILS
						   : JUDGE_UNKNOWN;
	else
		jc->verdict = got > limit           ? JUDGE_FAILS
			      : got + open <= limit ? JUDGE_HOLDS
						    : JUDGE_UNKNOWN;
	snprintf(jc->found, sizeof(jc->found), "%s, in %s of %s%s%s%s",
		 text_counted(findings, jc->against, "finding"), text_number(number, jc->flagged),
		 text_counted(many, base, judge_of_hosts(c) ? "host" : "connection"),
		 jc->unknown ? "; " : "", jc->unknown ? text_number(unknown, jc->unknown) : "",
		 jc->unknown ? " cannot be judged" : "");
}

static void judge_finding(struct judge_clause *jc, const struct judge_step *step,
			  const struct finding *f)
{
	struct judge_witness *w;

	jc->against++;
	w = jc->clause->at_least ? NULL : judge_witness(jc, step, false);
	if (!w)
		return;
	w->found = true;
	w->finding = *f;
	snprintf(w->what, sizeof(w->what), "%s", names_detector(f->code)->code);
	memcpy(w->packets, f->packets, sizeof(w->packets));
}

static void judge_findings(struct judge_clause *jc, const struct judge_step *step)
{
	const struct expect_clause *c = jc->clause;
	__u64 before = jc->against;

	if (step->kind == JUDGE_END) {
		judge_findings_end(jc);
		return;
	}
	for (unsigned int i = 0; i < step->facts_n; i++) {
		if (judge_counts(c, step->expectation, &step->facts[i]))
			judge_finding(jc, step, &step->facts[i]);
	}
	if (jc->against > before) {
		jc->flagged += (step->kind == JUDGE_HOST) == judge_of_hosts(c);
		return;
	}
	if (step->kind == JUDGE_FLOW && !judge_can_tell(c, step)) {
		struct judge_witness *w = judge_witness(jc, step, true);

		jc->unknown++;
		if (!w)
			return;
		w->packets[0] = step->flow->flow.first_id;
		snprintf(w->what, sizeof(w->what), "%s",
			 !c->of_severity && c->what == FINDING_window_limited
				 ? "what limited it cannot be told"
				 : "whether windows are scaled is unknown");
	}
}

static void judge_baseline(struct judge_clause *jc, const struct judge_step *step)
{
	char hosts[TEXT_COUNTED_ROOM], known[TEXT_NUMBER_ROOM];
	struct finding facts[RECORD_FINDINGS_MOST];
	struct report compared;
	unsigned int n;

	if (step->kind == JUDGE_END) {
		jc->verdict = jc->against    ? JUDGE_FAILS
			      : !jc->flagged ? JUDGE_UNKNOWN
					     : JUDGE_HOLDS;
		snprintf(jc->found, sizeof(jc->found), "%llu regressed of %s, %s in the baseline",
			 (unsigned long long)jc->against, text_counted(hosts, jc->hosts, "host"),
			 text_number(known, jc->flagged));
		return;
	}
	if (step->kind != JUDGE_HOST)
		return;
	jc->flagged += !!baseline_find(jc->clause->baseline, &step->endpoint->key);
	/* The report as it would be with this baseline. */
	compared = *step->report;
	compared.baseline = jc->clause->baseline;
	n = record_endpoint_facts(&compared, step->endpoint, facts);
	for (unsigned int i = 0; i < n; i++) {
		if (facts[i].code == FINDING_endpoint_regressed)
			judge_finding(jc, step, &facts[i]);
	}
}

/* ---- an expectation ---- */

static void judge_step(struct judge_result *out, const struct judge_step *step)
{
	static void (*const assertions[])(struct judge_clause * jc,
					  const struct judge_step *step) = {
#define EXPECT_ASSERTION(name, what) judge_##name,
#include "userspace/expect.def"
	};

	for (size_t i = 0; i < out->n; i++) {
		struct judge_clause *jc = &out->clauses[i];

		jc->flows = out->flows;
		jc->hosts = out->hosts;
		assertions[jc->clause->assertion](jc, step);
	}
}

/* Marks the two ends of a connection among the report's endpoints. */
static void judge_mark(const struct report *r, const struct flow_entry *e, bool *marks)
{
	static const enum endpoint_role roles[] = { ENDPOINT_CLIENT, ENDPOINT_SERVER };

	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
		const struct endpoint_entry *found = around_endpoint(r, e, roles[i]);

		if (found)
			marks[found - r->endpoints] = true;
	}
}

static void judge_flows(struct judge_result *out, struct judge_step *step,
			struct record_flow *record, bool *marks)
{
	const struct report *r = step->report;
	struct finding facts[RECORD_FINDINGS_MOST];

	step->kind = JUDGE_FLOW;
	for (size_t i = 0; i < r->flows_n; i++) {
		report_prefetch(r, i);
		if (!judge_selects(&out->expectation->select, r, r->flows[i]))
			continue;
		out->flows++;
		judge_mark(r, r->flows[i], marks);
		record_flow(record, r, r->flows[i]);
		step->flow = r->flows[i];
		step->record = record;
		step->facts = facts;
		around_transfer(&step->transfer, r, step->flow);
		step->facts_n = record_flow_facts(&step->transfer, facts);
		judge_step(out, step);
	}
}

static void judge_hosts(struct judge_result *out, struct judge_step *step, const bool *marks)
{
	const struct report *r = step->report;
	const struct expect_select *s = &out->expectation->select;
	bool chosen = s->given & 1U << EXPECT_SELECT_role;
	struct finding facts[RECORD_FINDINGS_MOST];

	step->kind = JUDGE_HOST;
	for (size_t i = 0; i < r->endpoints_n; i++) {
		const struct endpoint_entry *e = &r->endpoints[i];
		enum side side = e->key.role == ENDPOINT_CLIENT ? SIDE_CLIENT : SIDE_SERVER;

		if (!marks[i] || (chosen && side != s->role))
			continue;
		out->hosts++;
		step->endpoint = e;
		step->facts = facts;
		step->facts_n = record_endpoint_facts(r, e, facts);
		judge_step(out, step);
	}
}

bool judge_is_failed(const struct judge_result *result, const struct judge_clause *clause)
{
	return clause->verdict == JUDGE_FAILS ||
	       (clause->verdict == JUDGE_UNKNOWN && !result->expectation->unknown_passes);
}

int judge_expectation(struct judge_result *out, const struct expectation *e, const struct report *r)
{
	struct judge_step step = { .expectation = e, .report = r };
	struct record_flow *record = malloc(sizeof(*record));
	bool *marks = calloc(r->endpoints_n + 1, sizeof(*marks));
	int err = -ENOMEM;

	memset(out, 0, sizeof(*out));
	out->expectation = e;
	out->clauses = calloc(e->n + 1, sizeof(*out->clauses));
	if (!record || !marks || !out->clauses)
		goto out;
	out->n = e->n;
	for (size_t i = 0; i < e->n; i++) {
		out->clauses[i].clause = &e->clauses[i];
		judge_expected(out->clauses[i].expected, &e->clauses[i]);
	}
	judge_flows(out, &step, record, marks);
	judge_hosts(out, &step, marks);
	step.kind = JUDGE_END;
	judge_step(out, &step);
	out->holds = true;
	for (size_t i = 0; i < out->n; i++)
		out->holds &= !judge_is_failed(out, &out->clauses[i]);
	err = 0;
out:
	if (err)
		judge_free(out);
	free(marks);
	free(record);
	return err;
}

void judge_free(struct judge_result *result)
{
	free(result->clauses);
	result->clauses = NULL;
	result->n = 0;
}
