// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Points of a series: the right edge counts on where sequence numbers wrap (RFC 9293, 3.4), and
 * from the first number met where no SYN was seen; points of one interval and direction become one,
 * in memory that has a bound.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "pcap-replay/series_interval.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define UNKNOWN  SERIES_UNKNOWN
#define SYN_ISN  1000U

/* ---- the right edge ---- */

struct edge_case {
	const char *name;
	__u64 bytes; /* seen of the data */
	__u32 acked; /* the last acknowledgment, less the ISN */
	__u32 window;
	__s64 edge;
};

static const struct edge_case edges[] = {
	{ "nothing sent yet", 0, 1, 65535, 65536 },
	{ "in the middle", 100000, 100001, 5000, 105001 },
	{ "the window reaches beyond 2^32", 4294960000, 4294960001U, 20000, 4294980001 },
	{ "the acknowledgment does, too", 4294970000, 2705, 1000, 4294971001 },
	{ "the fifth time around", 5ULL << 32, 1, 500, (5LL << 32) + 501 },
	{ "a tenth was sent again", 11ULL << 30, (__u32)(10ULL << 30) + 1, 0, (10LL << 30) + 1 },
	{ "a tenth was not captured", 9ULL << 30, (__u32)(10ULL << 30) + 1, 0, (10LL << 30) + 1 },
	{ "the data is not in the capture", 0, 3000000001U, 0, 3000000001 },
	{ "closed", 10, 11, 0, 11 },
};

/* A segment of the receiver's (end 1) that acknowledges; end 0 sent the data, behind a SYN. */
static unsigned int acknowledge(struct series_point *out, struct flow *f, __u32 ack, __u16 window)
{
	struct packet p = { .flags = TCP_ACK, .ack = ack, .window = window };
	struct half before = f->half[1];
	struct native_segment segment = { .pkt = &p, .flow = f, .before = &before, .dir = 1 };

	f->half[1].bits |= HALF_ACK | HALF_WINDOW;
	f->half[1].ack = ack;
	f->half[1].window_last = window;
	return series_points(out, &segment);
}

static void test_edges(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(edges); i++) {
		const struct edge_case *c = &edges[i];
		struct series_point points[2];
		struct flow f = { 0 };

		f.half[0].bits = HALF_SEQ;
		f.half[0].bytes = c->bytes;
		f.half[0].seq_end = SYN_ISN + c->acked;
		f.syn[0].bits = SYN_SEEN;
		f.syn[0].isn = SYN_ISN;
		f.syn[0].wscale_state = WSCALE_ABSENT;
		assert_int_equal(acknowledge(points, &f, SYN_ISN + c->acked, (__u16)c->window), 1);
		if (points[0].edge != c->edge || points[0].in_flight != 0)
			fail_msg("%s: edge %lld, %lld is due", c->name, (long long)points[0].edge,
				 (long long)c->edge);
	}
}

/* The lowest number before the first acknowledgment; a later SYN tells better. */
static void test_base(void **state)
{
	struct series_point points[2];
	struct packet p = { .flags = TCP_ACK, .payload = 10 };
	struct flow f = { .bits = FLOW_CONFIRMED };
	struct half before = { 0 };
	struct native_segment segment = { .pkt = &p, .flow = &f, .before = &before, .dir = 0 };

	(void)state;
	f.syn[1].bits = SYN_SEEN; /* the server's has no option: scaling is off */
	f.syn[1].wscale_state = WSCALE_ABSENT;
	f.half[0].bits = HALF_SEQ;
	f.half[0].seq_end = 0x10;
	p.seq = 0x6;
	series_points(points, &segment);
	p.seq = 0xfffffffc; /* before it */
	series_points(points, &segment);
	p.seq = 0x8;
	series_points(points, &segment);
	assert_int_equal(f.syn[0].isn, 0xfffffffb);
	assert_int_equal(acknowledge(points, &f, 0x10, 100), 1);
	assert_int_equal(points[0].edge, 0x10 + 5 + 100);
	p.seq = 0xffffff00; /* too late */
	series_points(points, &segment);
	assert_int_equal(acknowledge(points, &f, 0x11, 100), 1);
	assert_int_equal(points[0].edge, 0x11 + 5 + 100);
	assert_int_equal(flow_scaling(&f), SCALING_OFF);
}

