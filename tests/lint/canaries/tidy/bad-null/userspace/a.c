// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stddef.h>

int canary_first(const int *v);

int canary_first(const int *v)
{
	if (v == NULL)
		return *v;
	return 0;
}
