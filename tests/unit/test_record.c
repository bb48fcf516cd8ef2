// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The contract of the flow record: each field is what its definition says, given the facts.
 *
 * Windows: RFC 7323, 2.2 (both SYNs must carry the option, the windows in them are never scaled)
 * and 2.3 (a shift above 14 is used as 14).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/facts.h"
#include "userspace/record.h"

#define MS 1000000ULL
#define S  1000000000ULL

#define SHIFT  FACTS_SHIFT
#define ABSENT FACTS_ABSENT
#define CUT    FACTS_UNKNOWN

/* expect: fields and values as JSON writes them, blanks between; strings without quotes. */
static const struct record_case {
	const char *name;
	struct facts facts;
	const char *expect;
} cases[] = {
	/* ---- who ---- */
	{ "an IPv4 connection",
	  { .role_source = ROLE_SYN },
	  "family=4 client=192.0.2.1 client_port=40000 server=198.51.100.1 server_port=443 encap=0 "
	  "domain=0 role_source=syn file=a.pcap" },
	{ "the client is the larger address",
	  { .client = "203.0.113.9", .server = "192.0.2.1", .client_port = 1, .server_port = 2 },
	  "client=203.0.113.9 client_port=1 server=192.0.2.1 server_port=2" },
	{ "IPv6 addresses without brackets",
	  { .client = "2001:db8::1", .server = "2001:db8:0:0:1::2" },
	  "family=6 client=2001:db8::1 server=2001:db8::1:0:0:2" },
	{ "an IPv4-mapped address stays IPv6",
	  { .client = "::ffff:192.0.2.1", .server = "::1" },
	  "family=6 client=::ffff:192.0.2.1 server=::1" },
	{ "inside two tunnels, virtual network 4242",
	  { .encap = 2, .domain = DOMAIN_VNI | 4242 },
	  "encap=2 domain=4242 family=4" },
	{ "VLAN as domain, IPv6",
	  { .client = "fe80::1", .server = "fe80::2", .domain = DOMAIN_VLAN | 7 },
	  "domain=7 family=6" },
	{ "roles by SYN-ACK", { .role_source = ROLE_SYNACK }, "role_source=synack" },
	{ "roles by port", { .role_source = ROLE_PORT }, "role_source=port" },
	{ "roles by first sender", { .role_source = ROLE_FIRST }, "role_source=first" },

	/* ---- visibility ---- */
	{ "both directions, SYN seen",
	  { .client_w = SHIFT(7), .c2s.packets = 3, .s2c.packets = 1 },
	  "visibility=both" },
	{ "only the client's packets",
	  { .client_w = SHIFT(7), .c2s.packets = 3 },
	  "visibility=client-only scaling=unknown" },
	{ "only the server's packets, a SYN-ACK among them",
	  { .server_w = SHIFT(7), .s2c.packets = 3 },
	  "visibility=server-only" },
	{ "neither SYN nor SYN-ACK, both directions",
	  { .c2s.packets = 3, .s2c.packets = 3 },
	  "visibility=midstream" },
	{ "neither SYN nor SYN-ACK, one direction", { .c2s.packets = 3 }, "visibility=midstream" },

	/* ---- scaling ---- */
	{ "W in both: on",
	  { .client_w = SHIFT(7), .server_w = SHIFT(9) },
	  "scaling=on c2s.wscale=7 s2c.wscale=9 c2s.wscale_state=present scaling_inferred=null" },
	{ "W 0 is an offer: on",
	  { .client_w = SHIFT(0), .server_w = SHIFT(0) },
	  "scaling=on c2s.wscale=0 s2c.wscale=0" },
	{ "SYN-ACK without W: off",
	  { .client_w = SHIFT(7), .server_w = ABSENT },
	  "scaling=off s2c.wscale=null s2c.wscale_state=absent" },
	{ "SYN without W: off",
	  { .client_w = ABSENT, .server_w = ABSENT },
	  "scaling=off c2s.wscale=null c2s.wscale_state=absent" },
	{ "SYN without W, SYN-ACK with: off",
	  { .client_w = ABSENT, .server_w = SHIFT(3) },
	  "scaling=off s2c.wscale=3" },
	{ "SYN options cut: unknown",
	  { .client_w = CUT, .server_w = SHIFT(3) },
	  "scaling=unknown c2s.wscale=null c2s.wscale_state=unknown" },
	{ "SYN-ACK options cut: unknown",
	  { .client_w = SHIFT(3), .server_w = CUT },
	  "scaling=unknown s2c.wscale=null" },
	{ "SYN options cut, SYN-ACK without W: off",
	  { .client_w = CUT, .server_w = ABSENT },
	  "scaling=off" },
	{ "SYN-ACK not seen: unknown",
	  { .client_w = SHIFT(3) },
	  "scaling=unknown s2c.wscale_state=unknown s2c.wscale=null s2c.syn_window=null" },
	{ "two SYNs, with and without W, SYN-ACK with W: on",
	  { .client_w = ABSENT,
	    .other_w = SHIFT(6),
	    .other_kind = SYN_OTHER_EARLIER,
	    .server_w = SHIFT(3) },
	  "scaling=on c2s.wscale=null" },
	{ "two SYNs, with and without W, SYN-ACK not seen: unknown",
	  { .client_w = ABSENT, .other_w = SHIFT(6), .other_kind = SYN_OTHER_EARLIER },
	  "scaling=unknown" },
	{ "shift 255 is shown as on the wire",
	  { .client_w = SHIFT(255), .server_w = SHIFT(7) },
	  "scaling=on c2s.wscale=255" },

	/* ---- scaling inferred: the first window after a SYN with window 64240, shift 10 ---- */
	{ "client alone, first window 63: on",
	  { .client_w = SHIFT(10),
	    .client_window = 64240,
	    .c2s = { .windows = 1, .window_first = 63 } },
	  "scaling=unknown scaling_inferred=on" },
	{ "client alone, first window 64240: off",
	  { .client_w = SHIFT(10),
	    .client_window = 64240,
	    .c2s = { .windows = 1, .window_first = 64240 } },
	  "scaling=unknown scaling_inferred=off" },
	{ "client alone, another first window: null",
	  { .client_w = SHIFT(10),
	    .client_window = 64240,
	    .c2s = { .windows = 1, .window_first = 1000 } },
	  "scaling_inferred=null" },

	/* ---- windows ---- */
	{ "windows of SYNs are raw",
	  { .client_w = SHIFT(7),
	    .server_w = SHIFT(9),
	    .client_window = 64240,
	    .server_window = 65160 },
	  "c2s.syn_window=64240 s2c.syn_window=65160" },
	{ "only SYNs: no window, raw or effective",
	  { .client_w = SHIFT(7), .server_w = SHIFT(9), .client_window = 64240 },
	  "c2s.window_min=null c2s.window_max=null c2s.effective_min=null c2s.effective_max=null" },
	{ "on: raw << the sender's own shift",
	  { .client_w = SHIFT(7),
	    .server_w = SHIFT(9),
	    .c2s = { .windows = 1, .window_min = 1, .window_max = 502 },
	    .s2c = { .windows = 1, .window_min = 0, .window_max = 65535 } },
	  "c2s.window_min=1 c2s.window_max=502 c2s.effective_min=128 c2s.effective_max=64256 "
	  "s2c.effective_min=0 s2c.effective_max=33553920" },
	{ "on, shift 14: the largest window there is",
	  { .client_w = SHIFT(14),
	    .server_w = SHIFT(0),
	    .c2s = { .windows = 1, .window_max = 65535 } },
	  "c2s.effective_max=1073725440" },
	{ "on, shift 15: used as 14",
	  { .client_w = SHIFT(15),
	    .server_w = SHIFT(0),
	    .c2s = { .windows = 1, .window_max = 65535 } },
	  "c2s.wscale=15 c2s.effective_max=1073725440" },
	{ "off: raw",
	  { .client_w = SHIFT(7),
	    .server_w = ABSENT,
	    .c2s = { .windows = 1, .window_min = 46, .window_max = 64240 } },
	  "c2s.effective_min=46 c2s.effective_max=64240" },
	{ "unknown: raw windows only",
	  { .client_w = SHIFT(7), .c2s = { .windows = 1, .window_min = 46, .window_max = 64240 } },
	  "c2s.window_min=46 c2s.window_max=64240 c2s.effective_min=null c2s.effective_max=null" },
	{ "on by the copy that carried W: its shift",
	  { .client_w = ABSENT,
	    .other_w = SHIFT(6),
	    .other_kind = SYN_OTHER_EARLIER,
	    .server_w = SHIFT(3),
	    .c2s = { .windows = 1, .window_min = 10, .window_max = 100 } },
	  "scaling=on c2s.effective_min=640 c2s.effective_max=6400" },
	{ "on by the copy that carried W 200: 14",
	  { .client_w = ABSENT,
	    .other_w = SHIFT(200),
	    .other_kind = SYN_OTHER_SAME_PACKET,
	    .server_w = SHIFT(3),
	    .c2s = { .windows = 1, .window_max = 1 } },
	  "c2s.effective_max=16384" },
	{ "two shifts, SYN-ACK with W: the newest",
	  { .client_w = SHIFT(2),
	    .other_w = SHIFT(9),
	    .other_kind = SYN_OTHER_EARLIER,
	    .server_w = SHIFT(3),
	    .c2s = { .windows = 1, .window_max = 100 } },
	  "scaling=on c2s.effective_max=400" },

	/* ---- times: the connection runs from 10 s to 20 s ---- */
	{ "last is the later of both directions",
	  { .first_ns = 10 * S,
	    .c2s = { .packets = 1, .last_ns = 12 * S },
	    .s2c = { .packets = 1, .last_ns = 20 * S } },
	  "first=10.0 last=20.0 duration_s=10.0" },
	{ "a direction without packets has no last",
	  { .first_ns = 10 * S, .c2s = { .packets = 1, .last_ns = 12 * S }, .s2c.last_ns = 20 * S },
	  "last=12.0" },
	{ "the first packet was the latest",
	  { .first_ns = 30 * S, .c2s = { .packets = 1, .last_ns = 12 * S } },
	  "last=30.0 duration_s=0.0" },
	{ "rtt_us", { .rtt_us = 1234 }, "rtt_us=1234" },
	{ "rtt_us not known", { .rtt_us = 0 }, "rtt_us=null" },

	/* ---- zero windows ---- */
	{ "never closed",
	  { .first_ns = 10 * S },
	  "c2s.zero_windows=0 c2s.zero_window_spells=0 c2s.zero_window_s=0.0 "
	  "c2s.zero_window_open=false" },
	{ "two spells that ended",
	  { .first_ns = 10 * S,
	    .s2c = { .packets = 9,
		     .last_ns = 20 * S,
		     .zero_windows = 5,
		     .zero_spells = 2,
		     .zero_ns = 1500 * MS } },
	  "s2c.zero_windows=5 s2c.zero_window_spells=2 s2c.zero_window_s=1.5 "
	  "s2c.zero_window_open=false c2s.zero_window_s=0.0" },
	{ "an open spell ends at last, of either direction",
	  { .first_ns = 10 * S,
	    .c2s = { .packets = 9, .last_ns = 20 * S },
	    .s2c = { .packets = 9,
		     .last_ns = 15 * S,
		     .zero_windows = 1,
		     .zero_spells = 1,
		     .zero_open = 1,
		     .zero_since_ns = 15 * S } },
	  "s2c.zero_window_s=5.0 s2c.zero_window_open=true" },
	{ "an open spell after one that ended",
	  { .first_ns = 10 * S,
	    .c2s = { .packets = 9,
		     .last_ns = 20 * S,
		     .zero_open = 1,
		     .zero_since_ns = 19 * S,
		     .zero_ns = 250 * MS,
		     .zero_spells = 2 } },
	  "c2s.zero_window_s=1.25 c2s.zero_window_spells=2" },

	/* ---- counts ---- */
	{ "counts of each direction",
	  { .c2s = { .packets = 10, .bytes = 5000000000, .retransmits = 3, .duplicates = 4 },
	    .s2c = { .packets = 20, .bytes = 7, .retransmits = 5, .duplicates = 6 } },
	  "c2s.packets=10 c2s.bytes=5000000000 c2s.retransmits=3 c2s.duplicates=4 s2c.packets=20 "
	  "s2c.bytes=7 s2c.retransmits=5 s2c.duplicates=6" },

	/* ---- findings ---- */
	{ "none", { .client_w = SHIFT(7), .server_w = SHIFT(7) }, "findings=[]" },
	{ "the server refused",
	  { .client_w = SHIFT(7), .server_w = ABSENT, .client_id = 5, .server_id = 8 },
	  "findings.0.code=server-no-wscale findings.0.severity=warning findings.0.side=server "
	  "findings.0.blame=host-or-path findings.0.confidence=high "
	  "findings.0.packets.0.file=a.pcap findings.0.packets.0.number=5 "
	  "findings.0.packets.1.number=8 findings.1=absent" },
	{ "the server refused, met on its own egress",
	  { .client_w = SHIFT(7), .server_w = ABSENT, .local = 1 },
	  "findings.0.blame=host findings.0.confidence=certain" },
	{ "the client offered nothing and sent nothing",
	  { .client_w = ABSENT, .server_w = ABSENT },
	  "findings.0.code=client-no-wscale findings.0.severity=info findings.0.side=client" },
	{ "the client offered nothing and data flowed",
	  { .client_w = ABSENT, .server_w = ABSENT, .data = 1 },
	  "findings.0.severity=warning" },
	{ "sorted by packet: the SYN's finding first",
	  { .client_w = SHIFT(0), .server_w = SHIFT(15), .client_id = 3, .server_id = 4 },
	  "findings.0.code=wscale-zero findings.1.code=wscale-too-large findings.2=absent" },
	{ "sorted by packet: the SYN-ACK came first",
	  { .client_w = SHIFT(0), .server_w = SHIFT(15), .client_id = 4, .server_id = 3 },
	  "findings.0.code=wscale-too-large findings.1.code=wscale-zero" },
	{ "sorted by code within a packet",
	  { .client_w = SHIFT(0), .server_w = ABSENT, .client_id = 4, .server_id = 5 },
	  "findings.0.code=server-no-wscale findings.1.code=wscale-zero" },
	{ "the same code on both sides",
	  { .client_w = SHIFT(0), .server_w = SHIFT(0), .client_id = 4, .server_id = 5 },
	  "findings.0.code=wscale-zero findings.0.side=client findings.1.code=wscale-zero "
	  "findings.1.side=server findings.2=absent" },
	{ "the same code on both sides, live: the client first",
	  { .client_w = SHIFT(0), .server_w = SHIFT(0) },
	  "findings.0.side=client findings.1.side=server" },
	{ "a retry that gives W up",
	  { .client_w = ABSENT,
	    .other_w = SHIFT(2),
	    .other_kind = SYN_OTHER_EARLIER,
	    .other_gap_us = 1000000,
	    .client_id = 4 },
	  "findings.0.code=syn-retry-no-wscale findings.0.blame=host findings.1=absent" },
	{ "an option overwritten with NOPs blames the path",
	  { .client_w = ABSENT, .server_w = ABSENT, .client_nops = 3 },
	  "findings.0.code=wscale-stripped findings.0.blame=path findings.0.side=client" },
};

