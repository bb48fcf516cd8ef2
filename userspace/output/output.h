/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A way to show what was found. One file and one line in formats.def each. */
#ifndef USERSPACE_OUTPUT_OUTPUT_H
#define USERSPACE_OUTPUT_OUTPUT_H

#include <stdio.h>

#include "userspace/options.h"
#include "userspace/report.h"

struct output {
	const char *name;
	/* The whole report: culprits or flow, endpoint and summary records. 0 or -errno (write
	 * failed). */
	int (*report)(FILE *to, const struct report *r, const struct options *o);
	/* The record of a connection that is retired before the report; 0: the report has them. */
	int (*retired)(FILE *to, const struct report *r, const struct flow_entry *e);
	/* One event as it happens (live), of kind EVENT_FLOW_FINDING or EVENT_ENDPOINT_FINDING. */
	int (*event)(FILE *to, const struct report *r, const struct event *e,
		     const struct options *o);
};

/* Every output, each defined in its own file. */
#define FORMAT(name, wanted) extern const struct output output_##name;
#include "userspace/output/formats.def"
#undef FORMAT

/* The output the options ask for. */
const struct output *output_choose(const struct options *o);

#endif
