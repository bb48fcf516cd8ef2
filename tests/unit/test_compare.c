// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * How `compare` lays two captures side by side: which connections and packets are paired, what is said
 * of what differs, and what is not said. Each case is two short captures of one connection, as
 * segments; RFC 9293 and 7323 have the fields, docs/compare.md the rules.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "pcap-replay/compare_judge.h"

#define C 0 /* what the client sent; its address is the smaller one */
#define S 1

#define ISN_C 1000U
#define ISN_S 5000U

#define W   (1ULL << 3)
#define SOK (1ULL << 4)
#define T   (1ULL << 8)
#define MSS (1ULL << 2)

/* A segment; numbers are relative: seq 1 is the first byte of data. 0 in flags ends a capture. */
struct seg {
	unsigned int dir, flags, seq, ack, len, window;
	__u64 kinds;
	unsigned int mss, wscale, tsval, us;
};

#define SYN_(dir, options, mss, shift, us)                               \
	{                                                                \
		dir, TCP_SYN, 0, 0, 0, 64240, options, mss, shift, 7, us \
	}
#define ANSWER(options, mss, shift, us)                                          \
	{                                                                        \
		S, TCP_SYN | TCP_ACK, 0, 1, 0, 65160, options, mss, shift, 9, us \
	}
#define DATA(dir, seq, ack, len, window, us)                        \
	{                                                           \
		dir, TCP_ACK, seq, ack, len, window, 0, 0, 0, 0, us \
	}

#define CASE_SEGMENTS 12

/* How the second capture's numbers and addresses differ. */
struct behind {
	unsigned int shift[2];
	bool translated;
};

struct test_case {
	const char *name;
	struct seg before[CASE_SEGMENTS], after[CASE_SEGMENTS];
	struct behind behind;
	unsigned int packets, unclaimed;
	const char *verdict;
};

#define ALL (W | SOK | MSS)

