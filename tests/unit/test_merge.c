/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Adding an endpoint's counters of two runs. A run is a history, a letter a handshake, by time: o an
 * offer, r a refusal, a dot nothing. Adding those of two must be the counters of both in one, as the
 * engine counts; where their order hides, refusals in a row are at least what is sure.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "userspace/merge_endpoint.h"

/* As engine/endpoint.h counts. The packet's id is the time. */
static void count(struct endpoint *e, char what, __u64 ns)
{
	e->opportunities += what != '.';
	if (what == 'o') {
		e->offers++;
		e->run = 0;
		e->last_offer_ns = ns;
		e->bits |= ENDPOINT_OFFERED;
	}
	if (what != 'r')
		return;
	if (!(e->bits & ENDPOINT_REFUSED))
		e->first_refusal_ns = ns;
	if (!e->run) {
		e->run_since_ns = ns;
		e->run_first_id = ns;
	}
	e->bits |= ENDPOINT_REFUSED;
	e->refusals++;
	e->run++;
	e->last_refusal_ns = e->last_refusal_id = ns;
}

static void history(struct endpoint *e, const char *a, const char *b)
{
	memset(e, 0, sizeof(*e));
	for (size_t i = 0; a[i]; i++) {
		count(e, a[i], 2 * i + 1);
		if (b)
			count(e, b[i], 2 * i + 2);
	}
}

/* What b alone would have counted, at its times. */
static void other(struct endpoint *e, const char *b)
{
	memset(e, 0, sizeof(*e));
	for (size_t i = 0; b[i]; i++)
		count(e, b[i], 2 * i + 2);
}

struct merge_case {
	const char *a, *b;
	int run; /* where it is less than in one run; -1: the same */
};

static void check_case(const struct merge_case *c, const char *a, const char *b)
{
	struct endpoint x, y, whole;

	history(&x, a, NULL);
	other(&y, b);
	history(&whole, a, b);
	merge_endpoint_add(&x, &y);
	if (c->run >= 0) {
		assert_true(c->run < (int)whole.run);
		assert_int_equal(x.run, c->run);
		assert_true(!x.run || x.run_since_ns >= whole.run_since_ns);
		x.run = whole.run;
		x.run_since_ns = whole.run_since_ns;
		x.run_first_id = whole.run_first_id;
	}
	if (!whole.run) /* it has ended: neither time is told */
		x.run_since_ns = whole.run_since_ns = x.run_first_id = whole.run_first_id = 0;
	if (memcmp(&x, &whole, sizeof(x)))
		fail_msg("%s and %s", a, b);
}

static void test_add(void **state)
{
	static const struct merge_case cases[] = {
		{ "....", "....", -1 },
		{ "oooo", "....", -1 },
		{ "rrrr", "....", -1 },
		{ "oooo", "oooo", -1 },
		{ "rrrr", "rrrr", -1 },
		/* One after the other. */
		{ "oo..", "..rr", -1 },
		{ "rr..", "..oo", -1 },
		{ "rr..", "..rr", -1 },
		{ "or..", "..rr", -1 },
		{ "or..", "..or", -1 },
		{ "or..", "..ro", -1 },
		/* A host that changed once, seen by both. */
		{ "ooorrr", "ooorrr", -1 },
		{ "rrrooo", "rrrooo", -1 },
		{ "oo..rr", "..oo.r", -1 },
		/* Offers of one amid refusals of the other: one refusal is sure to be behind. */
		{ "rrrrrr", "..o...", 1 },
		{ "rrrrrr", ".....o", -1 },
		{ "orrrrr", "..o...", 1 },
		{ "orrrrr", "..orrr", 4 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		check_case(&cases[i], cases[i].a, cases[i].b);
	}
}

/* What has no time: added, or true of both if it was of one. */
static void test_counters(void **state)
{
	struct endpoint x = { .by_box = 3, .bits = ENDPOINT_LOCAL }, y = { .by_box = 4 };

	(void)state;
	merge_endpoint_add(&x, &y);
	assert_int_equal(x.by_box, 7);
	assert_int_equal(x.bits, ENDPOINT_LOCAL);
	merge_endpoint_add(&y, &x);
	assert_int_equal(y.by_box, 11);
	assert_int_equal(y.bits, ENDPOINT_LOCAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_add),
					    cmocka_unit_test(test_counters) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
