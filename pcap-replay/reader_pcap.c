/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Classic pcap, version 2.4 (draft-ietf-opsawg-pcap): a 24-byte header, then records of a 16-byte
 * header and the captured bytes. Microseconds or nanoseconds, either byte order.
 */
#include <errno.h>
#include <stdlib.h>

#include "pcap-replay/reader_file.h"
#include "pcap-replay/reader_notes.h"

#define FILE_HEADER   24
#define RECORD_HEADER 16

struct pcap_state {
	__u32 unit_ns; /* of the fraction: 1 or 1000 */
	__u32 linktype;
	__u32 snaplen; /* no packet is longer; one that claims to be is shortened, as libpcap does */
	__u32 max_caplen; /* beyond that a record is damage */
	__u32 usual;      /* up to here a record needs no thought */
};

static inline __attribute__((always_inline)) void pcap_packet(const struct reader_file *f,
							      const struct pcap_state *st,
							      const __u8 *p, bool swapped,
							      struct frame *out)
{
	out->ns = reader_get32(p, swapped) * 1000000000ULL +
		  (__u64)reader_get32(p + 4, swapped) * st->unit_ns;
	out->data = p + RECORD_HEADER;
	out->file = f->index;
	out->caplen = reader_get32(p + 8, swapped);
	out->wirelen = reader_get32(p + 12, swapped);
	out->linktype = st->linktype;
	out->ifindex = 0;
	out->hook = 0;
}

/* The walk over what is at hand; stops at the first record that is not all there or odd. */
static inline __attribute__((always_inline)) unsigned int pcap_walk(struct reader_file *f,
								    const struct pcap_state *st,
								    bool swapped, struct frame *out,
								    unsigned int max)
{
	const __u8 *p = f->source.pos, *end = f->source.end;
	__u64 number = f->number;
	unsigned int n = 0;

	for (; n < max && end - p >= RECORD_HEADER; n++) {
		__u32 caplen = reader_get32(p + 8, swapped);

		if (caplen > st->usual || (size_t)(end - p) - RECORD_HEADER < caplen)
			break;
		__builtin_prefetch(p + READER_PREFETCH);
		__builtin_prefetch(p + READER_PREFETCH + 64);
		pcap_packet(f, st, p, swapped, &out[n]);
		out[n].number = ++number;
		p += RECORD_HEADER + caplen;
	}
	f->number = number;
	f->source.pos = p;
	return n;
}

/* One record of any kind, with leave to move the source. 1, 0 or -errno. */
static int pcap_one(struct reader_file *f, const struct pcap_state *st, struct frame *out)
{
	struct reader_source *s = &f->source;
	size_t have = reader_source_need(s, RECORD_HEADER);
	__u32 caplen;

	if (!have)
		return reader_file_end(f);
	if (have < RECORD_HEADER)
		return reader_file_cut(f, "packet", f->number + 1);
	caplen = reader_get32(s->pos + 8, f->swapped);
	if (caplen > st->max_caplen)
		return reader_file_fail(f, -EBADMSG, "packet %llu claims %u bytes (at byte %llu)",
					(unsigned long long)f->number + 1, caplen,
					(unsigned long long)reader_source_offset(s));
	if (reader_source_need(s, RECORD_HEADER + (size_t)caplen) < RECORD_HEADER + (size_t)caplen)
		return reader_file_cut(f, "packet", f->number + 1);
	pcap_packet(f, st, s->pos, f->swapped, out);
	if (out->caplen > st->snaplen)
		out->caplen = st->snaplen;
	out->number = ++f->number;
	s->pos += RECORD_HEADER + (size_t)caplen;
	return 1;
}

static int pcap_batch(struct reader_file *f, struct frame *out, unsigned int max)
{
	const struct pcap_state *st = f->state;
	unsigned int n;

	if (f->swapped)
		n = pcap_walk(f, st, true, out, max);
	else
		n = pcap_walk(f, st, false, out, max);
	return n ? (int)n : pcap_one(f, st, out);
}

static void pcap_close(struct reader_file *f)
{
	free(f->state);
}

static const struct reader_format pcap_format = { pcap_batch, pcap_close };

int reader_pcap_open(struct reader_file *f)
{
	const __u8 *p = f->source.pos;
	__u32 magic = reader_get32(p, f->swapped);
	struct pcap_state *st = calloc(1, sizeof(*st));

	if (!st)
		return reader_file_fail(f, -ENOMEM, "%s", strerror(ENOMEM));
	st->unit_ns = magic == READER_MAGIC_NANO ? 1 : 1000;
	/* The upper bits tell of a frame check sequence. */
	st->linktype = reader_linktype(reader_get32(p + 20, f->swapped) & 0x03ffffff);
	st->max_caplen = reader_max_caplen(st->linktype);
	st->snaplen = reader_get32(p + 16, f->swapped);
	if (!st->snaplen || st->snaplen > 0x7fffffff)
		st->snaplen = st->max_caplen;
	st->usual = st->snaplen < st->max_caplen ? st->snaplen : st->max_caplen;
	f->source.pos += FILE_HEADER;
	f->stable = f->source.mapped;
	f->state = st;
	f->format = &pcap_format;
	return reader_notes_interface(f, st->linktype, st->snaplen, NULL, 0);
}