static const struct test_case cases[] = {
	{ "nothing",
	  { SYN_(C, ALL, 1460, 7, 0), ANSWER(ALL, 1460, 7, 100), DATA(C, 1, 1, 0, 500, 110) },
	  { SYN_(C, ALL, 1460, 7, 10), ANSWER(ALL, 1460, 7, 90), DATA(C, 1, 1, 0, 500, 120) },
	  { { 0, 0 }, false },
	  3,
	  0,
	  "changes nothing" },
	{ "pieces of a large segment, the gap in it missing",
	  { SYN_(C, ALL, 1460, 7, 0), ANSWER(ALL, 1460, 7, 100), DATA(C, 1, 1, 400, 500, 110),
	    DATA(S, 1, 401, 0, 500, 130), DATA(C, 401, 1, 100, 500, 140) },
	  { SYN_(C, ALL, 1460, 7, 10), ANSWER(ALL, 1460, 7, 90), DATA(C, 1, 1, 100, 500, 120),
	    DATA(C, 201, 1, 200, 500, 121), DATA(S, 1, 401, 0, 500, 125),
	    DATA(C, 401, 1, 100, 500, 150) },
	  { { 0, 0 }, false },
	  5,
	  0,
	  "loses 1 packet of the client; changes nothing else" },
	{ "segments merged on both sides, each in its own way",
	  { SYN_(C, ALL, 1460, 7, 0), ANSWER(ALL, 1460, 7, 100), DATA(C, 1, 1, 200, 500, 110),
	    DATA(C, 201, 1, 100, 500, 111), DATA(C, 301, 1, 100, 500, 112) },
	  { SYN_(C, ALL, 1460, 7, 10), ANSWER(ALL, 1460, 7, 90), DATA(C, 1, 1, 100, 500, 120),
	    DATA(C, 101, 1, 300, 500, 121) },
	  { { 0, 0 }, false },
	  3,
	  0,
	  "changes nothing" },
	{ "a piece with another window: the window was changed",
	  { SYN_(C, ALL, 1460, 7, 0), ANSWER(ALL, 1460, 7, 100), DATA(C, 1, 1, 200, 500, 110),
	    DATA(C, 201, 1, 50, 500, 130) },
	  { SYN_(C, ALL, 1460, 7, 10), ANSWER(ALL, 1460, 7, 90), DATA(C, 1, 1, 100, 500, 120),
	    DATA(C, 101, 1, 100, 600, 121), DATA(C, 201, 1, 50, 500, 140) },
	  { { 0, 0 }, false },
	  4,
	  0,
	  "changes windows of the client, the first from 500 to 600; changes nothing else" },
	{ "the MSS is clamped in both directions",
	  { SYN_(C, ALL, 1460, 7, 0), ANSWER(ALL, 1380, 7, 100), DATA(C, 1, 1, 0, 500, 110) },
	  { SYN_(C, ALL, 1380, 7, 10), ANSWER(ALL, 1460, 7, 90), DATA(C, 1, 1, 0, 500, 120) },
	  { { 0, 0 }, false },
	  3,
	  0,
	  "clamps the MSS in SYNs from the client to 1,380; clamps the MSS in SYN-ACKs from the server to "
	  "1,380; changes nothing else" },
	{ "SACK is removed, W stays",
	  { SYN_(C, ALL, 1460, 7, 0), ANSWER(W | MSS, 1460, 7, 100), DATA(C, 1, 1, 0, 500, 110) },
	  { SYN_(C, W | MSS, 1460, 7, 10), ANSWER(W | MSS, 1460, 7, 90),
	    DATA(C, 1, 1, 0, 500, 120) },
	  { { 0, 0 }, false },
	  3,
	  0,
	  "removes selective acknowledgment from segments of the client; changes nothing else" },
	{ "timestamps are removed",
	  { SYN_(C, ALL | T, 1460, 7, 0), ANSWER(ALL, 1460, 7, 100), DATA(C, 1, 1, 0, 500, 110) },
	  { SYN_(C, ALL, 1460, 7, 10), ANSWER(ALL, 1460, 7, 90), DATA(C, 1, 1, 0, 500, 120) },
	  { { 0, 0 }, false },
	  3,
	  0,
	  "removes timestamps from segments of the client; changes nothing else" },
	{ "the client is on AFTER's side",
	  { SYN_(C, MSS | SOK, 1460, 0, 10), ANSWER(MSS | SOK, 1460, 0, 90),
	    DATA(C, 1, 1, 0, 500, 120) },
	  { SYN_(C, ALL, 1460, 7, 0), ANSWER(MSS | SOK, 1460, 0, 100), DATA(C, 1, 1, 0, 500, 110) },
	  { { 0, 0 }, false },
	  3,
	  0,
	  "removes the window-scale option from SYNs from the client; changes nothing else" },
	{ "a window is changed once",
	  { SYN_(C, ALL, 1460, 7, 0), ANSWER(ALL, 1460, 7, 100), DATA(S, 1, 1, 0, 64, 110),
	    DATA(S, 1, 1, 9, 500, 130) },
	  { SYN_(C, ALL, 1460, 7, 10), ANSWER(ALL, 1460, 7, 90), DATA(S, 1, 1, 0, 500, 105),
	    DATA(S, 1, 1, 9, 500, 120) },
	  { { 0, 0 }, false },
	  4,
	  0,
	  "changes windows of the server, the first from 500 to 64; changes nothing else" },
	{ "window updates, one lost: not a changed window",
	  { SYN_(C, ALL, 1460, 7, 0), ANSWER(ALL, 1460, 7, 100), DATA(C, 1, 1, 0, 500, 110),
	    DATA(C, 1, 1, 0, 600, 120), DATA(C, 1, 1, 0, 700, 130), DATA(C, 1, 1, 5, 700, 140) },
	  { SYN_(C, ALL, 1460, 7, 10), ANSWER(ALL, 1460, 7, 90), DATA(C, 1, 1, 0, 500, 115),
	    DATA(C, 1, 1, 0, 700, 135), DATA(C, 1, 1, 5, 700, 145) },
	  { { 0, 0 }, false },
	  5,
	  0,
	  "loses 1 packet of the client; changes nothing else" },
	{ "what lies at the ends is not claimed",
	  { SYN_(C, ALL, 1460, 7, 0), ANSWER(ALL, 1460, 7, 100), DATA(C, 1, 1, 10, 500, 110),
	    DATA(C, 11, 1, 10, 500, 120), DATA(C, 21, 1, 10, 500, 130) },
	  { ANSWER(ALL, 1460, 7, 90), DATA(C, 1, 1, 10, 500, 115) },
	  { { 0, 0 }, false },
	  2,
	  3,
	  "changes nothing" },
	{ "a packet comes out that did not go in",
	  { SYN_(C, ALL, 1460, 7, 0), ANSWER(ALL, 1460, 7, 100), DATA(C, 11, 1, 10, 500, 120) },
	  { SYN_(C, ALL, 1460, 7, 10), ANSWER(ALL, 1460, 7, 90), DATA(C, 1, 1, 10, 500, 115),
	    DATA(C, 11, 1, 10, 500, 125) },
	  { { 0, 0 }, false },
	  3,
	  0,
	  "sends 1 packet in the name of the client; changes nothing else" },
	{ "sequence numbers are shifted",
	  { SYN_(C, ALL, 1460, 7, 0), ANSWER(ALL, 1460, 7, 100), DATA(C, 1, 1, 10, 500, 110) },
	  { SYN_(C, ALL, 1460, 7, 10), ANSWER(ALL, 1460, 7, 90), DATA(C, 1, 1, 10, 500, 120) },
	  { { 0xfffffff0U, 77 }, false },
	  3,
	  0,
	  "shifts sequence numbers of the client; shifts sequence numbers of the server; changes "
	  "nothing else" },
	{ "addresses and ports are translated, and their order turns",
	  { SYN_(C, ALL, 1460, 7, 0), ANSWER(ALL, 1460, 7, 100), DATA(C, 1, 1, 10, 500, 110) },
	  { SYN_(C, ALL, 1460, 7, 10), ANSWER(ALL, 1460, 7, 90), DATA(C, 1, 1, 10, 500, 120) },
	  { { 0, 0 }, true },
	  3,
	  0,
	  "translates addresses or ports; changes nothing else" },
	{ "a proxy answers before the server is asked",
	  { SYN_(C, ALL, 1460, 7, 0), ANSWER(ALL, 1460, 9, 5), DATA(C, 1, 1, 0, 500, 10),
	    DATA(C, 1, 1, 10, 500, 200), DATA(S, 1, 11, 10, 500, 300) },
	  { SYN_(C, ALL, 1460, 7, 20), ANSWER(ALL, 1460, 7, 90), DATA(C, 1, 1, 0, 400, 95),
	    DATA(C, 1, 1, 10, 500, 210), DATA(S, 1, 11, 10, 500, 290) },
	  { { 0, 77 }, false },
	  5,
	  0,
	  "answers SYNs itself and opens the connection to the server afterwards; changes the shift in "
	  "SYN-ACKs from the server from 7 to 9; changes nothing else" },
	{ "a SYN is repeated: its repetition is not the first one",
	  { SYN_(C, ALL | T, 1460, 7, 0),
	    { C, TCP_SYN, 0, 0, 0, 64240, MSS | SOK | T, 1460, 0, 1007, 1000000 },
	    ANSWER(MSS | SOK, 1460, 0, 1000100),
	    DATA(C, 1, 1, 10, 500, 1000110) },
	  { { C, TCP_SYN, 0, 0, 0, 64240, MSS | SOK | T, 1460, 0, 1007, 1000010 },
	    ANSWER(MSS | SOK, 1460, 0, 1000090),
	    DATA(C, 1, 1, 10, 500, 1000120) },
	  { { 0, 0 }, false },
	  3,
	  1,
	  "changes nothing" },
};

