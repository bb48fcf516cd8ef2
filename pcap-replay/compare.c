// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "pcap-replay/compare.h"

#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "pcap-replay/compare_judge.h"
#include "pcap-replay/inputs.h"
#include "userspace/complain.h"
#include "userspace/exit_status.h"
#include "userspace/status.h"

#define COMPARE_ERROR_LEN 8192 /* a path and what is wrong */

/* One side while it is read: a capture, or several as one stream in time order. */
struct capture {
	struct inputs in;
	struct reader *reader;
	struct frame batch[READER_BATCH];
	unsigned int at, n;
	__u64 base_ns; /* of its first packet */
	__u64 taken;   /* packets */
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

/*
 * The packet with the number it has on its side: of a single capture its own, of several the place in
 * their common order. So a capture that was rotated is numbered as it would be in one piece.
 */
static struct frame numbered(struct capture *c)
{
	struct frame p = c->batch[c->at++];

	c->taken++;
	if (c->in.names_n > 1)
		p.number = c->taken;
	return p;
}

static void feed(struct run *r)
{
	unsigned int side;

	native_current = r->native;
	while (side = due(r), capture_peek(&r->capture[side])) {
		struct frame frame = numbered(&r->capture[side]);
		struct compare_segment segment;
		struct flow_key key;

		if (compare_segment(&segment, &key, &r->native->scratch.walk, &frame))
			compare_add(&r->compare, side, &segment, &key);
		if (r->compare.out_of_memory)
			break;
	}
	compare_finish(&r->compare);
}

/* What the operand of a side stands for: a capture, a directory, or a pattern that no file is named
 * as. */
static int find(struct capture *c, const struct options *o, const char *operand)
{
	struct options one = *o;
	struct stat st;
	glob_t names;
	int err;

	one.files = &operand;
	one.files_n = 1;
	if (!strpbrk(operand, "*?[") || !lstat(operand, &st))
		return inputs_find(&c->in, &one);
	err = glob(operand, 0, NULL, &names);
	if (err == GLOB_NOSPACE)
		return -ENOMEM;
	if (err) /* the reader says that there is no such file */
		return inputs_find(&c->in, &one);
	one.files = (const char **)names.gl_pathv;
	one.files_n = names.gl_pathc;
	err = inputs_find(&c->in, &one);
	globfree(&names);
	return err;
}

static int open_side(struct capture *c, const struct options *o, const char *operand)
{
	const struct reader_options ro = {
		.allow_truncated = o->allow_truncated,
		.backend = (enum reader_backend)o->reader,
	};
	char error[COMPARE_ERROR_LEN];

	if (find(c, o, operand)) {
		complain("out of memory");
		return EXIT_INCOMPLETE;
	}
	if (!c->in.names_n || c->in.status == EXIT_USAGE)
		return c->in.status;
	if (!reader_open(&c->reader, c->in.options.files, (unsigned int)c->in.names_n, &ro, error,
			 sizeof(error)))
		return EXIT_NOTHING;
	complain("%s", error);
	return EXIT_INPUT;
}

/* Opens both sides; an exit status. */
static int open_both(struct run *r, const struct options *o)
{
	int before = open_side(&r->capture[0], o, o->files[0]);

	return status_worse(before, open_side(&r->capture[1], o, o->files[1]));
}

/* What was wrong with the captures of a side, which were read as far as they could be. */
static int complain_side(const struct capture *c)
{
	for (unsigned int i = 0; i < reader_files(c->reader); i++) {
		if (reader_error(c->reader, i))
			complain("%s", reader_error(c->reader, i));
	}
	return c->err ? EXIT_INPUT : c->in.status;
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
	struct compare_report report = {
		.file = { o->files[0], o->files[1] },
		.files = { r->capture[0].in.names_n, r->capture[1].in.names_n },
	};
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
	for (unsigned int side = 0; side < 2; side++)
		status = status_worse(status, complain_side(&r->capture[side]));
	status = status_worse(status, conclude(r, o));
out:
	if (r) {
		for (unsigned int side = 0; side < 2; side++) {
			reader_close(r->capture[side].reader);
			inputs_free(&r->capture[side].in);
		}
		native_close(r->native);
		compare_free(&r->compare);
	}
	free(r);
	return status;
}
