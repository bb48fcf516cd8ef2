// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* One connection, and the help. */
#include <string.h>

#include "userspace/text_culprit.h"
#include "userspace/top_views.h"

#define TOP_WORDS_ROOM 1024

static const char *number(char *out, size_t room, __s64 value, const char *unit)
{
	char digits[TEXT_NUMBER_ROOM];

	if (value < 0)
		snprintf(out, room, "?");
	else
		snprintf(out, room, "%s%s", text_number(digits, (__u64)value), unit);
	return out;
}

static void detail_direction(struct top_page *p, const char *label,
			     const struct record_direction *d)
{
	char words[TOP_WORDS_ROOM], a[TEXT_COUNTED_ROOM], b[TEXT_COUNTED_ROOM],
		shift[TEXT_NUMBER_ROOM] = "";
	char bytes[TEXT_NUMBER_ROOM], packets[TEXT_COUNTED_ROOM], zero[TOP_WORDS_ROOM / 4] = "none";

	if (d->wscale >= 0)
		snprintf(shift, sizeof(shift), " %lld", (long long)d->wscale);
	snprintf(words, sizeof(words), "window scale %s%s; raw window %s to %s", d->wscale_state,
		 shift, number(a, sizeof(a), d->window_min, ""),
		 number(b, sizeof(b), d->window_max, ""));
	top_page_field(p, label, words);
	snprintf(words, sizeof(words), "effective window %s to %s",
		 number(a, sizeof(a), d->effective_min, ""),
		 number(b, sizeof(b), d->effective_max, " bytes"));
	top_page_field(p, "", words);
	if (d->zero_window_spells)
		snprintf(zero, sizeof(zero), "%llu, %.3f s closed, longest %.3f s%s",
			 (unsigned long long)d->zero_window_spells, (double)d->zero_window_s / 1e9,
			 (double)d->zero_window_longest_s / 1e9,
			 d->zero_window_open ? ", closed now" : "");
	snprintf(words, sizeof(words), "zero-window spells: %s", zero);
	top_page_field(p, "", words);
	snprintf(words, sizeof(words), "%s, %s bytes, %llu retransmitted",
		 text_counted(packets, d->packets, "segment"), text_number(bytes, d->bytes),
		 (unsigned long long)d->retransmits);
	top_page_field(p, "", words);
	snprintf(words, sizeof(words), "limited by the peer's window: %s%s%s", d->limited,
		 d->limited_s ? ", " : "",
		 d->limited_s ? top_seconds(bytes, sizeof(bytes), d->limited_s) : "");
	top_page_field(p, "", words);
}

static void detail_history(struct top_page *p, const struct top_history *h)
{
	static const char *const sides[] = { "client", "server" };

	if (!h)
		return;
	top_page_field(p, "history",
		       "effective window at each refresh, newest last; _: closed, blank: unknown");
	for (unsigned int side = 0; side < 2; side++) {
		__s64 most = -1;
		char text[TEXT_NUMBER_ROOM];

		for (size_t i = 0; i < h->n; i++)
			most = h->window[side][i] > most ? h->window[side][i] : most;
		top_page_add(p, TEXT_PLAIN, "  %-10s most %-5s |", sides[side],
			     top_bytes(text, sizeof(text), most));
		top_page_spark(p, h->window[side], h->n);
	}
}

static void detail_finding(struct top_page *p, const struct record_finding *f)
{
	enum text_color color = TEXT_CYAN;
	int severity = names_find(NAMES_SEVERITY, f->severity);
	char words[TOP_WORDS_ROOM];

	if (severity >= 0)
		color = text_severity_color((unsigned int)severity);
	top_page_add(p, color, "%s %s", f->severity, f->code);
	top_page_field(p, "", f->text.text);
	snprintf(words, sizeof(words), "%s, side %s, confidence %s", f->blame,
		 f->side ? f->side : "none", f->confidence);
	top_page_field(p, "blame", words);
	top_page_field(p, "advice", f->advice.text);
}

static void detail_ends(struct top_page *p, const struct flow_key *key, unsigned int client)
{
	char from[RECORD_ENDPOINT_ROOM], to[RECORD_ENDPOINT_ROOM];
	bool ipv6 = key->domain & DOMAIN_IPV6;

	record_address_port(from, key->addr[client], ipv6, key->port[client]);
	record_address_port(to, key->addr[!client], ipv6, key->port[!client]);
	top_page_add(p, TEXT_BOLD, "%s -> %s", from, to);
}

void top_detail(struct top_page *p, const struct top_model *m, const struct flow_key *key,
		__u64 first_ns)
{
	const struct top_flow *f = top_flow_find(m, key, first_ns);
	const struct top_history *h = top_history_find(m, key, first_ns);
	char words[TOP_WORDS_ROOM], when[TEXT_TIME_ROOM], rtt[TEXT_NUMBER_ROOM] = "unknown";
	char waited[TEXT_NUMBER_ROOM];
	struct record_flow record;

	if (!f) {
		detail_ends(p, key, 0);
		top_page_add(p, TEXT_YELLOW, "The tables have no record of it any more.");
		detail_history(p, h);
		return;
	}
	record_flow(&record, m->report, f->entry);
	detail_ends(p, key, f->entry->flow.client & 1);
	if (record.rtt_us >= 0)
		text_us(rtt, (__u64)record.rtt_us);
	snprintf(words, sizeof(words), "scaling %s%s%s; handshake %s; waited %s; first packet %s",
		 record.scaling, record.scaling_inferred ? ", inferred " : "",
		 record.scaling_inferred ? record.scaling_inferred : "", rtt,
		 top_seconds(waited, sizeof(waited), f->waited_ns), text_clock(when, record.first));
	top_page_field(p, "connection", words);
	detail_direction(p, "client", &record.c2s);
	detail_direction(p, "server", &record.s2c);
	detail_history(p, h);
	for (size_t i = 0; i < record.findings.n; i++)
		detail_finding(p, &record.findings.list[i]);
	if (!record.findings.n)
		top_page_field(p, "findings", "none");
}

void top_help(struct top_page *p)
{
	static const char *const lines[][2] = {
		{ "1 2 3 4", "culprits, endpoints, connections, state" },
		{ "Tab", "the next view" },
		{ "arrows", "up and down; also j and k, PgUp, PgDn, Home, End" },
		{ "Enter", "on a connection: all that is known of it, and its windows over time" },
		{ "Esc", "back" },
		{ "s", "sort by the next column" },
		{ "r", "reverse the order" },
		{ "/", "filter: a part of an address, HOST:PORT, :PORT, a finding's code, on, off; "
		       "Enter takes it, Esc takes the filter away" },
		{ "p", "pause: nothing is read until p comes again; the programs go on" },
		{ "?", "this text" },
		{ "q", "detach and quit" },
		{ "", "" },
		{ "ON", "scaling: on, off, or ? where what was seen does not prove it" },
		{ "SHIFT", "of client/server; -: no option, ?: not seen" },
		{ "WINDOW", "effective window now, client/server" },
		{ "WAITED", "time with the peer's window closed or full" },
	};

	top_page_add(p, TEXT_BOLD, "Keys and columns");
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		top_page_field(p, lines[i][0], lines[i][1]);
}
