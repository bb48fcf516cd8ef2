/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * `wscope replay --write`: a pcapng file for the whole run. What is in files is read twice
 * (annotate_copy.h), what comes from a pipe passes once (annotate_stream.h).
 *
 * What goes wrong is said here; the functions return exit statuses.
 */
#ifndef PCAP_REPLAY_ANNOTATE_H
#define PCAP_REPLAY_ANNOTATE_H

#include "pcap-replay/reader.h"
#include "userspace/options.h"
#include "userspace/report.h"

struct annotate;

/* Opens o->write. Close it with annotate_close(), which does nothing after a failure. */
int annotate_open(struct annotate **out, const struct options *o);

/* A stream of these files begins; before: files of the streams before it. */
int annotate_begin(struct annotate *a, const char *const *files, unsigned int files_n,
		   unsigned int before);

/* Whether the stream passes only once: annotate_batch() then has to see it. False for NULL. */
bool annotate_is_passing(const struct annotate *a);
void annotate_batch(struct annotate *a, const struct reader *reader, const struct frame *packets,
		    unsigned int n);

/* The stream has been read, and reported on. */
int annotate_end(struct annotate *a, const struct reader *reader, const struct report *r,
		 const struct reader_options *ro);

/* Accepts NULL. */
int annotate_close(struct annotate *a);

#endif
