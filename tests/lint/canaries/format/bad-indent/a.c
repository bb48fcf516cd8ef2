// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
int canary_add(int a, int b)
{
  return a + b;
}
