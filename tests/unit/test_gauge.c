// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The gauges' arithmetic against simple code that says the same, and what takes many packets:
 * counters that stay at their end, samples that are spaced out, slopes that fade, clocks that wrap.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "platform/native.h"

/* ---- arithmetic ---- */

static __u32 simple_log2(__u32 x)
{
	__u32 n = 0;

	while (x >>= 1)
		n++;
	return n;
}

/* All up to 2^24, and of every length those that begin or end with any 10 bits. */
static void log2_is_right(void **state)
{
	(void)state;
	for (__u32 x = 1; x <= 1U << 24; x++)
		assert_true(gauge_log2(x) == simple_log2(x));
	for (__u32 top = 24; top < 32; top++) {
		for (__u32 i = 0; i < 1024; i++) {
			assert_true(gauge_log2(1U << top | i) == top);
			assert_true(gauge_log2(1U << top | i << (top - 10)) == top);
			assert_true(gauge_log2((1U << top) - 1 - i) == top - 1);
		}
	}
	assert_int_equal(gauge_log2(UINT32_MAX), 31);
}

static __u8 simple_reach(__u64 flight, __u64 window)
{
	__u8 f = 0;

	while (f < GAUGE_CLASSES - 1 && flight > window << f)
		f++;
	return f;
}

/* Each window, at, below and above what each shift makes of it. */
static void reach_is_right(void **state)
{
	(void)state;
	for (__u32 window = 1; window <= 0xffff; window++) {
		for (__u32 f = 0; f < GAUGE_CLASSES; f++) {
			for (__u32 flight = (window << f) - 1; flight <= (window << f) + 1;
			     flight++) {
				__u8 got = gauge_reach(flight, (__u16)window);

				if (got != simple_reach(flight, window))
					fail_msg("%u by %u: %u", flight, window, got);
			}
		}
		assert_true(gauge_reach(0, (__u16)window) == 0);
		assert_true(gauge_reach(1, (__u16)window) == 0);
		assert_true(gauge_reach(GAUGE_FLIGHT_MOST, (__u16)window) ==
			    simple_reach(GAUGE_FLIGHT_MOST, window));
	}
}

/* round(log2(ratio)) without a logarithm: the borders are the middles between powers of two. */
static __u8 simple_slope(double ratio)
{
	__u8 k = 0;

	while (k < GAUGE_CLASSES - 1 && ratio >= 1.41421356237 * (1U << k))
		k++;
	return k;
}

/* sqrt(2) is 181 / 128 there, 0.01 % too small: only so near to a border it may be either. */
static void check_slope(__u32 a, __u32 b)
{
	double ratio = (double)a / b;
	__u8 got = gauge_slope_class(a, b);

	if (got != simple_slope(ratio * 0.9998) && got != simple_slope(ratio * 1.0002))
		fail_msg("%u by %u: %u", a, b, got);
}

static void slope_is_right(void **state)
{
	(void)state;
	for (__u32 b = 1; b <= 1000; b++)
		for (__u32 a = 1; a <= 3000; a++)
			check_slope(a, b);
	/* Each window that can be given up, around the middle between two classes. */
	for (__u32 b = 1; b <= 0xffff; b++) {
		for (__u32 k = 0; k < GAUGE_CLASSES - 1; k++) {
			__u32 middle = (__u32)(((__u64)b << k) * 14142 / 10000);

			for (__u32 a = middle - 1 + !middle; a <= middle + 2; a++)
				check_slope(a ? a : 1, b);
			check_slope(b << k, b);
		}
	}
	assert_int_equal(gauge_slope_class(1, 0xffff), 0);
	assert_int_equal(gauge_slope_class(UINT32_MAX, 1), GAUGE_CLASSES - 1);
	assert_int_equal(gauge_slope_class(0, 1), 0);
}

/* ---- long connections: c is 0, s is 1, the window of s is shifted by 9 ---- */

struct world {
	struct flow flow;
	struct gauge gauge[2];
	struct scratch scratch;
	__u64 ns;
};

enum { C, S };

static void world_start(struct world *w)
{
	memset(w, 0, sizeof(*w));
	w->flow.rtt_us = 1000;
	gauge_begin(&w->flow, w->gauge);
	w->flow.half[C].shift = 7;
	w->flow.half[S].shift = 9;
	w->ns = 1000000000;
}

/* One segment, 0.4 ms after the one before: no pause. */
static void step(struct world *w, unsigned int dir, __u32 seq, __u32 payload, __u32 ack,
		 __u16 window)
{
	struct packet p = { .ns = w->ns,
			    .flags = TCP_ACK,
			    .seq = seq,
			    .payload = payload,
			    .ack = ack,
			    .window = window };

	w->ns += 400000;
	half_update(&w->scratch, &w->flow, w->gauge, (__u8)dir, &p);
}

#define MANY 70000

