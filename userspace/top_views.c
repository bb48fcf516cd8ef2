// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/top_views.h"

#include <ctype.h>
#include <string.h>

#include "userspace/output/text.h"
#include "userspace/text_culprit.h"
#include "userspace/text_tables.h"

#define TOP_CULPRITS_MOST 200U
#define TOP_ADDRESS_LEAST 15U
#define TOP_CELL_ROOM     64

static const char *const view_names[TOP_VIEWS] = {
	[TOP_CULPRITS] = "Culprits",
	[TOP_ENDPOINTS] = "Endpoints",
	[TOP_CONNECTIONS] = "Connections",
	[TOP_STATE] = "State",
};

/* ---- head ---- */

static const char *per_second(char *out, double rate)
{
	if (rate < 0)
		snprintf(out, TOP_CELL_ROOM, "-");
	else
		snprintf(out, TOP_CELL_ROOM, rate < 9.95 ? "%.1f" : "%.0f", rate);
	return out;
}

static void head_attached(struct top_page *p, const struct top_status *s)
{
	char line[TOP_LINE_ROOM], when[TEXT_TIME_ROOM];
	bool gone = false;
	size_t at;

	at = (size_t)snprintf(line, sizeof(line), "wscope top %.8s%s ",
			      s->now ? text_clock(when, s->now) : "", s->paused ? " PAUSED" : "");
	for (size_t i = 0; i < s->attached_n && at < sizeof(line); i++) {
		gone |= s->gone[i];
		at += (size_t)snprintf(line + at, sizeof(line) - at, "%s %s%s", i ? "," : "",
				       s->attached[i], s->gone[i] ? " GONE" : "");
	}
	top_page_add(p, gone ? TEXT_RED : TEXT_BOLD, "%s", line);
}

static void head_rates(struct top_page *p, const struct top_model *m)
{
	char all[TOP_CELL_ROOM], on[TOP_CELL_ROOM], off[TOP_CELL_ROOM], unknown[TOP_CELL_ROOM];
	const struct top_rates *r = &m->rates;
	size_t open = m->report ? m->report->open_unscaled : 0;

	top_page_add(p, r->off > 0 ? TEXT_YELLOW : TEXT_PLAIN,
		     "Handshakes/s %s  by verdict: on %s off %s unknown %s  open unscaled %zu",
		     per_second(all, r->handshakes), per_second(on, r->on), per_second(off, r->off),
		     per_second(unknown, r->unknown), open);
}

static void head_missing(struct top_page *p, const struct top_model *m)
{
	const struct report *r = m->report;
	char packets[TOP_CELL_ROOM], skipped[TEXT_NUMBER_ROOM], flows[TEXT_NUMBER_ROOM];
	char lost[TEXT_NUMBER_ROOM], evicted[TEXT_NUMBER_ROOM], failed[TEXT_NUMBER_ROOM];
	bool missing;

	if (!r) {
		top_page_add(p, TEXT_PLAIN, "No refresh yet");
		return;
	}
	missing = r->evictions || r->counters[COUNTER_EVENTS_LOST] ||
		  r->counters[COUNTER_INSERTS_FAILED];
	top_page_add(p, missing ? TEXT_RED : TEXT_PLAIN,
		     "Packets %s/s  records %s  evicted %s  events lost %s  refused %s  skipped %s",
		     per_second(packets, m->rates.packets), text_number(flows, r->flows_n),
		     text_number(evicted, r->evictions),
		     text_number(lost, r->counters[COUNTER_EVENTS_LOST]),
		     text_number(failed, r->counters[COUNTER_INSERTS_FAILED]),
		     text_number(skipped, record_skipped(r)));
}

static void head_views(struct top_page *p, const struct top_model *m)
{
	char line[TOP_LINE_ROOM];
	const char *sort = top_sort_name(m);
	size_t at = 0;

	for (unsigned int i = 0; i < TOP_VIEWS; i++)
		at += (size_t)snprintf(line + at, sizeof(line) - at,
				       i == m->view ? "[%u %s]" : " %u %s ", i + 1, view_names[i]);
	if (*sort)
		at += (size_t)snprintf(line + at, sizeof(line) - at, " by %s%s", sort,
				       m->reverse[m->view] ? ", reversed" : "");
	if (*m->filter)
		snprintf(line + at, sizeof(line) - at, " /%s", m->filter);
	top_page_add(p, TEXT_CYAN, "%s", line);
}

void top_head(struct top_page *p, const struct top_model *m, const struct top_status *s)
{
	head_attached(p, s);
	head_rates(p, m);
	head_missing(p, m);
	head_views(p, m);
}

/* ---- text of others into a page ---- */

struct sink {
	struct top_page *page;
	const char *filter;
	bool matched;
	bool brief; /* headlines only */
};

