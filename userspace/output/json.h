/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* JSON records one by one, for what is no `--json` report and has them. */
#ifndef USERSPACE_OUTPUT_JSON_H
#define USERSPACE_OUTPUT_JSON_H

#include "userspace/output/writer.h"
#include "userspace/record.h"

/* One record as one object (RFC 8259), and a line end unless inside an array; what fails is in
 * w->err. */
void json_flow(struct writer *w, const struct record_flow *r);
void json_endpoint(struct writer *w, const struct record_endpoint *r);
void json_summary(struct writer *w, const struct record_summary *r);
void json_sample(struct writer *w, const struct record_sample *r);
void json_attachment(struct writer *w, const struct record_attachment *r);
void json_status(struct writer *w, const struct record_status *r);

#endif
