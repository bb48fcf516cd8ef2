/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Expectations made from what a report has: a beginning for somebody who writes some. */
#ifndef USERSPACE_EXPECT_INIT_H
#define USERSPACE_EXPECT_INIT_H

#include <stdio.h>

#include "userspace/report.h"

#define EXPECT_INIT_SERVERS 50U /* that get an expectation of their own */

/*
 * Writes expectations that hold of this report: one for each of the busiest servers, as strict as it
 * allows. 0 or -errno.
 */
int expect_init(FILE *to, const struct report *r);

#endif