static void sink_headline(void *arg, const char *severity, const char *who, const char *title)
{
	struct sink *s = arg;
	enum text_color color = TEXT_CYAN;
	char level[TOP_CELL_ROOM], words[TOP_LINE_ROOM];
	size_t i;

	for (i = 0; severity[i] && i + 1 < sizeof(level); i++)
		level[i] = (char)toupper((unsigned char)severity[i]);
	level[i] = '\0';
	for (unsigned int k = 0; k <= SEVERITY_CRITICAL; k++) {
		if (!strcmp(severity, names_of(NAMES_SEVERITY, k)))
			color = text_severity_color(k);
	}
	s->matched |= top_matches(who, s->filter) || top_matches(title, s->filter);
	snprintf(words, sizeof(words), "%s  %s: %s", level, who, title);
	top_page_wrap(s->page, color, "", 2, words);
}

static void sink_field(void *arg, const char *label, const char *words)
{
	struct sink *s = arg;

	s->matched |= top_matches(words, s->filter);
	if (s->brief)
		return;
	if (label)
		top_page_field(s->page, label, words);
	else
		top_page_wrap(s->page, TEXT_PLAIN, "", 2, words);
}

/* A host is accused already by all its connections together: of single ones their number will do. */
static bool is_known(const struct text_groups *groups, size_t index)
{
	const struct text_group *g = &groups->list[index];

	if (g->of_endpoint || g->finding.blame == BLAME_PATH)
		return false;
	for (size_t i = 0; i < index; i++) {
		const struct text_group *host = &groups->list[i];

		if (host->of_endpoint && host->finding.side == g->finding.side &&
		    host->domain == g->domain && !memcmp(host->addr, g->addr, sizeof(g->addr)))
			return true;
	}
	return false;
}

/* One culprit's block; whether the filter lets it stand. */
static bool culprit(struct top_page *p, const struct top_model *m, size_t index, bool others)
{
	struct sink s = { .page = p, .filter = m->filter };
	const struct text_sink sink = { &s, sink_headline, sink_field };
	const struct text t = { .sink = &sink, .width = p->width };
	char words[TEXT_COUNTED_ROOM + 64], many[TEXT_COUNTED_ROOM];
	size_t begin = p->n;

	s.brief = is_known(&m->groups, index);
	if (others)
		top_page_add(p, TEXT_PLAIN, "%s", "");
	text_culprit(&t, m->report, &m->groups, index);
	if (s.brief) {
		snprintf(words, sizeof(words), "%s; of the host above",
			 text_counted(many, m->groups.list[index].count, "connection"));
		top_page_field(p, "how often", words);
	}
	if (!s.matched)
		p->n = begin;
	return s.matched;
}

void top_culprits(struct top_page *p, const struct top_model *m)
{
	size_t most = m->groups.n < TOP_CULPRITS_MOST ? m->groups.n : TOP_CULPRITS_MOST, shown = 0;
	struct sink s = { .page = p, .filter = "" };
	const struct text_sink sink = { &s, sink_headline, sink_field };
	const struct text t = { .sink = &sink, .width = p->width };

	if (!m->report)
		return;
	if (!text_is_fault(&m->groups)) {
		text_no_finding(&t, m->report, &m->judged, m->groups.n);
		shown++;
	}
	for (size_t i = 0; i < most; i++) {
		if (!text_culprit_told(&m->groups, i))
			shown += culprit(p, m, i, shown);
	}
	if (m->groups.n > most)
		top_page_add(p, TEXT_DIM, "and %zu groups more", m->groups.n - most);
	if (!shown)
		top_page_add(p, TEXT_PLAIN, "No finding holds the filter.");
}

/* ---- tables ---- */

static void table_endpoints(struct top_page *p, const struct top_model *m, size_t first,
			    size_t rows)
{
	const struct report *r = m->report;
	int address = p->width > 96 ? 47 : (int)p->width - 54;

	address = address < (int)TOP_ADDRESS_LEAST ? (int)TOP_ADDRESS_LEAST : address;
	top_page_add(p, TEXT_DIM, "%-*s %-6s %10s %8s %8s %s", address, "ADDRESS", "ROLE",
		     "HANDSHAKES", "OFFERED", "REFUSED", "REFUSED LAST");
	for (size_t i = first; i < m->shown_n && i < first + rows; i++) {
		const struct endpoint_entry *e = &r->endpoints[m->shown[i]];
		char text[RECORD_ENDPOINT_ROOM], cell[TOP_CELL_ROOM], last[TEXT_TIME_ROOM] = "-";

		record_address_port(text, e->key.addr, e->key.domain & DOMAIN_IPV6, e->key.port);
		if (e->endpoint.refusals)
			text_clock(last, record_time(r, e->endpoint.last_refusal_ns));
		top_page_add(p, e->endpoint.refusals ? TEXT_YELLOW : TEXT_PLAIN,
			     "%-*s %-6s %10llu %8llu %8llu %s", address,
			     top_tail(cell, sizeof(cell), text, (unsigned int)address),
			     names_of(NAMES_ROLE, e->key.role),
			     (unsigned long long)e->endpoint.opportunities,
			     (unsigned long long)e->endpoint.offers,
			     (unsigned long long)e->endpoint.refusals, last);
	}
}

