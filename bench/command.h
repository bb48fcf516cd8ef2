/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Runs a program and measures it from the outside. */
#ifndef BENCH_COMMAND_H
#define BENCH_COMMAND_H

#include <stdbool.h>

struct command {
	const char *const *argv;
	const char *output; /* where standard output goes; NULL: /dev/null */
	const char *feed;   /* file that reaches it through a pipe on standard input; NULL: none */
	bool quiet;         /* its standard error is dropped, too */
};

struct command_result {
	double seconds; /* wall time */
	double peak;    /* resident bytes */
	int status;     /* exit status, or 128 + signal */
};

/* 0 or -errno (-ENOENT: not installed). */
int command_run(const struct command *c, struct command_result *result);

#endif
