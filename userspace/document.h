/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A YAML file as a tree in which every node knows where it stands, so that whoever does not
 * like it can say where. One document; scalars are text; no aliases, no tags.
 */
#ifndef USERSPACE_DOCUMENT_H
#define USERSPACE_DOCUMENT_H

#include <stddef.h>

#define DOCUMENT_DEPTH_MOST  16
#define DOCUMENT_BYTES_MOST  (1U << 20)
#define DOCUMENT_REASON_ROOM 384

/* Both from 1. */
struct document_mark {
	unsigned int line;
	unsigned int column;
};

struct document_error {
	struct document_mark mark;
	char reason[DOCUMENT_REASON_ROOM];
};

enum document_kind { DOCUMENT_SCALAR, DOCUMENT_LIST, DOCUMENT_MAP };

struct document_node {
	enum document_kind kind;
	struct document_mark mark;
	char *text;                   /* of a scalar, without a NUL inside */
	struct document_node **items; /* of a list; of a map keys and values in turn */
	size_t n;                     /* items */
};

/*
 * Reads len bytes. *out is to be released with document_free(); NULL for an empty document. 0, or
 * -EINVAL with the place and the reason in error, or -ENOMEM.
 */
int document_parse(struct document_node **out, const char *text, size_t len,
		   struct document_error *error);

/* Accepts NULL. */
void document_free(struct document_node *node);

#endif
