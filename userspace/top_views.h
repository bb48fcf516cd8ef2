/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The views of `wscope top` as lines. Nothing is drawn here. */
#ifndef USERSPACE_TOP_VIEWS_H
#define USERSPACE_TOP_VIEWS_H

#include "userspace/top_model.h"

#define TOP_HEAD_LINES     4U
#define TOP_MESSAGES       16U
#define TOP_MESSAGE_ROOM   256
#define TOP_ATTACHED_ROOM  96
#define TOP_HOOKS_ATTACHED 64U

/* What the report does not know. */
struct top_status {
	char attached[TOP_HOOKS_ATTACHED][TOP_ATTACHED_ROOM]; /* "eth0 xdp native" */
	bool gone[TOP_HOOKS_ATTACHED];                        /* the kernel shows it no more */
	size_t attached_n;
	char *host;                                    /* what is said of this host, lines; or 0 */
	char messages[TOP_MESSAGES][TOP_MESSAGE_ROOM]; /* newest last */
	size_t messages_n;
	__u64 messages_all;
	double interval_s;
	__s64 now; /* of the last refresh, ns since the epoch */
	bool paused;
};

/* TOP_HEAD_LINES lines: where it is attached, verdict rates, what is missing, the views. */
void top_head(struct top_page *p, const struct top_model *m, const struct top_status *s);

/* Culprits with all that is known of each, worst first. */
void top_culprits(struct top_page *p, const struct top_model *m);

/* A head, then rows from first on, at most rows of them; row i of the table is line i - first + 1. */
void top_table(struct top_page *p, const struct top_model *m, size_t first, size_t rows);

/* What was seen, lost, evicted and skipped; what is attached; this host; messages. */
void top_state(struct top_page *p, const struct top_model *m, const struct top_status *s);

/* All that is known of one connection, of this key and first packet, and its window history. */
void top_detail(struct top_page *p, const struct top_model *m, const struct flow_key *key,
		__u64 first_ns);

void top_help(struct top_page *p);

#endif
