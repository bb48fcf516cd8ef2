/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What `wscope check` expects, as its files say it (docs/expectations.md): read and checked,
 * not yet compared with anything.
 */
#ifndef USERSPACE_EXPECT_H
#define USERSPACE_EXPECT_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/finding.h"
#include "userspace/baseline.h"
#include "userspace/document.h"
#include "userspace/expect_value.h"
#include "userspace/record.h"

#define EXPECT_NAME_MOST  200 /* bytes of an expectation's name */
#define EXPECT_WHERE_MOST 8   /* conditions on a finding */

enum expect_selector_id {
#define EXPECT_SELECTOR(kind, name, what) EXPECT_SELECT_##name,
#include "userspace/expect.def"
	EXPECT_SELECTORS
};

enum expect_assertion {
#define EXPECT_ASSERTION(name, what) EXPECT_ASSERT_##name,
#include "userspace/expect.def"
	EXPECT_ASSERTIONS
};

enum expect_word {
#define EXPECT_WORD(name, names) EXPECT_WORD_##name,
#include "userspace/expect.def"
	EXPECT_WORDS
};

#define EXPECT_HOLDS_PREFIX struct expect_prefix
#define EXPECT_HOLDS_RANGE  struct expect_range
#define EXPECT_HOLDS_FAMILY struct expect_range
#define EXPECT_HOLDS_ROLE   enum side
#define EXPECT_HOLDS_TIME   __s64 /* ns since the epoch */

/* A member for each selector; it says something where given has its bit. */
struct expect_select {
	unsigned int given; /* 1 << enum expect_selector_id */
#define EXPECT_SELECTOR(kind, name, what) EXPECT_HOLDS_##kind name;
#include "userspace/expect.def"
};

/* A condition on a finding: on one of its numbers, or on a word. */
struct expect_where {
	enum expect_word word;       /* EXPECT_WORDS: it is a number */
	char key[RECORD_VALUE_ROOM]; /* the number's name as records have it */
	enum expect_unit unit;
	struct expect_range range;
	struct document_mark mark;
};

/* One thing that must hold. Which members say something depends on the assertion. */
struct expect_clause {
	enum expect_assertion assertion;
	struct document_mark mark;
	/* findings */
	bool of_severity; /* of what's severity or above, not of one code */
	__u8 what;        /* enum finding_code, or enum severity */
	bool at_least;    /* otherwise at most */
	bool percent;     /* of the connections; count is then in ten-thousandths */
	struct expect_where where[EXPECT_WHERE_MOST];
	size_t where_n;
	/* findings, min_flows */
	__u64 count;
	/* wscale, effective_window */
	enum side side;
	int state;   /* enum wscale_state, -1: not said */
	bool ranged; /* range says something */
	/* wscale: shift; effective_window; rtt, ns */
	struct expect_range range;
	enum scaling scaling;
	struct baseline *baseline; /* owned */
	char *path;                /* of the baseline, as written; owned */
};

struct expectation {
	char *name;
	struct document_mark mark;
	const char *path; /* the file it is from; borrowed */
	struct expect_select select;
	bool unknown_passes;
	struct expect_clause *clauses;
	size_t n;
};

struct expect {
	char *path;
	struct expectation *list;
	size_t n;
};

/*
 * Reads a file. *out is to be released with expect_free(), and NULL after an error. 0; -EINVAL
 * when it is no list of expectations, with the place and the reason in error; or another -errno of
 * opening and reading it, then error's line is 0.
 */
int expect_read(struct expect **out, const char *path, struct document_error *error);

/* The same of text; path: where baselines are looked for, and what results say. */
int expect_parse(struct expect **out, const char *path, const char *text, size_t len,
		 struct document_error *error);

/* Accepts NULL. */
void expect_free(struct expect *e);

#endif
