/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * pcapng (draft-ietf-opsawg-pcapng): sections of either byte order, each with interfaces of their
 * own link type, snap length and time resolution; Enhanced, Simple and the obsolete Packet Block.
 * Blocks of other kinds are passed over. A block that contradicts itself ends the file: behind it
 * nothing says where the next one starts.
 */
#include <errno.h>
#include <stdlib.h>

#include "pcap-replay/reader_file.h"
#include "pcap-replay/reader_notes.h"
#include "platform/grow.h"

enum {
	BLOCK_IDB = 1,
	BLOCK_PB = 2,
	BLOCK_SPB = 3,
	BLOCK_ISB = 5,
	BLOCK_EPB = 6,
	/* Blocks that are not packets, but that Wireshark counts as frames. */
	BLOCK_JOURNAL = 9,
	BLOCK_SYSDIG_EVENT = 0x204,
	BLOCK_SYSDIG_EVENT2 = 0x216,
	BLOCK_SYSDIG_LARGE = 0x221,
	BLOCK_CUSTOM = 0xbad,
	BLOCK_CUSTOM_LOCAL = 0x40000bad,
};

enum { OPT_END = 0, OPT_TSRESOL = 9, OPT_TSOFFSET = 14 };

#define BLOCK_OVERHEAD 12 /* type, length, and the length again at the end */
#define EPB_HEADER     28 /* block header and fixed part */
#define SPB_HEADER     12
#define SHB_HEADER     24
#define IDB_HEADER     16
#define ISB_HEADER     20
#define OPTIONS_MAX    (1u << 20) /* around a packet, or in a block that has to be understood */

enum time_unit { TIME_MULTIPLY, TIME_DIVIDE, TIME_BINARY };

struct pcapng_interface {
	__u64 factor; /* ns per tick, or ticks per ns */
	__u64 offset_ns;
	__u32 linktype;
	__u32 snaplen; /* 0: no limit */
	__u32 max_caplen;
	enum time_unit unit;
	unsigned int shift; /* TIME_BINARY: 2^-shift seconds */
};

struct pcapng_state {
	struct pcapng_interface *interfaces;
	size_t count, cap;
};

/* One block whose length is known to be sane: p is its start, length includes everything. */
struct block {
	const __u8 *p;
	__u32 type;
	__u32 length;
};

static int block_fail(struct reader_file *f, const char *what)
{
	return reader_file_fail(f, -EBADMSG, "damaged block at byte %llu: %s",
				(unsigned long long)reader_source_offset(&f->source), what);
}

/* Times wrap modulo 2^64 ns: only a damaged or invented one is outside 1970 .. 2554. */
static inline __u64 interface_ns(const struct pcapng_interface *i, __u64 ticks)
{
	switch (i->unit) {
	case TIME_MULTIPLY:
		return ticks * i->factor + i->offset_ns;
	case TIME_DIVIDE:
		return ticks / i->factor + i->offset_ns;
	default:
		return (__u64)((unsigned __int128)ticks * 1000000000u >> i->shift) + i->offset_ns;
	}
}

/* if_tsresol: the high bit chooses 2^-n or 10^-n seconds. */
static void interface_resolution(struct pcapng_interface *i, __u8 value)
{
	unsigned int n = value & 0x7f;
	unsigned int k = n < 9 ? 9 - n : n - 9;

	if (value & 0x80) {
		i->unit = TIME_BINARY;
		i->shift = n;
		return;
	}
	i->unit = n <= 9 ? TIME_MULTIPLY : TIME_DIVIDE;
	/* From 10^-29 s on, 2^64 ticks are less than a nanosecond. */
	i->factor = 1;
	for (; k && i->factor <= ~0ULL / 10; k--)
		i->factor *= 10;
	if (k)
		i->factor = ~0ULL;
}

