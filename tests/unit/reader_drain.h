/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* For tests of the reader: everything a reader delivers, kept, compared and shown. */
#ifndef WSCOPE_READER_DRAIN_H
#define WSCOPE_READER_DRAIN_H

#include <sys/types.h>

#include "pcap-replay/reader.h"

struct reader_drain {
	struct frame *packets; /* n of them, their data copied */
	size_t n;
	int open_err;         /* of reader_open(); the rest is empty unless 0 */
	int end;              /* last answer of reader_next_batch() */
	unsigned int damaged; /* reader_damaged() at the end */
	char error[512];      /* errbuf, or the first reader_error() at the end */
};

/*
 * Open, read to the end in batches of the given size, close. A packet's data is copied only when its
 * batch is complete, and the end is asked for twice.
 */
void reader_drain(struct reader_drain *d, const char *const *paths, unsigned int n,
		  const struct reader_options *opt, unsigned int batch);

/*
 * The same for bytes that are written to path first; or, if path is "-", that come through a pipe on
 * standard input in odd pieces.
 */
void reader_drain_bytes(struct reader_drain *d, const char *path, const void *bytes, size_t len,
			const struct reader_options *opt, unsigned int batch);

/* Is the error one line that starts with "cannot read" and this path's name, and says what? */
bool reader_drain_says(const struct reader_drain *d, const char *path, const char *what);

/* A child that writes the bytes to fd in odd pieces and closes it; wait for it. */
pid_t reader_drain_writer(int fd, const void *bytes, size_t len);

/*
 * First difference of all packets in all fields and bytes, in words, or NULL. Only the first n
 * packets of each if n is not 0; the interface is left out where libpcap did not tell it.
 */
const char *reader_drain_differ(const struct reader_drain *a, const struct reader_drain *b,
				size_t n, bool interfaces);

/* One line a packet: "file:number seconds.nanoseconds caplen/wirelen link interface first-byte". */
char *reader_drain_text(const struct reader_drain *d);

void reader_drain_free(struct reader_drain *d);

#endif