#define CASES (sizeof(cases) / sizeof(cases[0]))

/* A segment of a case as it lies in a capture. */
static void place(struct compare_segment *out, const struct seg *s, const struct behind *behind,
		  __u64 number)
{
	const __u32 isn[2] = { ISN_C + (behind ? behind->shift[0] : 0),
			       ISN_S + (behind ? behind->shift[1] : 0) };

	*out = (struct compare_segment){
		.ns = 1000ULL * (s->us + 1),
		.number = number,
		.kinds = s->kinds,
		.seq = isn[s->dir] + s->seq,
		.ack = s->flags & TCP_ACK ? isn[!s->dir] + s->ack : 0,
		.len = s->len,
		.tsval = s->kinds & T ? s->tsval : 0,
		.window = (__u16)s->window,
		.mss = (__u16)s->mss,
		.flags = (__u8)s->flags,
		.ttl = behind ? 63 : 64,
		.wscale = (__u8)s->wscale,
		.dir = (__u8)(s->dir ^ (behind && behind->translated)),
		.complete = 1,
	};
}

static void feed(struct compare *c, unsigned int side, const struct test_case *t)
{
	const struct seg *list = side ? t->after : t->before;
	struct flow_key key = { .addr = { { 1 }, { 2 } }, .port = { 40000, 80 } };

	if (side && t->behind.translated)
		key = (struct flow_key){ .addr = { { 2 }, { 9 } }, .port = { 80, 1024 } };
	for (unsigned int i = 0; i < CASE_SEGMENTS && list[i].flags; i++) {
		struct compare_segment s;

		place(&s, &list[i], side ? &t->behind : NULL, i + 1);
		compare_add(c, side, &s, &key);
	}
}

