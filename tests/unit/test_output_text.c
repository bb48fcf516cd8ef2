// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The contract of the output for people: the first line names the culprit, with its side; how
 * many, since when, cost, blame and advice follow; what could not be judged is said, and nothing
 * is ever called good on the word of one side. The tests read what is said, not how it is laid out:
 * runs of blanks and line ends count as one blank.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/unit/facts.h"

#define S 1000000000ULL
#define T 1767323045678000000LL /* 2026-01-02 03:04:05.678 UTC */

#define SHIFT FACTS_SHIFT

static const struct options plain = { .color = COLOR_NEVER };

/* Runs of white space become one blank. */
static void squeeze(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		if (!isspace((unsigned char)*from))
			*to++ = *from;
		else if (to > text && to[-1] != ' ')
			*to++ = ' ';
	}
	*to = '\0';
}

#define PHRASES 8

/* What a report must say, in any order, what must come first, and what it must not say. */
struct due {
	const char *first; /* how it begins */
	const char *says[PHRASES];
	const char * not [PHRASES];
};

static void check_text(const char *name, char *text, const struct due *due)
{
	squeeze(text);
	if (due->first && strncmp(text, due->first, strlen(due->first)) != 0)
		fail_msg("%s: begins with '%.120s'", name, text);
	for (size_t i = 0; i < PHRASES && due->says[i]; i++) {
		if (!strstr(text, due->says[i]))
			fail_msg("%s: does not say '%s':\n%s", name, due->says[i], text);
	}
	for (size_t i = 0; i < PHRASES && due->not [i]; i++) {
		if (strstr(text, due->not [i]))
			fail_msg("%s: says '%s':\n%s", name, due->not [i], text);
	}
}

static void check_report(const char *name, const struct facts_report *r, const struct options *o,
			 const struct due *due)
{
	char *text = facts_print(output_choose(o), &r->report, o);

	check_text(name, text, due);
	free(text);
}

/* ---- one connection ---- */

static const struct connection_case {
	const char *name;
	struct facts facts;
	struct due due;
} connections[] = {
	{ "both on",
	  { .client_w = SHIFT(7), .server_w = SHIFT(9), .c2s.packets = 3, .s2c.packets = 3 },
	  { .first = "No finding: 1 of 1 connection judged, window scaling on in 1",
	    .not = { "unknown", "off", "Findings", "Connections" } } },
	{ "the server refused",
	  { .client_w = SHIFT(7), .server_w = FACTS_ABSENT, .client_id = 3, .server_id = 9 },
	  { .first = "WARNING 198.51.100.1:443 as server: ",
	    .says = { "198.51.100.1 answered 192.0.2.1's SYN, which offered shift 7,",
		      "the host, or a box between it and this point (confidence high)",
		      "5.2 Mbit/s at a round trip of 100 ms", "packets 3, 9 of a.pcap",
		      "advice check net.ipv4.tcp_window_scaling on 198.51.100.1" } } },
	{ "the server refused, over IPv6: brackets before a port only",
	  { .client = "2001:db8::1",
	    .server = "2001:db8::2",
	    .client_w = SHIFT(7),
	    .server_w = FACTS_ABSENT },
	  { .first = "WARNING [2001:db8::2]:443 as server: ",
	    .says = { "2001:db8::2 answered 2001:db8::1's SYN", "scaling on 2001:db8::2" } } },
	{ "the client offered nothing, with data",
	  { .client_w = FACTS_ABSENT, .server_w = FACTS_ABSENT, .data = 1 },
	  { .first = "WARNING 192.0.2.1 as client: ", .says = { "192.0.2.1's SYN carries no" } } },
	{ "the client offered nothing and sent nothing: no culprit",
	  { .client_w = FACTS_ABSENT, .server_w = FACTS_ABSENT },
	  { .first = "No fault found: 1 of 1 connection judged, window scaling off in 1",
	    .says = { "info client-no-wscale 192.0.2.1 as client" } } },
	{ "a box in the path",
	  { .client_w = FACTS_ABSENT, .server_w = FACTS_ABSENT, .client_nops = 4 },
	  { .first = "WARNING path from client 192.0.2.1: ",
	    .says = { "a box in the path, not the host" },
	    .not = { "192.0.2.1 as client" } } },
	{ "at a round trip of 200 ms",
	  { .client_w = SHIFT(7), .server_w = FACTS_ABSENT, .rtt_us = 200000 },
	  { .says = { "(here: 2.6 Mbit/s at 200 ms)" } } },
	{ "only the client seen: never good",
	  { .client_w = SHIFT(10),
	    .client_window = 64240,
	    .c2s = { .packets = 3, .windows = 1, .window_first = 63 } },
	  { .first = "No verdict: 1 connection, none of them could be judged (one direction only 1)",
	    .says = { "inferred from one direction alone: scaling on in 1, off in 0" },
	    .not = { "No finding", "No fault", " ok", "window scaling on" } } },
	{ "only the client seen, refused: inferred",
	  { .client_w = SHIFT(10),
	    .client_window = 64240,
	    .c2s = { .packets = 3, .windows = 1, .window_first = 64240 } },
	  { .first = "WARNING 198.51.100.1:443 as server (inferred): ",
	    .says = { "this point (inferred from one direction alone)", "off, inferred" } } },
	{ "a SYN, and no answer",
	  { .client_w = SHIFT(7), .c2s.packets = 1 },
	  { .first =
		    "No verdict: 1 connection, none of them could be judged (SYN not answered 1)" } },
	{ "options cut",
	  { .client_w = FACTS_UNKNOWN, .server_w = SHIFT(7), .c2s.packets = 1, .s2c.packets = 1 },
	  { .first = "No verdict: ", .says = { "options cut or malformed 1" } } },
	{ "no SYN",
	  { .c2s.packets = 1, .s2c.packets = 1 },
	  { .first = "No verdict: ", .says = { "SYN not seen 1" } } },
	{ "off, by an answer whose SYN was not seen: nobody is blamed, nothing is called good",
	  { .server_w = FACTS_ABSENT, .s2c.packets = 1 },
	  { .first = "No finding: 1 of 1 connection judged, window scaling off in 1 (in 1 the "
		     "SYN was not seen: who left the option out cannot be told)" } },
	{ "copies of the SYN that differ",
	  { .client_w = FACTS_ABSENT,
	    .other_w = SHIFT(6),
	    .other_kind = SYN_OTHER_EARLIER,
	    .other_gap_us = 5000,
	    .c2s.packets = 1,
	    .s2c.packets = 1,
	    .server_w = FACTS_UNKNOWN },
	  { .says = { "copies of the SYN differ 1" } } },
};

