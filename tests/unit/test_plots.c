// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What is kept for plots: every change as long as there is room; then fewer points, among which the
 * smallest window and the largest flight stay; never more memory than allowed; and of what is given
 * up, nothing that a plot is looked at for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "pcap-replay/plots.h"

#define MS    1000000ULL
#define START 1700000000000000000ULL
#define MSS   1000
#define LARGE 60000 /* a window that nothing here fills */

/* A connection whose end 0 sends, and whose end 1 has the window. */
struct case_flow {
	struct flow flow;
	__u64 id;
};

/* One point of the direction in which end 0 sends; sent: the segment is its own. */
static void add(struct plots *p, struct case_flow *c, __u64 ns, __s64 window, __s64 flight,
		bool sent)
{
	struct packet packet = { .ns = ns };
	struct half *own = &c->flow.half[!sent], before = *own;
	struct native_segment segment = {
		.pkt = &packet, .flow = &c->flow, .before = &before, .dir = !sent
	};
	struct series_point point = { .ns = ns,
				      .id = ns / MS,
				      .flow = c->id,
				      .effective = window,
				      .in_flight = flight,
				      .edge = (__s64)(ns / MS),
				      .sender = 0 };
	struct half *receiver = &c->flow.half[1];

	if (!window && !(receiver->bits & HALF_ZERO)) {
		receiver->bits |= HALF_ZERO;
		receiver->zero_since_ns = ns;
	} else if (window) {
		receiver->bits &= (__u8)~HALF_ZERO;
	}
	c->flow.syn[0].mss = MSS;
	own->bits |= HALF_WINDOW;
	plots_add(p, &segment, &point, 1);
}

static struct plot found(struct plots *p, const struct case_flow *c, __u64 end_ns)
{
	struct plot plot = { 0 };

	if (!plots_find(p, c->id, 0, end_ns, &plot))
		fail_msg("flow %llu has no plot", (unsigned long long)c->id);
	return plot;
}

static void test_all_is_kept(void **state)
{
	struct plots *p = plots_open(PLOTS_BYTES_MOST);
	struct case_flow c = { .id = 1 };
	struct plot plot;

	(void)state;
	for (__u64 i = 0; i < PLOTS_POINTS_MOST; i++)
		add(p, &c, START + i * MS, LARGE + (__s64)i, (__s64)i, true);
	plot = found(p, &c, 0);
	assert_int_equal(plot.n, PLOTS_POINTS_MOST);
	assert_int_equal(plot.interval_ns, 0);
	for (size_t i = 0; i < plot.n; i++) {
		assert_int_equal(plot.points[i].ns, START + i * MS);
		assert_int_equal(plot.points[i].effective, LARGE + i);
		assert_int_equal(plot.points[i].in_flight, i);
		assert_int_equal(plot.points[i].edge, START / MS + i);
	}
	assert_false(plots_find(p, 1, 1, 0, &plot));
	assert_false(plots_find(p, 2, 0, 0, &plot));
	plots_close(p);
}

static void test_extremes_stay(void **state)
{
	enum { POINTS = 100000, LOW = 33333, HIGH = 77777 };
	struct plots *p = plots_open(PLOTS_BYTES_MOST);
	struct case_flow c = { .id = 1 };
	__u64 low = 0, high = 0;
	struct plot plot;

	(void)state;
	for (__u64 i = 0; i < POINTS; i++)
		add(p, &c, START + i * MS, i == LOW ? 5000 : LARGE, i == HIGH ? 4000 : 10, true);
	plot = found(p, &c, 0);
	assert_in_range(plot.n, PLOTS_POINTS_MOST / 4, PLOTS_POINTS_MOST);
	assert_true(plot.interval_ns > 0);
	for (size_t i = 0; i < plot.n; i++) {
		if (plot.points[i].effective == 5000)
			low = plot.points[i].ns;
		if (plot.points[i].in_flight == 4000)
			high = plot.points[i].ns;
		if (i && plot.points[i].ns / plot.interval_ns ==
				 plot.points[i - 1].ns / plot.interval_ns)
			fail_msg("two points in an interval: %zu", i);
	}
	/* The window with its packet's time, the flight in its interval. */
	assert_int_equal(low, START + LOW * MS);
	assert_int_equal(high / plot.interval_ns, (START + HIGH * MS) / plot.interval_ns);
	plots_close(p);
}

