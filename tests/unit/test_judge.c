// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Expectations against reports made by hand: what holds, what fails and what cannot be judged, with
 * the numbers of connections and the packets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "tests/unit/facts.h"
#include "userspace/judge.h"

/*
 * What the report has: 20 connections to port 80, scaled with shift 7 both ways, rtt 10 ms; 4 to
 * port 81, whose server answers without the option; 2 to port 82, whose handshake was not seen whole.
 * And 192.0.2.1 as client, 198.51.100.1:81 as server with 20 refusals.
 */
static void make_report(struct facts_report *r)
{
	facts_report_start(r);
	for (__u16 i = 0; i < 26; i++) {
		__u16 first = i < 20 ? 500 : 64000, most = i < 20 ? 1000 : 64240;
		struct facts f = {
			.client_port = (__u16)(1000 + i),
			.server_port = i < 20   ? 80
				       : i < 24 ? 81
						: 82,
			.client_w = FACTS_SHIFT(7),
			.server_w = i < 20   ? FACTS_SHIFT(7)
				    : i < 24 ? FACTS_ABSENT
					     : FACTS_UNKNOWN,
			.client_window = 64240,
			.server_window = 64240,
			.first_ns = 1000000000ULL * i,
			.rtt_us = i < 24 ? 10000 : 0,
			.client_id = 100U + i,
			.server_id = 200U + i,
			.data = true,
			.c2s = { .packets = 5,
				 .bytes = 500,
				 .windows = true,
				 .window_first = first,
				 .window_min = 500,
				 .window_max = most },
			.s2c = { .packets = 5,
				 .bytes = 500,
				 .windows = true,
				 .window_first = first,
				 .window_min = 500,
				 .window_max = most },
		};

		facts_report_flow(r, &f);
	}
	facts_report_endpoint(r, &(struct facts_endpoint){ .address = "198.51.100.1",
							   .port = 81,
							   .refusals = 20,
							   .run = 20,
							   .last_refusal_id = 223 });
}

/* verdict: of the last clause; flows, against and unknown: its numbers. */
static const struct judge_case {
	const char *name;
	const char *body;
	enum judge_verdict verdict;
	__u64 flows, against, unknown;
	__u64 packet; /* the first of the first witness, 0: not looked at */
} cases[] = {
	{ "all connections", "min_flows: 26", JUDGE_HOLDS, 26, 0, 0, 0 },
	{ "one too few", "min_flows: 27", JUDGE_FAILS, 26, 0, 0, 0 },
	{ "a selector that matches nothing", "server_port: 9", JUDGE_FAILS, 0, 0, 0, 0 },
	{ "several selectors", "server_port: 80..81\nclient_port: \">= 1018\"", JUDGE_HOLDS, 6, 0,
	  0, 0 },
	{ "from is included, to is not", "from: 1\nto: 3", JUDGE_HOLDS, 2, 0, 0, 0 },
	{ "scaled", "server_port: 80\nscaling: on", JUDGE_HOLDS, 20, 0, 0, 0 },
	{ "not scaled", "server_port: 81\nscaling: on", JUDGE_FAILS, 4, 4, 0, 120 },
	{ "unknown", "server_port: 82\nscaling: on", JUDGE_UNKNOWN, 2, 0, 2, 0 },
	{ "a wrong one goes before an unknown one", "server_port: \">= 81\"\nscaling: on",
	  JUDGE_FAILS, 6, 4, 2, 120 },
	{ "the server's shift", "server_port: 80\nwscale: {side: server, shift: 7}", JUDGE_HOLDS,
	  20, 0, 0, 0 },
	{ "another shift", "server_port: 80\nwscale: {side: server, shift: \"> 7\"}", JUDGE_FAILS,
	  20, 20, 0, 200 },
	{ "no option", "server_port: 81\nwscale: {side: server, state: present}", JUDGE_FAILS, 4, 4,
	  0, 220 },
	{ "none is expected", "server_port: 81\nwscale: {side: server, state: absent}", JUDGE_HOLDS,
	  4, 0, 0, 0 },
	{ "an option that was cut", "server_port: 82\nwscale: {side: server, state: absent}",
	  JUDGE_UNKNOWN, 2, 0, 2, 0 },
	{ "the side is the role's", "role: client\nwscale: {state: present}", JUDGE_HOLDS, 26, 0, 0,
	  0 },
	{ "the largest window", "server_port: 80\neffective_window: {side: client, min: 125 KiB}",
	  JUDGE_HOLDS, 20, 0, 0, 0 },
	{ "unscaled it is smaller",
	  "server_port: 81\neffective_window: {side: client, min: 64 KiB}", JUDGE_FAILS, 4, 4, 0,
	  0 },
	{ "in bytes it is not known", "server_port: 82\neffective_window: {side: client, min: 1}",
	  JUDGE_UNKNOWN, 2, 0, 2, 0 },
	{ "the round trip", "server_port: 80\nrtt: 10 ms", JUDGE_HOLDS, 20, 0, 0, 0 },
	{ "a shorter one", "server_port: 80\nrtt: \"< 10 ms\"", JUDGE_FAILS, 20, 20, 0, 100 },
	{ "none was seen", "server_port: 82\nrtt: \"< 10 ms\"", JUDGE_UNKNOWN, 2, 0, 2, 0 },
	{ "no finding", "server_port: 80\nfindings: {none: info}", JUDGE_HOLDS, 20, 0, 0, 0 },
	{ "findings of connections", "server_port: 81\nfindings: {none: server-no-wscale}",
	  JUDGE_FAILS, 4, 4, 0, 0 },
	{ "as many as may be", "server_port: 81\nfindings: {at_most: {server-no-wscale: 4}}",
	  JUDGE_HOLDS, 4, 4, 0, 0 },
	{ "a finding of a host", "server_port: 81\nfindings: {none: endpoint-off}", JUDGE_FAILS, 4,
	  1, 0, 0 },
	{ "not of a host that is not selected", "server_port: 80\nfindings: {none: endpoint-off}",
	  JUDGE_HOLDS, 20, 0, 0, 0 },
	{ "not of the other side",
	  "server_port: 81\nrole: client\nfindings: {none: [server-no-wscale]}", JUDGE_HOLDS, 4, 0,
	  0, 0 },
	{ "a severity is of hosts, too", "server_port: 81\nfindings: {none: critical}", JUDGE_FAILS,
	  4, 1, 0, 0 },
	{ "a percentage that is reached",
	  "server_port: \"< 82\"\nfindings: {at_most: {server-no-wscale: 16.7 %}}", JUDGE_HOLDS, 24,
	  4, 0, 0 },
	{ "a percentage that is exceeded",
	  "server_port: \"< 82\"\nfindings: {at_most: {server-no-wscale: 16.6 %}}", JUDGE_FAILS, 24,
	  4, 0, 0 },
	{ "at least", "server_port: 81\nfindings: {at_least: {server-no-wscale: 4}}", JUDGE_HOLDS,
	  4, 4, 0, 0 },
	{ "fewer", "server_port: 81\nfindings: {at_least: {server-no-wscale: 5}}", JUDGE_FAILS, 4,
	  4, 0, 0 },
	{ "fewer, but two could be",
	  "server_port: \">= 81\"\nfindings: {at_least: {server-no-wscale: 6}}", JUDGE_UNKNOWN, 6,
	  4, 2, 0 },
	{ "fewer even then", "server_port: \">= 81\"\nfindings: {at_least: {server-no-wscale: 7}}",
	  JUDGE_FAILS, 6, 4, 2, 0 },
	{ "enough whatever the unknown are",
	  "server_port: \">= 81\"\nfindings: {at_most: {server-no-wscale: 6}}", JUDGE_HOLDS, 6, 4,
	  2, 0 },
	{ "not enough if the unknown are",
	  "server_port: \">= 81\"\nfindings: {at_most: {server-no-wscale: 5}}", JUDGE_UNKNOWN, 6, 4,
	  2, 0 },
	{ "what needs no handshake", "server_port: 82\nfindings: {none: zero-window-stall}",
	  JUDGE_HOLDS, 2, 0, 0, 0 },
	{ "a number that is so",
	  "server_port: 81\nfindings: {none: server-no-wscale, where: {shift: 7}}", JUDGE_FAILS, 4,
	  4, 0, 0 },
	{ "a number that is not so",
	  "server_port: 81\nfindings: {none: server-no-wscale, where: {shift: \"> 7\"}}",
	  JUDGE_HOLDS, 4, 0, 0, 0 },
	{ "a word that is so",
	  "server_port: 81\nfindings: {none: server-no-wscale, where: {side: server}}", JUDGE_FAILS,
	  4, 4, 0, 0 },
	{ "a word that is not so",
	  "server_port: 81\nfindings: {none: server-no-wscale, where: {confidence: certain}}",
	  JUDGE_HOLDS, 4, 0, 0, 0 },
};

