/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * snoop, version 2 (RFC 1761): a 16-byte header, then records of a 24-byte header, the captured
 * bytes and padding up to the record's length. Numbers are big-endian, times in microseconds.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>

#include "pcap-replay/reader_file.h"

#define FILE_HEADER   16
#define RECORD_HEADER 24
#define PADDING_MAX   1024u /* 3 is usual; the RFC has no limit */
#define VERSION       2

struct snoop_state {
	__u32 linktype;
	__u32 max_caplen;
};

struct snoop_record {
	__u32 wirelen, caplen;
	__u32 length; /* with header and padding */
};

/* LINKTYPE_ for RFC 1761's datalink type; READER_LINKTYPE_NONE where none says the same. */
static __u32 snoop_linktype(__u32 datalink)
{
	switch (datalink) {
	case 0: /* IEEE 802.3 */
	case 4: /* Ethernet */
		return 1;
	case 2: /* token ring */
		return 6;
	case 8: /* FDDI */
		return 10;
	default:
		return READER_LINKTYPE_NONE;
	}
}

/* The lengths at p, and whether they can be true. */
static bool snoop_lengths(const struct reader_file *f, const __u8 *p, struct snoop_record *record)
{
	const struct snoop_state *st = f->state;

	record->wirelen = reader_get32(p, f->swapped);
	record->caplen = reader_get32(p + 4, f->swapped);
	record->length = reader_get32(p + 8, f->swapped);
	return record->caplen <= st->max_caplen &&
	       record->length >= RECORD_HEADER + record->caplen &&
	       record->length <= RECORD_HEADER + record->caplen + PADDING_MAX;
}

/* Take the record at pos, which is all there. */
static void snoop_packet(struct reader_file *f, const struct snoop_record *record,
			 struct frame *out)
{
	const struct snoop_state *st = f->state;
	const __u8 *p = f->source.pos;

	*out = (struct frame){
		.ns = reader_get32(p + 16, f->swapped) * 1000000000ULL +
		      reader_get32(p + 20, f->swapped) * 1000ULL,
		.number = ++f->number,
		.data = p + RECORD_HEADER,
		.file = f->index,
		.caplen = record->caplen,
		.wirelen = record->wirelen,
		.linktype = st->linktype,
	};
	f->source.pos += record->length;
}

/* One record of any kind, with leave to move the source. 1, 0 or -errno. */
static int snoop_one(struct reader_file *f, struct frame *out)
{
	struct reader_source *s = &f->source;
	size_t have = reader_source_need(s, RECORD_HEADER);
	struct snoop_record record;

	if (!have)
		return reader_file_end(f);
	if (have < RECORD_HEADER)
		return reader_file_cut(f, "packet", f->number + 1);
	if (!snoop_lengths(f, s->pos, &record))
		return reader_file_fail(
			f, -EBADMSG, "packet %llu claims %u bytes in a record of %u (at byte %llu)",
			(unsigned long long)f->number + 1, record.caplen, record.length,
			(unsigned long long)reader_source_offset(s));
	if (reader_source_need(s, record.length) < record.length)
		return reader_file_cut(f, "packet", f->number + 1);
	snoop_packet(f, &record, out);
	return 1;
}

static int snoop_batch(struct reader_file *f, struct frame *out, unsigned int max)
{
	struct snoop_record record;
	unsigned int n = 0;

	for (; n < max; n++) {
		size_t have = (size_t)(f->source.end - f->source.pos);

		if (have < RECORD_HEADER || !snoop_lengths(f, f->source.pos, &record) ||
		    have < record.length)
			break;
		snoop_packet(f, &record, &out[n]);
	}
	return n ? (int)n : snoop_one(f, out);
}

static void snoop_close(struct reader_file *f)
{
	free(f->state);
}

static const struct reader_format snoop_format = { snoop_batch, snoop_close };

int reader_snoop_open(struct reader_file *f)
{
	struct snoop_state *st;
	const __u8 *p;
	__u32 version;

	if (reader_source_need(&f->source, FILE_HEADER) < FILE_HEADER)
		return reader_file_fail(f, -EBADMSG, "cut in the middle of the file header");
	f->swapped = htonl(1) != 1;
	p = f->source.pos;
	version = reader_get32(p + 8, f->swapped);
	if (version != VERSION)
		return reader_file_fail(f, -EBADMSG,
					"version %u of snoop is not read; convert it with "
					"'editcap -F pcap'",
					version);
	st = calloc(1, sizeof(*st));
	if (!st)
		return reader_file_fail(f, -ENOMEM, "%s", strerror(ENOMEM));
	st->linktype = snoop_linktype(reader_get32(p + 12, f->swapped));
	st->max_caplen = reader_max_caplen(st->linktype);
	f->source.pos += FILE_HEADER;
	f->stable = f->source.mapped;
	f->state = st;
	f->format = &snoop_format;
	return 0;
}
