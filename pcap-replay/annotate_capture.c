// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "pcap-replay/annotate_capture.h"

#include <errno.h>
#include <stdlib.h>

static __u64 capture_key(unsigned int file, size_t number)
{
	return (__u64)file << 32 | (__u32)number;
}

/* "FILE", or "FILE: what the capture says". */
static int capture_describe(struct annotate_source *s, const char *file,
			    const struct reader_interface *i)
{
	const char *own = i && i->description ? i->description : "";

	if (!strcmp(file, "-"))
		file = "standard input";
	if (asprintf(&s->description, "%s%s%s", file, *own ? ": " : "", own) < 0) {
		s->description = NULL;
		return -ENOMEM;
	}
	s->name = i && i->name ? strdup(i->name) : NULL;
	return i && i->name && !s->name ? -ENOMEM : 0;
}

static struct annotate_source *capture_source(struct annotate_output *out,
					      const struct reader *reader, unsigned int file,
					      size_t number, __u32 linktype, unsigned int before)
{
	const struct reader_interface *i;
	struct annotate_source *s;
	bool fresh;

	s = annotate_output_source(out, capture_key(file + before, number), &fresh);
	if (!s || !fresh)
		return s;
	i = reader_interface(reader, file, number);
	s->linktype = i ? i->linktype : linktype;
	s->snaplen = i ? i->snaplen : 0;
	if (capture_describe(s, reader_file_name(reader, file), i) && !out->writer.err)
		out->writer.err = -ENOMEM;
	return s;
}

struct annotate_source *annotate_capture_source(struct annotate_output *out,
						const struct reader *reader, const struct frame *p,
						unsigned int before)
{
	struct annotate_source *s = capture_source(
		out, reader, p->file, reader_interface_of(reader, p), p->linktype, before);

	if (s)
		annotate_source_meet(s, p->ns);
	return s;
}

static void capture_statistics(struct annotate_source *s, const struct reader_interface *i)
{
	struct pcapng_statistics *c = &s->statistics;

	c->ns = i->statistics_ns;
	c->start_ns = i->start_ns;
	c->end_ns = i->end_ns;
	c->received = i->statistics[READER_RECEIVED];
	c->dropped = i->statistics[READER_DROPPED];
	c->accepted = i->statistics[READER_ACCEPTED];
	c->os_lost = i->statistics[READER_OS_LOST];
	c->delivered = i->statistics[READER_DELIVERED];
}

void annotate_capture_end(struct annotate_output *out, const struct reader *reader,
			  unsigned int before)
{
	for (unsigned int file = 0; file < reader_files(reader); file++) {
		for (size_t n = 0; n < reader_interfaces(reader, file); n++) {
			const struct reader_interface *i = reader_interface(reader, file, n);
			struct annotate_source *s;

			if (i->statistics_ns == READER_UNKNOWN)
				continue;
			s = capture_source(out, reader, file, n, i->linktype, before);
			if (s)
				capture_statistics(s, i);
		}
	}
}