static void codes(char *out, size_t room, const struct top_flow *f)
{
	size_t at = 0;

	out[0] = '\0';
	for (unsigned int code = 0; code < FINDING_CODES && at < room; code++) {
		if (f->codes & 1U << code)
			at += (size_t)snprintf(out + at, room - at, "%s%s", at ? ", " : "",
					       names_detector(code)->code);
	}
	if (!at)
		snprintf(out, room, "-");
}

static void flow_line(struct top_page *p, const struct top_flow *f, int address)
{
	const struct flow_entry *e = f->entry;
	unsigned int c = e->flow.client & 1;
	char ends[2][TOP_CELL_ROOM], text[RECORD_ENDPOINT_ROOM], shifts[2][8], windows[2][16];
	char both[TOP_CELL_ROOM], all[TOP_LINE_ROOM], waited[TOP_CELL_ROOM];

	for (unsigned int side = 0; side < 2; side++) {
		unsigned int i = side ? !c : c;

		record_address_port(text, e->key.addr[i], e->key.domain & DOMAIN_IPV6,
				    e->key.port[i]);
		top_tail(ends[side], sizeof(ends[side]), text, (unsigned int)address);
		text_shift(shifts[side], sizeof(shifts[side]), &e->flow.syn[i]);
		top_bytes(windows[side], sizeof(windows[side]), f->window[side]);
	}
	snprintf(both, sizeof(both), "%s/%s", windows[0], windows[1]);
	codes(all, sizeof(all), f);
	top_page_add(p,
		     f->severity >= SEVERITY_NOTICE ? text_severity_color((unsigned int)f->severity)
						    : TEXT_PLAIN,
		     "%-*s %-*s %-3.3s %2s/%-2s %-9s %6s %s", address, ends[0], address, ends[1],
		     f->scaling == SCALING_UNKNOWN ? "?" : names_of(NAMES_SCALING, f->scaling),
		     shifts[0], shifts[1], both, top_seconds(waited, sizeof(waited), f->waited_ns),
		     all);
}

void top_table(struct top_page *p, const struct top_model *m, size_t first, size_t rows)
{
	int address = ((int)p->width - 45) / 2;

	if (m->view == TOP_ENDPOINTS) {
		table_endpoints(p, m, first, rows);
	} else {
		address = address < (int)TOP_ADDRESS_LEAST ? (int)TOP_ADDRESS_LEAST : address;
		address = address > 47 ? 47 : address;
		top_page_add(p, TEXT_DIM, "%-*s %-*s %-3s %-5s %-9s %6s %s", address, "CLIENT",
			     address, "SERVER", "ON", "SHIFT", "WINDOW", "WAITED", "FINDINGS");
		for (size_t i = first; i < m->shown_n && i < first + rows; i++)
			flow_line(p, &m->flows[m->shown[i]], address);
	}
	if (!m->shown_n && m->report)
		top_page_add(p, TEXT_PLAIN, "%s",
			     *m->filter ? "Nothing holds the filter." : "Nothing yet.");
}

/* ---- state ---- */

void top_state(struct top_page *p, const struct top_model *m, const struct top_status *s)
{
	struct sink sink = { .page = p, .filter = "" };
	const struct text_sink to = { &sink, sink_headline, sink_field };
	const struct text t = { .sink = &to, .width = p->width };
	char words[TOP_LINE_ROOM];

	for (size_t i = 0; i < s->attached_n; i++) {
		snprintf(words, sizeof(words), "%s%s", s->attached[i],
			 s->gone[i] ? ": the kernel does not show it any more" : "");
		top_page_field(p, i ? "" : "attached", words);
	}
	snprintf(words, sizeof(words), "a refresh every %g s", s->interval_s);
	top_page_field(p, "reading", words);
	if (m->report)
		text_overview(&t, m->report, &m->judged, text_is_fault(&m->groups));
	top_page_add(p, TEXT_PLAIN, "  %-10s ", "handshakes");
	top_page_spark(p, m->handshakes, m->handshakes_n);
	for (const char *line = s->host; line && *line;) {
		size_t n = strcspn(line, "\n");

		snprintf(words, sizeof(words), "%.*s", (int)n, line);
		top_page_field(p, line == s->host ? "this host" : "", words + strspn(words, " "));
		line += n + (line[n] == '\n');
	}
	for (size_t i = 0; i < s->messages_n; i++)
		top_page_field(p, i ? "" : "messages", s->messages[i]);
}
