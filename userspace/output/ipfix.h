/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reports as IPFIX (RFC 7011) in a file (RFC 5655): a bidirectional flow record (RFC 5103) for
 * each connection, a record for each endpoint, an options record for the summary, and before
 * all the types of our own elements (RFC 5610). docs/ipfix.md says what is in them.
 */
#ifndef USERSPACE_OUTPUT_IPFIX_H
#define USERSPACE_OUTPUT_IPFIX_H

#include <stdbool.h>
#include <stdio.h>

#include "userspace/report.h"

struct ipfix;

/* Whether this build can write IPFIX: it takes libfixbuf. */
bool ipfix_is_built(void);

/*
 * Begins a file; pen: the private enterprise number of our elements. 0 or -errno. The stream
 * stays the caller's, to be closed after ipfix_close().
 */
int ipfix_open(struct ipfix **out, FILE *to, __u32 pen);

/* Writes a whole report. What fails is told by ipfix_close(), and nothing is written after it. */
void ipfix_report(struct ipfix *x, const struct report *r);

/*
 * Writes what is left. 0, or the first failure: -EMSGSIZE where a record is longer than a message
 * can be, -ENOSPC also where there are too many kinds of records, or what writing gave.
 */
int ipfix_close(struct ipfix *x);

#endif
