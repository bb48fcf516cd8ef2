/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* `wscope live`: attach, watch, tell, detach. */
#ifndef USERSPACE_LIVE_H
#define USERSPACE_LIVE_H

#include <stdbool.h>
#include <stdio.h>

#include "userspace/options.h"

/*
 * Attaches to o->interfaces and runs until SIGINT or SIGTERM, --duration or --count. What was
 * found goes to stdout, all else to stderr. SIGUSR1 switches the programs' work off and on
 * again. Returns an exit status.
 */
int live_run(const struct options *o);

struct live_attach;
struct output;
struct snapshot;

/* What stands in for the summaries on the way: a screen with keys. */
struct live_screen {
	void *arg;                   /* for all of these */
	const struct output *output; /* of events and of the last report */
	FILE *to; /* takes what is said of this host before each keep(), and the last report */
	int fd;   /* readable when keys() has something to do */
	/* When all is attached; attached stays valid until close(). 0 or -errno: nothing is shown. */
	int (*open)(void *arg, const struct live_attach *attached);
	bool (*keys)(void *arg); /* true: the run is to end */
	/* The tables, every o->interval_s; to be released with snapshot_free(). */
	void (*keep)(void *arg, struct snapshot *s);
	bool (*paused)(void *arg); /* keep() is not wanted now */
	void (*turn)(void *arg);   /* after whatever happened */
	/* Before detaching; also after open() failed. Then stderr is the user's again. */
	void (*close)(void *arg);
};

/* As live_run(), with a screen; NULL: none. */
int live_run_screen(const struct options *o, const struct live_screen *screen);

#endif
