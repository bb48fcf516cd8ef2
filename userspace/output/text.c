// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* For people on call: who is at fault comes first, what was seen and what was not comes last. */
#include <net/if.h>
#include <stdint.h>
#include <string.h>

#include "userspace/baseline.h"
#include "userspace/output/output.h"
#include "userspace/output/text.h"
#include "userspace/retired.h"
#include "userspace/text_culprit.h"
#include "userspace/text_tables.h"

#define CULPRITS_FEW 3U
#define LIST_ROOM    1024

/* "SYN not seen 3, options cut or malformed 2" */
static void put_why(char out[LIST_ROOM], const struct text_judged *judged)
{
	char number[TEXT_NUMBER_ROOM];
	size_t at = 0;

	out[0] = '\0';
	for (unsigned int i = 0; i < TEXT_UNKNOWNS; i++) {
		if (judged->why[i])
			at += (size_t)snprintf(out + at, LIST_ROOM - at, "%s%s %s", at ? ", " : "",
					       text_why_name(i),
					       text_number(number, judged->why[i]));
	}
}

/* "window scaling on in 3, off in 1", what is 0 left out */
static const char *put_scaling(char out[LIST_ROOM], const struct text_judged *judged)
{
	char on[TEXT_NUMBER_ROOM], off[TEXT_NUMBER_ROOM];
	bool both = judged->on && judged->off;

	snprintf(out, LIST_ROOM, "window scaling %s%s%s%s%s", judged->on ? "on in " : "",
		 judged->on ? text_number(on, judged->on) : "", both ? ", " : "",
		 judged->off ? "off in " : "", judged->off ? text_number(off, judged->off) : "");
	return out;
}

void text_no_finding(const struct text *t, const struct report *r, const struct text_judged *judged,
		     bool informed)
{
	size_t known = judged->on + judged->off;
	char why[LIST_ROOM], unknown[LIST_ROOM + 64] = "", n[TEXT_NUMBER_ROOM];
	char many[TEXT_COUNTED_ROOM], on_off[LIST_ROOM], unoffered[LIST_ROOM] = "";

	put_why(why, judged);
	if (judged->unknown)
		snprintf(unknown, sizeof(unknown), "; %s unknown: %s",
			 text_number(n, judged->unknown), why);
	if (judged->off_unoffered)
		snprintf(unoffered, sizeof(unoffered),
			 " (in %s the SYN was not seen: who left the option out cannot be told)",
			 text_number(n, judged->off_unoffered));
	if (!report_connections(r))
		text_wrapped(t, 2, "No TCP connection was seen: nothing could be judged");
	else if (!known)
		text_wrapped(t, 2, "No verdict: %s, none of them could be judged (%s)",
			     text_counted(many, report_connections(r), "connection"), why);
	else
		text_wrapped(t, 2, "No %s: %s of %s judged, %s%s%s",
			     informed ? "fault found" : "finding", text_number(n, known),
			     text_counted(many, report_connections(r), "connection"),
			     put_scaling(on_off, judged), unoffered, unknown);
}

/* The culprits: every host that is off (a few, or all), otherwise the worst group. */
static void put_culprits(const struct text *t, const struct report *r,
			 const struct text_groups *groups, bool all)
{
	size_t shown = 0;

	for (size_t i = 0; i < groups->n; i++) {
		const struct text_group *g = &groups->list[i];

		if (g->finding.severity < SEVERITY_NOTICE)
			break;
		if (text_culprit_told(groups, i))
			continue;
		if (shown && !(all || (g->of_endpoint && shown < CULPRITS_FEW)))
			break;
		if (shown++)
			fputc('\n', t->to);
		text_culprit(t, r, groups, i);
	}
}

static void put_seen(const struct text *t, const struct report *r)
{
	char packets[TEXT_COUNTED_ROOM], flows[TEXT_COUNTED_ROOM], shakes[TEXT_COUNTED_ROOM];
	char files[TEXT_COUNTED_ROOM], name[TEXT_FILE_ROOM], where[TEXT_FILE_ROOM + 8] = "";

	if (!r->live && r->files_n == 1)
		snprintf(where, sizeof(where), " in %s",
			 text_safe(name, sizeof(name), r->files[0]));
	else if (!r->live)
		snprintf(where, sizeof(where), " in %s", text_counted(files, r->files_n, "file"));
	text_field(t, "seen", "%s%s: %s, %s",
		   text_counted(packets, r->counters[COUNTER_PACKETS], "packet"), where,
		   text_counted(flows, report_connections(r), "connection"),
		   text_counted(shakes, r->counters[COUNTER_HANDSHAKES], "handshake"));
}

