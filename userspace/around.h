/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a report's other connections and hosts tell about one of them. */
#ifndef USERSPACE_AROUND_H
#define USERSPACE_AROUND_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/diagnose.h"

struct report;

struct around {
	__u64 *lost; /* times at which connections of some age were lost, sorted */
	size_t lost_n;
	__u64 span_ns;  /* of the report */
	__u32 offering; /* servers, by address, that gave the option */
	/*
	 * Where connections are not at hand: servers that are known to shift their windows although
	 * the option did not come through, whatever the kind of their domain. Borrowed.
	 */
	const struct endpoint_key *shifters;
	size_t shifters_n;
	/* The prefix asked about last, and what was answered. */
	struct endpoint_key prefix;
	bool asked, shifting;
	/* Instead of the report's endpoints, while these are still counted; or 0. */
	const struct endpoint_entry *(*find)(const void *arg, const struct endpoint_key *key);
	const void *find_arg;
};

/* Goes through a report once and hangs the result into it. 0 or -ENOMEM; then around_free(). */
int around_make(struct around *out, struct report *r);
void around_free(struct around *a);

/*
 * The most connections lost within any LOSS_SPAN_NS that has ns in it; 0 when that is not
 * far more than are always lost here in such a time.
 */
__u32 around_lost(const struct around *a, __u64 ns);

/* A connection as diagnosis sees it. */
void around_transfer(struct transfer *out, const struct report *r, const struct flow_entry *e);

/* An endpoint of the report; NULL when it was not counted. */
const struct endpoint_entry *around_find(const struct report *r, const struct endpoint_key *key);

/* The endpoint that one end of a connection is, among the report's; NULL when it was not counted. */
const struct endpoint_entry *around_endpoint(const struct report *r, const struct flow_entry *e,
					     enum endpoint_role role);

/* The servers around an endpoint of the report. */
void around_vicinity(struct vicinity *out, const struct report *r, const struct endpoint_entry *e);

#endif