static void test_unknown(void **state)
{
	struct plots *p = plots_open(PLOTS_BYTES_MOST);
	struct case_flow c = { .id = 1 };
	struct plot plot;

	(void)state;
	for (__u64 i = 0; i < 4 * PLOTS_POINTS_MOST; i++)
		add(p, &c, START + i * MS, SERIES_UNKNOWN, SERIES_UNKNOWN, false);
	plot = found(p, &c, 0);
	for (size_t i = 0; i < plot.n; i++) {
		assert_int_equal(plot.points[i].effective, PLOT_UNKNOWN);
		assert_int_equal(plot.points[i].in_flight, PLOT_UNKNOWN);
	}
	plots_close(p);
}

/* Files put together in the wrong order: it ends, and keeps to its bound. */
static void test_time_goes_back(void **state)
{
	struct plots *p = plots_open(PLOTS_BYTES_MOST);
	struct case_flow c = { .id = 1 };
	struct plot plot;

	(void)state;
	for (__u64 i = 0; i < 10ULL * PLOTS_POINTS_MOST; i++)
		add(p, &c, START - i % 2 * START / 2 - i * MS, LARGE, 10, true);
	plot = found(p, &c, 0);
	assert_in_range(plot.n, 1, PLOTS_POINTS_MOST);
	plots_close(p);
}

/* ---- waits ---- */

static void test_closed(void **state)
{
	struct plots *p = plots_open(PLOTS_BYTES_MOST);
	struct case_flow c = { .id = 1 };
	const struct plot_wait *w;
	struct plot plot;

	(void)state;
	add(p, &c, START, LARGE, 10, true);
	add(p, &c, START + 5 * MS, 0, 0, false);
	add(p, &c, START + 6 * MS, 0, 1, true); /* a probe */
	add(p, &c, START + 90 * MS, LARGE, 0, false);
	add(p, &c, START + 95 * MS, 0, 0, false);
	plot = found(p, &c, START + 100 * MS);
	assert_int_equal(plot.waits[PLOT_CLOSED].n, 2);
	w = plot.waits[PLOT_CLOSED].list;
	assert_int_equal(w[0].from_ns, START + 5 * MS);
	assert_int_equal(w[0].to_ns, START + 90 * MS);
	assert_int_equal(w[1].from_ns, START + 95 * MS);
	assert_int_equal(w[1].to_ns, START + 100 * MS); /* open at the end */
	assert_int_equal(plot.waits[PLOT_FULL].n, 0);
	/* Asked again, it says the same. */
	plot = found(p, &c, START + 100 * MS);
	assert_int_equal(plot.waits[PLOT_CLOSED].n, 2);
	plots_close(p);
}

/* The shortest go, and their sum is told. */
static void test_too_many_waits(void **state)
{
	struct plots *p = plots_open(PLOTS_BYTES_MOST);
	struct case_flow c = { .id = 1 };
	__u64 at = START, sum = 0;
	struct plot plot;

	(void)state;
	for (__u64 i = 1; i <= 300; i++) {
		add(p, &c, at, 0, 0, false);
		add(p, &c, at + i * MS, LARGE, 0, false);
		at += 1000 * MS;
		sum += i * MS;
	}
	plot = found(p, &c, 0);
	assert_int_equal(plot.waits[PLOT_CLOSED].n, PLOTS_WAITS_MOST);
	assert_int_equal(plot.waits[PLOT_CLOSED].short_n, 300 - PLOTS_WAITS_MOST);
	for (size_t i = 0; i < plot.waits[PLOT_CLOSED].n; i++) {
		const struct plot_wait *w = &plot.waits[PLOT_CLOSED].list[i];

		assert_int_equal(w->to_ns - w->from_ns, (300 - PLOTS_WAITS_MOST + 1 + i) * MS);
		sum -= w->to_ns - w->from_ns;
	}
	assert_int_equal(plot.waits[PLOT_CLOSED].short_ns, sum);
	plots_close(p);
}

struct full_case {
	const char *name;
	__s64 window, flight;
	bool waits;
};

static const struct full_case full_cases[] = {
	{ "a segment fits", 20000, 20000 - MSS, false },
	{ "a byte less than a segment fits", 20000, 20001 - MSS, true },
	{ "full", 20000, 20000, true },
	{ "beyond it by a segment", 20000, 20000 + MSS, true },
	{ "beyond it by more: another window is meant", 20000, 20001 + MSS, false },
	{ "closed", 0, 1, false },
	{ "flight not known", 20000, SERIES_UNKNOWN, false },
	{ "window not known", SERIES_UNKNOWN, 20000, false },
};

