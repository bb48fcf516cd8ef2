/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The bench's output: one line a figure, and whether any ratio is over its target. */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include <stdbool.h>

/* "ratio NAME VALUE TARGET ok|over"; the target is the largest value that is fine. */
void report_ratio(const char *name, double value, double target);

/* "figure NAME VALUE UNIT": for comparison, without a target. */
void report_figure(const char *name, double value, const char *unit);

/* "missing NAME WHY": could not be measured here. */
void report_missing(const char *name, const char *why);

/* How many ratios were over their target so far. */
unsigned int report_over(void);

#endif
