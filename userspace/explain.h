/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the program says about itself: `wscope list`, `wscope explain CODE`, `wscope schema`. */
#ifndef USERSPACE_EXPLAIN_H
#define USERSPACE_EXPLAIN_H

#include <stdio.h>

/* Finding codes, tunnels, skip reasons and counters, a line each. 0 or -errno (write failed). */
int explain_list(FILE *to);

/* The page of a finding code. 0, -ENOENT when there is no such code, or -errno (write failed). */
int explain_code(FILE *to, const char *code);

/* The JSON Schema (draft-07) of the records of --json, made from record.def. 0 or -errno. */
int explain_schema(FILE *to);

#endif
