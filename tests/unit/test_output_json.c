// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The contract of --json: lines of RFC 8259 JSON in the order flows, endpoints, summary; exact
 * times; names of files survive whatever bytes they are made of.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/unit/facts.h"
#include "userspace/output/writer.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

static const struct options options = { .json = true };

static json_t *parse(const char *line)
{
	json_error_t error;
	json_t *value = json_loads(line, JSON_DISABLE_EOF_CHECK, &error);

	if (!value)
		fail_msg("%s: %s", error.text, line);
	return value;
}

static const char *text_of(json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static long long number_of(json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);

	if (!json_is_integer(value))
		fail_msg("%s is no integer", key);
	return json_integer_value(value);
}

/* ---- the writer ---- */

static char *written(void (*write)(struct writer *w, const void *arg), const void *arg)
{
	char *text = NULL;
	size_t n;
	FILE *to = open_memstream(&text, &n);
	struct writer w;

	writer_start(&w, to);
	write(&w, arg);
	assert_int_equal(writer_flush(&w), 0);
	fclose(to);
	return text;
}

static void write_seconds(struct writer *w, const void *arg)
{
	writer_seconds(w, *(const __s64 *)arg);
}

static void write_string(struct writer *w, const void *arg)
{
	writer_string(w, arg);
}

