/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* `wscope top`: a screen over a live run. */
#ifndef USERSPACE_TOP_H
#define USERSPACE_TOP_H

#include "userspace/options.h"

/* As live_run(), but what is found is on the terminal until the user quits. An exit status. */
int top_run(const struct options *o);

#endif
