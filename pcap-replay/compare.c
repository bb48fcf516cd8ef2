// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "pcap-replay/compare.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pcap-replay/compare_judge.h"
#include "userspace/complain.h"
#include "userspace/exit_status.h"
#include "userspace/status.h"

#define COMPARE_ERROR_LEN 8192 /* a path and what is wrong */

/* One capture while it is read. */
struct capture {
	struct reader *reader;
	struct frame batch[READER_BATCH];
	unsigned int at, n;
	__u64 base_ns; /* of its first packet */
	bool begun, ended;
	int err; /* -EBADMSG: damaged */
};

struct run {
	struct compare compare;
	struct native *native; /* the world in which frames are parsed and counted */
	struct capture capture[2];
};

/* The packet a capture stands at; NULL behind its end. */
static const struct frame *capture_peek(struct capture *c)
{
	int n;

	if (c->at < c->n)
		return &c->batch[c->at];
	if (c->ended)
		return NULL;
	n = reader_next_batch(c->reader, c->batch, READER_BATCH);
	if (n <= 0) {
		c->ended = true;
		c->err = n;
		return NULL;
	}
	c->at = 0;
	c->n = (unsigned int)n;
	if (!c->begun)
		c->base_ns = c->batch[0].ns;
	c->begun = true;
	return c->batch;
}

/* The side whose next packet is due: both advance alike in time, counted from their first packets. */
static unsigned int due(struct run *r)
{
	const struct frame *before = capture_peek(&r->capture[0]);
	const struct frame *after = capture_peek(&r->capture[1]);

	if (!before || !after)
		return !before;
	return before->ns - r->capture[0].base_ns > after->ns - r->capture[1].base_ns;
}

static void feed(struct run *r)
{
	unsigned int side;

	native_current = r->native;
	while (side = due(r), capture_peek(&r->capture[side])) {
		struct capture *c = &r->capture[side];
		struct compare_segment segment;
		struct flow_key key;

		if (compare_segment(&segment, &key, &r->native->scratch.walk, &c->batch[c->at]))
			compare_add(&r->compare, side, &segment, &key);
		c->at++;
		if (r->compare.out_of_memory)
			break;
	}
	compare_finish(&r->compare);
}

/* Opens both captures; an exit status. */
static int open_both(struct run *r, const struct options *o)
{
	const struct reader_options ro = {
		.allow_truncated = o->allow_truncated,
		.backend = (enum reader_backend)o->reader,
	};
	char error[COMPARE_ERROR_LEN];
	int status = EXIT_NOTHING;

	for (unsigned int side = 0; side < 2; side++) {
		if (!reader_open(&r->capture[side].reader, &o->files[side], 1, &ro, error,
				 sizeof(error)))
			continue;
		complain("%s", error);
		status = EXIT_INPUT;
	}
	return status;
}

static bool is_found(const struct compare_report *r, int severity)
{
	for (size_t i = 0; i < r->changes_n; i++) {
		if ((int)change_name(r->changes[i].code)->severity >= severity)
			return true;
	}
	return false;
}

static int print(const struct compare_report *r, const struct options *o)
{
	int err = o->json ? compare_json(stdout, r) : compare_text(stdout, r, o);

	if (!err && fflush(stdout))
		err = -errno;
	if (!err)
		return EXIT_NOTHING;
	complain("cannot write the result: %s", strerror(-err));
	return EXIT_INCOMPLETE;
}

/* What was read, judged and printed; an exit status. */
static int conclude(struct run *r, const struct options *o)
{
	struct compare_report report = { .file = { o->files[0], o->files[1] } };
	int status = EXIT_NOTHING;

	memcpy(report.counters, r->native->counters, sizeof(report.counters));
	if (r->compare.out_of_memory || compare_judge(&report, &r->compare)) {
		complain("out of memory: nothing was compared");
		status = EXIT_INCOMPLETE;
		goto out;
	}
	if (report.incomplete) {
		complain("the comparison is incomplete: too many packets have no partner");
		status = EXIT_INCOMPLETE;
	} else if (!report.packets) {
		complain("nothing could be compared: no packet is in both captures");
		status = EXIT_INCOMPLETE;
	} else if (is_found(&report, o->fail_on)) {
		status = EXIT_FINDINGS;
	}
	status = status_worse(status, print(&report, o));
out:
	compare_judge_free(&report);
	return status;
}

int compare_run(const struct options *o)
{
	struct run *r = calloc(1, sizeof(*r));
	int status = EXIT_INCOMPLETE;

	if (!r || compare_init(&r->compare, o->nat) || !(r->native = native_open(&o->config))) {
		complain("out of memory");
		goto out;
	}
	status = open_both(r, o);
	if (status != EXIT_NOTHING)
		goto out;
	feed(r);
	for (unsigned int side = 0; side < 2; side++) {
		const char *error = reader_error(r->capture[side].reader, 0);

		if (error)
			complain("%s", error);
		if (r->capture[side].err)
			status = EXIT_INPUT;
	}
	status = status_worse(status, conclude(r, o));
out:
	if (r) {
		reader_close(r->capture[0].reader);
		reader_close(r->capture[1].reader);
		native_close(r->native);
		compare_free(&r->compare);
	}
	free(r);
	return status;
}
