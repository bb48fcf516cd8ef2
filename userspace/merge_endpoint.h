/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Endpoints of several runs, added up: in memory that follows the number of different ones. */
#ifndef USERSPACE_MERGE_ENDPOINT_H
#define USERSPACE_MERGE_ENDPOINT_H

#include "userspace/baseline.h"
#include "userspace/merge_input.h"

struct merge_endpoint {
	struct endpoint_entry entry;
	struct baseline_endpoint before; /* what the run's baseline says; opportunities 0: nothing */
	__u64 order;                     /* of arrival: equal ones are added in it */
};

struct merge_endpoints {
	struct merge_endpoint *list;
	size_t n, room;
	__u64 arrived;
	/* Servers that were seen to shift their windows although their option did not come through. */
	struct endpoint_key *shifters;
	size_t shifters_n, shifters_room;
	/* Names of captures, by index, as packets name them. */
	json_t *file_index;
	const char **files;
	size_t files_n, files_room;
};

/* Takes the input's endpoint record. 0, -EBADMSG after a line on stderr, or -ENOMEM. */
int merge_endpoint_take(struct merge_endpoints *m, const struct merge_input *in);

/* Notes of the input's flow record what its server's neighbours are judged by. As above. */
int merge_endpoint_flow(struct merge_endpoints *m, const struct merge_input *in);

/* Adds up what is the same endpoint; then the list is sorted as that of a report. */
void merge_endpoint_settle(struct merge_endpoints *m);

void merge_endpoint_free(struct merge_endpoints *m);

/*
 * Adds b to a, which is the same endpoint. Exact but for refusals in a row: where those of one began
 * before the last offer of the other, and go on behind it, only the last one is known to be behind.
 */
void merge_endpoint_add(struct endpoint *a, const struct endpoint *b);

#endif
