// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <linux/types.h>

static inline __u32 canary_half(__u32 v)
{
	return v / 2;
}