static void test_full(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(full_cases) / sizeof(full_cases[0]); i++) {
		const struct full_case *c = &full_cases[i];
		struct plots *p = plots_open(PLOTS_BYTES_MOST);
		struct case_flow f = { .id = 1 };
		struct plot plot;

		add(p, &f, START, c->window, c->flight, true);
		add(p, &f, START + 20 * MS, LARGE, 0, false); /* an acknowledgment ends nothing */
		add(p, &f, START + 40 * MS, LARGE, 1000, true);
		plot = found(p, &f, 0);
		if (plot.waits[PLOT_FULL].n != c->waits)
			fail_msg("%s: %zu waits", c->name, plot.waits[PLOT_FULL].n);
		if (c->waits) {
			assert_int_equal(plot.waits[PLOT_FULL].list[0].from_ns, START);
			assert_int_equal(plot.waits[PLOT_FULL].list[0].to_ns, START + 40 * MS);
		}
		plots_close(p);
	}
}

/* Full round after round is one wait; a window that closes meanwhile makes it none. */
static void test_full_in_a_row(void **state)
{
	struct plots *p = plots_open(PLOTS_BYTES_MOST);
	struct case_flow c = { .id = 1 };
	struct plot plot;

	(void)state;
	for (__u64 i = 0; i <= 10; i++)
		add(p, &c, START + i * 50 * MS, 20000, 20000, true);
	add(p, &c, START + 510 * MS, 0, 0, false);
	add(p, &c, START + 550 * MS, 20000, 0, false);
	add(p, &c, START + 560 * MS, 20000, 1000, true);
	plot = found(p, &c, 0);
	assert_int_equal(plot.waits[PLOT_FULL].n, 1);
	assert_int_equal(plot.waits[PLOT_FULL].list[0].from_ns, START);
	assert_int_equal(plot.waits[PLOT_FULL].list[0].to_ns, START + 500 * MS);
	plots_close(p);
}

/* ---- the bound ---- */

enum { MANY = 4000, ODD_EVERY = 40 };

static struct case_flow many[MANY];

/* All connections at once, so that none is over when memory runs short. */
static struct plots *crowd(size_t bytes, __u64 points)
{
	struct plots *p = plots_open(bytes);
	size_t slack = 2 * PLOTS_POINTS_MOST * sizeof(struct plot_point);

	memset(many, 0, sizeof(many));
	for (__u64 i = 0; i < points; i++) {
		for (size_t k = 0; k < MANY; k++) {
			__u64 ns = START + i * MS + k;

			many[k].id = k + 1;
			add(p, &many[k], ns, k % ODD_EVERY == 0 && i == 1 ? 0 : LARGE, 10, i & 1);
			if (plots_bytes(p) > bytes + slack)
				fail_msg("%zu bytes, %zu are allowed", plots_bytes(p), bytes);
		}
	}
	return p;
}

/* Enough for all, if each has fewer points. */
static void test_fewer_points(void **state)
{
	struct plots *p = crowd(16UL << 20, 400);

	(void)state;
	assert_int_equal(plots_lost(p), 0);
	for (size_t k = 0; k < MANY; k++) {
		struct plot plot = found(p, &many[k], 0);

		assert_in_range(plot.n, PLOTS_POINTS_LEAST / 4, 400);
		assert_false(plot.late);
	}
	plots_close(p);
}

/* Not enough for all: what shows something is kept from its beginning; others begin late, or not. */
static void test_odd_ones_stay(void **state)
{
	struct plots *p = crowd(2UL << 20, 100);
	size_t kept = 0;

	(void)state;
	assert_true(plots_lost(p) > 0);
	for (size_t k = 0; k < MANY; k++) {
		struct plot plot;

		if (!plots_find(p, many[k].id, 0, 0, &plot))
			continue;
		assert_int_equal(plot.waits[PLOT_CLOSED].n, k % ODD_EVERY == 0);
		assert_int_equal(plot.late, k % ODD_EVERY != 0);
		/* Thinned out, the first point may be that of the closed window. */
		kept += k % ODD_EVERY == 0 && plot.points[0].ns <= START + MS + k;
	}
	assert_int_equal(kept, MANY / ODD_EVERY);
	plots_close(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_is_kept),  cmocka_unit_test(test_extremes_stay),
		cmocka_unit_test(test_unknown),      cmocka_unit_test(test_time_goes_back),
		cmocka_unit_test(test_closed),       cmocka_unit_test(test_too_many_waits),
		cmocka_unit_test(test_full),         cmocka_unit_test(test_full_in_a_row),
		cmocka_unit_test(test_fewer_points), cmocka_unit_test(test_odd_ones_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
