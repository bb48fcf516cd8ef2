/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Samples as comma-separated values (RFC 4180, lines ended by LF): the fields of record.def in
 * their order, numbers and words as JSON has them, null as nothing.
 */
#ifndef USERSPACE_OUTPUT_CSV_H
#define USERSPACE_OUTPUT_CSV_H

#include "userspace/output/writer.h"
#include "userspace/record.h"

/* The line with the names of the fields; and one of values. What fails is in w->err. */
void csv_head(struct writer *w);
void csv_sample(struct writer *w, const struct record_sample *r);

#endif
