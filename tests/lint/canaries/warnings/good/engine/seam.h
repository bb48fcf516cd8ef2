// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <linux/types.h>

/* Defined by the platform, later. */
static inline __u32 canary_now(void);

static inline __u32 canary_age(__u32 then)
{
	return canary_now() - then;
}
