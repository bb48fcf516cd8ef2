// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "pcap-replay/annotate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "pcap-replay/annotate_capture.h"
#include "pcap-replay/annotate_copy.h"
#include "pcap-replay/annotate_stream.h"
#include "userspace/complain.h"
#include "userspace/status.h"

#define ANNOTATE_ERROR_LEN 8192 /* a path and what is wrong */

struct annotate {
	const struct options *options;
	struct annotate_output output;
	struct annotate_stream *stream; /* of what passes once, or 0 */
	struct report texts;            /* what its comments speak of */
	unsigned int before;
	int err; /* of the stream */
};

int annotate_open(struct annotate **out, const struct options *o)
{
	char error[ANNOTATE_ERROR_LEN] = "out of memory";
	struct annotate *a = calloc(1, sizeof(*a));
	int err = a ? annotate_output_open(&a->output, o, error, sizeof(error)) : -ENOMEM;

	if (err) {
		complain("%s", error);
		free(a);
		return err == -EEXIST ? EXIT_USAGE : EXIT_INCOMPLETE;
	}
	a->options = o;
	*out = a;
	return EXIT_NOTHING;
}

/* Whether something can be read once only. What cannot be opened is nobody's matter here. */
static bool annotate_passes(const char *const *files, unsigned int files_n)
{
	struct stat st;

	for (unsigned int i = 0; i < files_n; i++) {
		if (!strcmp(files[i], "-") || (!stat(files[i], &st) && !S_ISREG(st.st_mode)))
			return true;
	}
	return false;
}

int annotate_begin(struct annotate *a, const char *const *files, unsigned int files_n,
		   unsigned int before)
{
	a->before = before;
	a->err = 0;
	if (!annotate_passes(files, files_n))
		return EXIT_NOTHING;
	a->texts = (struct report){ .files = files, .files_n = files_n };
	a->stream = annotate_stream_open(&a->output, a->options, &a->texts);
	if (a->stream)
		return EXIT_NOTHING;
	complain("out of memory");
	return EXIT_INCOMPLETE;
}

bool annotate_is_passing(const struct annotate *a)
{
	return a && a->stream;
}

void annotate_batch(struct annotate *a, const struct reader *reader, const struct frame *packets,
		    unsigned int n)
{
	struct annotate_source *sources[NATIVE_BATCH];

	for (unsigned int i = 0; i < n && !a->err; i++) {
		sources[i] = annotate_capture_source(&a->output, reader, &packets[i], a->before);
		if (!sources[i])
			a->err = -ENOMEM;
	}
	if (!a->err)
		a->err = annotate_stream_packets(a->stream, packets, sources, n);
	if (a->err)
		return;
	annotate_stream_release(a->stream, 0);
	annotate_output_flush(&a->output);
}

static int annotate_passed(struct annotate *a, const struct reader *reader)
{
	__u64 late = annotate_stream_finish(a->stream);

	annotate_capture_end(&a->output, reader, a->before);
	annotate_stream_close(a->stream);
	a->stream = NULL;
	if (late)
		complain("%llu finding%s stood only when the packets had passed: the report has "
			 "%s, no comment does",
			 (unsigned long long)late, late == 1 ? "" : "s", late == 1 ? "it" : "them");
	return a->err;
}

int annotate_end(struct annotate *a, const struct reader *reader, const struct report *r,
		 const struct reader_options *ro)
{
	int err;

	if (a->stream)
		err = annotate_passed(a, reader);
	else
		err = annotate_copy(&a->output, r, a->options, ro, a->before);
	if (!err)
		return EXIT_NOTHING;
	if (err == -ESTALE)
		complain("the captures changed while they were read: '%s' is incomplete",
			 a->options->write);
	else
		complain("'%s' is incomplete: %s", a->options->write, strerror(-err));
	return EXIT_INCOMPLETE;
}

int annotate_close(struct annotate *a)
{
	int err;

	if (!a)
		return EXIT_NOTHING;
	annotate_stream_close(a->stream);
	err = annotate_output_close(&a->output);
	if (err)
		complain("cannot write '%s': %s", a->options->write, strerror(-err));
	free(a);
	return err ? EXIT_INCOMPLETE : EXIT_NOTHING;
}