static void a_connection_is_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(connections) / sizeof(connections[0]); i++) {
		struct facts_report r;

		facts_report_start(&r);
		facts_report_flow(&r, &connections[i].facts);
		check_report(connections[i].name, &r, &plain, &connections[i].due);
	}
}

/* ---- hosts ---- */

static const struct host_case {
	const char *name;
	bool live;
	struct facts_endpoint endpoint;
	struct due due;
} hosts[] = {
	{ "a server that was flipped",
	  false,
	  { .address = "10.0.0.1",
	    .port = 8080,
	    .offers = 30,
	    .refusals = 25,
	    .run = 25,
	    .first_refusal_ns = 2 * S,
	    .run_since_ns = 2 * S,
	    .last_refusal_ns = 9 * S,
	    .run_first_id = 77,
	    .last_refusal_id = 99 },
	  { .first = "CRITICAL 10.0.0.1:8080 as server: ",
	    .says = { "port 8080: its last 25 handshakes without window scaling (25 of 55 in all), "
		      "since 2026-01-02 03:04:07.678 UTC",
		      "packets 77, 99 of a.pcap" },
	    .not = { "before the capture" } } },
	{ "a server that was never seen otherwise",
	  false,
	  { .address = "10.0.0.1",
	    .port = 8080,
	    .refusals = 1234,
	    .run = 1234,
	    .first_refusal_ns = 2 * S,
	    .run_since_ns = 2 * S,
	    .last_refusal_ns = 9 * S },
	  { .first = "CRITICAL 10.0.0.1:8080 as server: ",
	    .says = { "1,234 of 1,234 handshakes without window scaling, since before the capture "
		      "began, first seen 2026-01-02 03:04:07.678 UTC" } } },
	{ "the same, live",
	  true,
	  { .address = "10.0.0.1",
	    .port = 8080,
	    .refusals = 20,
	    .run = 20,
	    .first_refusal_ns = 2 * S },
	  { .says = { "since before the attach at 2026-01-02 03:04:05.678 UTC" },
	    .not = { "before the capture", "proof" } } },
	{ "a client, certain",
	  false,
	  { .address = "10.0.0.1", .refusals = 20, .run = 20, .local = 1 },
	  { .first = "CRITICAL 10.0.0.1 as client: ",
	    .says = { "as client 20 of 20 handshakes", "the host itself (confidence certain)" },
	    .not = { "port" } } },
	{ "a few refusals, then none for long: no culprit",
	  false,
	  { .address = "10.0.0.1", .port = 8080, .offers = 500, .refusals = 3 },
	  { .first = "No ", .not = { "CRITICAL", "WARNING" } } },
};

