// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The sentences of detectors.def filled in: each number by its name, with the unit that stands at
 * the end of the name; and the names that records give the numbers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/facts.h"
#include "userspace/record.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct record_names names = { .client = "::1", .server = "::2", .host = "::3" };

/* The longest address there is, as inet_ntop(3) writes it. */
#define LONGEST "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255"

/* In memory of its exact size, so that a sanitizer sees one byte too far. */
static char *sentence(const char *template, const struct record_names *who,
		      const struct finding *finding)
{
	struct record_sentence *out = malloc(sizeof(*out));

	assert_non_null(out);
	record_sentence(out, template, who, finding);
	return out->text;
}

static void check_sentence(const char *template, const struct finding *finding, const char *due)
{
	char *got = sentence(template, &names, finding);

	if (strcmp(got, due) != 0)
		fail_msg("'%s' is '%s', due '%s'", template, got, due);
	free(got);
}

/* The names of a code's numbers, one after another; ends the test when there are too many. */
static unsigned int value_names(unsigned int code, char out[FINDING_VALUES][64])
{
	char *copy = strdup(names_detector(code)->values), *save = NULL;
	unsigned int n = 0;

	for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		assert_true(n < FINDING_VALUES);
		assert_true(strlen(w) < RECORD_VALUE_ROOM);
		snprintf(out[n++], 64, "%s", w);
	}
	free(copy);
	return n;
}

static const struct unit {
	const char *end;
	const char *key_end; /* in records */
	const char *text;    /* of 1,234,567 */
	enum record_unit unit;
} units[] = {
	{ "_bytes", "_bytes", "1,234,567 bytes", RECORD_UNIT_BYTES },
	{ "_bps", "_bps", "1.2 Mbit/s", RECORD_UNIT_BPS },
	{ "_ns", "_s", "0.001 s", RECORD_UNIT_NS },
	{ "_us", "_us", "1235 ms", RECORD_UNIT_US },
	{ "", "", "1,234,567", RECORD_UNIT_NONE },
};

static const struct unit *unit_of(const char *name)
{
	size_t n = strlen(name), i = 0;

	while (n < strlen(units[i].end) || strcmp(name + n - strlen(units[i].end), units[i].end))
		i++;
	return &units[i];
}

static void every_number_is_told_with_its_unit(void **state)
{
	(void)state;
	for (unsigned int code = 0; code < FINDING_CODES; code++) {
		char list[FINDING_VALUES][64];
		unsigned int n = value_names(code, list);

		for (unsigned int i = 0; i < n; i++) {
			struct finding finding = { .code = (__u8)code };
			char template[256], due[256];

			finding.value[i] = 1234567;
			snprintf(template, sizeof(template), "<{%s}>", list[i]);
			snprintf(due, sizeof(due), "<%s>", unit_of(list[i])->text);
			check_sentence(template, &finding, due);
		}
	}
}

static void every_number_has_a_key(void **state)
{
	(void)state;
	for (unsigned int code = 0; code < FINDING_CODES; code++) {
		const struct finding finding = { .code = (__u8)code };
		char list[FINDING_VALUES][64], key[RECORD_VALUE_ROOM];
		unsigned int n = value_names(code, list);

		for (unsigned int i = 0; i < n; i++) {
			const struct unit *u = unit_of(list[i]);
			char due[256];

			snprintf(due, sizeof(due), "%.*s%s",
				 (int)(strlen(list[i]) - strlen(u->end)), list[i], u->key_end);
			assert_int_equal(record_value_key(key, &finding, i), u->unit);
			assert_string_equal(key, due);
			for (unsigned int k = 0; k < i; k++)
				assert_string_not_equal(list[k], list[i]);
		}
		for (unsigned int i = n; i <= FINDING_VALUES; i++) {
			assert_int_equal(record_value_key(key, &finding, i), RECORD_UNIT_NONE);
			assert_string_equal(key, "");
		}
	}
}

