// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stddef.h>
#include <stdlib.h>

static inline void *canary_alloc(const char *s)
{
	return malloc(sizeof(s) * sizeof(s));
}
