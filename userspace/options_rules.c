// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Options that need each other, or do not go together. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "userspace/options.h"

/* What belongs to --series is there only with it, and it only where it can be. */
static int rules_series(const struct options *o)
{
	bool interval = o->series_interval_s >= 0;
	const char *why;

	if (!o->series) {
		if (o->series_format == SERIES_BY_NAME && !interval)
			return 0;
		fprintf(stderr, "wscope: --%s goes with --series FILE\n",
			interval ? "series-interval" : "series-format");
		return -EINVAL;
	}
	if (o->engine != ENGINE_NATIVE)
		why = "goes with --engine native: the kernel's programs show no single segments";
	else if (!*o->series)
		why = "needs the name of a file";
	else if (!strcmp(o->series, "-"))
		why = "cannot be '-': standard output has the report";
	else
		return 0;
	fprintf(stderr, "wscope: --series %s\n", why);
	return -EINVAL;
}

/* Of check: what to expect, or --init; and one way to print it. */
static int rules_check(const struct options *o)
{
	bool outputs = o->json || o->tap || o->github || o->junit;
	const char *why = NULL;

	if (!o->expects_n && !o->init)
		why = "check takes --expect FILE, or --init";
	else if (o->init && (o->expects_n || outputs))
		why = "--init writes expectations, and takes neither --expect nor an output";
	else if (o->json + o->tap + o->github > 1)
		why = "--json, --tap and --github do not go together";
	else if (o->junit && (!*o->junit || !strcmp(o->junit, "-")))
		why = "--junit needs the name of a file";
	if (!why)
		return 0;
	fprintf(stderr, "wscope: %s\n", why);
	return -EINVAL;
}

/* Packets are bytes: they have a file, or standard output for themselves. */
static int rules_write(const struct options *o)
{
	const char *why = NULL;

	if (!o->write) {
		if (o->write_all)
			why = "--write-all goes with --write FILE";
	} else if (!*o->write) {
		why = "--write needs the name of a file";
	} else if (!strcmp(o->write, "-") && o->json) {
		why = "--write - and --json both need standard output";
	} else if (!strcmp(o->write, "-") && isatty(STDOUT_FILENO)) {
		why = "--write - writes no packets to a terminal";
	}
	if (!why)
		return 0;
	fprintf(stderr, "wscope: %s\n", why);
	return -EINVAL;
}

int options_rules(const struct options *o, enum option_command command)
{
	if (o->save_baseline && o->separate) {
		fprintf(stderr,
			"wscope: --save-baseline is of one stream, --separate has several\n");
		return -EINVAL;
	}
	if (rules_series(o) || rules_write(o))
		return -EINVAL;
	return command == CHECK ? rules_check(o) : 0;
}