static void a_host_is_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		struct facts_report r;

		facts_report_start(&r);
		facts_report_endpoint(&r, &hosts[i].endpoint);
		r.report.epoch_offset_ns = T;
		r.report.started_ns = T;
		r.report.live = hosts[i].live;
		check_report(hosts[i].name, &r, &plain, &hosts[i].due);
	}
}

static size_t occurrences(const struct facts_report *r, const struct options *o, const char *phrase)
{
	char *text = facts_print(output_choose(o), &r->report, o);
	size_t n = 0;

	for (char *at = text; (at = strstr(at, phrase)); at++)
		n++;
	free(text);
	return n;
}

/* The outage: a load balancer that answers its clients, and opens to its servers, without scaling. */
static void both_legs_are_one_block(void **state)
{
	static const struct due due = {
		.first = "CRITICAL 10.0.0.1 as server and client: ",
		.says = { "as server port 80: 40 of 40 handshakes", "port 443: 30 of 30 handshakes",
			  "as client 70 of 70 handshakes",
			  "warning server-no-wscale 10.0.0.1:80 as server 40",
			  "warning client-no-wscale 10.0.0.1 as client 20" },
		.not = { "CRITICAL 10.0.0.1 as client" },
	};
	struct facts_endpoint front = {
		.address = "10.0.0.1", .port = 80, .refusals = 40, .run = 40
	};
	struct facts_endpoint tls = {
		.address = "10.0.0.1", .port = 443, .refusals = 30, .run = 30
	};
	struct facts_endpoint back = { .address = "10.0.0.1", .refusals = 70, .run = 70 };
	struct facts_report r;

	(void)state;
	facts_report_start(&r);
	facts_report_endpoint(&r, &back);
	facts_report_endpoint(&r, &front);
	facts_report_endpoint(&r, &tls);
	for (__u16 i = 0; i < 40; i++) {
		struct facts in = { .client = "203.0.113.5",
				    .server = "10.0.0.1",
				    .server_port = 80,
				    .client_port = (__u16)(1000 + i),
				    .client_w = SHIFT(7),
				    .server_w = FACTS_ABSENT };

		facts_report_flow(&r, &in);
	}
	for (__u16 i = 0; i < 20; i++) {
		struct facts out = { .client = "10.0.0.1",
				     .server = "10.0.9.9",
				     .client_port = (__u16)(1000 + i),
				     .client_w = FACTS_ABSENT,
				     .server_w = FACTS_ABSENT,
				     .data = 1 };

		facts_report_flow(&r, &out);
	}
	check_report("both legs", &r, &plain, &due);
	assert_int_equal(occurrences(&r, &plain, "CRITICAL"), 1);
}

/* Sixty refusals of one server are one line, with their number; -v has a line for each. */
static void findings_are_grouped(void **state)
{
	struct options verbose = { .color = COLOR_NEVER, .verbose = true };
	struct facts_report r;

	(void)state;
	facts_report_start(&r);
	for (__u16 i = 0; i < 60; i++) {
		struct facts facts = { .client_port = (__u16)(2000 + i),
				       .client_w = SHIFT(7),
				       .server_w = FACTS_ABSENT };

		facts_report_flow(&r, &facts);
	}
	assert_in_range(occurrences(&r, &plain, "server-no-wscale"), 0, 2);
	assert_in_range(occurrences(&r, &verbose, "server-no-wscale"), 61, 62);
}

/* A box in the path wrongs many clients: it is one culprit, and no client is blamed. */
static void a_box_is_one_culprit(void **state)
{
	static const struct due due = {
		.first = "WARNING path from several clients: ",
		.says = { "in 5 connections, first at", "a box in the path, not the host" },
	};
	struct facts_report r;
	char address[16];

	(void)state;
	facts_report_start(&r);
	for (unsigned int i = 1; i <= 5; i++) {
		struct facts facts = { .client = address,
				       .client_w = FACTS_ABSENT,
				       .server_w = FACTS_ABSENT,
				       .client_nops = 4 };

		snprintf(address, sizeof(address), "192.0.2.%u", i);
		facts_report_flow(&r, &facts);
	}
	check_report("a box", &r, &plain, &due);
	assert_int_equal(occurrences(&r, &plain, "WARNING"), 1);
	assert_int_equal(occurrences(&r, &plain, "as client"), 0);
}

