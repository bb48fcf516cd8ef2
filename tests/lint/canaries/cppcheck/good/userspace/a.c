// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stddef.h>

size_t canary_len(const char *s);

size_t canary_len(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}
