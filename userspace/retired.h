/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is kept of connections whose records were handed on before the end (replay --retire):
 * totals and groups, never a connection. Three things are judged by what other connections
 * did, of all times, so of these as much is kept as takes to judge them at the end:
 *   state-loss            of each connection that was lost at some age, when and what it cost
 *   syncookie-no-wscale   of each listener, what its connections amount to either way
 *   path-strips           which listeners shift their windows without the option
 */
#ifndef USERSPACE_RETIRED_H
#define USERSPACE_RETIRED_H

#include <stdio.h>

#include "platform/table.h"
#include "userspace/around.h"
#include "userspace/options.h"
#include "userspace/text_group.h"

/* Flagged connections kept whole, for the table of connections. */
#define RETIRED_KEPT 8U

struct retired_kept {
	struct flow_entry entry;
	struct gauge gauges[2];
};

#define RETIRED_GAUGES offsetof(struct retired_kept, gauges)

/* A connection that may have been lost together with others. */
struct retired_loss {
	struct text_example example;
	__u64 ns; /* state_loss_ns() */
	__u64 first_ns;
	__u64 waited_ns;
	__u64 bytes;
	__u64 packets[2]; /* SYN and SYN-ACK */
	bool slowed;      /* counted among the slowed ones already */
};

/* Of a server's endpoint; it begins with its key, as a table's entry does. */
struct retired_listener {
	struct endpoint_key key;
	bool shifting; /* a connection without scaling whose windows it shifted */
	/* Connections that were refused, or given cookies: either one, added up as both. */
	struct text_group refused, cookies;
	__u64 printed; /* of these with records that say cookies */
};

struct retired {
	/* Set by whoever replays. */
	double idle_s;
	int (*print)(FILE *to, const struct report *r, const struct flow_entry *e); /* or 0 */
	FILE *to;
	struct report report; /* files and, from the engine, what records are made by */
	struct around around;
	/* What came of it. */
	int err; /* -errno: something could not be kept or written */
	__u64 flows;
	__u64 continued; /* records that continue an earlier one; at the end */
	__u64 forgotten; /* open connections that would not have been known again; at the end */
	__u64 late; /* findings that records have otherwise: they were printed before it was known */
	__u64 findings[FINDING_CODES];
	int worst; /* severity, or -1 */
	struct text_groups groups;
	struct text_judged judged;
	struct retired_kept kept[RETIRED_KEPT];
	size_t kept_n;
	struct retired_loss *losses;
	size_t losses_n, losses_room;
	struct table listeners; /* struct retired_listener */
};

/* Makes it ready for a stream; what the caller sets stays. 0 or -ENOMEM. */
int retired_start(struct retired *x);
void retired_free(struct retired *x);

/*
 * Takes a connection: judges it, prints it, adds it up. gauges_at: as in a report. What
 * fails is in x->err, and nothing is taken any more.
 */
void retired_add(struct retired *x, const struct flow_entry *e, size_t gauges_at);

/* Judges what had to wait, when all is known: the report has its `around`. 0 or -ENOMEM. */
int retired_finish(struct retired *x, const struct report *r);

/* Whether a listener of a prefix, see around.c, shifted its windows without the option. */
bool retired_shifting(const struct retired *x,
		      bool (*is_in)(const struct endpoint_key *key,
				    const struct endpoint_key *prefix),
		      const struct endpoint_key *prefix);

/* All connections of a report, retired or not. */
static inline size_t report_connections(const struct report *r)
{
	return r->flows_n + (r->retired ? r->retired->flows : 0);
}

#endif
