// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "pcap-replay/replay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pcap-replay/annotate.h"
#include "pcap-replay/export.h"
#include "pcap-replay/inputs.h"
#include "pcap-replay/page.h"
#include "pcap-replay/progress.h"
#include "pcap-replay/run.h"
#include "pcap-replay/watch.h"
#include "userspace/baseline.h"
#include "userspace/complain.h"
#include "userspace/exit_status.h"
#include "userspace/output/output.h"
#include "userspace/retired.h"
#include "userspace/status.h"

#define REPLAY_ERROR_LEN 8192 /* a path and what is wrong */

static const struct run_engine *replay_engine(const struct options *o)
{
	return o->engine == ENGINE_NATIVE ? &run_native : &run_testrun;
}

/* What goes on while packets are fed. */
struct replay_watch {
	struct annotate *annotate; /* or 0 */
	struct progress progress;
};

static void replay_batch(void *arg, const struct reader *reader, const struct frame *packets,
			 unsigned int n, __u64 so_far)
{
	struct replay_watch *w = arg;

	progress_show(&w->progress, reader, so_far);
	if (w->annotate)
		annotate_batch(w->annotate, reader, packets, n);
}

/* Feeds everything; 0, -EBADMSG when an input was damaged, or the engine's error. */
static int replay_feed(const struct run_engine *engine, void *state, struct reader *reader,
		       struct report *r, struct annotate *annotate)
{
	struct replay_watch watch = {
		.annotate = annotate_is_passing(annotate) ? annotate : NULL,
	};
	const struct run_watcher watcher = { .batch = replay_batch, .arg = &watch };
	int err;

	progress_start(&watch.progress);
	err = run_feed(engine, state, reader, r,
		       watch.annotate || watch.progress.on ? &watcher : NULL);
	progress_end(&watch.progress);
	for (unsigned int i = 0; i < reader_files(reader); i++) {
		if (reader_error(reader, i))
			complain("%s", reader_error(reader, i));
	}
	return err;
}

/* Packets on standard output leave no room there for a report. */
static FILE *replay_to(const struct options *o)
{
	return o->write && !strcmp(o->write, "-") ? stderr : stdout;
}

/* The report, printed apart from one before it; 0 or an exit status. */
static int replay_print(const struct report *r, const struct options *o, bool *printed)
{
	FILE *to = replay_to(o);
	int err;

	if (*printed && !o->json)
		fputc('\n', to);
	*printed = true;
	err = output_choose(o)->report(to, r, o);
	if (!err && fflush(to))
		err = -errno;
	if (err) {
		complain("cannot write the result: %s", strerror(-err));
		return EXIT_INCOMPLETE;
	}
	/* Text says it already. */
	if (o->json && r->evictions)
		complain("the report is incomplete: %llu records fell out of full tables; raise "
			 "--flows, --pending or --endpoints",
			 (unsigned long long)r->evictions);
	return status_worse(status_of_report(r, o), baseline_save(o, r));
}

static int replay_bad_filter(const struct options *o, const char *error)
{
	if (o->filter_guessed)
		complain("%s; '%.*s' is no file, so the filter begins with it", error,
			 (int)strcspn(o->filter, " "), o->filter);
	else
		complain("%s", error);
	return EXIT_USAGE;
}

/* The engine, open and empty: it is made once, and emptied between streams. */
struct replay {
	const struct options *options;
	const struct run_engine *engine;
	void *state;
	struct baseline *baseline;
	int prepared; /* exit status: EXIT_NOTHING unless something stands in the way of all streams */
	struct watch watch;
	struct page *page;         /* or 0 */
	struct annotate *annotate; /* or 0 */
	struct export *export;     /* or 0 */
	struct retired retired;    /* of one stream */
	unsigned int before;       /* files of the streams before this one */
	bool printed;
};

