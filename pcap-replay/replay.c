// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "pcap-replay/replay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pcap-replay/run.h"
#include "userspace/exit_status.h"
#include "userspace/output/output.h"
#include "userspace/status.h"

#define REPLAY_ERROR_LEN 512

static const struct run_engine *replay_engine(const struct options *o)
{
	return o->engine == ENGINE_NATIVE ? &run_native : &run_testrun;
}

/* Progress on a terminal, now and then: long captures take minutes. */
static void replay_progress(const struct reader *reader, __u64 packets, bool last)
{
	__u64 total = reader_bytes_total(reader);

	if (last)
		fprintf(stderr, "\r\033[K");
	else if (total)
		fprintf(stderr, "\r%3llu %%  %llu packets", 100 * reader_bytes_done(reader) / total,
			(unsigned long long)packets);
	else
		fprintf(stderr, "\r%llu packets", (unsigned long long)packets);
}

/* Feeds everything; 0, -EBADMSG when an input was damaged, or the engine's error. */
static int replay_feed(const struct run_engine *engine, void *state, struct reader *reader,
		       struct report *r)
{
	struct reader_packet batch[READER_BATCH];
	bool progress = isatty(STDERR_FILENO) && isatty(STDOUT_FILENO);
	__u64 packets = 0, shown = 0;
	int n, err = 0;

	while ((n = reader_next_batch(reader, batch, READER_BATCH)) > 0) {
		if (!packets)
			r->started_ns = batch[0].ns;
		packets += (unsigned int)n;
		err = engine->feed(state, batch, (unsigned int)n);
		if (err)
			break;
		if (progress && packets - shown > 1000000) {
			shown = packets;
			replay_progress(reader, packets, false);
		}
	}
	if (shown)
		replay_progress(reader, packets, true);
	return err ? err : n;
}

static void replay_complain(const struct reader *reader)
{
	for (unsigned int i = 0; i < reader_files(reader); i++) {
		const char *error = reader_error(reader, i);

		if (error)
			fprintf(stderr, "wscope: %s\n", error);
	}
}

/* The report of what was fed, printed apart from one before it; 0 or an exit status. */
static int replay_print(const struct run_engine *engine, void *state, struct report *r,
			const struct options *o, bool *printed)
{
	int err = engine->report(state, r);

	if (err) {
		fprintf(stderr, "wscope: cannot collect the result: %s\n", strerror(-err));
		return EXIT_INCOMPLETE;
	}
	if (*printed && !o->json)
		putchar('\n');
	*printed = true;
	err = output_choose(o)->report(stdout, r, o);
	if (!err && fflush(stdout))
		err = -errno;
	if (err) {
		fprintf(stderr, "wscope: cannot write the result: %s\n", strerror(-err));
		return EXIT_INCOMPLETE;
	}
	return status_of_report(r, o);
}

static int replay_bad_filter(const struct options *o, const char *error)
{
	if (o->filter_guessed)
		fprintf(stderr, "wscope: %s; '%.*s' is no file, so the filter begins with it\n",
			error, (int)strcspn(o->filter, " "), o->filter);
	else
		fprintf(stderr, "wscope: %s\n", error);
	return EXIT_USAGE;
}

/*
 * One stream: the files given, in time order. *printed: something stands on stdout. Returns an exit
 * status.
 */
static int replay_stream(const struct options *o, const char *const *files, unsigned int files_n,
			 bool *printed)
{
	const struct run_engine *engine = replay_engine(o);
	struct report r = { .files = files, .files_n = files_n };
	struct reader_options ro = {
		.filter = o->filter,
		.max_packets = o->count,
		.allow_truncated = o->allow_truncated,
		.backend = (enum reader_backend)o->reader,
	};
	char error[REPLAY_ERROR_LEN] = "";
	struct reader *reader = NULL;
	void *state = NULL;
	int status = EXIT_NOTHING, err;

	err = reader_open(&reader, files, files_n, &ro, error, sizeof(error));
	if (err == -EINVAL)
		return replay_bad_filter(o, error);
	if (err) {
		fprintf(stderr, "wscope: %s\n", error);
		status = EXIT_INPUT;
	}
	/* Also where nothing can be read: that the engine cannot run goes first. */
	err = engine->open(&state, o, error, sizeof(error));
	if (err) {
		fprintf(stderr, "wscope: %s\n", error);
		status = status_worse(status, err == -ENOMEM ? EXIT_INCOMPLETE : EXIT_PRIVILEGE);
	}
	if (status != EXIT_NOTHING)
		goto out;
	err = replay_feed(engine, state, reader, &r);
	replay_complain(reader);
	if (err && err != -EBADMSG)
		fprintf(stderr, "wscope: the analysis stopped early: %s\n", strerror(-err));
	status = replay_print(engine, state, &r, o, printed);
	if (err)
		status = status_worse(status, err == -EBADMSG ? EXIT_INPUT : EXIT_INCOMPLETE);
out:
	engine->close(state);
	reader_close(reader);
	return status;
}

int replay_run(const struct options *o)
{
	int status = EXIT_NOTHING;
	bool printed = false;

	if (!o->separate)
		return replay_stream(o, o->files, (unsigned int)o->files_n, &printed);
	for (size_t i = 0; i < o->files_n; i++) {
		int one = replay_stream(o, &o->files[i], 1, &printed);

		status = status_worse(status, one);
		/* What stands in the way of all files is said once. */
		if (one == EXIT_USAGE || one == EXIT_PRIVILEGE || ferror(stdout))
			break;
	}
	return status;
}