/* Both captures, in one order or the other: the result may not depend on it. */
static void run(const struct test_case *t, unsigned int first, bool nat)
{
	struct compare_report r = { .file = { "before", "after" } };
	char verdict[COMPARE_VERDICT_ROOM];
	struct compare c;

	assert_int_equal(compare_init(&c, nat), 0);
	feed(&c, first, t);
	feed(&c, !first, t);
	compare_finish(&c);
	assert_int_equal(compare_judge(&r, &c), 0);
	compare_verdict(verdict, &r);
	if (strcmp(verdict, t->verdict) != 0 || r.packets != t->packets ||
	    r.unclaimed != t->unclaimed)
		print_error("case '%s', capture %u first%s\n", t->name, first,
			    nat ? ", --nat" : "");
	assert_string_equal(verdict, t->verdict);
	assert_int_equal(r.packets, t->packets);
	assert_int_equal(r.unclaimed, t->unclaimed);
	assert_int_equal(r.flows_n, 1);
	assert_int_equal(r.flows_only[0] + r.flows_only[1], 0);
	compare_judge_free(&r);
	compare_free(&c);
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < CASES; i++) {
		for (unsigned int first = 0; first < 2; first++) {
			run(&cases[i], first, false);
			run(&cases[i], first, true);
		}
	}
}

/* Windows that a box rewrites let packets wait; they are settled before they are too many. */
static void test_bound(void **state)
{
	const struct seg syn = SYN_(C, ALL, 1460, 7, 0), answer = ANSWER(ALL, 1460, 7, 1);
	struct flow_key key = { .addr = { { 1 }, { 2 } }, .port = { 40000, 80 } };
	struct compare_segment s;
	struct compare c;

	(void)state;
	assert_int_equal(compare_init(&c, false), 0);
	for (unsigned int side = 0; side < 2; side++) {
		place(&s, &syn, NULL, 1);
		compare_add(&c, side, &s, &key);
		place(&s, &answer, NULL, 2);
		compare_add(&c, side, &s, &key);
	}
	for (unsigned int i = 0; i < 100000; i++) {
		struct seg data = DATA(C, 1 + 10 * i, 1, 10, 500, 10 + i);

		place(&s, &data, NULL, 3 + i);
		compare_add(&c, 0, &s, &key);
		s.window = 50;
		compare_add(&c, 1, &s, &key);
		assert_true(c.waiting <= 4 * COMPARE_SETTLE);
	}
	compare_finish(&c);
	assert_int_equal(c.matched, 100002);
	assert_int_equal(c.waiting, 0);
	compare_free(&c);
}

/* What only one capture has is kept up to a bound, and then said to be incomplete. */
/* Of a long transfer with pieces on one side, and of one that is live, little waits. */
static void test_window(void **state)
{
	struct compare_report r = { .file = { "before", "after" } };
	const struct flow_key key = { .addr = { { 1 }, { 2 } }, .port = { 40000, 80 } };
	struct compare_segment s;
	struct compare c;
	__u64 most = 0, number[2] = { 0 };

	(void)state;
	assert_int_equal(compare_init(&c, false), 0);
	for (unsigned int i = 0; i < 20000; i++) {
		const struct seg large = DATA(C, 1 + 1000 * i, 1, 1000, 500, i * 1000);
		const struct seg half[2] = { DATA(C, 1 + 1000 * i, 1, 500, 500, i * 1000),
					     DATA(C, 501 + 1000 * i, 1, 500, 500, i * 1000) };

		place(&s, &large, NULL, ++number[0]);
		compare_add(&c, 0, &s, &key);
		for (unsigned int k = 0; k < 2; k++) {
			place(&s, &half[k], NULL, ++number[1]);
			if (i % 100 != 50) /* lost whole, live */
				compare_add(&c, 1, &s, &key);
		}
		if (i > 10000 && i % 10 == 0)
			compare_expire(&c, s.ns - 5000000);
		most = c.waiting > most ? c.waiting : most;
	}
	assert_in_range(most, 100, 8 * COMPARE_SETTLE);
	c.young_ns = 0;
	compare_finish(&c);
	assert_int_equal(compare_judge(&r, &c), 0);
	assert_int_equal(r.changes_n, 1);
	assert_int_equal(r.changes[0].code, CHANGE_packets_missing);
	assert_int_equal(r.changes[0].packets, 200);
	assert_int_equal(r.folded[0], 19800);
	assert_int_equal(r.folded[1], 2 * 19800);
	compare_judge_free(&r);
	compare_free(&c);
}

static void test_overflow(void **state)
{
	struct flow_key key = { .addr = { { 1 }, { 2 } }, .port = { 40000, 80 } };
	struct compare_segment s;
	struct compare c;

	(void)state;
	assert_int_equal(compare_init(&c, false), 0);
	for (unsigned int i = 0; i < COMPARE_WAITING + 2; i++) {
		struct seg data = DATA(C, 1 + i, 1, 1, 500, 10);

		place(&s, &data, NULL, i + 1);
		compare_add(&c, 0, &s, &key);
	}
	assert_true(c.overflow);
	assert_int_equal(c.waiting, COMPARE_WAITING);
	compare_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_bound),
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_overflow),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
