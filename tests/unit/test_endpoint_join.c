// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * endpoint_join(): what was counted apart, one handshake at a time or in runs, and joined in order is
 * what counting them all in one place gives.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "platform/native.h"

#define HANDSHAKES 40U

/* A handshake with the option, or without, some of these by a box. */
static void count(struct endpoint *e, const char *kinds, unsigned int i)
{
	const struct syn syn = {
		.id = 1000 + i,
		.bits = SYN_SEEN | SYN_WITH_ACK,
		.window = kinds[i] == 'b' ? 0 : 1000, /* a proxy's */
		.wscale_state = kinds[i] == 'o' ? WSCALE_PRESENT : WSCALE_ABSENT,
	};

	endpoint_count(e, &syn, kinds[i] == 'o', 5000 + i);
}

/* Where nothing is refused in a row, since when and from which packet on says nothing. */
static void assert_same(const struct endpoint *got, const struct endpoint *due, const char *kinds)
{
	struct endpoint a = *got, b = *due;

	if (!due->run) {
		a.run_since_ns = b.run_since_ns = 0;
		a.run_first_id = b.run_first_id = 0;
	}
	if (memcmp(&a, &b, sizeof(a)))
		print_message("%s: run %llu, %llu is due; since %llu, %llu is due\n", kinds,
			      (unsigned long long)a.run, (unsigned long long)b.run,
			      (unsigned long long)a.run_since_ns,
			      (unsigned long long)b.run_since_ns);
	assert_memory_equal(&a, &b, sizeof(a));
}

/* In runs of `length` handshakes each. */
static void check(const char *kinds, unsigned int n, unsigned int length)
{
	struct endpoint due = { .first_ns = 5000 }, got = { .first_ns = 5000 };

	for (unsigned int i = 0; i < n; i++)
		count(&due, kinds, i);
	for (unsigned int i = 0; i < n; i += length) {
		struct endpoint part = { .first_ns = 5000 + i };

		for (unsigned int k = i; k < i + length && k < n; k++)
			count(&part, kinds, k);
		endpoint_join(&got, &part);
	}
	assert_same(&got, &due, kinds);
}

static void test_named(void **state)
{
	static const char *const sequences[] = {
		"o", "r", "oo", "rr", "or", "ro", "rro", "orr", "oror", "rorr", "bbbo", "obor",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(sequences) / sizeof(sequences[0]); i++) {
		for (unsigned int length = 1; length <= 4; length++)
			check(sequences[i], (unsigned int)strlen(sequences[i]), length);
	}
}

static void test_random(void **state)
{
	__u64 dice = 1;

	(void)state;
	for (unsigned int turn = 0; turn < 2000; turn++) {
		char kinds[HANDSHAKES + 1] = "";
		unsigned int offers = turn % 8;

		for (unsigned int i = 0; i < HANDSHAKES; i++) {
			dice = dice * 6364136223846793005ULL + 1442695040888963407ULL;
			kinds[i] = dice >> 61 < offers ? 'o' : dice >> 40 & 1 ? 'r' : 'b';
		}
		check(kinds, HANDSHAKES, 1 + turn % 7);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_named),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
