// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/output/output.h"
#include "userspace/record.h"

static int text_report(FILE *to, const struct report *r, const struct options *o)
{
	(void)o;
	fprintf(to, "%zu flows\n", r->flows_n);
	return ferror(to) ? -5 : 0;
}

static int text_event(FILE *to, const struct report *r, const struct event *e,
		      const struct options *o)
{
	struct record_event record;

	(void)o;
	record_event(&record, r, e, NULL);
	fprintf(to, "%s\n", record.finding.text.text);
	return ferror(to) ? -5 : 0;
}

const struct output output_text = { .name = "text", .report = text_report, .event = text_event };
