// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/a.h"

void *canary_use(void);

void *canary_use(void)
{
	return canary_alloc("x");
}
