/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef USERSPACE_LIVE_DRY_RUN_H
#define USERSPACE_LIVE_DRY_RUN_H

#include <stdio.h>

#include "userspace/options.h"

/*
 * Says what attaching would do to each interface of o, which exist, and what is there. The programs
 * have been loaded: that the kernel takes them is known. Changes nothing. Returns EXIT_NOTHING,
 * or EXIT_PRIVILEGE when something could not be attached.
 */
int live_dry_run(FILE *to, const struct options *o);

#endif
