// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
int canary_sum(int n);

int canary_sum(int n)
{
	int sum = 0;

	for (int i = 0; i < n; i++) {
		int sum = i;

		(void)sum;
	}
	return sum;
}
