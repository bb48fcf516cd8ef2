/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Expectations compared with a report: pure functions, nothing is read or printed. */
#ifndef USERSPACE_JUDGE_H
#define USERSPACE_JUDGE_H

#include "userspace/expect.h"
#include "userspace/report.h"

#define JUDGE_WITNESSES 5
#define JUDGE_TEXT_ROOM 320
#define JUDGE_WHAT_ROOM 80

enum judge_verdict { JUDGE_HOLDS, JUDGE_FAILS, JUDGE_UNKNOWN };

/* A connection or host that speaks against a clause, or of which nothing can be said. */
struct judge_witness {
	const struct flow_entry *flow;         /* or 0 */
	const struct endpoint_entry *endpoint; /* or 0 */
	bool unknown;
	bool found; /* finding is what speaks against it */
	struct finding finding;
	char what[JUDGE_WHAT_ROOM];     /* what it has instead */
	__u64 packets[FINDING_PACKETS]; /* identities, unused ones 0 */
};

struct judge_clause {
	const struct expect_clause *clause;
	enum judge_verdict verdict;
	char expected[JUDGE_TEXT_ROOM];
	char found[JUDGE_TEXT_ROOM];
	__u64 flows;   /* selected */
	__u64 hosts;   /* their ends */
	__u64 against; /* connections that are not as they should be; of findings: findings */
	__u64 flagged; /* connections or, of codes about hosts, hosts that have such a finding */
	__u64 unknown; /* connections that cannot be judged */
	struct judge_witness witnesses[JUDGE_WITNESSES];
	size_t witnesses_n;
};

struct judge_result {
	const struct expectation *expectation;
	bool holds; /* every clause does, or is unknown where that passes */
	__u64 flows, hosts;
	struct judge_clause *clauses;
	size_t n;
};

/* Judges one expectation. 0 or -ENOMEM; then judge_free(). */
int judge_expectation(struct judge_result *out, const struct expectation *e,
		      const struct report *r);
void judge_free(struct judge_result *result);

/* Whether a clause lets its expectation fail. */
bool judge_is_failed(const struct judge_result *result, const struct judge_clause *clause);

/* Whether a connection is meant. */
bool judge_selects(const struct expect_select *s, const struct report *r,
		   const struct flow_entry *e);

/* What must be, in words. */
void judge_expected(char out[JUDGE_TEXT_ROOM], const struct expect_clause *c);

#endif