static void seconds_have_nine_exact_decimals(void **state)
{
	static const struct {
		__s64 ns;
		const char *due;
	} table[] = {
		{ 0, "0.000000000" },
		{ 1, "0.000000001" },
		{ 999999999, "0.999999999" },
		{ 1000000000, "1.000000000" },
		{ 1700000000123456789, "1700000000.123456789" },
		{ 4294967295999999999, "4294967295.999999999" },
		{ INT64_MAX, "9223372036.854775807" },
		{ -1, "-0.000000001" },
		{ -1500000000, "-1.500000000" },
		{ INT64_MIN, "-9223372036.854775808" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		char *got = written(write_seconds, &table[i].ns);

		assert_string_equal(got, table[i].due);
		free(got);
	}
}

#define REPLACED "\xef\xbf\xbd"

static void strings_survive(void **state)
{
	static const struct {
		const char *name;
		const char *text;
		const char *due; /* between the quotes */
	} table[] = {
		{ "empty", "", "" },
		{ "plain", "a.pcap", "a.pcap" },
		{ "quote and backslash", "a\"b\\c", "a\\\"b\\\\c" },
		{ "line end and tab", "a\nb\tc", "a\\nb\\tc" },
		{ "escape sequence", "\033[31m", "\\u001b[31m" },
		{ "other controls", "\x01\x1f", "\\u0001\\u001f" },
		{ "delete is allowed", "\x7f", "\x7f" },
		{ "two, three and four bytes", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80",
		  "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80" },
		{ "first and last of each length",
		  "\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\xf0\x90"
		  "\x80\x80\xf4\x8f\xbf\xbf",
		  "\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf" },
		{ "Latin-1", "caf\xe9.pcap", "caf" REPLACED ".pcap" },
		{ "a tail without a head", "\x80", REPLACED },
		{ "cut before the end", "\xe2\x82", REPLACED REPLACED },
		{ "cut by a quote", "\xe2\"", REPLACED "\\\"" },
		{ "overlong slash", "\xc0\xaf", REPLACED REPLACED },
		{ "overlong, three bytes", "\xe0\x80\xaf", REPLACED REPLACED REPLACED },
		{ "surrogate", "\xed\xa0\x80", REPLACED REPLACED REPLACED },
		{ "above U+10FFFF", "\xf4\x90\x80\x80", REPLACED REPLACED REPLACED REPLACED },
		{ "bytes that are never used", "\xfe\xff", REPLACED REPLACED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		char *got = written(write_string, table[i].text);
		json_error_t error;
		json_t *value = json_loads(got, JSON_DECODE_ANY, &error);

		if (!value)
			fail_msg("%s: %s: %s", table[i].name, error.text, got);
		if (strncmp(got + 1, table[i].due, strlen(table[i].due)) != 0 ||
		    strlen(got) != strlen(table[i].due) + 2)
			fail_msg("%s: %s", table[i].name, got);
		json_decref(value);
		free(got);
	}
}

static void write_markup(struct writer *w, const void *arg)
{
	w->markup = true;
	writer_string(w, arg);
}

/* Inside a page: nothing that begins or ends markup (HTML, 13.2.5), and the same string. */
static void markup_is_escaped(void **state)
{
	static const char text[] =
		"</script>&amp;<!--\"\\ \xe2\x80\xa7\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa";
	char *got = written(write_markup, text);
	json_error_t error;
	json_t *value = json_loads(got, JSON_DECODE_ANY, &error);

	(void)state;
	assert_string_equal(got, "\"\\u003c/script\\u003e\\u0026amp;\\u003c!--\\\"\\\\ "
				 "\xe2\x80\xa7\\u2028\\u2029\xe2\x80\xaa\"");
	assert_non_null(value);
	assert_string_equal(json_string_value(value), text);
	json_decref(value);
	free(got);
}

/* Longer than the buffer, so that it is handed on in the middle. */
static void a_long_string_is_whole(void **state)
{
	size_t n = 3 * WRITER_ROOM + 7;
	char *text = malloc(n + 1), *got;

	(void)state;
	for (size_t i = 0; i < n; i++)
		text[i] = (char)('a' + i % 26);
	text[n] = '\0';
	got = written(write_string, text);
	assert_int_equal(strlen(got), n + 2);
	assert_memory_equal(got + 1, text, n);
	free(got);
	free(text);
}

/* ---- records ---- */

/* Splits into lines; each must end. Returns how many. */
static size_t split(char *text, char **lines, size_t room)
{
	size_t n = 0;

	for (char *end; *text; text = end + 1) {
		end = strchr(text, '\n');
		assert_non_null(end);
		assert_true(n < room);
		*end = '\0';
		lines[n++] = text;
	}
	return n;
}

static void order_is_flows_endpoints_summary(void **state)
{
	static const char *const due[] = { "flow", "flow", "endpoint", "summary" };
	struct facts refused = { .client_w = FACTS_SHIFT(7), .server_w = FACTS_ABSENT };
	struct facts later = { .first_ns = 5, .client_port = 7 };
	struct facts_endpoint server = { .address = "198.51.100.1", .port = 443, .refusals = 1 };
	struct facts_report r;
	char *lines[8] = { NULL }, *text;

	(void)state;
	facts_report_start(&r);
	facts_report_flow(&r, &refused);
	facts_report_flow(&r, &later);
	facts_report_endpoint(&r, &server);
	text = facts_print(output_choose(&options), &r.report, &options);
	assert_int_equal(split(text, lines, 8), 4);
	for (size_t i = 0; i < 4; i++) {
		json_t *record = parse(lines[i]);

		assert_string_equal(text_of(record, "type"), due[i]);
		assert_int_equal(number_of(record, "schema"), 1);
		json_decref(record);
	}
	free(text);
}

static void times_are_since_the_epoch(void **state)
{
	struct facts facts = { .first_ns = 1000000001,
			       .c2s = { .packets = 1, .last_ns = 3000000002 } };
	struct facts_report r;
	char *text;

	(void)state;
	facts_report_start(&r);
	facts_report_flow(&r, &facts);
	r.report.epoch_offset_ns = 1700000000123456788;
	text = facts_print(output_choose(&options), &r.report, &options);
	assert_non_null(strstr(text, "\"first\":1700000001.123456789,"));
	assert_non_null(strstr(text, "\"last\":1700000003.123456790,"));
	assert_non_null(strstr(text, "\"duration_s\":2.000000001,"));
	free(text);
}

static void an_endpoint_has_times_only_of_refusals(void **state)
{
	struct facts_endpoint good = { .address = "192.0.2.7", .offers = 3 };
	struct facts_endpoint bad = { .address = "2001:db8::7",
				      .port = 8443,
				      .offers = 5,
				      .refusals = 20,
				      .run = 20,
				      .first_refusal_ns = 1500000000,
				      .last_refusal_ns = 2500000000 };
	struct facts_report r;
	char *lines[4] = { NULL }, *text;
	json_t *record, *finding;

	(void)state;
	facts_report_start(&r);
	facts_report_endpoint(&r, &good);
	facts_report_endpoint(&r, &bad);
	text = facts_print(output_choose(&options), &r.report, &options);
	assert_int_equal(split(text, lines, 4), 3);
	record = parse(lines[0]);
	assert_string_equal(text_of(record, "role"), "client");
	assert_int_equal(number_of(record, "port"), 0);
	assert_true(json_is_null(json_object_get(record, "first_refusal")));
	assert_true(json_is_null(json_object_get(record, "last_refusal")));
	json_decref(record);
	assert_non_null(
		strstr(lines[1], "\"first_refusal\":1.500000000,\"last_refusal\":2.500000000"));
	record = parse(lines[1]);
	assert_string_equal(text_of(record, "address"), "2001:db8::7");
	assert_int_equal(number_of(record, "port"), 8443);
	assert_string_equal(text_of(record, "role"), "server");
	assert_int_equal(number_of(record, "opportunities"), 25);
	assert_int_equal(number_of(record, "offers"), 5);
	assert_int_equal(number_of(record, "refusals"), 20);
	finding = json_array_get(json_object_get(record, "findings"), 0);
	assert_string_equal(text_of(finding, "code"), "endpoint-off");
	assert_non_null(strstr(text_of(finding, "text"), "2001:db8::7"));
	json_decref(record);
	free(text);
}

static void the_summary_adds_up(void **state)
{
	struct facts refused = { .client_w = FACTS_SHIFT(0), .server_w = FACTS_ABSENT };
	struct facts_endpoint off = { .address = "192.0.2.7", .refusals = 20, .run = 20 };
	struct facts_report r;
	char *lines[8] = { NULL }, *text;
	json_t *record, *part;
	size_t n;

	(void)state;
	facts_report_start(&r);
	facts_report_flow(&r, &refused);
	facts_report_flow(&r, &refused);
	facts_report_endpoint(&r, &off);
	r.report.counters[COUNTER_PACKETS] = 100;
	r.report.counters[COUNTER_HANDSHAKES] = 2;
	r.report.counters[COUNTER_DUPLICATES] = 3;
	r.report.counters[COUNTER_EVENTS_LOST] = 4;
	r.report.counters[SKIP_ARP] = 10;
	r.report.counters[SKIP_NOT_IP] = 5;
	r.report.lost_packets = 6;
	r.report.evictions = 7;
	text = facts_print(output_choose(&options), &r.report, &options);
	n = split(text, lines, 8);
	assert_int_equal(n, 4);
	record = parse(lines[n - 1]);
	assert_int_equal(number_of(record, "files"), 1);
	assert_int_equal(number_of(record, "packets"), 100);
	assert_int_equal(number_of(record, "tcp_packets"), 85);
	assert_int_equal(number_of(record, "flows"), 2);
	assert_int_equal(number_of(record, "handshakes"), 2);
	assert_int_equal(number_of(record, "duplicates"), 3);
	assert_int_equal(number_of(record, "evictions"), 7);
	part = json_object_get(record, "lost");
	assert_int_equal(number_of(part, "packets"), 6);
	assert_int_equal(number_of(part, "events"), 4);
	part = json_object_get(record, "skipped");
	assert_int_equal(json_object_size(part), 2);
	assert_int_equal(number_of(part, "arp"), 10);
	assert_int_equal(number_of(part, "not-ip"), 5);
	part = json_object_get(record, "findings");
	assert_int_equal(json_object_size(part), 3);
	assert_int_equal(number_of(part, "server-no-wscale"), 2);
	assert_int_equal(number_of(part, "wscale-zero"), 2);
	assert_int_equal(number_of(part, "endpoint-off"), 1);
	json_decref(record);
	free(text);
}

static void live_has_no_files(void **state)
{
	struct facts refused = { .client_w = FACTS_SHIFT(0), .server_w = FACTS_ABSENT };
	struct facts_report r;
	char *lines[4] = { NULL }, *text;
	json_t *record, *finding;

	(void)state;
	facts_report_start(&r);
	facts_report_flow(&r, &refused);
	r.report.live = true;
	r.report.files = NULL;
	r.report.files_n = 0;
	text = facts_print(output_choose(&options), &r.report, &options);
	assert_int_equal(split(text, lines, 4), 2);
	record = parse(lines[0]);
	assert_true(json_is_null(json_object_get(record, "file")));
	finding = json_array_get(json_object_get(record, "findings"), 0);
	assert_int_equal(json_array_size(json_object_get(finding, "packets")), 0);
	json_decref(record);
	record = parse(lines[1]);
	assert_int_equal(number_of(record, "files"), 0);
	json_decref(record);
	free(text);
}

static void event_start(struct event *e, enum event_kind kind)
{
	struct facts facts = { .client = "203.0.113.9" };
	struct facts_endpoint server = { .address = "198.51.100.1", .port = 443 };
	struct flow_entry flow;
	struct endpoint_entry endpoint;

	facts_flow(&flow, &facts);
	facts_endpoint(&endpoint, &server);
	memset(e, 0, sizeof(*e));
	e->ns = 1500000000;
	e->kind = kind;
	e->ifindex = 1; /* lo, everywhere */
	e->hook = HOOK_TC_EGRESS;
	e->key = flow.key;
	e->client = flow.flow.client;
	e->endpoint = endpoint.key;
	e->finding.code = kind == EVENT_FLOW_FINDING ? FINDING_server_no_wscale
						     : FINDING_endpoint_off;
	e->finding.severity = SEVERITY_CRITICAL;
	e->finding.side = SIDE_SERVER;
	e->finding.blame = BLAME_HOST;
	e->finding.confidence = CONFIDENCE_CERTAIN;
}

static void an_event_says_where_and_what(void **state)
{
	struct facts_report r;
	struct event e;
	json_t *record, *part;
	char *line;

	(void)state;
	facts_report_start(&r);
	r.report.live = true;
	r.report.epoch_offset_ns = 1700000000000000000;
	event_start(&e, EVENT_ENDPOINT_FINDING);
	line = facts_print_event(output_choose(&options), &r.report, &e, &options);
	assert_non_null(strstr(line, "\"time\":1700000001.500000000,"));
	record = parse(line);
	assert_string_equal(text_of(record, "type"), "event");
	assert_string_equal(text_of(record, "hook"), "tc-egress");
	assert_string_equal(text_of(record, "interface"), "lo");
	assert_string_equal(text_of(record, "client"), "203.0.113.9");
	assert_string_equal(text_of(record, "server"), "198.51.100.1");
	part = json_object_get(record, "endpoint");
	assert_string_equal(text_of(part, "address"), "198.51.100.1");
	assert_string_equal(text_of(part, "role"), "server");
	assert_int_equal(number_of(part, "port"), 443);
	part = json_object_get(record, "finding");
	assert_string_equal(text_of(part, "code"), "endpoint-off");
	assert_string_equal(text_of(part, "confidence"), "certain");
	json_decref(record);
	free(line);

	event_start(&e, EVENT_FLOW_FINDING);
	e.ifindex = 0x7ffffff0; /* gone */
	line = facts_print_event(output_choose(&options), &r.report, &e, &options);
	record = parse(line);
	assert_true(json_is_null(json_object_get(record, "endpoint")));
	assert_true(json_is_null(json_object_get(record, "interface")));
	json_decref(record);
	free(line);
}

static void a_full_disk_is_an_error(void **state)
{
	struct facts facts = { 0 };
	struct facts_report r;
	FILE *full = fopen("/dev/full", "w");

	(void)state;
	assert_non_null(full);
	setbuf(full, NULL);
	facts_report_start(&r);
	facts_report_flow(&r, &facts);
	assert_int_equal(output_choose(&options)->report(full, &r.report, &options), -ENOSPC);
	fclose(full);
}

#define MANY 100000

/* 100,000 flow records, each with a finding, take less than a second. */
static void flows_are_written_fast(void **state)
{
	struct facts refused = { .client_w = FACTS_SHIFT(7), .server_w = FACTS_ABSENT };
	const struct flow_entry **list = calloc(MANY, sizeof(*list));
	struct facts_report r;
	clock_t start;
	double seconds;
	FILE *to = fopen("/dev/null", "w");

	(void)state;
	assert_non_null(list);
	assert_non_null(to);
	facts_report_start(&r);
	facts_report_flow(&r, &refused);
	for (size_t i = 0; i < MANY; i++)
		list[i] = &r.flows[0];
	r.report.flows = list;
	r.report.flows_n = MANY;
	start = clock();
	assert_int_equal(output_choose(&options)->report(to, &r.report, &options), 0);
	seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
	print_message("# %.0f flow records a second\n", MANY / seconds);
	if (!SANITIZED)
		assert_true(seconds < 1.0);
	fclose(to);
	free(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(seconds_have_nine_exact_decimals),
		cmocka_unit_test(strings_survive),
		cmocka_unit_test(markup_is_escaped),
		cmocka_unit_test(a_long_string_is_whole),
		cmocka_unit_test(order_is_flows_endpoints_summary),
		cmocka_unit_test(times_are_since_the_epoch),
		cmocka_unit_test(an_endpoint_has_times_only_of_refusals),
		cmocka_unit_test(the_summary_adds_up),
		cmocka_unit_test(live_has_no_files),
		cmocka_unit_test(an_event_says_where_and_what),
		cmocka_unit_test(a_full_disk_is_an_error),
		cmocka_unit_test(flows_are_written_fast),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
