// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/text_tables.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "userspace/around.h"
#include "userspace/retired.h"
#include "userspace/snapshot.h"
#include "userspace/text_culprit.h"

static void heading(const struct text *t, const char *title)
{
	fputc('\n', t->to);
	text_put(t, TEXT_BOLD, "%s\n", title);
}

static void left_out(const struct text *t, size_t n, const char *what)
{
	char many[TEXT_COUNTED_ROOM];

	if (n)
		text_put(t, TEXT_DIM, "  and %s more; -v shows all\n", text_counted(many, n, what));
}

/* Prints and frees a table, and says what it leaves out. 0 or -ENOMEM. */
static int finish(struct text_table *table, const struct text *t, size_t more, const char *what)
{
	int err = table->err;

	if (!err && table->rows) {
		text_table_print(table, t);
		left_out(t, more, what);
	}
	text_table_free(table);
	return err;
}

/* ---- findings ---- */

/* "1, 2", or with the file's base name when there are several files. */
static void packets_short(char *out, size_t room, const struct report *r,
			  const struct finding *finding)
{
	const char *file;
	char safe[64];
	__u64 number;
	size_t at = 0;

	out[0] = '\0';
	for (size_t i = 0; i < FINDING_PACKETS && at < room; i++) {
		if (!report_packet(r, finding->packets[i], &file, &number))
			continue;
		at += (size_t)snprintf(
			out + at, room - at, "%s%s%s%llu", at ? ", " : "",
			r->files_n > 1 ? text_safe(safe, sizeof(safe), text_base(file)) : "",
			r->files_n > 1 ? ":" : "", (unsigned long long)number);
	}
}

int text_table_findings(const struct text *t, const struct report *r,
			const struct text_groups *groups, bool all)
{
	static const char *const heads[] = { "SEVERITY", "CODE",    "WHO", ">SEEN",
					     "FIRST",    "PACKETS", NULL };
	size_t n = all || groups->n <= TEXT_ROWS_FEW ? groups->n : TEXT_ROWS_FEW;
	char who[TEXT_WHO_ROOM], number[TEXT_NUMBER_ROOM], when[TEXT_TIME_ROOM];
	char packets[TEXT_CELL_ROOM];
	struct text_table table;

	text_table_start(&table, heads);
	for (size_t i = 0; i < n; i++) {
		const struct text_group *g = &groups->list[i];

		packets_short(packets, sizeof(packets), r, &g->finding);
		text_table_mark(&table, text_severity_color(g->finding.severity), "%s",
				names_of(NAMES_SEVERITY, g->finding.severity));
		text_table_cell(&table, "%s", names_detector(g->finding.code)->code);
		text_table_cell(&table, "%s", text_who(who, g));
		text_table_cell(&table, "%s", text_number(number, g->count));
		text_table_cell(&table, "%s", text_clock(when, record_time(r, g->first_ns)));
		text_table_cell(&table, "%s", *packets ? packets : "-");
	}
	if (n)
		heading(t, "Findings");
	return finish(&table, t, groups->n - n, "group");
}

/* ---- endpoints ---- */

/* Most refusals first, then most handshakes, then by address as the report has them. */
static int endpoint_order(const void *a, const void *b)
{
	const struct endpoint_entry *const *x = a, *const *y = b;

	if ((*x)->endpoint.refusals != (*y)->endpoint.refusals)
		return (*x)->endpoint.refusals < (*y)->endpoint.refusals ? 1 : -1;
	if ((*x)->endpoint.opportunities != (*y)->endpoint.opportunities)
		return (*x)->endpoint.opportunities < (*y)->endpoint.opportunities ? 1 : -1;
	return (*x > *y) - (*x < *y);
}

