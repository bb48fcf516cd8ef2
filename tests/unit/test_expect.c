// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The language of expectations: where and why a file is refused, what its values mean, and that no
 * bytes, whole or damaged, do more than be refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "userspace/expect.h"

/* ---- mistakes ---- */

static const struct mistake_case {
	const char *text;
	unsigned int line, column;
	const char *why; /* how the reason begins */
} mistakes[] = {
	/* YAML itself */
	{ "- name: a\n  rtt: [\n", 3, 1, "did not find expected node content" },
	{ "- name: a\n bad\n", 2, 2, "did not find expected '-' indicator" },
	{ "- name: \"a\n", 2, 1, "found unexpected end of stream" },
	{ "\t- x\n", 1, 1, "found character that cannot start any token" },
	{ "- name: a\n--- \n- name: b\n", 2, 1, "a second document" },
	{ "- &x\n  name: a\n- *x\n", 3, 3, "an alias" },
	{ "- name: !!str a\n", 1, 9, "a tag" },
	{ "- name: \"a\\0b\"\n", 1, 9, "a NUL character" },
	{ "[[[[[[[[[[[[[[[[[[x]]]]]]]]]]]]]]]]]]", 1, 18, "nested too deeply" },
	{ "- name: a\n  rtt: \xff\n", 2, 8, "invalid leading UTF-8 octet" },
	{ "- name: a\x01\n", 1, 10, "control characters are not allowed" },
	/* the shape */
	{ "", 1, 1, "there is no expectation" },
	{ "# nothing\n", 1, 1, "there is no expectation" },
	{ "[]", 1, 1, "there is no expectation" },
	{ "name: a\n", 1, 1, "a file is a list of expectations, not a map" },
	{ "text\n", 1, 1, "a file is a list of expectations, not a text" },
	{ "- text\n", 1, 3, "an expectation is a map, not a text" },
	{ "- scaling: on\n", 1, 3, "an expectation needs a name" },
	{ "- name:\n", 1, 8, "name needs a value" },
	{ "- name: [a]\n", 1, 9, "name takes one value, not a list" },
	{ "- name: a\n- name: a\n", 2, 9, "the name 'a' is there twice" },
	{ "- name: a\n  name: b\n", 2, 3, "'name' is there twice" },
	{ "- name: a\n  sever: 1.2.3.4\n", 2, 3, "an expectation has no key 'sever'; there are" },
	{ "- name: a\n  [x]: 1\n", 2, 3, "a key is a text, not a list" },
	/* selectors */
	{ "- name: a\n  server: 1.2.3\n", 2, 11, "server: '1.2.3' is not an address or prefix" },
	{ "- name: a\n  server: 1.2.3.4/33\n", 2, 11, "server: '1.2.3.4/33' is not" },
	{ "- name: a\n  server: 1.2.3.4/\n", 2, 11, "server: '1.2.3.4/' is not" },
	{ "- name: a\n  server: 1.2.3.4/24\n", 2, 11, "server: '1.2.3.4/24' has bits behind" },
	{ "- name: a\n  client: 2001:db8::1/32\n", 2, 11, "client: '2001:db8::1/32' has bits" },
	{ "- name: a\n  client_port: http\n", 2, 16, "client_port: 'http' is not a number" },
	{ "- name: a\n  client_port: 9..8\n", 2, 16, "client_port: nothing is '9..8'" },
	{ "- name: a\n  client_port: \"< 0\"\n", 2, 16, "client_port: nothing is '< 0'" },
	{ "- name: a\n  family: 5\n", 2, 11, "family: '5' is not 4 or 6" },
	{ "- name: a\n  role: path\n", 2, 9, "'path' is not client or server" },
	{ "- name: a\n  from: yesterday\n", 2, 9, "from: 'yesterday' is not a time" },
	{ "- name: a\n  from: 2026-13-01T00:00:00Z\n", 2, 9, "from: '2026-13-01T00:00:00Z' is" },
	{ "- name: a\n  from: 2026-01-01T00:00:00\n", 2, 9, "from: '2026-01-01T00:00:00' is not" },
	{ "- name: a\n  from: 5\n  to: 5\n", 1, 3, "from is not before to" },
	{ "- name: a\n  unknown: maybe\n", 2, 12, "unknown: 'maybe' is not fail or pass" },
	{ "- name: a\n  min_flows: -1\n", 2, 14, "min_flows: '-1' is not a number" },
	/* findings */
	{ "- name: a\n  findings: none\n", 2, 13, "findings is a map, not a text; there are none" },
	{ "- name: a\n  findings: {}\n", 2, 13, "findings needs none, at_most or at_least" },
	{ "- name: a\n  findings: []\n", 2, 13, "findings: an empty list" },
	{ "- name: a\n  findings: {none: []}\n", 2, 20, "none takes codes or severities" },
	{ "- name: a\n  findings: {none: [bad]}\n", 2, 21, "no finding code or severity 'bad'" },
	{ "- name: a\n  findings: {at_most: 5}\n", 2, 23, "at_most takes a map" },
	{ "- name: a\n  findings: {at_most: {info: x}}\n", 2, 30, "info: 'x' is not a number" },
	{ "- name: a\n  findings: {at_most: {info: 101 %}}\n", 2, 30, "info: more than 100 %" },
	{ "- name: a\n  findings: {at_most: {info: 1, info: 2}}\n", 2, 33, "'info' is there" },
	{ "- name: a\n  findings: {none: info, where: {x: 1}}\n", 2, 34,
	  "no finding has a number" },
	{ "- name: a\n  findings: {none: info, where: {side: up}}\n", 2, 40, "side: 'up' is none" },
	{ "- name: a\n  findings: {none: wscale-zero, where: {stalled_s: 1}}\n", 2, 41,
	  "wscale-zero has no number 'stalled_s'" },
	{ "- name: a\n  findings: {none: info, where: {stalled_s: 5 m}}\n", 2, 45,
	  "stalled_s: '5 m' is not a time" },
	/* the other assertions */
	{ "- name: a\n  scaling: yes\n", 2, 12, "scaling: 'yes' is not on or off" },
	{ "- name: a\n  wscale: {state: present}\n", 2, 11, "wscale needs a side" },
	{ "- name: a\n  wscale: {side: server}\n", 2, 11, "wscale needs state or shift" },
	{ "- name: a\n  wscale: {side: server, state: unknown}\n", 2, 33, "state: 'unknown' is" },
	{ "- name: a\n  wscale: {side: server, shift: seven}\n", 2, 33, "shift: 'seven' is not" },
	{ "- name: a\n  wscale: {side: server, state: absent, shift: 7}\n", 2, 11, "an absent" },
	{ "- name: a\n  effective_window: {side: server}\n", 2, 21, "effective_window needs min" },
	{ "- name: a\n  effective_window: {side: server, min: 2 kB, max: 1 kB}\n", 2, 52,
	  "min is above max" },
	{ "- name: a\n  effective_window: {side: server, min: 1 KB/s}\n", 2, 41, "min: '1 KB/s'" },
	{ "- name: a\n  rtt: 5\n", 2, 8, "rtt: '5' is not a time with its unit" },
	{ "- name: a\n  baseline: none.json\n", 2, 13,
	  "cannot read baseline 'none.json': No such" },
};