static int interface_options(struct reader_file *f, struct pcapng_interface *i, const __u8 *p,
			     size_t len)
{
	while (len >= 4) {
		__u16 code = reader_get16(p, f->swapped), n = reader_get16(p + 2, f->swapped);
		size_t padded = ((size_t)n + 3) & ~(size_t)3;

		if (code == OPT_END)
			return 0;
		if (padded > len - 4)
			return block_fail(f, "an option is longer than its block");
		if (code == OPT_TSRESOL) {
			if (n != 1)
				return block_fail(f, "if_tsresol is not one byte long");
			interface_resolution(i, p[4]);
		}
		if (code == OPT_TSOFFSET) {
			if (n != 8)
				return block_fail(f, "if_tsoffset is not eight bytes long");
			i->offset_ns = reader_get64(p + 4, f->swapped) * 1000000000u;
		}
		p += 4 + padded;
		len -= 4 + padded;
	}
	return len ? block_fail(f, "an option is longer than its block") : 0;
}

static int interface_add(struct reader_file *f, const struct block *b)
{
	struct pcapng_state *st = f->state;
	struct pcapng_interface *i;

	if (b->length < IDB_HEADER + 4)
		return block_fail(f, "too short for an interface");
	if (GROW(st->interfaces, st->count, &st->cap))
		return reader_file_fail(f, -ENOMEM, "%s", strerror(ENOMEM));
	i = &st->interfaces[st->count];
	memset(i, 0, sizeof(*i));
	i->linktype = reader_linktype(reader_get16(b->p + 8, f->swapped));
	i->snaplen = reader_get32(b->p + 12, f->swapped);
	i->max_caplen = reader_max_caplen(i->linktype);
	interface_resolution(i, 6);
	if (interface_options(f, i, b->p + IDB_HEADER, b->length - IDB_HEADER - 4))
		return -EBADMSG;
	st->count++;
	return reader_notes_interface(f, i->linktype, i->snaplen, b->p + IDB_HEADER,
				      b->length - IDB_HEADER - 4);
}

/* A new section: its own byte order, and no interfaces yet. */
static int section_start(struct reader_file *f, const struct block *b)
{
	struct pcapng_state *st = f->state;

	if (b->length < SHB_HEADER + 4)
		return block_fail(f, "too short for a section header");
	if (reader_get16(b->p + 12, f->swapped) != 1)
		return block_fail(f, "a version of pcapng other than 1");
	st->count = 0;
	return reader_notes_section(f);
}

/* Enhanced and obsolete Packet Block differ in the width of the interface number only. */
static inline __attribute__((always_inline)) bool epb_packet(const struct reader_file *f,
							     const struct block *b, __u32 ifindex,
							     struct frame *out)
{
	const struct pcapng_state *st = f->state;
	const struct pcapng_interface *i;
	bool swapped = f->swapped;
	__u32 caplen = reader_get32(b->p + 20, swapped);

	if (b->length < EPB_HEADER + 4 || caplen > b->length - EPB_HEADER - 4 ||
	    ifindex >= st->count)
		return false;
	i = &st->interfaces[ifindex];
	if (caplen > i->max_caplen)
		return false;
	out->ns = interface_ns(i, (__u64)reader_get32(b->p + 12, swapped) << 32 |
					  reader_get32(b->p + 16, swapped));
	out->data = b->p + EPB_HEADER;
	out->file = f->index;
	out->caplen = caplen;
	out->wirelen = reader_get32(b->p + 24, swapped);
	out->linktype = i->linktype;
	out->ifindex = ifindex;
	out->hook = 0;
	return true;
}

/* No time, no interface (the first is meant), and the captured length follows from the snap length. */
static bool spb_packet(const struct reader_file *f, const struct block *b, struct frame *out)
{
	const struct pcapng_state *st = f->state;
	const struct pcapng_interface *i = st->interfaces;
	__u32 wirelen, caplen;

	if (b->length < SPB_HEADER + 4 || !st->count)
		return false;
	wirelen = reader_get32(b->p + 8, f->swapped);
	caplen = i->snaplen && wirelen > i->snaplen ? i->snaplen : wirelen;
	if (caplen > b->length - SPB_HEADER - 4 || caplen > i->max_caplen)
		return false;
	*out = (struct frame){
		.data = b->p + SPB_HEADER,
		.file = f->index,
		.caplen = caplen,
		.wirelen = wirelen,
		.linktype = i->linktype,
	};
	return true;
}

static bool block_is_packet(__u32 type)
{
	return type == BLOCK_EPB || type == BLOCK_SPB || type == BLOCK_PB;
}

