// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/a.h"

int canary_use(void);

int canary_use(void)
{
	return canary_both("x", "y");
}