static void test_mistakes(void **state)
{
	unsigned int failed = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		const struct mistake_case *c = &mistakes[i];
		struct document_error error;
		struct expect *e;
		int err = expect_parse(&e, "x", c->text, strlen(c->text), &error);

		if (err == -EINVAL && !e && error.mark.line == c->line &&
		    error.mark.column == c->column &&
		    !strncmp(error.reason, c->why, strlen(c->why)))
			continue;
		print_error("%s: %d, %u:%u: %s\n", c->text, err, error.mark.line, error.mark.column,
			    err ? error.reason : "taken");
		expect_free(e);
		failed++;
	}
	assert_int_equal(failed, 0);
}

/* ---- values ---- */

static const struct range_case {
	const char *text;
	enum expect_unit unit;
	__u64 low, high; /* low above high: refused */
} ranges[] = {
	{ "7", EXPECT_PLAIN, 7, 7 },
	{ " = 7 ", EXPECT_PLAIN, 7, 7 },
	{ "== 7", EXPECT_PLAIN, 7, 7 },
	{ ">=7", EXPECT_PLAIN, 7, UINT64_MAX },
	{ "> 7", EXPECT_PLAIN, 8, UINT64_MAX },
	{ "<= 7", EXPECT_PLAIN, 0, 7 },
	{ "< 7", EXPECT_PLAIN, 0, 6 },
	{ "5..10", EXPECT_PLAIN, 5, 10 },
	{ "5 .. 10 ms", EXPECT_DURATION, 5000000, 10000000 },
	{ "900 us..1.5 ms", EXPECT_DURATION, 900000, 1500000 },
	{ "256 KiB", EXPECT_BYTES, 262144, 262144 },
	{ "1.5 kB", EXPECT_BYTES, 1500, 1500 },
	{ "0.5 B", EXPECT_BYTES, 1, 0 },
	{ "> 0.2", EXPECT_SECONDS, 200000001, UINT64_MAX },
	{ "100", EXPECT_US, 100000, 100000 },
	{ "0", EXPECT_DURATION, 0, 0 },
	{ "5", EXPECT_DURATION, 1, 0 },
	{ "1 min", EXPECT_DURATION, 60000000000, 60000000000 },
	{ "2.5 Mbit/s", EXPECT_BPS, 2500000, 2500000 },
	{ "5 %", EXPECT_PERCENT, 50000, 50000 },
	{ "0.1%", EXPECT_PERCENT, 1000, 1000 },
	{ "18446744073709551615", EXPECT_PLAIN, UINT64_MAX, UINT64_MAX },
	{ "18446744073709551616", EXPECT_PLAIN, 1, 0 },
	{ "99999999999 GiB", EXPECT_BYTES, 1, 0 },
	{ "> 18446744073709551615", EXPECT_PLAIN, 1, 0 },
	{ "-1", EXPECT_PLAIN, 1, 0 },
	{ "1e3", EXPECT_PLAIN, 1, 0 },
	{ "", EXPECT_PLAIN, 1, 0 },
	{ ">", EXPECT_PLAIN, 1, 0 },
	{ "..", EXPECT_PLAIN, 1, 0 },
	{ "1..", EXPECT_PLAIN, 1, 0 },
	{ "1.", EXPECT_PLAIN, 1, 0 },
	{ "7 7", EXPECT_PLAIN, 1, 0 },
	{ "1 kib", EXPECT_BYTES, 1, 0 },
};

