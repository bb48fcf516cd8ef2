// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A comparison for people: the verdict, each change with its advice, and what was not compared. */
#include <stdlib.h>

#include "userspace/compare_report.h"
#include "userspace/names.h"
#include "userspace/record.h"
#include "userspace/text_style.h"

#define NS_PER_US 1000

static void put_change(const struct text *t, const struct compare_report *r, const struct change *c)
{
	const struct change_name *name = change_name(c->code);
	char packets[TEXT_COUNTED_ROOM], flows[TEXT_COUNTED_ROOM], sentence[CHANGE_SENTENCE_ROOM];
	char where[128] = "";

	if (c->number[0] && c->number[1])
		snprintf(where, sizeof(where), "; first: packet %llu of BEFORE, %llu of AFTER",
			 (unsigned long long)c->number[0], (unsigned long long)c->number[1]);
	else if (c->number[0] || c->number[1])
		snprintf(where, sizeof(where), "; first: packet %llu of %s",
			 (unsigned long long)(c->number[0] + c->number[1]),
			 c->number[0] ? "BEFORE" : "AFTER");
	fputc('\n', t->to);
	text_put(t, name->severity >= SEVERITY_WARNING ? TEXT_YELLOW : TEXT_BOLD, "%s  %s",
		 names_of(NAMES_SEVERITY, name->severity), name->code);
	fprintf(t->to, ": the box %s\n", change_sentence(sentence, name->text, c));
	text_field(t, "extent", "%s in %s of %zu%s",
		   c->packets ? text_counted(packets, c->packets, "packet") : "handshakes",
		   text_number(flows, c->flows), r->flows_n, where);
	text_field(t, "advice", "%s", change_sentence(sentence, name->advice, c));
}

static void put_side(const struct text *t, const char *label, const char *name, size_t captures)
{
	char safe[TEXT_FILE_ROOM], counted[TEXT_COUNTED_ROOM];

	text_safe(safe, sizeof(safe), name);
	if (captures == 1)
		text_field(t, label, "%s", safe);
	else
		text_field(t, label, "%s (%s)", safe, text_counted(counted, captures, "capture"));
}

static void put_matched(const struct text *t, const struct compare_report *r)
{
	char flows[TEXT_COUNTED_ROOM], packets[TEXT_COUNTED_ROOM];
	char before[TEXT_NUMBER_ROOM], after[TEXT_NUMBER_ROOM];

	put_side(t, "before", r->file[0], r->files[0]);
	put_side(t, "after", r->file[1], r->files[1]);
	text_field(t, "matched", "%s, %s; of %s segments before and %s after",
		   text_counted(flows, r->flows_n, "connection"),
		   text_counted(packets, r->packets, "packet"), text_number(before, r->segments[0]),
		   text_number(after, r->segments[1]));
	if (r->folded[0])
		text_field(t, "folded",
			   "%s before and %s after: the same bytes in other pieces (GRO, TSO)",
			   text_counted(packets, r->folded[0], "segment"),
			   text_number(after, r->folded[1]));
}

/* "AFTER is 3.000 s ahead of BEFORE" */
static void put_clock(const struct text *t, const struct compare_report *r)
{
	__s64 us = r->offset_ns / NS_PER_US;
	char span[TEXT_NUMBER_ROOM];

	if (!r->clocked)
		return;
	text_field(t, "clocks", "AFTER is %s %s BEFORE, transit included",
		   text_us(span, (__u64)llabs(us)), us < 0 ? "behind" : "ahead of");
}

/* One reason for which something was not compared; nothing where it did not occur. */
static void put_why(const struct text *t, bool *labelled, __u64 n, const char *what,
		    const char *why)
{
	char counted[TEXT_COUNTED_ROOM];

	if (!n)
		return;
	text_field(t, *labelled ? "" : "left out", "%s %s", text_counted(counted, n, what), why);
	*labelled = true;
}

static void put_not_compared(const struct text *t, const struct compare_report *r)
{
	bool labelled = false;
	__u64 skipped = 0;

	for (unsigned int i = 0; i < COUNTERS; i++)
		skipped += names_counters[i].skip ? r->counters[i] : 0;
	put_why(t, &labelled, r->flows_only[0], "connection", "in BEFORE only");
	put_why(t, &labelled, r->flows_only[1], "connection", "in AFTER only");
	put_why(t, &labelled, r->unmatched, "connection",
		"without a packet that is in both captures");
	put_why(t, &labelled, r->options_cut, "connection",
		"with options that were cut by the snap length, or malformed");
	put_why(t, &labelled, r->unclaimed, "packet",
		"in one capture only, where the other may not have run or not have seen that "
		"direction");
	put_why(t, &labelled, r->refused, "packet",
		"of connections that were there before the last renewal");
	put_why(t, &labelled, r->lost, "packet",
		"lost by the kernel for want of room: that others are missing means nothing");
	put_why(t, &labelled, skipped, "frame", "without a TCP segment that can be read");
	if (r->incomplete)
		text_field(t, "INCOMPLETE", "too many packets have no partner");
}

/* Each connection with its changes. */
static int put_flows(const struct text *t, const struct compare_report *r)
{
	static const char *const heads[] = { "client",      "server",  ">packets", ">before only",
					     ">after only", "changes", NULL };
	struct text_table table;
	int err;

	text_table_start(&table, heads);
	for (size_t i = 0; i < r->flows_n; i++) {
		const struct compare_flow *f = &r->flows[i];
		const struct compare_ends *e = &f->ends[0];
		char client[RECORD_ENDPOINT_ROOM], server[RECORD_ENDPOINT_ROOM],
			list[TEXT_CELL_ROOM];
		size_t at = 0;

		record_address_port(client, e->addr[0], e->ipv6, e->port[0]);
		record_address_port(server, e->addr[1], e->ipv6, e->port[1]);
		snprintf(list, sizeof(list), "none");
		for (size_t k = 0; k < f->changes_n && at < sizeof(list); k++)
			at += (size_t)snprintf(list + at, sizeof(list) - at, "%s%s", k ? ", " : "",
					       change_name(f->changes[k].code)->code);
		text_table_cell(&table, "%s", client);
		text_table_cell(&table, "%s", server);
		text_table_cell(&table, "%llu", (unsigned long long)f->packets);
		text_table_cell(&table, "%llu", (unsigned long long)f->only[0]);
		text_table_cell(&table, "%llu", (unsigned long long)f->only[1]);
		text_table_cell(&table, "%s", list);
	}
	err = table.err;
	if (!err) {
		fputc('\n', t->to);
		text_table_print(&table, t);
	}
	text_table_free(&table);
	return err;
}

int compare_text(FILE *to, const struct compare_report *r, const struct options *o)
{
	char verdict[COMPARE_VERDICT_ROOM];
	struct text t;
	int err = 0;

	text_start(&t, to, o);
	compare_verdict(verdict, r);
	text_wrapped(&t, 2, r->packets ? "The box %s" : "%s", verdict);
	for (size_t i = 0; i < r->changes_n; i++)
		put_change(&t, r, &r->changes[i]);
	if (o->verbose && r->flows && r->flows_n)
		err = put_flows(&t, r);
	fputc('\n', to);
	put_matched(&t, r);
	put_clock(&t, r);
	put_not_compared(&t, r);
	return err ? err : text_end(&t);
}