static void endpoint_cells(struct text_table *table, const struct report *r,
			   const struct endpoint_entry *entry)
{
	const struct endpoint *e = &entry->endpoint;
	char address[RECORD_ENDPOINT_ROOM], number[TEXT_NUMBER_ROOM], when[TEXT_TIME_ROOM];
	enum text_color color = e->refusals ? TEXT_YELLOW : TEXT_PLAIN;

	record_address_port(address, entry->key.addr, entry->key.domain & DOMAIN_IPV6,
			    entry->key.port);
	text_table_mark(table, color, "%s", address);
	text_table_cell(table, "%s", names_of(NAMES_ROLE, entry->key.role));
	text_table_cell(table, "%s", text_number(number, e->opportunities));
	text_table_cell(table, "%s", text_number(number, e->offers));
	text_table_cell(table, "%s", text_number(number, e->refusals));
	text_table_cell(table, "%s",
			e->refusals ? text_clock(when, record_time(r, e->first_refusal_ns)) : "-");
	text_table_cell(table, "%s",
			e->refusals ? text_clock(when, record_time(r, e->last_refusal_ns)) : "-");
}

int text_table_endpoints(const struct text *t, const struct report *r, bool all)
{
	static const char *const heads[] = { "ADDRESS",      "ROLE",     ">HANDSHAKES",
					     ">OFFERED",     ">REFUSED", "FIRST REFUSAL",
					     "LAST REFUSAL", NULL };
	const struct endpoint_entry **list = malloc((r->endpoints_n + 1) * sizeof(*list));
	struct text_table table;
	size_t n = 0, shown;

	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < r->endpoints_n; i++) {
		if (all || r->endpoints[i].endpoint.refusals)
			list[n++] = &r->endpoints[i];
	}
	qsort(list, n, sizeof(*list), endpoint_order);
	shown = all || n <= TEXT_ROWS_FEW ? n : TEXT_ROWS_FEW;
	text_table_start(&table, heads);
	for (size_t i = 0; i < shown; i++)
		endpoint_cells(&table, r, list[i]);
	free(list);
	if (shown)
		heading(t, all ? "Endpoints" : "Endpoints that left window scaling out");
	return finish(&table, t, n - shown, "endpoint");
}

/* ---- connections ---- */

const char *text_shift(char *out, size_t room, const struct syn *s)
{
	if (!(s->bits & SYN_SEEN) || s->wscale_state == WSCALE_UNKNOWN)
		snprintf(out, room, "?");
	else if (s->wscale_state == WSCALE_ABSENT)
		snprintf(out, room, "-");
	else
		snprintf(out, room, "%u", s->wscale);
	return out;
}

/* Bytes in three digits: "64K", "3.1M"; "?" when unknown. */
static void put_bytes(char *out, size_t room, __s64 bytes)
{
	static const char units[] = "KMG";
	double n = (double)bytes / 1024.0;
	size_t unit = 0;

	if (bytes < 0) {
		snprintf(out, room, "?");
		return;
	}
	if (bytes < 1024) {
		snprintf(out, room, "%lld", (long long)bytes);
		return;
	}
	for (; n >= 1000.0 && units[unit + 1]; unit++)
		n /= 1024.0;
	snprintf(out, room, n < 10 ? "%.1f%c" : "%.0f%c", n, units[unit]);
}

static const char *scaling_cell(const struct flow *f)
{
	enum scaling scaling = flow_scaling(f);

	if (scaling != SCALING_UNKNOWN)
		return scaling == SCALING_ON ? "on" : "off";
	switch (record_inferred(f)) {
	case SCALING_ON:
		return "on, inferred";
	case SCALING_OFF:
		return "off, inferred";
	default:
		return "unknown";
	}
}

static void codes_cell(char *out, size_t room, const struct finding *facts, unsigned int n)
{
	size_t at = 0;

	out[0] = '\0';
	for (unsigned int i = 0; i < n && at < room; i++)
		at += (size_t)snprintf(out + at, room - at, "%s%s", i ? ", " : "",
				       names_detector(facts[i].code)->code);
}