static void numbers_are_written_for_people(void **state)
{
	static const struct {
		__u8 code;
		const char *template;
		__u64 value;
		const char *due;
	} table[] = {
		{ FINDING_signed_window, "{window_bytes}", 0, "0 bytes" },
		{ FINDING_signed_window, "{window_bytes}", 1, "1 byte" },
		{ FINDING_signed_window, "{window_bytes}", 2, "2 bytes" },
		{ FINDING_signed_window, "{window_bytes}", 999, "999 bytes" },
		{ FINDING_signed_window, "{window_bytes}", 1000, "1,000 bytes" },
		{ FINDING_signed_window, "{window_bytes}", UINT64_MAX,
		  "18,446,744,073,709,551,615 bytes" },
		{ FINDING_zero_window_stall, "{stalled_ns}", 0, "0.000 s" },
		{ FINDING_zero_window_stall, "{stalled_ns}", 999999, "0.000 s" },
		{ FINDING_zero_window_stall, "{stalled_ns}", 1000000, "0.001 s" },
		{ FINDING_zero_window_stall, "{stalled_ns}", 61999999999, "61.999 s" },
		{ FINDING_zero_window_stall, "{stalled_ns}", UINT64_MAX, "18446744073.709 s" },
		{ FINDING_window_overrun, "{shift}", 7, "7" },
		{ FINDING_tiny_window, "2^{granularity_bytes}", 16384, "2^16,384 bytes" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		const struct finding finding = { .code = table[i].code,
						 .value = { table[i].value } };

		check_sentence(table[i].template, &finding, table[i].due);
	}
}

static void a_second_and_a_third_number(void **state)
{
	static const struct {
		__u64 rtt_us, bps;
		const char *due;
	} table[] = {
		{ 0, 0, "0 us, 0.0 kbit/s" },
		{ 999, 999, "999 us, 1.0 kbit/s" },
		{ 1000, 10000, "1.0 ms, 10 kbit/s" },
		{ 9949, 999000, "9.9 ms, 999 kbit/s" },
		{ 10000, 1000000, "10 ms, 1.0 Mbit/s" },
		{ 204000, 2569600, "204 ms, 2.6 Mbit/s" },
		{ 1234567, 40000000000, "1235 ms, 40 Gbit/s" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		const struct finding finding = { .code = FINDING_window_limited,
						 .value = { 5, table[i].rtt_us, table[i].bps } };

		check_sentence("{rtt_us}, {ceiling_bps}", &finding, table[i].due);
	}
}

static void who_is_who(void **state)
{
	static const struct {
		__u8 side;
		const char *due;
	} table[] = {
		{ SIDE_CLIENT, "::1 ::2 ::3 client server" },
		{ SIDE_SERVER, "::1 ::2 ::3 server client" },
		{ SIDE_PATH, "::1 ::2 ::3 path peer" },
		{ SIDE_NONE, "::1 ::2 ::3 path peer" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		const struct finding finding = { .side = table[i].side };

		check_sentence("{client} {server} {host} {side} {peer}", &finding, table[i].due);
	}
}

static void what_is_no_placeholder_stays(void **state)
{
	static const char *const table[] = {
		"",
		"{",
		"}",
		"{}",
		"{{}}",
		"{unknown}",
		"{Client}",
		"{ client}",
		"{clients}",
		"{clien}",
		"{client",
		"{factor}",           /* of another code */
		"{shift changed_to}", /* two names */
		"{shift_bytes}",
		"{0} {1}",
		"%s %d %n",
	};
	const struct finding finding = { .code = FINDING_wscale_changed, .value = { 7, 9 } };
	const struct finding beyond = { .code = FINDING_CODES, .value = { 7, 9 } };
	const struct record_names nobody = { 0 };
	char *got;

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++)
		check_sentence(table[i], &finding, table[i]);
	check_sentence("{x {shift} y}", &finding, "{x 7 y}");
	check_sentence("{{shift}}{changed_to}", &finding, "{7}9");
	check_sentence("{shift}", &beyond, "{shift}");
	got = sentence("{client} {host}", &nobody, &finding);
	assert_string_equal(got, "{client} {host}");
	free(got);
}

/* Whatever ends at the end of the room is cut there, and ended. */
static void nothing_is_written_beyond_the_room(void **state)
{
	static const char *const tails[] = { "{client}", "{window_bytes}", "{unknown}", "{", "x" };
	const struct record_names who = { .client = LONGEST };
	const struct finding finding = { .code = FINDING_signed_window, .value = { UINT64_MAX } };
	char template[2 * RECORD_SENTENCE_ROOM];

	(void)state;
	for (size_t i = 0; i < COUNT(tails); i++) {
		for (size_t n = RECORD_SENTENCE_ROOM - 60; n <= RECORD_SENTENCE_ROOM; n++) {
			char *got;

			memset(template, 'a', n);
			snprintf(template + n, sizeof(template) - n, "%s%s", tails[i], tails[i]);
			got = sentence(template, &who, &finding);
			assert_true(strlen(got) < RECORD_SENTENCE_ROOM);
			assert_memory_equal(got, template,
					    n < RECORD_SENTENCE_ROOM ? n
								     : RECORD_SENTENCE_ROOM - 1);
			free(got);
		}
	}
}

/* Not with the longest addresses and numbers is a sentence cut, or a placeholder left. */
static void sentences_have_room(void **state)
{
	const struct record_names who = { LONGEST, LONGEST, LONGEST };

	(void)state;
	for (unsigned int code = 0; code < FINDING_CODES; code++) {
		const struct names_detector *d = names_detector(code);
		const struct finding finding = { .code = (__u8)code,
						 .side = SIDE_CLIENT,
						 .value = { UINT64_MAX, UINT64_MAX, UINT64_MAX } };
		const char *templates[] = { d->text, d->advice };

		for (size_t i = 0; i < 2; i++) {
			char *got = sentence(templates[i], &who, &finding);

			if (strlen(got) >= RECORD_SENTENCE_ROOM - 1 || strchr(got, '{'))
				fail_msg("%s: %s", d->code, got);
			free(got);
		}
	}
}

/* A record has seconds with nine decimals, under a name that says so, and the codes replaced. */
static void records_have_the_numbers(void **state)
{
	const struct options o = { .json = true };
	const struct facts stalled = {
		.client_w = FACTS_SHIFT(7),
		.server_w = FACTS_SHIFT(7),
		.s2c = { .packets = 9, .zero_spells = 2, .zero_ns = 1500000001 }
	};
	const struct facts phantom = { .client_w = FACTS_SHIFT(7),
				       .server_w = FACTS_ABSENT,
				       .c2s = { .packets = 9,
						.windows = 1,
						.window_first = 502,
						.window_min = 502,
						.window_max = 502 } };
	struct facts_report r;
	char *text;

	(void)state;
	facts_report_start(&r);
	facts_report_flow(&r, &stalled);
	facts_report_flow(&r, &phantom);
	text = facts_print(output_choose(&o), &r.report, &o);
	assert_non_null(strstr(text,
			       "\"numbers\":{\"stalled_s\":1.500000001,\"longest_s\":0.000000000,"
			       "\"probes\":0},\"replaces\":[]"));
	assert_non_null(strstr(text, "\"numbers\":{\"factor\":128,\"usable_bytes\":502,"
				     "\"ceiling_bps\":0},\"replaces\":[\"server-no-wscale\"]"));
	assert_null(strstr(text, "_ns\""));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_number_is_told_with_its_unit),
		cmocka_unit_test(every_number_has_a_key),
		cmocka_unit_test(numbers_are_written_for_people),
		cmocka_unit_test(a_second_and_a_third_number),
		cmocka_unit_test(who_is_who),
		cmocka_unit_test(what_is_no_placeholder_stays),
		cmocka_unit_test(nothing_is_written_beyond_the_room),
		cmocka_unit_test(sentences_have_room),
		cmocka_unit_test(records_have_the_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
