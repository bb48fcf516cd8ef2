/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The line that tells of progress: part, packets, rate and time left, by what has passed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "pcap-replay/progress.h"

#define S 1000000000ULL

static void test_line(void **state)
{
	static const struct {
		__u64 elapsed_ns, done, total, packets;
		const char *line;
	} cases[] = {
		{ 0, 0, 100, 0, "  0 %  0 packets, 0/s" },
		{ 2 * S, 50, 100, 4000000, " 50 %  4,000,000 packets, 2,000,000/s, 0:02 left" },
		{ S, 1, 100, 10, "  1 %  10 packets, 10/s, 1:39 left" },
		{ S / 2, 999, 1000, 10, " 99 %  10 packets, 20/s, 0:00 left" },
		{ 10 * S, 100, 100, 10, "100 %  10 packets, 1/s, 0:00 left" },
		/* More than the size at opening: it grew. */
		{ 10 * S, 200, 100, 10, "100 %  10 packets, 1/s, 0:00 left" },
		{ 100 * S, 1, 100, 10, "  1 %  10 packets, 0/s, 2:45:00 left" },
		{ 1000 * S, 1, 100, 10, "  1 %  10 packets, 0/s, 1 d 3 h left" },
		{ 1000 * S, 1, ~0ULL, 10, "  0 %  10 packets, 0/s, more than 99 days left" },
		/* A pipe. */
		{ 2 * S, 50, 0, 4000000, "4,000,000 packets, 2,000,000/s" },
		{ 1000 * S, ~0ULL, ~0ULL, ~0ULL,
		  "100 %  18,446,744,073,709,551,615 packets, 18,446,744,073,709,552/s, 0:00 left" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char line[PROGRESS_ROOM];

		progress_line(line, cases[i].elapsed_ns, cases[i].done, cases[i].total,
			      cases[i].packets);
		assert_string_equal(line, cases[i].line);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_line) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