static void test_ranges(void **state)
{
	unsigned int failed = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		const struct range_case *c = &ranges[i];
		char why[EXPECT_REASON_ROOM];
		struct expect_range r;
		int err = expect_range(&r, c->text, c->unit, why);

		if (c->low > c->high ? err == -EINVAL
				     : !err && r.low == c->low && r.high == c->high)
			continue;
		print_error("'%s': %d, %llu to %llu\n", c->text, err, (unsigned long long)r.low,
			    (unsigned long long)r.high);
		failed++;
	}
	assert_int_equal(failed, 0);
}

static void test_words_and_times(void **state)
{
	char why[EXPECT_REASON_ROOM];
	struct expect_range r;
	__s64 ns;

	(void)state;
	assert_int_equal(expect_word_range(&r, ">= medium", NAMES_CONFIDENCE, why), 0);
	assert_true(expect_holds(&r, CONFIDENCE_HIGH) && !expect_holds(&r, CONFIDENCE_LOW));
	assert_int_equal(expect_word_range(&r, "server", NAMES_SIDE, why), 0);
	assert_true(expect_holds(&r, SIDE_SERVER) && !expect_holds(&r, SIDE_CLIENT));
	assert_int_equal(expect_time(&ns, "2026-01-02T03:04:05.5Z", why), 0);
	assert_true(ns == 1767323045500000000LL);
	assert_int_equal(expect_time(&ns, "2026-01-02 04:04:05.5+01:00", why), 0);
	assert_true(ns == 1767323045500000000LL);
	assert_int_equal(expect_time(&ns, "1767323045.5", why), 0);
	assert_true(ns == 1767323045500000000LL);
	assert_int_equal(expect_time(&ns, "2026-01-02T03:04:05+1", why), -EINVAL);
	assert_int_equal(expect_time(&ns, "99999999999", why), -EINVAL);
}

/* ---- a whole file ---- */