/* So that a baseline of other hosts, or of a filter that leaves all out, is noticed. */
static void put_baseline(const struct text *t, const struct report *r)
{
	char many[TEXT_COUNTED_ROOM], n[TEXT_NUMBER_ROOM];
	size_t seen = 0;

	if (!r->baseline)
		return;
	for (size_t i = 0; i < r->endpoints_n; i++)
		seen += !!baseline_find(r->baseline, &r->endpoints[i].key);
	text_field(t, "baseline", "%s, %s of them seen here",
		   text_counted(many, r->baseline->n, "endpoint"), text_number(n, seen));
}

/* From the first packet, or live from the attach, to the last. */
static void put_time(const struct text *t, const struct report *r, const struct text_judged *judged)
{
	char from[TEXT_TIME_ROOM], to[TEXT_TIME_ROOM];

	if (!report_connections(r))
		return;
	text_time(from, r->live ? (__s64)r->started_ns : judged->first);
	if (strncmp(from, text_time(to, judged->last), strlen("2026-01-02")) ==
	    0) /* the same day */
		text_clock(to, judged->last);
	text_field(t, "time", "%s to %s", from, to);
}

/* Said already where there is no finding, save what was inferred. */
static void put_judged(const struct text *t, const struct report *r,
		       const struct text_judged *judged, bool said)
{
	char list[LIST_ROOM], n[TEXT_COUNTED_ROOM];

	if (!said && judged->on + judged->off)
		text_field(t, "judged", "%s", put_scaling(list, judged));
	if (!said && judged->unknown) {
		put_why(list, judged);
		text_field(t, "unknown", "%s: %s", text_counted(n, judged->unknown, "connection"),
			   list);
	}
	if (judged->inferred_on || judged->inferred_off)
		text_field(t, "inferred",
			   "from one direction alone: scaling on in %zu, off in %zu of the unknown",
			   judged->inferred_on, judged->inferred_off);
	if (r->open_unscaled)
		text_field(t, "open", "%s without scaling, until closed",
			   text_counted(n, r->open_unscaled, "connection"));
}

/* How much of the picture was judged before the end, and what this changed. */
static void put_retired(const struct text *t, const struct report *r)
{
	char flows[TEXT_COUNTED_ROOM], many[TEXT_COUNTED_ROOM], n[TEXT_NUMBER_ROOM];
	const struct retired *x = r->retired;

	if (!x)
		return;
	text_field(t, "retired", "%s, idle for %g s; %s continued later",
		   text_counted(flows, x->flows, "connection"), x->idle_s,
		   text_number(n, x->continued));
	if (x->forgotten)
		text_field(t, "", "%s would not have been known again",
			   text_counted(many, x->forgotten, "open connection"));
}

/* What all that was found cost together. */
static void put_slowed(const struct text *t, const struct text_judged *judged)
{
	char flows[TEXT_COUNTED_ROOM], bytes[TEXT_NUMBER_ROOM];

	if (judged->slowed.flows)
		text_field(t, "slowed", "%s, %.1f s of waiting for a window, %s bytes carried",
			   text_counted(flows, judged->slowed.flows, "connection"),
			   (double)judged->slowed.waited_ns / 1e9,
			   text_number(bytes, judged->slowed.bytes));
}

/* Said of what was measured only: that a window is not the limit is an answer, too. */
static void put_windows(const struct text *t, const struct text_judged *judged)
{
	char yes[TEXT_NUMBER_ROOM], no[TEXT_NUMBER_ROOM], rest[TEXT_NUMBER_ROOM];

	if (!judged->windows[LIMITED_YES] && !judged->windows[LIMITED_NO])
		return;
	text_field(
		t, "windows",
		"they limited what was sent in %s, did not in %s, cannot be told in %s (short, or "
		"captured far from the sender)",
		text_number(yes, judged->windows[LIMITED_YES]),
		text_number(no, judged->windows[LIMITED_NO]),
		text_number(rest, judged->windows[LIMITED_UNKNOWN]));
}

