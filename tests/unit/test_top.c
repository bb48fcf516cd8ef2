// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The contract of the screen: rows are sorted by what was chosen and then stay where they are, a
 * filter means text or a whole port, no line is wider than the terminal or has anything but
 * printable ASCII in it, sparklines excepted; keys do what the help says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "tests/unit/facts.h"
#include "userspace/top_ui.h"

#define S     1000000000ULL
#define SHIFT FACTS_SHIFT

/* ---- texts ---- */

static void filters(void **state)
{
	static const struct {
		const char *text, *filter;
		bool holds;
	} cases[] = {
		{ "192.0.2.1:8080 on", "", true },
		{ "192.0.2.1:8080 on", "0.2.1", true },
		{ "192.0.2.1:8080 on", ":80", false },
		{ "192.0.2.1:80 on", ":80", true },
		{ "192.0.2.1:8080 192.0.2.2:80", ":80", true },
		{ "192.0.2.1:8080 on", "192.0.2.1:8080", true },
		{ "192.0.2.1:8080 on", "192.0.2.1:808", false },
		{ "[2001:db8::1]:443 off", "2001:DB8::1]", true },
		{ "server-no-wscale", "NO-WSCALE", true },
		{ "192.0.2.1:8080", "192.0.2.2", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (top_matches(cases[i].text, cases[i].filter) != cases[i].holds)
			fail_msg("'%s' in '%s'", cases[i].filter, cases[i].text);
	}
}

static void short_texts(void **state)
{
	char out[64];

	(void)state;
	assert_string_equal(top_safe(out, sizeof(out), "a\033[2Jb\n\xc3\xa9\x7f", 40),
			    "a?[2Jb????");
	assert_string_equal(top_safe(out, sizeof(out), "abcdef", 3), "abc");
	assert_string_equal(top_safe(out, 4, "abcdef", 10), "abc");
	assert_string_equal(top_tail(out, sizeof(out), "192.0.2.1:443", 20), "192.0.2.1:443");
	assert_string_equal(top_tail(out, sizeof(out), "192.0.2.1:443", 6), "~1:443");
	assert_string_equal(top_bytes(out, sizeof(out), -1), "?");
	assert_string_equal(top_bytes(out, sizeof(out), 0), "0");
	assert_string_equal(top_bytes(out, sizeof(out), 1023), "1023");
	assert_string_equal(top_bytes(out, sizeof(out), 65535), "64K");
	assert_string_equal(top_bytes(out, sizeof(out), 3 << 20), "3.0M");
	assert_string_equal(top_seconds(out, sizeof(out), 0), "-");
	assert_string_equal(top_seconds(out, sizeof(out), 1), "<1 ms");
	assert_string_equal(top_seconds(out, sizeof(out), S / 100), "10 ms");
	assert_string_equal(top_seconds(out, sizeof(out), 3 * S / 2), "1.5 s");
	assert_string_equal(top_seconds(out, sizeof(out), 250 * S), "250 s");
	assert_string_equal(top_seconds(out, sizeof(out), 7200 * S), "2.0 h");
}

static void sparks(void **state)
{
	const __s64 values[] = { -1, 0, 1, 400, 800 };
	char out[64];

	(void)state;
	assert_string_equal(top_spark(out, sizeof(out), values, 5, false), " _.+#");
	assert_string_equal(top_spark(out, sizeof(out), values, 5, true), " _\u2581\u2585\u2588");
	/* No half of a character. */
	assert_string_equal(top_spark(out, 7, values, 5, true), " _\u2581");
	assert_string_equal(top_spark(out, sizeof(out), values, 0, true), "");
}

static void pages(void **state)
{
	struct top_page p;
	__s64 many[100];

	(void)state;
	for (size_t i = 0; i < 100; i++)
		many[i] = (__s64)i;
	top_page_start(&p, 30, true);
	top_page_field(&p, "label",
		       "words that do not fit into thirty columns, and averyveryverylongone");
	for (size_t i = 0; i < p.n; i++)
		assert_true(strlen(p.lines[i].text) <= 30);
	assert_string_equal(p.lines[0].text, "  label      words that do not");
	assert_string_equal(p.lines[1].text, "             fit into thirty");
	assert_string_equal(p.lines[p.n - 1].text, "             one");
	top_page_add(&p, TEXT_PLAIN, "%-20s", "");
	top_page_spark(&p, many, 100);
	assert_int_equal(strlen(p.lines[p.n - 1].text), 20 + 10 * 3);
	/* The newest of them. */
	assert_string_equal(p.lines[p.n - 1].text + 47, "\u2588");
	top_page_free(&p);
}

/* ---- rows ---- */

/* Four connections: on, off, unknown, and on with a window that was closed for 3 s. */
static void make(struct facts_report *r)
{
	facts_report_start(r);
	facts_report_flow(r, &(struct facts){
				     .client = "192.0.2.9",
				     .client_w = SHIFT(7),
				     .server_w = SHIFT(7),
				     .first_ns = 10 * S,
				     .c2s = { .bytes = 500, .last_ns = 11 * S, .packets = 4 },
			     });
	facts_report_flow(r, &(struct facts){
				     .client = "192.0.2.3",
				     .server_port = 8080,
				     .client_w = SHIFT(7),
				     .server_w = FACTS_ABSENT,
				     .first_ns = 11 * S,
				     .c2s = { .bytes = 100, .last_ns = 30 * S, .packets = 4 },
			     });
	facts_report_flow(r, &(struct facts){
				     .client = "192.0.2.5",
				     .first_ns = 12 * S,
				     .c2s = { .bytes = 900, .last_ns = 12 * S, .packets = 4 },
			     });
	facts_report_flow(r, &(struct facts){
				     .client = "192.0.2.4",
				     .client_w = SHIFT(7),
				     .server_w = SHIFT(7),
				     .first_ns = 13 * S,
				     .s2c = { .packets = 9,
					      .last_ns = 20 * S,
					      .windows = true,
					      .window_max = 500,
					      .zero_ns = 3 * S,
					      .zero_windows = 1,
					      .zero_spells = 1 },
			     });
	facts_report_endpoint(r, &(struct facts_endpoint){
					 .address = "198.51.100.1", .port = 443, .offers = 40 });
	facts_report_endpoint(
		r, &(struct facts_endpoint){
			   .address = "198.51.100.1", .port = 8080, .refusals = 3, .run = 3 });
	r->report.live = true;
}

/* The last number of the clients' addresses, in the order of the rows. */
static void check_rows(const struct top_model *m, const char *due)
{
	char got[16] = "", text[TOP_LINE_ROOM];

	for (size_t i = 0; i < m->shown_n; i++) {
		top_flow_text(text, sizeof(text), top_flow_at(m, i));
		got[i] = text[strlen("192.0.2.")];
		got[i + 1] = '\0';
	}
	if (strcmp(got, due) != 0)
		fail_msg("rows are %s, not %s (by %s, filter '%s')", got, due, top_sort_name(m),
			 m->filter);
}

static void sorts(void **state)
{
	static const struct {
		enum top_flow_sort by;
		const char *rows;
	} cases[] = {
		/* What is equal: the worse first, then the first packet. */
		{ TOP_BY_WAITED, "4395" },
		{ TOP_BY_BYTES, "5934" },
		{ TOP_BY_LAST, "3459" },
		{ TOP_BY_CLIENT, "3459" },
	};
	static struct facts_report r;
	struct top_model m;

	(void)state;
	make(&r);
	top_model_start(&m);
	m.view = TOP_CONNECTIONS;
	assert_int_equal(top_update(&m, &r.report, 40 * S), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		m.sort[m.view] = cases[i].by;
		top_select(&m);
		check_rows(&m, cases[i].rows);
	}
	m.reverse[m.view] = true;
	top_select(&m);
	check_rows(&m, "9543");
	m.sort[m.view] = TOP_BY_CLIENT;
	snprintf(m.filter, sizeof(m.filter), ":8080");
	top_select(&m);
	check_rows(&m, "3");
	snprintf(m.filter, sizeof(m.filter), "no-wscale");
	top_select(&m);
	check_rows(&m, "3");
	snprintf(m.filter, sizeof(m.filter), "unknown");
	top_select(&m);
	check_rows(&m, "5");
	m.view = TOP_ENDPOINTS;
	m.filter[0] = '\0';
	top_select(&m);
	assert_int_equal(m.shown_n, 2);
	assert_int_equal(r.endpoints[m.shown[0]].key.port, 8080);
	top_next_sort(&m);
	top_select(&m);
	assert_string_equal(top_sort_name(&m), "handshakes");
	assert_int_equal(r.endpoints[m.shown[0]].key.port, 443);
	top_model_free(&m);
}

static void rates(void **state)
{
	static struct facts_report r;
	struct top_model m;

	(void)state;
	make(&r);
	top_model_start(&m);
	r.report.counters[COUNTER_HANDSHAKES] = 10;
	assert_int_equal(top_update(&m, &r.report, 11 * S), 0);
	assert_true(m.rates.handshakes < 0 && m.rates.on < 0);
	r.report.counters[COUNTER_HANDSHAKES] = 18;
	r.report.counters[COUNTER_PACKETS] = 40;
	/* Until 13 s: what came at 10, 11 and 12 s; the one of 13 s is yet to be decided. */
	assert_int_equal(top_update(&m, &r.report, 14 * S), 0);
	assert_true(m.rates.handshakes > 2.6 && m.rates.handshakes < 2.7);
	assert_true(m.rates.on > 0.3 && m.rates.on < 0.4 && m.rates.off > 0.3 &&
		    m.rates.unknown > 0.3);
	assert_int_equal(top_update(&m, &r.report, 18 * S), 0);
	assert_true(m.rates.on == 0.25 && m.rates.off == 0 && m.rates.handshakes == 0);
	top_model_free(&m);
}

static void histories(void **state)
{
	static struct facts_report r;
	const struct top_history *h;
	struct flow_entry *e;
	struct top_model m;

	(void)state;
	make(&r);
	e = &r.flows[3];
	top_model_start(&m);
	m.view = TOP_CONNECTIONS;
	assert_int_equal(top_update(&m, &r.report, 40 * S), 0);
	assert_null(top_history_find(&m, &e->key, e->flow.first_ns));
	h = top_track(&m, e);
	assert_non_null(h);
	assert_int_equal(h->n, 1);
	for (unsigned int i = 0; i < 2 * TOP_SAMPLES; i++) {
		e->flow.half[!e->flow.client].bits |= HALF_WINDOW;
		e->flow.half[!e->flow.client].shift = 7;
		e->flow.half[!e->flow.client].window_last = (__u16)i;
		assert_int_equal(top_update(&m, &r.report, (41 + i) * S), 0);
	}
	assert_int_equal(h->n, TOP_SAMPLES);
	assert_int_equal(h->window[1][TOP_SAMPLES - 1], (2 * TOP_SAMPLES - 1) << 7);
	assert_int_equal(h->window[1][0], TOP_SAMPLES << 7);
	/* The same addresses and ports, another connection. */
	assert_null(top_history_find(&m, &e->key, e->flow.first_ns + 1));
	top_model_free(&m);
}

/* ---- keys and views ---- */

static void check_lines(struct top_ui *ui, unsigned int width, size_t rows)
{
	struct top_page p;
	int marked;

	top_page_start(&p, width, false);
	top_head(&p, &ui->model, &ui->status);
	assert_int_equal(p.n, TOP_HEAD_LINES);
	for (size_t i = 0; i < p.n; i++)
		assert_true(strlen(p.lines[i].text) <= width);
	p.n = 0;
	top_ui_body(ui, &p, rows, &marked);
	assert_true(p.n <= rows && marked < (int)p.n);
	for (size_t i = 0; i < p.n; i++) {
		assert_true(strlen(p.lines[i].text) <= width);
		for (const char *c = p.lines[i].text; *c; c++)
			assert_in_range(*c, 0x20, 0x7e);
	}
	top_page_free(&p);
}

static bool body_has(struct top_ui *ui, const char *text)
{
	struct top_page p;
	bool has = false;
	int marked;

	top_page_start(&p, 80, false);
	top_ui_body(ui, &p, 60, &marked);
	for (size_t i = 0; i < p.n; i++)
		has |= strstr(p.lines[i].text, text) != NULL;
	top_page_free(&p);
	return has;
}

static void press(struct top_ui *ui, const char *keys)
{
	for (; *keys; keys++)
		assert_false(top_ui_key(ui, *keys == '\n' ? TOP_KEY_ENTER : *keys));
}

static void keys(void **state)
{
	static struct facts_report r;
	static struct top_ui ui;

	(void)state;
	make(&r);
	top_ui_start(&ui);
	/* Before the first refresh, too. */
	press(&ui, "\n1234s\nr");
	check_lines(&ui, 80, 18);
	assert_int_equal(top_update(&ui.model, &r.report, 40 * S), 0);
	press(&ui, "1");
	assert_true(body_has(&ui, "198.51.100.1:8080"));
	assert_true(body_has(&ui, "net.ipv4.tcp_window_scaling"));
	press(&ui, "\t");
	assert_int_equal(ui.model.view, TOP_ENDPOINTS);
	press(&ui, "3/:8080\n");
	assert_string_equal(ui.model.filter, ":8080");
	check_rows(&ui.model, "3");
	press(&ui, "\n");
	assert_int_equal(ui.over, TOP_OVER_DETAIL);
	assert_true(body_has(&ui, "192.0.2.3:40000 -> 198.51.100.1:8080"));
	assert_true(body_has(&ui, "warning server-no-wscale"));
	top_ui_key(&ui, TOP_KEY_BACK);
	assert_int_equal(ui.over, TOP_OVER_NOTHING);
	/* q is a letter while a filter is typed. */
	press(&ui, "/q");
	assert_string_equal(ui.model.filter, ":8080q");
	top_ui_key(&ui, TOP_KEY_ERASE);
	assert_string_equal(ui.model.filter, ":8080");
	top_ui_key(&ui, TOP_KEY_BACK);
	assert_string_equal(ui.model.filter, "");
	press(&ui, "p?");
	assert_true(ui.status.paused && ui.over == TOP_OVER_HELP);
	assert_true(top_ui_key(&ui, 'q'));
	assert_true(top_ui_key(&ui, 3));
	top_ui_free(&ui);
}

static void every_size(void **state)
{
	static const int moves[] = { TOP_KEY_END,     TOP_KEY_DOWN,    TOP_KEY_PAGE_DOWN,
				     TOP_KEY_PAGE_UP, TOP_KEY_PAGE_UP, TOP_KEY_UP,
				     TOP_KEY_HOME,    TOP_KEY_UP };
	static struct facts_report r;
	static struct top_ui ui;

	(void)state;
	make(&r);
	top_ui_start(&ui);
	assert_int_equal(top_update(&ui.model, &r.report, 40 * S), 0);
	top_ui_message(&ui, "cannot open '\033]0;x\a'");
	for (unsigned int width = TOP_WIDTH_LEAST; width < 200; width += 7) {
		for (size_t rows = 1; rows < 40; rows += 3) {
			for (const char *view = "1234?"; *view; view++) {
				top_ui_key(&ui, *view);
				for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++) {
					top_ui_key(&ui, moves[i]);
					check_lines(&ui, width, rows);
				}
			}
			press(&ui, "3\n");
			check_lines(&ui, width, rows);
		}
	}
	top_ui_free(&ui);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(filters),    cmocka_unit_test(short_texts),
		cmocka_unit_test(sparks),     cmocka_unit_test(pages),
		cmocka_unit_test(sorts),      cmocka_unit_test(rates),
		cmocka_unit_test(keys),       cmocka_unit_test(histories),
		cmocka_unit_test(every_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
