/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a run of `wscope live` counts, for Prometheus: served by HTTP, written to a file, or both.
 * No table is walked for it: totals come from the programs' counters, endpoints that were asked
 * for are looked up one by one, and what only diagnosis knows is as of the last summary.
 * After metrics_start() nothing needs a privilege.
 */
#ifndef USERSPACE_METRICS_H
#define USERSPACE_METRICS_H

#include <stdio.h>

#include "userspace/live_attach.h"
#include "userspace/loader.h"
#include "userspace/options.h"
#include "userspace/publish.h"
#include "userspace/report.h"

/* Endpoints that may be asked for. */
#define METRICS_ENDPOINTS_MAX OPTIONS_METRICS_ENDPOINTS_MAX

struct metrics;

/*
 * Opens the listening socket of --metrics, and sees that --metrics-file can be written; *out is
 * NULL where neither is asked for. 0, or -errno after one line on stderr.
 */
int metrics_open(struct metrics **out, const struct options *o);

/* Accepts NULL, as all below. */
void metrics_close(struct metrics *m);

/* Serves from now on. What is passed stays the caller's; publish may be 0. 0, or -errno after one
 * line on stderr. */
int metrics_start(struct metrics *m, const struct loader *loader,
		  const struct live_attach *attached, const struct publish *publish);

/* Readable when somebody asks; -1: nobody can. Then metrics_serve(), which never waits. */
int metrics_fd(const struct metrics *m);

/* To be called at least once a second, too: connections that do not ask are given up. */
void metrics_serve(struct metrics *m);

/* Takes over what a summary knows, and writes the file. */
void metrics_report(struct metrics *m, const struct report *r);

/* Writes all metrics in the text format 0.0.4. 0 or -errno of a map that cannot be read. */
int metrics_write(struct metrics *m, FILE *to);

#endif
