// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "pcap-replay/check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pcap-replay/inputs.h"
#include "pcap-replay/progress.h"
#include "pcap-replay/run.h"
#include "userspace/complain.h"
#include "userspace/expect.h"
#include "userspace/expect_init.h"
#include "userspace/judge.h"
#include "userspace/output/check_output.h"
#include "userspace/status.h"

#define CHECK_ERROR_LEN 8192 /* a path and what is wrong */

struct check {
	const struct options *options;
	struct expect *expects[OPTIONS_EXPECTS_MAX];
	struct judge_result *results;
	size_t results_n;
	void *state; /* of the engine */
	struct report report;
	int status;
};

static void check_worse(struct check *c, int status)
{
	c->status = status_worse(c->status, status);
}

/* ---- expectations ---- */

/* All files, so that each says what is wrong with it. */
static void check_expects(struct check *c)
{
	for (size_t i = 0; i < c->options->expects_n; i++) {
		const char *path = c->options->expects[i];
		struct document_error error;
		int err = expect_read(&c->expects[i], path, &error);

		if (!err)
			continue;
		check_worse(c, EXIT_USAGE);
		if (error.mark.line)
			complain_at(path, error.mark.line, error.mark.column, error.reason);
		else
			complain("cannot read expectations '%s': %s", path, strerror(-err));
	}
}

static int check_judge(struct check *c)
{
	size_t n = 0;
	int err = 0;

	for (size_t i = 0; i < c->options->expects_n; i++)
		n += c->expects[i]->n;
	c->results = calloc(n + 1, sizeof(*c->results));
	if (!c->results)
		return -ENOMEM;
	for (size_t i = 0; i < c->options->expects_n; i++) {
		for (size_t j = 0; j < c->expects[i]->n && !err; j++)
			err = judge_expectation(&c->results[c->results_n++],
						&c->expects[i]->list[j], &c->report);
	}
	return err;
}

/* ---- captures ---- */

/* What is wrong with the captures; they are read as far as they can be. */
static void check_complain(struct check *c, const struct reader *reader)
{
	for (unsigned int i = 0; i < reader_files(reader); i++) {
		if (!reader_error(reader, i))
			continue;
		complain("%s", reader_error(reader, i));
		check_worse(c, EXIT_INPUT);
	}
}

/* Whether there is a report. */
static bool check_captures(struct check *c)
{
	const struct options *o = c->options;
	const struct reader_options ro = {
		.filter = o->filter,
		.allow_truncated = o->allow_truncated,
		.backend = (enum reader_backend)o->reader,
	};
	char error[CHECK_ERROR_LEN] = "";
	struct reader *reader = NULL;
	struct progress progress;
	const struct run_watcher watcher = { .batch = progress_batch, .arg = &progress };
	int err;

	c->report.files = o->files;
	c->report.files_n = o->files_n;
	err = reader_open(&reader, o->files, (unsigned int)o->files_n, &ro, error, sizeof(error));
	if (err) {
		complain("%s", error);
		check_worse(c, err == -EINVAL ? EXIT_USAGE : EXIT_INPUT);
		return false;
	}
	err = run_native.open(&c->state, o, error, sizeof(error));
	progress_start(&progress);
	if (!err)
		err = run_feed(&run_native, c->state, reader, &c->report, &watcher);
	progress_end(&progress);
	check_complain(c, reader);
	if (err == -EBADMSG)
		err = 0;
	if (!err)
		err = run_native.report(c->state, &c->report);
	if (err) {
		complain("the analysis stopped early: %s", strerror(-err));
		check_worse(c, EXIT_INCOMPLETE);
	}
	reader_close(reader);
	return !err;
}

/* ---- results ---- */

static void check_written(struct check *c, int err, const char *where)
{
	if (!err)
		return;
	if (where)
		complain("cannot write '%s': %s", where, strerror(-err));
	else
		complain("cannot write the result: %s", strerror(-err));
	check_worse(c, EXIT_INCOMPLETE);
}

static void check_results(struct check *c)
{
	struct check_results results = { .report = &c->report, .options = c->options };
	int err = check_judge(c);
	const char *where = NULL;

	if (err) {
		complain("cannot judge: out of memory");
		check_worse(c, EXIT_INCOMPLETE);
		return;
	}
	check_worse(c, status_of_report(&c->report, c->options));
	results.list = c->results;
	results.n = c->results_n;
	results.incomplete = c->status == EXIT_INPUT || c->status == EXIT_INCOMPLETE;
	for (size_t i = 0; i < c->results_n; i++)
		results.failed += !c->results[i].holds;
	err = check_output(&results, &where);
	check_written(c, err, where);
	if (results.failed)
		check_worse(c, EXIT_FINDINGS);
}

static void check_init(struct check *c)
{
	int err = expect_init(stdout, &c->report);

	if (!err && fflush(stdout))
		err = -errno;
	check_written(c, err, NULL);
	check_worse(c, status_of_report(&c->report, c->options));
}

int check_run(const struct options *o)
{
	struct inputs in;
	struct check c = { .options = &in.options };
	bool go_on;

	if (inputs_find(&in, o)) {
		complain("out of memory");
		inputs_free(&in);
		return EXIT_INCOMPLETE;
	}
	check_expects(&c);
	go_on = c.status == EXIT_NOTHING && in.options.files_n && in.status != EXIT_USAGE;
	check_worse(&c, in.status);
	if (go_on && check_captures(&c)) {
		if (o->init)
			check_init(&c);
		else
			check_results(&c);
	}
	for (size_t i = 0; i < c.results_n; i++)
		judge_free(&c.results[i]);
	free(c.results);
	for (size_t i = 0; i < o->expects_n; i++)
		expect_free(c.expects[i]);
	run_native.close(c.state);
	inputs_free(&in);
	return c.status;
}
