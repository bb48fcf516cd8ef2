// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "pcap-replay/replay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pcap-replay/run.h"
#include "pcap-replay/series.h"
#include "userspace/baseline.h"
#include "userspace/complain.h"
#include "userspace/exit_status.h"
#include "userspace/output/output.h"
#include "userspace/retired.h"
#include "userspace/status.h"

#define REPLAY_ERROR_LEN      8192    /* a path and what is wrong */
#define REPLAY_PROGRESS_EVERY 1000000 /* packets */

static const struct run_engine *replay_engine(const struct options *o)
{
	return o->engine == ENGINE_NATIVE ? &run_native : &run_testrun;
}

/* On a terminal, now and then: long captures take minutes. */
static void replay_progress(const struct reader *reader, __u64 packets)
{
	__u64 total = reader_bytes_total(reader);

	if (packets % REPLAY_PROGRESS_EVERY >= READER_BATCH)
		return;
	if (total)
		fprintf(stderr, "\r%3llu %%  %llu packets", 100 * reader_bytes_done(reader) / total,
			(unsigned long long)packets);
	else
		fprintf(stderr, "\r%llu packets", (unsigned long long)packets);
}

/* Feeds everything; 0, -EBADMSG when an input was damaged, or the engine's error. */
static int replay_feed(const struct run_engine *engine, void *state, struct reader *reader,
		       struct report *r)
{
	bool progress = isatty(STDERR_FILENO) && isatty(STDOUT_FILENO);
	int err = run_feed(engine, state, reader, r, progress ? replay_progress : NULL);

	if (progress)
		fputs("\r\033[K", stderr);
	for (unsigned int i = 0; i < reader_files(reader); i++) {
		if (reader_error(reader, i))
			complain("%s", reader_error(reader, i));
	}
	return err;
}

/* The report of what was fed, printed apart from one before it; 0 or an exit status. */
static int replay_print(const struct run_engine *engine, void *state, struct report *r,
			const struct options *o, bool *printed)
{
	int err = engine->report(state, r);

	if (err) {
		complain("cannot collect the result: %s", strerror(-err));
		return EXIT_INCOMPLETE;
	}
	if (*printed && !o->json)
		putchar('\n');
	*printed = true;
	err = output_choose(o)->report(stdout, r, o);
	if (!err && fflush(stdout))
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
	struct series *series;  /* or 0 */
	struct retired retired; /* of one stream */
	unsigned int before;    /* files of the streams before this one */
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

/* Where a series was asked for: its file, opened once, and its part of this stream. */
static int replay_watch(struct replay *p, const char *const *files, unsigned int files_n)
{
	char error[REPLAY_ERROR_LEN] = "";
	int err = 0;

	if (!p->options->series)
		return EXIT_NOTHING;
	if (!p->series)
		err = series_open(&p->series, p->options, error, sizeof(error));
	if (err) {
		complain("%s", error);
		return err == -EEXIST ? EXIT_USAGE : EXIT_INCOMPLETE;
	}
	series_stream(p->series, files, files_n, p->before);
	p->engine->watch(p->state, p->series);
	return EXIT_NOTHING;
}

/* Where idle connections are to be retired: the engine is told to. Returns an exit status. */
static int replay_retire(struct replay *p, const char *const *files, unsigned int files_n)
{
	struct retired *x = &p->retired;
	int err;

	if (!p->options->retire_s)
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
	bool crowded = p->series && series_is_crowded(p->series);
	int err = series_close(p->series), status = EXIT_NOTHING;

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
		status = replay_retire(p, files, files_n);
	if (status != EXIT_NOTHING)
		goto out;
	err = replay_feed(p->engine, p->state, reader, &r);
	if (err && err != -EBADMSG)
		complain("the analysis stopped early: %s", strerror(-err));
	status = replay_print(p->engine, p->state, &r, o, &p->printed);
	if (p->series)
		series_flush(p->series);
	if (err)
		status = status_worse(status, err == -EBADMSG ? EXIT_INPUT : EXIT_INCOMPLETE);
out:
	reader_close(reader);
	return status;
}

int replay_run(const struct options *o)
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
		    (o->series && one == EXIT_INCOMPLETE && !p.series))
			break;
	}
	p.engine->close(p.state);
	retired_free(&p.retired);
	baseline_free(p.baseline);
	return status_worse(status, replay_unwatch(&p));
}