static int replay_ready(struct replay *p)
{
	char error[REPLAY_ERROR_LEN] = "";
	int err = p->state ? p->engine->reset(p->state)
			   : p->engine->open(&p->state, p->options, error, sizeof(error));

	if (!err)
		return EXIT_NOTHING;
	if (p->state)
		snprintf(error, sizeof(error), "cannot empty the tables: %s", strerror(-err));
	complain("%s", error);
	return err == -ENOMEM ? EXIT_INCOMPLETE : EXIT_PRIVILEGE;
}

/* A file for a result beside the report could not be opened. */
static int replay_no_file(int err, const char *error)
{
	complain("%s", error);
	return err == -EEXIST || err == -ENOSYS ? EXIT_USAGE : EXIT_INCOMPLETE;
}

/* Where a series or a page was asked for: its file, opened once, and its part of this stream. */
static int replay_watch(struct replay *p, const char *const *files, unsigned int files_n)
{
	const struct options *o = p->options;
	char error[REPLAY_ERROR_LEN] = "";
	int err = 0;

	if (o->series && !p->watch.series)
		err = series_open(&p->watch.series, o, error, sizeof(error));
	if (!err && o->html && !p->page)
		err = page_open(&p->page, o, error, sizeof(error));
	if (err)
		return replay_no_file(err, error);
	if (p->watch.series)
		series_stream(p->watch.series, files, files_n, p->before);
	if (p->page)
		p->watch.plots = page_plots(p->page);
	if (p->engine->watch && (p->watch.series || p->watch.plots))
		p->engine->watch(p->state, &p->watch);
	return EXIT_NOTHING;
}

/* The page, where one was asked for; early: why the analysis ended early, or 0. */
static int replay_page(struct replay *p, const struct report *r, const struct reader *reader,
		       int early)
{
	char why[128] = "";
	int err;

	if (!p->page)
		return EXIT_NOTHING;
	if (early && early != -EBADMSG)
		snprintf(why, sizeof(why), "the analysis stopped early: %s", strerror(-early));
	err = page_write(p->page, r, reader, *why ? why : NULL);
	if (!err)
		return EXIT_NOTHING;
	complain("cannot write '%s': %s", p->options->html, strerror(-err));
	return EXIT_INCOMPLETE;
}

/* Where idle connections are to be retired: the engine is told to. Returns an exit status. */
static int replay_retire(struct replay *p, const char *const *files, unsigned int files_n)
{
	struct retired *x = &p->retired;
	int err;

	if (p->options->retire_s <= 0)
		return EXIT_NOTHING;
	retired_free(x);
	x->idle_s = p->options->retire_s;
	x->print = output_choose(p->options)->retired;
	x->to = stdout;
	x->report.files = files;
	x->report.files_n = files_n;
	err = retired_start(x);
	if (!err)
		err = p->engine->retire(p->state, x);
	if (!err)
		return EXIT_NOTHING;
	complain("cannot retire connections: %s", strerror(-err));
	return EXIT_INCOMPLETE;
}

/* Ends the series; what is wrong with it is said. Returns an exit status. */
static int replay_unwatch(struct replay *p)
{
	struct series *series = p->watch.series;
	bool crowded = series && series_is_crowded(series);
	int err = series_close(series), status = EXIT_NOTHING;

	if (crowded) {
		complain("the series is not as thin as --series-interval asks: more than %u "
			 "directions changed in one interval",
			 SERIES_DIRECTIONS_MOST);
		status = EXIT_INCOMPLETE;
	}
	if (err) {
		complain("cannot write '%s': %s", p->options->series, strerror(-err));
		status = EXIT_INCOMPLETE;
	}
	return status;
}

/* Where packets are to be written: the file, opened once, and its part of this stream. */
static int replay_annotate(struct replay *p, const char *const *files, unsigned int files_n)
{
	int status = EXIT_NOTHING;

	if (!p->options->write)
		return EXIT_NOTHING;
	if (!p->annotate)
		status = annotate_open(&p->annotate, p->options);
	if (status == EXIT_NOTHING)
		status = annotate_begin(p->annotate, files, files_n, p->before);
	return status;
}

