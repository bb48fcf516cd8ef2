/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The addresses of this network namespace, kept current in the programs' map. */
#ifndef USERSPACE_LOCALS_H
#define USERSPACE_LOCALS_H

#include <stdbool.h>
#include <linux/types.h>

struct locals;

/*
 * Fills the map (struct local_key -> 1; -1: there is none) and subscribes to changes. *out is to be
 * closed with locals_close(). 0 or -errno; -E2BIG, when there are more addresses than the map
 * holds, leaves *out open: the rest is known here only.
 */
int locals_open(struct locals **out, int map);

/* Accepts NULL. */
void locals_close(struct locals *l);

/* Readable when addresses may have changed; then call locals_refresh(). */
int locals_fd(const struct locals *l);

/* Takes in what has changed: new addresses are added, gone ones removed. 0 or -errno. */
int locals_refresh(struct locals *l);

/* Whether an address (as in a flow's key) is one of this host's. */
bool locals_has(const struct locals *l, const __u64 addr[2], bool ipv6);

#endif
