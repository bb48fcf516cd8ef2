// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdio.h>

#include "bench/report.h"

static unsigned int over;

void report_ratio(const char *name, double value, double target)
{
	/* What is not below or at the target is over it: so is a value that is no number. */
	bool ok = value <= target;

	if (!ok)
		over++;
	printf("ratio %-28s %8.2f %8g %s\n", name, value, target, ok ? "ok" : "over");
	fflush(stdout);
}

void report_figure(const char *name, double value, const char *unit)
{
	printf("figure %-27s %8.1f %s\n", name, value, unit);
	fflush(stdout);
}

void report_missing(const char *name, const char *why)
{
	printf("missing %-26s %s\n", name, why);
	fflush(stdout);
}

unsigned int report_over(void)
{
	return over;
}