/* The value at a path of keys and indices, or NULL. */
static json_t *look_up(json_t *at, const char *path)
{
	char key[64];

	while (at && *path) {
		size_t n = strcspn(path, ".");

		assert_true(n < sizeof(key));
		memcpy(key, path, n);
		key[n] = '\0';
		at = json_is_array(at) ? json_array_get(at, strtoul(key, NULL, 10))
				       : json_object_get(at, key);
		path += n + (path[n] == '.');
	}
	return at;
}

static bool check_one(const char *name, json_t *record, char *expectation)
{
	char *equals = strchr(expectation, '='), *got;
	const char *due = equals + 1;
	json_t *value;
	bool good;

	assert_non_null(equals);
	*equals = '\0';
	value = look_up(record, expectation);
	got = !value                  ? strdup("absent")
	      : json_is_string(value) ? strdup(json_string_value(value))
				      : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
	good = !strcmp(got, due);
	if (!good)
		print_error("%s: %s is %s, due %s\n", name, expectation, got, due);
	free(got);
	return good;
}

static bool check_case(const struct record_case *c)
{
	struct options o = { .json = true };
	struct facts_report r;
	char *line, *expect = strdup(c->expect), *save;
	json_error_t error;
	json_t *record;
	bool good = true;

	facts_report_start(&r);
	facts_report_flow(&r, &c->facts);
	line = facts_print(output_choose(&o), &r.report, &o);
	record = json_loads(line, JSON_DISABLE_EOF_CHECK, &error);
	if (!record)
		print_error("%s: %s: %s\n", c->name, error.text, line);
	for (char *e = strtok_r(expect, " ", &save); e; e = strtok_r(NULL, " ", &save))
		good &= record && check_one(c->name, record, e);
	json_decref(record);
	free(line);
	free(expect);
	return good;
}