/* "- name: x", and the body's lines below it. */
static void make_text(char *out, size_t room, const char *body)
{
	size_t at = (size_t)snprintf(out, room, "- name: x\n  ");

	for (; *body && at + 4 < room; body++) {
		out[at++] = *body;
		if (*body == '\n') {
			out[at++] = ' ';
			out[at++] = ' ';
		}
	}
	out[at++] = '\n';
	out[at] = '\0';
}

static bool judged(const struct judge_case *c, const struct report *r)
{
	struct document_error error;
	struct judge_result result;
	struct expect *e;
	char text[512];
	bool good;

	make_text(text, sizeof(text), c->body);
	if (expect_parse(&e, "x", text, strlen(text), &error)) {
		print_error("%s: %u:%u: %s\n", c->name, error.mark.line, error.mark.column,
			    error.reason);
		return false;
	}
	assert_int_equal(judge_expectation(&result, &e->list[0], r), 0);
	/* A selector alone: the clause that is always there. */
	const struct judge_clause *jc = &result.clauses[result.n - 1];
	bool holds = jc->verdict == JUDGE_HOLDS;

	good = jc->verdict == c->verdict && result.flows == c->flows && jc->against == c->against &&
	       jc->unknown == c->unknown &&
	       (!c->packet || jc->witnesses[0].packets[0] == c->packet) && *jc->expected &&
	       *jc->found && (!holds || result.holds);
	if (!good)
		print_error(
			"%s: verdict %d, %llu flows, %llu against, %llu unknown, packet %llu: %s; %s\n",
			c->name, (int)jc->verdict, (unsigned long long)result.flows,
			(unsigned long long)jc->against, (unsigned long long)jc->unknown,
			(unsigned long long)jc->witnesses[0].packets[0], jc->expected, jc->found);
	judge_free(&result);
	e->list[0].unknown_passes = true;
	assert_int_equal(judge_expectation(&result, &e->list[0], r), 0);
	if (result.holds != (c->verdict != JUDGE_FAILS)) {
		print_error("%s: where the unknown passes\n", c->name);
		good = false;
	}
	judge_free(&result);
	expect_free(e);
	return good;
}

static void expectations_are_judged(void **state)
{
	static struct facts_report r;
	unsigned int failed = 0;

	(void)state;
	make_report(&r);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		failed += !judged(&cases[i], &r.report);
	assert_int_equal(failed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(expectations_are_judged),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
