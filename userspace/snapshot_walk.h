/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Every entry of a hash map, in few system calls. */
#ifndef USERSPACE_SNAPSHOT_WALK_H
#define USERSPACE_SNAPSHOT_WALK_H

#include <linux/types.h>

/*
 * Calls entry(arg, key, value) for each entry of the hash map; both are valid during the
 * call only. Entries that come, go or move meanwhile may be met or not, and, where the
 * kernel has no batch look-up, one may be met twice. *n (may be NULL) counts the calls.
 * Stops at the first non-zero return of entry and returns it. 0 or -errno.
 */
int snapshot_walk(int fd, __u32 key_size, __u32 value_size,
		  int (*entry)(void *arg, const void *key, const void *value), void *arg, __u64 *n);

#endif
