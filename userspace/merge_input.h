/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One output of `replay --json`, read record by record and never believed. */
#ifndef USERSPACE_MERGE_INPUT_H
#define USERSPACE_MERGE_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <jansson.h>
#include <linux/types.h>

#include "engine/finding.h"

/* In the order in which a file has them. */
enum merge_kind { MERGE_FLOW, MERGE_ENDPOINT, MERGE_SUMMARY, MERGE_END };

struct merge_input {
	const char *path; /* "-": standard input */
	size_t index;
	FILE *file;
	char *line; /* the record as it stands there, line end included */
	size_t room, length;
	__u64 number; /* of that line */
	enum merge_kind kind;
	json_t *record;                         /* the same, parsed; NULL at the end */
	__s64 first;                            /* of a flow: ns since the epoch */
	__u64 flows;                            /* so far */
	bool retired;                           /* of `replay --retire`: flows as they ended */
	__u64 endpoint_findings[FINDING_CODES]; /* so far */
};

/* Opens and reads the first record. 0, or -errno after a line on stderr; merge_input_close() either
 * way. */
int merge_input_open(struct merge_input *in, const char *path);

/*
 * The next record. A flow comes not before the one that precedes it, unless connections were
 * retired; flows come before endpoints,
 * these before the one summary, which is the last line. 0, or -errno after a line on stderr that
 * names file and line.
 */
int merge_input_next(struct merge_input *in);
void merge_input_close(struct merge_input *in);

/* Says that the record makes no sense: what. -EBADMSG. */
int merge_input_refuse(const struct merge_input *in, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* A member that is a number not below 0. */
bool merge_take_number(const json_t *object, const char *name, __u64 *out);

/*
 * A member that is seconds, to the nanosecond, from the line: the JSON parser has only floating point.
 * A member name cannot stand in a text, where its quotes would be escaped. RECORD_NO_TIME: null.
 */
bool merge_take_time(const struct merge_input *in, const char *name, __s64 *ns);

/* The finding code of that name, or -1. */
int merge_code(const char *name);

#endif
