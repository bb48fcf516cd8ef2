/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The tables under the culprit: findings by code, endpoints, connections. */
#ifndef USERSPACE_TEXT_TABLES_H
#define USERSPACE_TEXT_TABLES_H

#include "userspace/text_group.h"
#include "userspace/text_style.h"

/* Rows of a table that is not asked for in full. */
#define TEXT_ROWS_FEW 8U

/*
 * Each prints a heading, a table and what was left out, or nothing when there is nothing to
 * show. all: every row; otherwise endpoints that refused and connections with a finding of
 * severity notice or above, a few of them. flagged: how many of those there are, retired ones
 * included. 0 or -ENOMEM.
 */
int text_table_findings(const struct text *t, const struct report *r,
			const struct text_groups *groups, bool all);
int text_table_endpoints(const struct text *t, const struct report *r, bool all);
int text_table_flows(const struct text *t, const struct report *r, __u64 flagged, bool all);

/* The shift that a SYN offers: "-" none, "?" not known. Returns out. */
const char *text_shift(char *out, size_t room, const struct syn *s);

#endif