/* What was fed, in all the forms that were asked for; early: why no more was, or 0. */
static int replay_results(struct replay *p, struct report *r, struct reader *reader,
			  const struct reader_options *ro, int early)
{
	int err = p->engine->report(p->state, r), status;

	if (p->watch.series)
		series_flush(p->watch.series);
	if (err) {
		complain("cannot collect the result: %s", strerror(-err));
		return EXIT_INCOMPLETE;
	}
	status = replay_print(r, p->options, &p->printed);
	status = status_worse(status, replay_page(p, r, reader, early));
	if (p->export)
		export_report(p->export, r);
	if (p->annotate)
		status = status_worse(status, annotate_end(p->annotate, reader, r, ro));
	return status;
}

/* One stream: the files given, in time order. Returns an exit status. */
static int replay_stream(struct replay *p, const char *const *files, unsigned int files_n)
{
	const struct options *o = p->options;
	struct report r = { .files = files, .files_n = files_n, .baseline = p->baseline };
	struct reader_options ro = {
		.filter = o->filter,
		.max_packets = o->count,
		.allow_truncated = o->allow_truncated,
		.backend = (enum reader_backend)o->reader,
		.interfaces = o->write,
	};
	char error[REPLAY_ERROR_LEN] = "";
	struct reader *reader = NULL;
	int status = p->prepared, err;

	err = reader_open(&reader, files, files_n, &ro, error, sizeof(error));
	if (err == -EINVAL)
		return replay_bad_filter(o, error);
	if (err) {
		complain("%s", error);
		status = status_worse(status, EXIT_INPUT);
	}
	/* Also where nothing can be read: that the engine cannot run goes first. */
	status = status_worse(status, replay_ready(p));
	if (status == EXIT_NOTHING)
		status = replay_watch(p, files, files_n);
	if (status == EXIT_NOTHING)
		status = replay_annotate(p, files, files_n);
	if (status == EXIT_NOTHING && o->ipfix && !p->export)
		status = export_open(&p->export, o);
	if (status == EXIT_NOTHING)
		status = replay_retire(p, files, files_n);
	if (status != EXIT_NOTHING)
		goto out;
	err = replay_feed(p->engine, p->state, reader, &r, p->annotate);
	if (err && err != -EBADMSG)
		complain("the analysis stopped early: %s", strerror(-err));
	status = replay_results(p, &r, reader, &ro, err);
	if (err)
		status = status_worse(status, err == -EBADMSG ? EXIT_INPUT : EXIT_INCOMPLETE);
out:
	reader_close(reader);
	return status;
}

/* All streams of a run. */
static int replay_files(const struct options *o)
{
	struct replay p = { .options = o, .engine = replay_engine(o) };
	int status = EXIT_NOTHING;

	p.prepared = baseline_prepare(&p.baseline, o);
	if (!o->separate)
		status = replay_stream(&p, o->files, (unsigned int)o->files_n);
	for (size_t i = 0; o->separate && i < o->files_n; i++) {
		int one;

		p.before = (unsigned int)i;
		one = replay_stream(&p, &o->files[i], 1);

		status = status_worse(status, one);
		/* What stands in the way of all files is said once. */
		if (one == EXIT_USAGE || one == EXIT_PRIVILEGE || p.prepared || ferror(stdout) ||
		    (o->series && one == EXIT_INCOMPLETE && !p.watch.series) ||
		    (o->write && one == EXIT_INCOMPLETE && !p.annotate) ||
		    (o->ipfix && one == EXIT_INCOMPLETE && !p.export))
			break;
	}
	p.engine->close(p.state);
	page_close(p.page);
	retired_free(&p.retired);
	baseline_free(p.baseline);
	status = status_worse(status, annotate_close(p.annotate));
	status = status_worse(status, export_close(p.export, o));
	return status_worse(status, replay_unwatch(&p));
}

int replay_run(const struct options *o)
{
	struct inputs in;
	int status = EXIT_INCOMPLETE;

	if (inputs_find(&in, o))
		complain("out of memory");
	else if (in.options.files_n && in.status != EXIT_USAGE)
		status = status_worse(in.status, replay_files(&in.options));
	else
		status = in.status;
	inputs_free(&in);
	return status;
}