/* Twelve culprits of as many addresses: the worst first, a few rows, the rest as a number. */
static void tables_are_limited(void **state)
{
	static const struct due due = {
		.first = "WARNING 10.0.0.7:443 as server: ",
		.says = { "and 4 groups more; -v shows all" },
	};
	struct facts_report r;
	char address[16];

	(void)state;
	facts_report_start(&r);
	for (__u16 i = 0; i < 12; i++) {
		struct facts facts = { .server = address,
				       .client_w = SHIFT(7),
				       .server_w = FACTS_ABSENT };

		snprintf(address, sizeof(address), "10.0.0.%u", i);
		for (unsigned int k = 0; k < (i == 7 ? 2 : 1); k++) {
			facts.client_port = (__u16)(100 + k);
			facts_report_flow(&r, &facts);
		}
	}
	check_report("twelve servers", &r, &plain, &due);
}

/* Without a finding, and with everything that can be missing: one line each, none hidden. */
static void what_is_missing_is_said(void **state)
{
	static const struct due due = {
		.first =
			"No finding: 2 of 5 connections judged, window scaling on in 2; 3 unknown: "
			"SYN not seen 2, options cut or malformed 1",
		.says = { "1,000 packets in a.pcap: 5 connections, 2 handshakes",
			  "skipped 15 packets not analysed: not-ip 5, arp 10",
			  "copies 7 segments met again",
			  "lost 3 packets before they reached the program",
			  "lost 1 event for which the ring had no room",
			  "incomplete 9 records fell out of full tables" },
	};
	struct facts on = { .client_w = SHIFT(7), .server_w = SHIFT(7) };
	struct facts midstream = { .c2s.packets = 1 };
	struct facts cut = { .client_w = FACTS_UNKNOWN, .server_w = SHIFT(7), .s2c.packets = 1 };
	struct facts_report r;

	(void)state;
	facts_report_start(&r);
	facts_report_flow(&r, &on);
	facts_report_flow(&r, &on);
	facts_report_flow(&r, &midstream);
	facts_report_flow(&r, &midstream);
	facts_report_flow(&r, &cut);
	r.report.counters[COUNTER_PACKETS] = 1000;
	r.report.counters[COUNTER_HANDSHAKES] = 2;
	r.report.counters[SKIP_ARP] = 10;
	r.report.counters[SKIP_NOT_IP] = 5;
	r.report.counters[COUNTER_DUPLICATES] = 7;
	r.report.counters[COUNTER_EVENTS_LOST] = 1;
	r.report.lost_packets = 3;
	r.report.evictions = 9;
	check_report("much is missing", &r, &plain, &due);
}

static void nothing_seen_is_no_good_news(void **state)
{
	static const struct due due = {
		.first = "No TCP connection was seen: nothing could be judged",
		.not = { "No finding" }
	};
	struct facts_report r;

	(void)state;
	facts_report_start(&r);
	check_report("no packets", &r, &plain, &due);
}

/* ---- events: one line each ---- */

static void event_of(struct event *e, const struct facts_report *r, enum event_kind kind)
{
	memset(e, 0, sizeof(*e));
	e->ns = 2 * S;
	e->kind = kind;
	e->ifindex = 1; /* lo, everywhere */
	e->hook = HOOK_TC_EGRESS;
	e->key = r->flows[0].key;
	e->client = r->flows[0].flow.client;
	e->endpoint = r->endpoints[0].key;
	e->stats = r->endpoints[0].endpoint;
	e->finding.code = kind == EVENT_FLOW_FINDING ? FINDING_server_no_wscale
						     : FINDING_endpoint_off;
	e->finding.severity = SEVERITY_CRITICAL;
	e->finding.side = SIDE_SERVER;
	e->finding.blame = BLAME_HOST;
	e->finding.confidence = CONFIDENCE_CERTAIN;
}

