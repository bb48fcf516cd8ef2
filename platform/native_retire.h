/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Connections that nothing was heard of for some time, by the capture's clock, are handed on
 * and their memory is used again. What cuts a connection in two is the pause alone: a segment
 * after one begins a new record, whether a sweep had been there or not.
 */
#ifndef PLATFORM_NATIVE_RETIRE_H
#define PLATFORM_NATIVE_RETIRE_H

#include "platform/native.h"

/*
 * Retired connections whose keys are kept, so that a later segment is known to continue one:
 * of those that were open, and of those that were closed. The oldest are forgotten first.
 */
#define NATIVE_RETIRE_OPEN   (1U << 20)
#define NATIVE_RETIRE_CLOSED (1U << 18)

/* A connection, and its gauges at gauges_at bytes from it if FLOW_GAUGED; both borrowed. */
typedef void native_retire_record(void *arg, const struct flow_entry *entry, size_t gauges_at);

/* A walk through a table, some slots at a time. */
struct native_sweep {
	__u64 started_ns;
	__u32 at;
	_Bool running;
};

struct native_retire {
	__u64 idle_ns;
	native_retire_record *record;
	void *arg;
	struct native_sweep flows, pending;
	unsigned int frames;    /* since the last step of the sweeps */
	struct table memory[2]; /* struct native_retired: of open ones, of closed ones */
	__u32 oldest[2];        /* number of the entry to forget next */
	__u64 continued;        /* records that continue an earlier one */
	__u64 forgotten;        /* open connections that would not be known again */
	struct {
		struct flow_entry entry;
		struct gauge gauges[2];
	} spare; /* a record that lies in no table */
};

/*
 * From now on idle connections, and those that the engine hands on, go to record(), in the
 * order in which they end; what is left at the end stays in the tables. 0 or -ENOMEM.
 */
int native_retire_start(struct native *n, __u64 idle_ns, native_retire_record *record, void *arg);

/* Accepts NULL. */
void native_retire_free(struct native_retire *r);

/* A frame on its way, in place of track_keyed(). entry: its confirmed connection, or 0. */
void native_retire_track(struct native *n, const struct native_step *step,
			 struct flow_entry *entry);

/* In place of a record handed on before the end: see native_export(). */
void native_retire_export(struct native *n, const struct flow_key *key, const struct flow *f,
			  const struct gauge *g);

#endif