static void flow_cells(struct text_table *table, const struct report *r,
		       const struct flow_entry *entry, enum text_color color,
		       const struct finding *facts, unsigned int n)
{
	const struct flow *f = &entry->flow;
	unsigned int c = f->client & 1, s = !c;
	bool ipv6 = entry->key.domain & DOMAIN_IPV6;
	char text[TEXT_CELL_ROOM], a[16], b[16];
	struct record_flow record;

	record_flow(&record, r, entry);
	record_address_port(text, entry->key.addr[c], ipv6, entry->key.port[c]);
	text_table_mark(table, color, "%s", text);
	record_address_port(text, entry->key.addr[s], ipv6, entry->key.port[s]);
	text_table_cell(table, "%s", text);
	text_table_cell(table, "%s", scaling_cell(f));
	text_shift(a, sizeof(a), &f->syn[c]);
	text_shift(b, sizeof(b), &f->syn[s]);
	text_table_cell(table, "%s/%s", a, b);
	put_bytes(a, sizeof(a), record.c2s.effective_max);
	put_bytes(b, sizeof(b), record.s2c.effective_max);
	text_table_cell(table, "%s/%s", a, b);
	codes_cell(text, sizeof(text), facts, n);
	text_table_cell(table, "%s", *text ? text : "-");
}

/* The rows of the table of connections, while they are gone through in order. */
struct flow_rows {
	struct text_table table;
	size_t more;
	bool all;
};

static void flow_row(struct flow_rows *rows, const struct report *r, const struct flow_entry *e)
{
	struct finding facts[RECORD_FINDINGS_MOST];
	struct transfer transfer;
	unsigned int n;
	int severity;
	bool flagged;

	around_transfer(&transfer, r, e);
	n = record_flow_facts(&transfer, facts);
	severity = record_worst(facts, n);
	flagged = severity >= SEVERITY_NOTICE;
	if (!rows->all && !flagged)
		return;
	if (!rows->all && rows->table.rows == TEXT_ROWS_FEW) {
		rows->more++;
		return;
	}
	flow_cells(&rows->table, r, e,
		   flagged ? text_severity_color((unsigned int)severity) : TEXT_PLAIN, facts, n);
}

_Static_assert(RETIRED_KEPT >= TEXT_ROWS_FEW, "a table of few connections lacks none");

static int kept_order(const void *a, const void *b)
{
	const struct retired_kept *const *x = a, *const *y = b;

	return snapshot_flow_order(&(*x)->entry, &(*y)->entry);
}

/* Those of the retired connections that were kept, in order; and how many were not. */
static size_t kept_rows(const struct retired_kept *kept[RETIRED_KEPT], const struct report *r)
{
	size_t n = r->retired ? r->retired->kept_n : 0;

	for (size_t i = 0; i < n; i++)
		kept[i] = &r->retired->kept[i];
	if (n)
		qsort(kept, n, sizeof(kept[0]), kept_order);
	return n;
}

int text_table_flows(const struct text *t, const struct report *r, __u64 flagged, bool all)
{
	static const char *const heads[] = { "CLIENT", "SERVER",   "SCALING", "SHIFTS",
					     "WINDOW", "FINDINGS", NULL };
	const struct retired_kept *kept[RETIRED_KEPT];
	size_t kept_n = kept_rows(kept, r), k = 0;
	struct flow_rows rows = { .all = all };
	struct report of_kept = *r;
	char many[TEXT_COUNTED_ROOM];
	bool any;
	int err;

	of_kept.gauges_at = RETIRED_GAUGES;
	text_table_start(&rows.table, heads);
	for (size_t i = 0; i < r->flows_n || k < kept_n;) {
		/* Nothing more will be found. */
		if (!all && rows.table.rows + rows.more == flagged)
			break;
		if (k < kept_n &&
		    (i == r->flows_n || snapshot_flow_order(&kept[k]->entry, r->flows[i]) < 0))
			flow_row(&rows, &of_kept, &kept[k++]->entry);
		else
			flow_row(&rows, r, r->flows[i++]);
	}
	any = rows.table.rows;
	if (any)
		heading(t, all ? "Connections (shifts and largest windows: client/server)"
			       : "Connections with findings (shifts and largest windows: "
				 "client/server)");
	err = finish(&rows.table, t, rows.more, "connection");
	if (!err && all && r->retired && r->retired->flows > kept_n)
		text_put(t, TEXT_DIM, "%s  and %s more that were retired; --json has all\n",
			 any ? "" : "\n",
			 text_counted(many, r->retired->flows - kept_n, "connection"));
	return err;
}