static void an_event_is_one_line_with_everything(void **state)
{
	static const struct due host = {
		.first = "03:04:07.678 critical endpoint-off: 198.51.100.1 as server",
		.says = { "its last 20 handshakes without window scaling (20 of 25 in all), since "
			  "2026-01-02 03:04:06.678 UTC",
			  "at most 65,535 bytes in flight", "net.ipv4.tcp_window_scaling",
			  "(blame host, certain, tc-egress on lo)" },
	};
	static const struct due connection = {
		.first =
			"03:04:07.678 critical server-no-wscale: 198.51.100.1 answered 192.0.2.1's",
	};
	struct facts facts = { .client_w = SHIFT(7), .server_w = FACTS_ABSENT };
	struct facts_endpoint server = { .address = "198.51.100.1",
					 .port = 443,
					 .offers = 5,
					 .refusals = 20,
					 .run = 20,
					 .run_since_ns = S };
	struct facts_report r;
	struct event e;
	char *text;

	(void)state;
	facts_report_start(&r);
	facts_report_flow(&r, &facts);
	facts_report_endpoint(&r, &server);
	r.report.live = true;
	r.report.epoch_offset_ns = T;
	event_of(&e, &r, EVENT_ENDPOINT_FINDING);
	text = facts_print_event(output_choose(&plain), &r.report, &e, &plain);
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	check_text("of a host", text, &host);
	free(text);
	event_of(&e, &r, EVENT_FLOW_FINDING);
	text = facts_print_event(output_choose(&plain), &r.report, &e, &plain);
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	check_text("of a connection", text, &connection);
	free(text);
}

/* ---- looks ---- */

static bool colored(const struct options *o)
{
	struct facts facts = { .client_w = SHIFT(7), .server_w = FACTS_ABSENT };
	struct facts_report r;
	char *text;
	bool found;

	facts_report_start(&r);
	facts_report_flow(&r, &facts);
	text = facts_print(output_choose(o), &r.report, o);
	found = strchr(text, '\033');
	free(text);
	return found;
}

/* Into a pipe or file only when asked; NO_COLOR does not overrule --color always (no-color.org). */
static void colors_only_where_wanted(void **state)
{
	struct options o = { .color = COLOR_AUTO };

	(void)state;
	assert_false(colored(&o));
	o.color = COLOR_NEVER;
	assert_false(colored(&o));
	o.color = COLOR_ALWAYS;
	assert_true(colored(&o));
	setenv("NO_COLOR", "1", 1);
	assert_true(colored(&o));
	unsetenv("NO_COLOR");
}

/* Names from outside move no cursor; lines stay within 96 columns for addresses of IPv4. */
static void lines_are_short_and_clean(void **state)
{
	static const char *const files[] = { "very/long/\033[2Jname\n\tof\x7f a file.pcap" };
	struct facts facts = { .client_w = SHIFT(7),
			       .server_w = FACTS_ABSENT,
			       .client_id = 1,
			       .server_id = 2,
			       .client = "255.255.255.254",
			       .server = "255.255.255.255",
			       .client_port = 65535 };
	struct facts_endpoint server = { .address = "255.255.255.255",
					 .port = 443,
					 .offers = 1000000,
					 .refusals = 1000000,
					 .run = 30 };
	struct facts_report r;
	char *text, *save;

	(void)state;
	facts_report_start(&r);
	facts_report_flow(&r, &facts);
	facts_report_endpoint(&r, &server);
	r.report.files = files;
	text = facts_print(output_choose(&plain), &r.report, &plain);
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (strlen(line) > 96)
			fail_msg("%zu columns: %s", strlen(line), line);
		for (const char *c = line; *c; c++)
			assert_in_range((unsigned char)*c, 0x20, 0x7e);
	}
	free(text);
}

static int in_utc(void **state)
{
	(void)state;
	setenv("TZ", "UTC", 1);
	tzset();
	return unsetenv("NO_COLOR");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_connection_is_told),
		cmocka_unit_test(a_host_is_told),
		cmocka_unit_test(both_legs_are_one_block),
		cmocka_unit_test(findings_are_grouped),
		cmocka_unit_test(a_box_is_one_culprit),
		cmocka_unit_test(tables_are_limited),
		cmocka_unit_test(what_is_missing_is_said),
		cmocka_unit_test(nothing_seen_is_no_good_news),
		cmocka_unit_test(an_event_is_one_line_with_everything),
		cmocka_unit_test(colors_only_where_wanted),
		cmocka_unit_test(lines_are_short_and_clean),
	};

	return cmocka_run_group_tests(tests, in_utc, NULL);
}
