// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdlib.h>

int canary_table(void);

/* Only gcc's flow analysis, not clang, sees the index that is one too far. */
int canary_table(void)
{
	int *table = malloc(3 * sizeof(*table));
	int v;

	if (!table)
		return 0;
	free(table);
	v = table[0];
	return v;
}