static bool block_is_frame(__u32 type)
{
	switch (type) {
	case BLOCK_EPB:
	case BLOCK_SPB:
	case BLOCK_PB:
	case BLOCK_JOURNAL:
	case BLOCK_SYSDIG_EVENT:
	case BLOCK_SYSDIG_EVENT2:
	case BLOCK_SYSDIG_LARGE:
	case BLOCK_CUSTOM:
	case BLOCK_CUSTOM_LOCAL:
		return true;
	default:
		return false;
	}
}

/* Why a packet block was refused; the interface is checked first, as it gives the limits. */
static int packet_fail(struct reader_file *f, __u32 ifindex)
{
	const struct pcapng_state *st = f->state;

	if (ifindex >= st->count)
		return block_fail(f, "a packet of an interface that is not described");
	return block_fail(f, "a packet longer than its block or than any packet");
}

/* The walk over Enhanced Packet Blocks at hand; stops at anything else. */
static unsigned int pcapng_walk(struct reader_file *f, struct frame *out, unsigned int max)
{
	const __u8 *end = f->source.end;
	bool swapped = f->swapped;
	unsigned int n = 0;

	for (; n < max; n++) {
		struct block b = { .p = f->source.pos };

		if (end - b.p < EPB_HEADER + 4 || reader_get32(b.p, swapped) != BLOCK_EPB)
			break;
		__builtin_prefetch(b.p + READER_PREFETCH);
		__builtin_prefetch(b.p + READER_PREFETCH + 64);
		b.length = reader_get32(b.p + 4, swapped);
		if (b.length % 4 || b.length > (size_t)(end - b.p) || b.length < BLOCK_OVERHEAD)
			break;
		if (reader_get32(b.p + b.length - 4, swapped) != b.length)
			break;
		if (!epb_packet(f, &b, reader_get32(b.p + 8, swapped), &out[n]))
			break;
		out[n].number = ++f->number;
		f->source.pos += b.length;
	}
	return n;
}

/* Type and length of the block at pos, with the byte order that a section header brings. */
static int block_header(struct reader_file *f, struct block *b)
{
	struct reader_source *s = &f->source;
	size_t have = reader_source_need(s, 8);

	if (!have)
		return reader_file_end(f);
	if (have < 8)
		return reader_file_cut(f, "a block after packet", f->number);
	b->p = s->pos;
	b->type = reader_get32(s->pos, f->swapped);
	if (b->type == READER_MAGIC_PCAPNG) {
		__u32 order;

		if (reader_source_need(s, 12) < 12)
			return reader_file_cut(f, "a block after packet", f->number);
		order = reader_get32(s->pos + 8, false);
		if (order != READER_MAGIC_ORDER && order != bswap_32(READER_MAGIC_ORDER))
			return block_fail(f, "a section header without byte order");
		f->swapped = order != READER_MAGIC_ORDER;
	}
	b->length = reader_get32(s->pos + 4, f->swapped);
	if (b->length < BLOCK_OVERHEAD || b->length % 4)
		return block_fail(f, "an impossible length");
	return 1;
}

static int block_trailer(struct reader_file *f, const __u8 *p, __u32 length)
{
	if (reader_get32(p, f->swapped) != length)
		return block_fail(f, "its two lengths differ");
	return 1;
}

/* Pass over a block that means nothing here, whatever its length. */
static int block_skip(struct reader_file *f, const struct block *b)
{
	struct reader_source *s = &f->source;
	__u64 body = b->length - 4;

	if (reader_source_skip(s, body) < body || reader_source_need(s, 4) < 4)
		return reader_file_cut(f, "a block after packet", f->number);
	if (block_trailer(f, s->pos, b->length) < 0)
		return -EBADMSG;
	s->pos += 4;
	f->number += block_is_frame(b->type);
	return 1;
}