static const char whole[] = "- name: all of it\n"
			    "  client: 192.0.2.0/24\n"
			    "  server: \"2001:db8::/32\"\n"
			    "  server_port: 80..90\n"
			    "  family: 6\n"
			    "  domain: 42\n"
			    "  role: server\n"
			    "  from: 2026-01-02T03:04:05Z\n"
			    "  to: 1900000000\n"
			    "  unknown: pass\n"
			    "  min_flows: 0\n"
			    "  findings:\n"
			    "    - none: [warning, endpoint-off]\n"
			    "      where: {confidence: \">= high\", side: server}\n"
			    "    - at_most: {window-limited: 5 %}\n"
			    "      at_least: {info: 1}\n"
			    "  wscale:\n"
			    "    - {state: present, shift: \">= 7\"}\n"
			    "    - {side: client, state: absent}\n"
			    "  scaling: on\n"
			    "  effective_window: {min: 256 KiB, max: 1 GiB}\n"
			    "  rtt: \"< 100 ms\"\n";

static void test_whole(void **state)
{
	struct document_error error;
	struct expect *e;
	const struct expect_clause *c;

	(void)state;
	assert_int_equal(expect_parse(&e, "x", whole, strlen(whole), &error), 0);
	assert_int_equal(e->n, 1);
	assert_string_equal(e->list[0].name, "all of it");
	assert_true(e->list[0].unknown_passes);
	assert_int_equal(e->list[0].n, 1 + 4 + 2 + 3);
	c = e->list[0].clauses;
	assert_int_equal(c[0].assertion, EXPECT_ASSERT_min_flows);
	assert_int_equal(c[0].count, 0);
	assert_true(c[1].of_severity && c[1].what == SEVERITY_WARNING && c[1].where_n == 2);
	assert_true(!c[2].of_severity && c[2].what == FINDING_endpoint_off && c[2].where_n == 2);
	assert_true(c[3].percent && c[3].count == 50000 && !c[3].where_n);
	assert_true(c[4].at_least && c[4].count == 1);
	assert_true(c[5].side == SIDE_SERVER && c[5].ranged && c[5].range.low == 7);
	assert_true(c[6].side == SIDE_CLIENT && c[6].state == WSCALE_ABSENT);
	assert_int_equal(c[8].range.low, 262144);
	expect_free(e);
}

/* ---- damage ---- */

static __u32 next_random(__u32 *seed)
{
	*seed = *seed * 1664525U + 1013904223U;
	return *seed >> 8;
}

static void mutate(char *text, size_t len, __u32 *seed)
{
	static const char bytes[] = "-:[]{}\"'\n #&*!>|%.,0\\\xc3\xff\x01";

	for (unsigned int n = 1 + next_random(seed) % 4; n; n--) {
		size_t at = next_random(seed) % len, other = next_random(seed) % len;

		switch (next_random(seed) % 3) {
		case 0:
			text[at] = bytes[next_random(seed) % (sizeof(bytes) - 1)];
			break;
		case 1:
			text[at] = text[other];
			break;
		default:
			at = at < other ? at : other;
			memmove(text + at, text + at + 1, len - at - 1);
			text[len - 1] = ' ';
		}
	}
}

/* Exact-size heap buffers, so that the sanitizer sees one byte too far. */
static void parse_copy(const char *bytes, size_t len)
{
	struct document_error error;
	struct expect *e;
	char *copy = malloc(len + !len);
	int err;

	assert_non_null(copy);
	memcpy(copy, bytes, len);
	err = expect_parse(&e, "x", copy, len, &error);
	assert_true(!err == !!e);
	assert_true(!err || (err == -EINVAL && error.mark.line && *error.reason));
	expect_free(e);
	free(copy);
}

static void test_damage(void **state)
{
	__u32 seed = 1;

	(void)state;
	for (size_t cut = 0; cut < strlen(whole); cut++)
		parse_copy(whole, cut);
	for (unsigned int i = 0; i < 20000; i++) {
		char text[sizeof(whole)];

		memcpy(text, whole, sizeof(text));
		mutate(text, sizeof(whole) - 1, &seed);
		parse_copy(text, strlen(whole));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mistakes),        cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_words_and_times), cmocka_unit_test(test_whole),
		cmocka_unit_test(test_damage),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
