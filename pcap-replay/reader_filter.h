/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A tcpdump expression over packets of several link types: compiled once for each. */
#ifndef WSCOPE_READER_FILTER_H
#define WSCOPE_READER_FILTER_H

#include "pcap-replay/reader.h"

struct reader_filter;

/* The expression is not copied. NULL: no memory. */
struct reader_filter *reader_filter_new(const char *expression);

/*
 * Compile for a link type, unless that was done before. swapped: the capture's byte order is not
 * the host's (it matters where the link header holds numbers in that order). 0, or -EINVAL with
 * libpcap's words in *why (valid until reader_filter_free()), or -ENOMEM.
 */
int reader_filter_prepare(struct reader_filter *filter, __u32 linktype, bool swapped,
			  const char **why);

/* 1 or 0; otherwise as reader_filter_prepare(). */
int reader_filter_match(struct reader_filter *filter, const struct frame *p, bool swapped,
			const char **why);

/* How many link types it was compiled for. */
unsigned int reader_filter_compiled(const struct reader_filter *filter);

/* Accepts NULL. */
void reader_filter_free(struct reader_filter *filter);

#endif
