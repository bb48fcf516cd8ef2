// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
int canary_same(int v);

/* Only clang, not gcc, warns of the doubled parentheses. */
int canary_same(int v)
{
	if ((v == 3))
		return 1;
	return 0;
}