static void statistics_note(struct reader_file *f, const __u8 *p, __u32 length)
{
	const struct pcapng_state *st = f->state;
	__u32 ifindex = reader_get32(p + 8, f->swapped);
	const struct pcapng_interface *from;
	struct reader_interface *i;

	if (ifindex >= st->count)
		return;
	from = &st->interfaces[ifindex];
	i = reader_notes_statistics(f, ifindex, p + ISB_HEADER, length - ISB_HEADER - 4);
	i->statistics_ns = (__u64)reader_get32(p + 12, f->swapped) << 32 |
			   reader_get32(p + 16, f->swapped);
	i->statistics_ns = interface_ns(from, i->statistics_ns);
	if (i->start_ns != READER_UNKNOWN)
		i->start_ns = interface_ns(from, i->start_ns);
	if (i->end_ns != READER_UNKNOWN)
		i->end_ns = interface_ns(from, i->end_ns);
}

/* A block that is no packet's, passed over. Statistics are looked at if somebody wants them. */
static int block_pass(struct reader_file *f, const struct block *b)
{
	bool wanted = f->notes && b->type == BLOCK_ISB && b->length >= ISB_HEADER + 4 &&
		      b->length <= OPTIONS_MAX;

	if (wanted && reader_source_need(&f->source, b->length) >= b->length)
		statistics_note(f, f->source.pos, b->length);
	return block_skip(f, b);
}

/* All of a block that has to be understood; nothing that long is believed without being there. */
static int block_load(struct reader_file *f, struct block *b)
{
	struct reader_source *s = &f->source;
	__u32 limit = OPTIONS_MAX;

	if (block_is_packet(b->type))
		limit += reader_max_caplen(189); /* the link type is not known yet: the largest */
	if (b->length > limit)
		return block_fail(f, "an impossible length");
	if (reader_source_need(s, b->length) < b->length) {
		if (block_is_packet(b->type))
			return reader_file_cut(f, "packet", f->number + 1);
		return reader_file_cut(f, "a block after packet", f->number);
	}
	b->p = s->pos;
	return block_trailer(f, b->p + b->length - 4, b->length);
}

/* 1: out is filled. 0: a block without a packet. -errno. */
static int block_packet(struct reader_file *f, const struct block *b, struct frame *out)
{
	__u32 ifindex = 0;
	bool ok;

	if (b->type == READER_MAGIC_PCAPNG)
		return section_start(f, b);
	if (b->type == BLOCK_IDB)
		return interface_add(f, b);
	if (b->type == BLOCK_SPB) {
		ok = spb_packet(f, b, out);
	} else if (b->length < EPB_HEADER + 4) {
		return block_fail(f, "too short for a packet");
	} else {
		ifindex = b->type == BLOCK_EPB ? reader_get32(b->p + 8, f->swapped)
					       : reader_get16(b->p + 8, f->swapped);
		ok = epb_packet(f, b, ifindex, out);
	}
	if (!ok)
		return packet_fail(f, ifindex);
	out->number = ++f->number;
	return 1;
}

/* The next packet with leave to move the source. 1, 0 at the end, or -errno. */
static int pcapng_one(struct reader_file *f, struct frame *out)
{
	for (;;) {
		struct block b = { 0 };
		bool known;
		int ret = block_header(f, &b);

		if (ret <= 0)
			return ret;
		known = b.type == READER_MAGIC_PCAPNG || b.type == BLOCK_IDB ||
			block_is_packet(b.type);
		if (!known) {
			ret = block_pass(f, &b);
			if (ret <= 0)
				return ret;
			continue;
		}
		ret = block_load(f, &b);
		if (ret <= 0)
			return ret;
		ret = block_packet(f, &b, out);
		if (ret < 0)
			return ret;
		f->source.pos += b.length;
		if (ret)
			return 1;
	}
}

static int pcapng_batch(struct reader_file *f, struct frame *out, unsigned int max)
{
	unsigned int n = pcapng_walk(f, out, max);

	return n ? (int)n : pcapng_one(f, out);
}

static void pcapng_close(struct reader_file *f)
{
	struct pcapng_state *st = f->state;

	free(st->interfaces);
	free(st);
}

static const struct reader_format pcapng_format = { pcapng_batch, pcapng_close };

int reader_pcapng_open(struct reader_file *f)
{
	struct pcapng_state *st = calloc(1, sizeof(*st));

	if (!st)
		return reader_file_fail(f, -ENOMEM, "%s", strerror(ENOMEM));
	f->stable = f->source.mapped;
	f->state = st;
	f->format = &pcapng_format;
	return 0;
}
