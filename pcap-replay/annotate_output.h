/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The file of --write: packets with comments, the interfaces they came from, and what was lost. */
#ifndef PCAP_REPLAY_ANNOTATE_OUTPUT_H
#define PCAP_REPLAY_ANNOTATE_OUTPUT_H

#include <stdbool.h>

#include "pcap-replay/pcapng_writer.h"
#include "pcap-replay/reader.h"
#include "platform/table.h"
#include "userspace/options.h"

/* Where packets come from: an interface of a capture, or of this host. */
struct annotate_source {
	char *name, *description, *filter; /* or NULL; owned */
	__u32 linktype;
	__u32 snaplen;
	bool described; /* it is in the file, as statistics.interface */
	/* Of PCAPNG_UNKNOWN at first. Without received and delivered the packets met are given. */
	struct pcapng_statistics statistics;
	__u64 packets; /* met, written or not */
	__u64 first_ns, last_ns;
};

struct annotate_output {
	struct pcapng_writer writer;
	FILE *to;
	struct annotate_source **sources;
	size_t sources_n, sources_room;
	struct table keys; /* from a source's key to its place */
	__u64 last_key;
	struct annotate_source *last;
	__u32 described; /* interfaces in the file */
};

/* Opens o->write and begins the section. 0, or as result_file_open(), or -ENOMEM. */
int annotate_output_open(struct annotate_output *out, const struct options *o, char *err,
			 size_t err_len);

/*
 * The source of a key, any number; *fresh when it was just made, and is to be filled in.
 * NULL: out of memory, which annotate_output_close() tells.
 */
struct annotate_source *annotate_output_source(struct annotate_output *out, __u64 key, bool *fresh);

/* A packet was met there. */
static inline void annotate_source_meet(struct annotate_source *s, __u64 ns)
{
	if (!s->packets++ || ns < s->first_ns)
		s->first_ns = ns;
	if (ns > s->last_ns)
		s->last_ns = ns;
}

/* Writes a packet; describes its source first where that was not done. */
void annotate_output_packet(struct annotate_output *out, struct annotate_source *s,
			    const struct pcapng_packet *packet);

/* Hands on what was written. 0 or -errno of the first failure. */
int annotate_output_flush(struct annotate_output *out);

/* The statistics of all sources, and the end. 0 or -errno of the first failure. */
int annotate_output_close(struct annotate_output *out);

#endif