/* More in flight than any window allows is a number of something else. */
static void test_flight(void **state)
{
	static const struct {
		__u32 seq_end, ack;
		__s64 in_flight;
	} cases[] = {
		{ 500, 500, 0 },          { 501, 500, 1 },
		{ 5, 0xfffffff0, 21 },    { 500, 501, UNKNOWN }, /* of what was not seen */
		{ 1U << 30, 0, 1 << 30 }, { (1U << 30) + 1, 0, UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct series_point points[2];
		struct flow f = { 0 };

		f.half[0].bits = HALF_SEQ;
		f.half[0].seq_end = cases[i].seq_end;
		assert_int_equal(acknowledge(points, &f, cases[i].ack, 7), 1);
		assert_int_equal(points[0].in_flight, cases[i].in_flight);
		assert_int_equal(points[0].window, 7);
		assert_int_equal(points[0].effective, UNKNOWN);
		assert_int_equal(points[0].edge, UNKNOWN);
	}
}

/* ---- intervals ---- */

#define POINTS_MOST 64

struct drain {
	struct series_point points[POINTS_MOST];
	unsigned int n;
};

static void drain_put(void *arg, const struct series_point *point)
{
	struct drain *d = arg;

	assert_true(d->n < POINTS_MOST);
	d->points[d->n++] = *point;
}

static struct series_point point(__u64 ns, __u64 flow, __s32 window, __s64 effective,
				 __s64 in_flight)
{
	struct series_point p;

	memset(&p, 0, sizeof(p));
	p.ns = ns;
	p.id = ns;
	p.flow = flow;
	p.window = window;
	p.effective = effective;
	p.in_flight = in_flight;
	p.edge = (__s64)ns + 7;
	return p;
}

static void test_merge(void **state)
{
	/* two points, and which of them gives the window */
	static const struct {
		__s32 window[2];
		__s64 effective[2];
		__s64 in_flight[2], most;
		int taken;
	} cases[] = {
		{ { 5, 4 }, { 50, 40 }, { 9, 3 }, 9, 1 },
		{ { 4, 5 }, { 40, 50 }, { 3, 9 }, 9, 0 },
		{ { 5, 5 }, { 50, 50 }, { 1, 1 }, 1, 0 }, /* the first of equals */
		{ { 9, 5 }, { 9, 80 }, { 1, 2 }, 2, 0 },  /* bytes, not numbers */
		{ { 0, 5 }, { UNKNOWN, 50 }, { 1, UNKNOWN }, 1, 1 },
		{ { 5, 0 }, { 50, UNKNOWN }, { UNKNOWN, 1 }, 1, 0 },
		{ { UNKNOWN, 5 }, { UNKNOWN, UNKNOWN }, { 1, UNKNOWN }, 1, 1 },
		{ { 5, UNKNOWN }, { UNKNOWN, UNKNOWN }, { UNKNOWN, UNKNOWN }, UNKNOWN, 0 },
		{ { 5, 4 }, { UNKNOWN, UNKNOWN }, { 0, UNKNOWN }, 0, 1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct series_point p[2], into;

		for (int j = 0; j < 2; j++)
			p[j] = point((__u64)j, 1, cases[i].window[j], cases[i].effective[j],
				     cases[i].in_flight[j]);
		into = p[0];
		series_point_merge(&into, &p[1]);
		assert_int_equal(into.in_flight, cases[i].most);
		p[cases[i].taken].in_flight = into.in_flight;
		assert_memory_equal(&into, &p[cases[i].taken], sizeof(into));
	}
}

/* Flow, time and window of each that is due, in this order. */
static void drained(const struct drain *d, const __u64 (*due)[3], unsigned int n)
{
	assert_int_equal(d->n, n);
	for (unsigned int i = 0; i < n; i++) {
		assert_int_equal(d->points[i].flow, due[i][0]);
		assert_int_equal(d->points[i].ns, due[i][1]);
		assert_int_equal(d->points[i].window, due[i][2]);
	}
}

static void feed(struct series_interval *s, const __u64 (*points)[3], unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		struct series_point p =
			point(points[i][1], points[i][0], (__s32)points[i][2], UNKNOWN, UNKNOWN);

		series_interval_add(s, &p);
	}
}

static void test_intervals(void **state)
{
	/* flow, time, window; intervals of 10 */
	static const __u64 in[][3] = {
		{ 1, 0, 5 },   { 2, 1, 6 },  { 1, 9, 4 }, /* 0 to 9 */
		{ 1, 10, 7 },  { 1, 19, 9 },              /* 10 to 19 */
		{ 2, 12, 3 },  { 2, 5, 1 },               /* time goes back: nothing is lost */
		{ 1, 100, 2 },
	};
	static const __u64 due[][3] = {
		{ 1, 9, 4 }, { 2, 1, 6 }, { 1, 10, 7 }, { 2, 12, 3 }, { 2, 5, 1 }, { 1, 100, 2 },
	};
	struct drain d = { .n = 0 };
	struct series_interval *s = series_interval_open(10, 4, drain_put, &d);

	(void)state;
	assert_non_null(s);
	feed(s, in, COUNT(in));
	assert_int_equal(d.n, COUNT(due) - 1);
	series_interval_flush(s);
	drained(&d, due, COUNT(due));
	series_interval_flush(s);
	assert_int_equal(d.n, COUNT(due));
	assert_false(series_interval_is_crowded(s));
	series_interval_close(s);
}

/* Both directions of a connection are two; with room for four the fifth pushes all of them on. */
static void test_crowded(void **state)
{
	static const __u64 in[][3] = {
		{ 1, 0, 5 }, { 2, 0, 5 }, { 3, 0, 5 }, { 4, 0, 5 }, { 1, 1, 4 },
	};
	static const __u64 due[][3] = {
		{ 1, 1, 4 }, { 2, 0, 5 }, { 3, 0, 5 }, { 4, 0, 5 }, { 1, 2, 3 }, { 1, 3, 2 },
	};
	struct series_point other = point(2, 1, 3, UNKNOWN, UNKNOWN);
	struct drain d = { .n = 0 };
	struct series_interval *s = series_interval_open(10, 4, drain_put, &d);

	(void)state;
	assert_non_null(s);
	feed(s, in, COUNT(in));
	assert_false(series_interval_is_crowded(s));
	other.sender = 1;
	series_interval_add(s, &other);
	assert_true(series_interval_is_crowded(s));
	other = point(3, 1, 2, UNKNOWN, UNKNOWN);
	series_interval_add(s, &other);
	series_interval_flush(s);
	drained(&d, due, COUNT(due));
	series_interval_close(s);
	series_interval_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_edges),     cmocka_unit_test(test_base),
		cmocka_unit_test(test_flight),    cmocka_unit_test(test_merge),
		cmocka_unit_test(test_intervals), cmocka_unit_test(test_crowded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
