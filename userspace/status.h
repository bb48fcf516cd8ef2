/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From what happened to an exit status. */
#ifndef USERSPACE_STATUS_H
#define USERSPACE_STATUS_H

#include "userspace/exit_status.h"
#include "userspace/options.h"
#include "userspace/report.h"

/* Of two exit statuses the one that matters more: 2, 4, 3, 5, 1, 0. */
int status_worse(int a, int b);

/* EXIT_INCOMPLETE when something was lost, EXIT_FINDINGS by --fail-on, or EXIT_NOTHING. */
int status_of_report(const struct report *r, const struct options *o);

#endif
