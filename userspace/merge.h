/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* `wscope merge`: outputs of several `replay --json` in, one out. */
#ifndef USERSPACE_MERGE_H
#define USERSPACE_MERGE_H

#include "userspace/options.h"

/* Reads, merges and prints to stdout; complaints go to stderr. Returns an exit status. */
int merge_run(const struct options *o);

#endif