static void put_skipped(const struct text *t, const struct report *r)
{
	char list[LIST_ROOM] = "", number[TEXT_NUMBER_ROOM], many[TEXT_COUNTED_ROOM];
	__u64 skipped = record_skipped(r);
	size_t at = 0;

	for (unsigned int i = 0; i < COUNTERS && at < sizeof(list); i++) {
		if (names_counters[i].skip && r->counters[i])
			at += (size_t)snprintf(list + at, sizeof(list) - at, "%s%s %s",
					       at ? ", " : "", names_counters[i].name,
					       text_number(number, r->counters[i]));
	}
	if (skipped)
		text_field(t, "skipped", "%s not analysed: %s",
			   text_counted(many, skipped, "packet"), list);
}

/* What is missing from the picture. */
static void put_incomplete(const struct text *t, const struct report *r)
{
	char many[TEXT_COUNTED_ROOM];
	__u64 duplicates = r->counters[COUNTER_DUPLICATES];
	__u64 lost = r->counters[COUNTER_EVENTS_LOST];

	if (duplicates)
		text_field(t, "copies", "%s met again at another point, counted once",
			   text_counted(many, duplicates, "segment"));
	if (r->lost_packets)
		text_field(t, "lost", "%s before they reached the program",
			   text_counted(many, r->lost_packets, "packet"));
	if (lost)
		text_field(t, "lost", "%s for which the ring had no room; the tables have them",
			   text_counted(many, lost, "event"));
	if (r->unsent)
		text_field(t, "lost", "%s that did not get to NATS",
			   text_counted(many, r->unsent, "event"));
	if (r->evictions)
		text_field(t, "incomplete",
			   "%s fell out of full tables: raise --flows, --pending "
			   "or --endpoints",
			   text_counted(many, r->evictions, "record"));
}

void text_overview(const struct text *t, const struct report *r, const struct text_judged *judged,
		   bool fault)
{
	put_seen(t, r);
	put_time(t, r, judged);
	put_judged(t, r, judged, !fault);
	put_retired(t, r);
	put_slowed(t, judged);
	put_windows(t, judged);
	put_baseline(t, r);
	put_skipped(t, r);
	put_incomplete(t, r);
}

bool text_is_fault(const struct text_groups *groups)
{
	return groups->n && groups->list[0].finding.severity >= SEVERITY_NOTICE;
}

static int put_tables(const struct text *t, const struct report *r,
		      const struct text_groups *groups, const struct text_judged *judged,
		      const struct options *o)
{
	int err = 0;
	bool few;

	if (r->interim)
		return 0;
	/* A single group was the culprit's block already. */
	if (groups->n > 1 || o->verbose ||
	    (groups->n && groups->list[0].finding.severity < SEVERITY_NOTICE))
		err = text_table_findings(t, r, groups, o->verbose);
	if (err)
		return err;
	/* Connections when they are few, endpoints when they are not. */
	few = judged->slowed.flows <= TEXT_ROWS_FEW;
	if (o->verbose || !few)
		err = text_table_endpoints(t, r, o->verbose);
	if (!err && (o->verbose || few))
		err = text_table_flows(t, r, judged->slowed.flows, o->verbose);
	return err;
}

static int text_report(FILE *to, const struct report *r, const struct options *o)
{
	struct text_groups groups;
	struct text_judged judged;
	struct text t;
	bool fault;
	int err;

	text_start(&t, to, o);
	err = text_groups_make(&groups, &judged, r);
	if (err)
		goto out;
	fault = text_is_fault(&groups);
	if (fault)
		put_culprits(&t, r, &groups, o->verbose);
	else
		text_no_finding(&t, r, &judged, groups.n);
	err = put_tables(&t, r, &groups, &judged, o);
	if (err)
		goto out;
	fputc('\n', to);
	text_overview(&t, r, &judged, fault);
	err = text_end(&t);
out:
	text_groups_free(&groups);
	return err;
}

static int text_event(FILE *to, const struct report *r, const struct event *e,
		      const struct options *o)
{
	char interface[IF_NAMESIZE];
	struct text t;

	text_start(&t, to, o);
	text_culprit_event(&t, r, e, if_indextoname(e->ifindex, interface));
	return text_end(&t);
}

const struct output output_text = { .name = "text", .report = text_report, .event = text_event };
