/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What `wscope check` found, for all that show it. One file and one line in check_formats.def each. */
#ifndef USERSPACE_OUTPUT_CHECK_OUTPUT_H
#define USERSPACE_OUTPUT_CHECK_OUTPUT_H

#include <stdio.h>

#include "userspace/judge.h"
#include "userspace/options.h"

struct check_results {
	const struct report *report;
	const struct options *options;
	const struct judge_result *list;
	size_t n;
	size_t failed;
	bool incomplete; /* something was lost, or a capture was damaged */
};

/* Each prints the results; what cannot be written is in ferror(). */
#define CHECK_FORMAT(name, where, wanted) \
	void check_##name(FILE *to, const struct check_results *results);
#include "userspace/output/check_formats.def"
#undef CHECK_FORMAT

/* Everything the options ask for. 0, or -errno; *where is the file it is about, NULL: stdout. */
int check_output(const struct check_results *results, const char **where);

#define CHECK_WHO_ROOM     128
#define CHECK_PACKETS_ROOM 640

/* A witness, in words. */
struct check_told {
	char who[CHECK_WHO_ROOM];         /* "192.0.2.2:40000 > 198.51.100.2:8080" */
	char packets[CHECK_PACKETS_ROOM]; /* "packets 3, 7 of a.pcap"; "" when there are none */
	struct record_sentence text;      /* of the finding, or what it has instead */
	struct record_sentence advice;    /* "" when there is no finding */
};

void check_tell(struct check_told *out, const struct report *r, const struct judge_witness *w);

/* The n-th result in the order of reports, failed ones first. */
const struct judge_result *check_ordered(const struct check_results *results, size_t n);

/* The next clause at *i or behind it that lets its expectation fail; *i is then behind it. NULL:
 * none. */
const struct judge_clause *check_failed(const struct judge_result *result, size_t *i);

#endif
