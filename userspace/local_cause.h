/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What only the host itself can tell: whether the addresses at fault are its own, what its
 * setting says, and since when.
 */
#ifndef USERSPACE_LOCAL_CAUSE_H
#define USERSPACE_LOCAL_CAUSE_H

#include <stdbool.h>
#include <stdio.h>

#include "userspace/locals.h"
#include "userspace/report.h"

#define LOCAL_CAUSE_SETTING "net.ipv4.tcp_window_scaling"

struct local_cause {
	int setting;        /* of this network namespace, as read last; -1: not readable */
	int before;         /* what it was before it changed */
	__u64 last_read_ns; /* since the epoch */
	__u64 changed_ns;   /* when the change was noticed; 0: as it was at the start */
	__u64 unchanged_ns; /* when it was last read as before */
};

/* Reads the setting. */
void local_cause_open(struct local_cause *c);

/* Reads it again; true when it has changed. */
bool local_cause_poll(struct local_cause *c);

/*
 * Writes one paragraph: which of this host's addresses leave the option out, as server and
 * as client, since when, what the setting is now, and how many of its open connections are
 * unscaled. Nothing, and false, when no address of this host is at fault and the setting is
 * as it was.
 */
bool local_cause_write(FILE *to, const struct local_cause *c, const struct report *r,
		       const struct locals *l);

#endif
