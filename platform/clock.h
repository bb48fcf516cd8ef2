/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Clocks of the kernel, read. */
#ifndef PLATFORM_CLOCK_H
#define PLATFORM_CLOCK_H

#include <time.h>

#include <linux/types.h>

#define CLOCK_NS_PER_S 1000000000ULL

/* What a clock says, in ns: CLOCK_REALTIME since the epoch, CLOCK_MONOTONIC (the programs') since
 * boot. */
static inline __u64 clock_ns(clockid_t which)
{
	struct timespec now;

	clock_gettime(which, &now);
	return (__u64)now.tv_sec * CLOCK_NS_PER_S + (__u64)now.tv_nsec;
}

#endif
