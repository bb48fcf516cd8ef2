/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the parts of the reader of expectations share. */
#ifndef USERSPACE_EXPECT_READER_H
#define USERSPACE_EXPECT_READER_H

#include "userspace/expect.h"

struct expect_reader {
	struct document_error *error;
	const char *path;
};

/* A key of a map, and what takes its value: 0 or -errno. */
struct expect_key {
	const char *name;
	int (*take)(struct expect_reader *r, const struct document_node *value, void *into);
};

/* Sets the error to a place and a reason; -EINVAL. */
int expect_refuse(struct expect_reader *r, struct document_mark mark, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The text of a scalar; NULL after refusing it. what: who takes it. */
const char *expect_text(struct expect_reader *r, const struct document_node *node,
			const char *what);

/* Hands each value of a map to its key; unknown and repeated keys are refused. */
int expect_map(struct expect_reader *r, const struct document_node *node, const char *what,
	       const struct expect_key *keys, size_t n, void *into);

/* A comparison, as a value of a map. */
int expect_take_range(struct expect_reader *r, const struct document_node *node, const char *what,
		      enum expect_unit unit, struct expect_range *out);

/* "client" or "server". */
int expect_take_side(struct expect_reader *r, const struct document_node *node, enum side *out);

/* A new clause of an expectation; NULL: out of memory. */
struct expect_clause *expect_add(struct expectation *e, enum expect_assertion assertion,
				 struct document_mark mark);

/* Each reads one value of its assertion and adds what it says. */
#define EXPECT_ASSERTION(name, what)                                                       \
	int expect_read_##name(struct expect_reader *r, const struct document_node *value, \
			       struct expectation *e);
#include "userspace/expect.def"

#endif