static void shrinks_stay_at_their_end(void **state)
{
	struct world w;

	(void)state;
	world_start(&w);
	for (__u32 i = 0; i < 65534; i++) {
		step(&w, S, 1, 0, i, 20);
		step(&w, S, 1, 0, i + 1, 18);
	}
	assert_int_equal(w.gauge[S].shrinks, 65534);
	for (__u32 i = 65534; i < 65539; i++) {
		step(&w, S, 1, 0, i, 20);
		step(&w, S, 1, 0, i + 1, 18);
	}
	assert_int_equal(w.gauge[S].shrinks, 65535);
	assert_int_equal(w.gauge[S].shrunk_most, 1023);
	assert_int_equal(w.flow.half[S].window_rises, 255);
	assert_int_equal(w.gauge[C].shrinks, 0);
}

static void resends_stay_at_their_end(void **state)
{
	struct world w;

	(void)state;
	world_start(&w);
	step(&w, S, 1, 0, 1, 20);
	step(&w, C, 1, 100, 1, 502);
	for (__u32 i = 0; i < 65535; i++)
		step(&w, C, 1, 100, 1, 502);
	assert_int_equal(w.gauge[C].stuck_n, 65535);
	step(&w, C, 1, 100, 1, 502);
	assert_int_equal(w.gauge[C].stuck_n, 65535);
	assert_int_equal(w.flow.half[C].retransmits, 65536);
	assert_int_equal(w.gauge[C].sends, 1);
}

static void probes_stay_at_their_end(void **state)
{
	struct world w;

	(void)state;
	world_start(&w);
	step(&w, C, 1, 0, 1, 502);
	step(&w, S, 1, 0, 1, 0);
	for (__u32 i = 0; i < MANY; i++)
		step(&w, C, 0, 0, 1, 502);
	assert_int_equal(w.gauge[C].probes, 65535);
	assert_int_equal(w.gauge[C].probes_most, 65535);
	assert_int_equal(w.flow.half[S].zero_spells, 1);
}

/* Each send lies far beyond the edge, each is acknowledged: as many rounds as sends. */
static void overruns_stay_at_their_end(void **state)
{
	__u32 seq = 1;
	struct world w;

	(void)state;
	world_start(&w);
	step(&w, S, 1, 0, 1, 1);
	for (__u32 i = 0; i < MANY; i++) {
		step(&w, C, seq + 10000, 100, 1, 502);
		seq += 10100;
		step(&w, S, 1, 0, seq, 1);
	}
	assert_int_equal(w.gauge[C].sends, MANY);
	assert_int_equal(w.gauge[C].overs, 65535);
	assert_int_equal(w.gauge[C].over_rounds, 65535);
	assert_int_equal(w.gauge[C].over_class, 14); /* 10,100 by 1 */
	assert_int_equal(w.gauge[C].limited, 0);
}

/* 300 segments of 1,000 bytes by a window of 20, none of which arrives. */
static void classes_stay_at_their_end(void **state)
{
	__u32 seq = 1;
	struct world w;

	(void)state;
	world_start(&w);
	step(&w, S, 1, 0, 1, 20);
	for (__u32 i = 0; i < 300; i++) {
		step(&w, C, seq, 1000, 1, 502);
		step(&w, C, seq, 1000, 1, 502);
		seq += 1000;
		step(&w, S, 1, 0, seq, 20);
	}
	assert_int_equal(w.gauge[C].lost_rounds, 300);
	for (__u32 i = 0; i < GAUGE_CLASSES; i++) {
		assert_int_equal(w.gauge[C].delivered[i], 0);
		assert_int_equal(w.gauge[C].lost[i], i == 6 ? 255 : 0);
	}
}

static __u32 send_acked(struct world *w, __u32 seq, __u32 n)
{
	for (; n; n--) {
		step(w, C, seq, 1000, 1, 502);
		seq += 1000;
		step(w, S, 1, 0, seq, 20);
	}
	return seq;
}

/*
 * Sends 0 to 15 are watched, then one of four up to 63, then one of 16: 16 + 13 + 58 of
 * a thousand, the newest of which nobody has asked for yet. After a loss again each of 33.
 */
static void watching_is_spaced_out(void **state)
{
	struct world w;
	__u32 seq;

	(void)state;
	world_start(&w);
	step(&w, S, 1, 0, 1, 20);
	seq = send_acked(&w, 1, 16);
	assert_int_equal(w.gauge[C].delivered[6], 15);
	seq = send_acked(&w, seq, 48);
	assert_int_equal(w.gauge[C].delivered[6], 15 + 12);
	seq = send_acked(&w, seq, 1000 - 64);
	assert_int_equal(w.gauge[C].delivered[6], 16 + 12 + 59 - 1);
	step(&w, C, seq - 1000, 1000, 1, 502); /* for nothing: it had arrived */
	assert_int_equal(w.gauge[C].delivered[6], 86);
	seq = send_acked(&w, seq, GAUGE_DENSE + 1);
	assert_int_equal(w.gauge[C].delivered[6], 86 + GAUGE_DENSE + 1);
	send_acked(&w, seq, 100 - GAUGE_DENSE - 1); /* and at 1024, 1040, 1056, 1072, 1088 */
	assert_int_equal(w.gauge[C].delivered[6], 86 + GAUGE_DENSE + 1 + 5);
	assert_int_equal(w.gauge[C].sends, 1100);
	for (__u32 i = 0; i < GAUGE_CLASSES; i++)
		assert_int_equal(w.gauge[C].lost[i], 0);
}

