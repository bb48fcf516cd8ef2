/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What follows the options: files, a filter, or nothing. */
#ifndef USERSPACE_OPTIONS_OPERANDS_H
#define USERSPACE_OPTIONS_OPERANDS_H

#include "userspace/options.h"

/*
 * Takes the n words in argv for a command, called verb; dashes: how many of them stand before "--", -1:
 * there is none. 0, -ENOMEM, or -EINVAL after one line on stderr.
 */
int options_operands(struct options *o, enum option_command command, const char *verb, char **argv,
		     int n, int dashes);

#endif