static void fields_are_as_defined(void **state)
{
	size_t bad = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		bad += !check_case(&cases[i]);
	assert_int_equal(bad, 0);
}

/* A port makes brackets necessary; nothing else does. */
static void brackets_only_with_a_port(void **state)
{
	static const struct {
		const char *address;
		__u16 port;
		const char *due;
	} table[] = {
		{ "192.0.2.1", 443, "192.0.2.1:443" },
		{ "192.0.2.1", 0, "192.0.2.1" },
		{ "2001:db8::1", 443, "[2001:db8::1]:443" },
		{ "2001:db8::1", 0, "2001:db8::1" },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 65535,
		  "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535" },
		{ "::ffff:255.255.255.255", 65535, "[::ffff:255.255.255.255]:65535" },
	};
	char out[RECORD_ENDPOINT_ROOM];

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct flow_entry e;
		struct facts facts = { .client = table[i].address, .server = table[i].address };

		facts_flow(&e, &facts);
		record_address_port(out, e.key.addr[0], e.key.domain & DOMAIN_IPV6, table[i].port);
		assert_string_equal(out, table[i].due);
	}
}

static void sentences_are_filled_in(void **state)
{
	static const struct {
		const char *template;
		const char *due;
	} table[] = {
		{ "{client} to {server} on {host}", "::1 to ::2 on ::3" },
		{ "{shift} {changed_to}", "7 255" },
		{ "{0} {factor} {shift_} {shif}", "{0} {factor} {shift_} {shif}" },
		{ "the {side}", "the server" },
		{ "{3} {x} {client {} {", "{3} {x} {client {} {" },
		{ "", "" },
	};
	struct record_names names = { .client = "::1", .server = "::2", .host = "::3" };
	struct finding finding = { .code = FINDING_wscale_changed,
				   .side = SIDE_SERVER,
				   .value = { 7, 255, 3 } };
	struct record_sentence out;
	char *longest;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		record_sentence(&out, table[i].template, &names, &finding);
		assert_string_equal(out.text, table[i].due);
	}
	longest = calloc(1, 2 * RECORD_SENTENCE_ROOM);
	memset(longest, 'x', RECORD_SENTENCE_ROOM - 3);
	strcat(longest, "{client}");
	record_sentence(&out, longest, &names, &finding);
	assert_int_equal(strlen(out.text), RECORD_SENTENCE_ROOM - 1);
	assert_string_equal(out.text + RECORD_SENTENCE_ROOM - 3, "::");
	free(longest);
}

/* No sentence of a detector is cut, and none keeps a placeholder, with the longest addresses. */
static void every_detector_has_whole_sentences(void **state)
{
	static const char longest[] = "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255";
	struct record_names flow = { .client = longest, .server = longest };
	struct record_names endpoint = { .host = longest };
	struct finding finding = { .side = SIDE_CLIENT, .value = { 255, 255, 255 } };
	struct record_sentence out;

	(void)state;
	for (unsigned int i = 0; i < FINDING_CODES; i++) {
		const struct names_detector *d = names_detector(i);
		const char *templates[] = { d->text, d->advice };

		finding.code = (__u8)i;
		for (size_t k = 0; k < 2; k++) {
			record_sentence(&out, templates[k], d->of_endpoint ? &endpoint : &flow,
					&finding);
			assert_true(strlen(out.text) > 10);
			assert_true(strlen(out.text) < RECORD_SENTENCE_ROOM - 1);
			if (strchr(out.text, '{'))
				fail_msg("%s: %s", d->code, out.text);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_are_as_defined),
		cmocka_unit_test(brackets_only_with_a_port),
		cmocka_unit_test(sentences_are_filled_in),
		cmocka_unit_test(every_detector_has_whole_sentences),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