/* n segments that acknowledge `acked` bytes more each and give up `drop` of the window. */
static void give_up(struct world *w, __u32 n, __u32 acked, __u16 drop)
{
	for (; n; n--)
		step(w, C, 1, 0, w->flow.half[C].ack + acked,
		     (__u16)(w->flow.half[C].window_last - drop));
}

/* The first 16 samples are kept, and of every fourth segment after them the last 16. */
static void slopes_are_the_first_and_the_last(void **state)
{
	const struct gauge *g;
	struct world w;

	(void)state;
	world_start(&w);
	g = &w.gauge[C];
	step(&w, C, 1, 0, 1, 60000);
	give_up(&w, 1, 1000, 4);
	give_up(&w, 15, 1000, 8);
	assert_int_equal(g->early, 0x8777777777777777);
	assert_int_equal(g->slope_early_n, 16);
	give_up(&w, 3, 1000, 8); /* 17, 18, 19 are not sampled */
	assert_int_equal(g->slope_late_n, 0);
	give_up(&w, 1, 1000, 8);
	assert_int_equal(g->late, 0x7);
	assert_int_equal(g->slope_late_n, 1);
	give_up(&w, 56, 1000, 8);
	assert_int_equal(g->slope_late_n, 15);
	give_up(&w, 4, 1, 1);
	assert_int_equal(g->late, 0x7777777777777770);
	assert_int_equal(g->slope_late_n, 16);
	give_up(&w, 8, 1000, 4);
	assert_int_equal(g->late, 0x7777777777777088);
	assert_int_equal(g->slope_late_n, 16);
	assert_int_equal(g->early, 0x8777777777777777);
	assert_int_equal(g->slope_early_n, 16);
}

/* A clock of 32 bits that runs over between a segment and its acknowledgment. */
static void times_wrap(void **state)
{
	struct world w;

	(void)state;
	world_start(&w);
	step(&w, S, 1, 0, 1, 20);
	w.ns = (0xffffffffULL - 9) << GAUGE_TICK_BITS;
	step(&w, C, 1, 1000, 1, 502);
	w.ns = (0x100000000ULL + 5) << GAUGE_TICK_BITS;
	step(&w, S, 1, 0, 1001, 20);
	assert_true(w.gauge[S].bits & GAUGE_RTT);
	assert_int_equal(w.gauge[S].ack_rtt, 15);
}

/* Half of the handshake's round trip, as much of it as fits. */
static void pauses_are_half_a_round_trip(void **state)
{
	static const struct {
		__u32 rtt_us, due;
	} table[] = {
		{ 0, 0 },
		{ 1, 500 },
		{ 30000, 15000000 },
		{ 7999999, 3999999500U },
		{ 8000000, 4000000000U },
		{ UINT32_MAX, 4000000000U },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct flow f = { .rtt_us = table[i].rtt_us };
		struct gauge g[2];

		memset(g, 0x5a, sizeof(g));
		gauge_begin(&f, g);
		assert_int_equal(g[0].pause_ns, table[i].due);
		assert_int_equal(g[1].pause_ns, table[i].due);
		assert_int_equal(g[1].mss, GAUGE_MSS);
		assert_int_equal(g[1].over_class, 0);
		assert_true(f.bits & FLOW_GAUGED);
	}
}

static int start(void **state)
{
	const struct engine_config config = { 0 };

	*state = native_current = native_open(&config);
	return native_current ? 0 : -1;
}

static int end(void **state)
{
	native_close(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(log2_is_right),
		cmocka_unit_test(reach_is_right),
		cmocka_unit_test(slope_is_right),
		cmocka_unit_test(shrinks_stay_at_their_end),
		cmocka_unit_test(resends_stay_at_their_end),
		cmocka_unit_test(probes_stay_at_their_end),
		cmocka_unit_test(overruns_stay_at_their_end),
		cmocka_unit_test(classes_stay_at_their_end),
		cmocka_unit_test(watching_is_spaced_out),
		cmocka_unit_test(slopes_are_the_first_and_the_last),
		cmocka_unit_test(times_wrap),
		cmocka_unit_test(pauses_are_half_a_round_trip),
	};

	return cmocka_run_group_tests(tests, start, end);
}
