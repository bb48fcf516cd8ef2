// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stddef.h>

static inline int canary_both(const char *a, const char *b)
{
	return a[0] == b[0] && a[0] == b[0];
}
