/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* JSON records that are no part of a report. */
#ifndef USERSPACE_OUTPUT_JSON_H
#define USERSPACE_OUTPUT_JSON_H

#include "userspace/output/writer.h"
#include "userspace/record.h"

/* One sample as one object and a line end (RFC 8259); what fails is in w->err. */
void json_sample(struct writer *w, const struct record_sample *r);

#endif
