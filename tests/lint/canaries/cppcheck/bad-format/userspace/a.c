// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdio.h>

void canary_print(unsigned long v);

void canary_print(unsigned long v)
{
	char text[4];

	snprintf(text, 8, "%s", "a");
	printf("%s %lu\n", text, v);
}
