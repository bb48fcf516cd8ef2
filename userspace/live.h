/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* `wscope live`: attach, watch, tell, detach. */
#ifndef USERSPACE_LIVE_H
#define USERSPACE_LIVE_H

#include "userspace/options.h"

/*
 * Attaches to o->interfaces and runs until SIGINT or SIGTERM, --duration or --count. What was
 * found goes to stdout, all else to stderr. SIGUSR1 switches the programs' work off and on
 * again. Returns an exit status.
 */
int live_run(const struct options *o);

#endif
