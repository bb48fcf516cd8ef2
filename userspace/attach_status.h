/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef USERSPACE_ATTACH_STATUS_H
#define USERSPACE_ATTACH_STATUS_H

#include "userspace/options.h"

/*
 * `wscope status`: what `wscope attach` has attached, whether it still is, since when, what
 * happened to it, what it costs, and how full the tables are; with --json as records. EXIT_NOTHING:
 * all is attached, except for what was detached on purpose; EXIT_FINDINGS: something is not, or
 * nothing is; EXIT_PRIVILEGE: it cannot be asked.
 */
int attach_status_run(const struct options *o);

#endif
