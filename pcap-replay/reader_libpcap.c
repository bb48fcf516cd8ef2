/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The libpcap back end: for the pcap variants that only libpcap knows, and the yardstick that the
 * own parsers are tested against. libpcap reads from the source through a stdio stream, so that
 * pipes and compressed files work alike.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <pcap/pcap.h>

#include "pcap-replay/reader_file.h"

#define STDIO_BUFFER ((size_t)64 << 10)
#define ARENA_SIZE   ((size_t)256 << 10)

struct libpcap_state {
	pcap_t *pcap;
	__u32 linktype;
	bool seconds32; /* the file's seconds are unsigned 32 bits; libpcap extends their sign */
	bool held;      /* header and data are read, but did not fit into the last batch */
	struct pcap_pkthdr *header;
	const u_char *data;
	__u8 *arena; /* libpcap's data dies with its next packet: batches live here */
	size_t used, cap;
};

static ssize_t cookie_read(void *cookie, char *buf, size_t len)
{
	struct reader_source *s = cookie;
	size_t have = reader_source_need(s, 1);

	if (have > len)
		have = len;
	if (!have)
		return s->err && !s->cut ? -1 : 0;
	memcpy(buf, s->pos, have);
	s->pos += have;
	return (ssize_t)have;
}

/* 1: header and data are valid. 0: the end. -errno. */
static int libpcap_next(struct reader_file *f, struct libpcap_state *st)
{
	int ret;

	if (st->held)
		return 1;
	ret = pcap_next_ex(st->pcap, &st->header, &st->data);
	if (ret == 1) {
		st->held = true;
		return 1;
	}
	if (ret == PCAP_ERROR_BREAK)
		return reader_file_end(f);
	/* libpcap has no code for this, only words. */
	if (f->source.err || !strncmp(pcap_geterr(st->pcap), "truncated ", 10))
		return reader_file_cut(f, "packet", f->number + 1);
	return reader_file_fail(f, -EBADMSG, "%s (after packet %llu)", pcap_geterr(st->pcap),
				(unsigned long long)f->number);
}

/* Room in the arena; an empty one may grow, as the bytes are there. */
static bool arena_room(struct libpcap_state *st, size_t len, bool empty)
{
	__u8 *bigger;

	if (st->cap - st->used >= len)
		return true;
	if (!empty)
		return false;
	bigger = realloc(st->arena, len);
	if (!bigger)
		return false;
	st->arena = bigger;
	st->cap = len;
	return true;
}

static __u64 packet_ns(const struct libpcap_state *st, const struct timeval *ts)
{
	__u64 sec = st->seconds32 ? (__u32)ts->tv_sec : (__u64)ts->tv_sec;

	return sec * 1000000000u + (__u64)ts->tv_usec; /* asked for nanoseconds */
}

static int libpcap_batch(struct reader_file *f, struct frame *out, unsigned int max)
{
	struct libpcap_state *st = f->state;
	unsigned int n;

	st->used = 0;
	for (n = 0; n < max; n++) {
		const struct pcap_pkthdr *h;
		int ret = libpcap_next(f, st);

		if (ret <= 0)
			return n ? (int)n : ret;
		h = st->header;
		if (!arena_room(st, h->caplen, !n))
			return n ? (int)n : reader_file_fail(f, -ENOMEM, "%s", strerror(ENOMEM));
		memcpy(st->arena + st->used, st->data, h->caplen);
		out[n] = (struct frame){
			.ns = packet_ns(st, &h->ts),
			.number = ++f->number,
			.data = st->arena + st->used,
			.file = f->index,
			.caplen = h->caplen,
			.wirelen = h->len,
			.linktype = st->linktype,
		};
		st->used += h->caplen;
		st->held = false;
	}
	return (int)n;
}

static void libpcap_close(struct reader_file *f)
{
	struct libpcap_state *st = f->state;

	if (st->pcap)
		pcap_close(st->pcap); /* closes the stream as well */
	free(st->arena);
	free(st);
}

static const struct reader_format libpcap_format = { libpcap_batch, libpcap_close };

int reader_libpcap_open(struct reader_file *f)
{
	static const cookie_io_functions_t io = { .read = cookie_read };
	struct libpcap_state *st = calloc(1, sizeof(*st));
	char errbuf[PCAP_ERRBUF_SIZE] = "";
	FILE *stream = NULL;

	if (!st)
		return reader_file_fail(f, -ENOMEM, "%s", strerror(ENOMEM));
	st->seconds32 = reader_get32(f->source.pos, false) != READER_MAGIC_PCAPNG;
	f->state = st;
	f->format = &libpcap_format; /* owns what is made from here on */
	st->arena = malloc(ARENA_SIZE);
	st->cap = ARENA_SIZE;
	stream = fopencookie(&f->source, "r", io);
	if (!st->arena || !stream || setvbuf(stream, NULL, _IOFBF, STDIO_BUFFER)) {
		if (stream)
			fclose(stream);
		return reader_file_fail(f, -ENOMEM, "%s", strerror(ENOMEM));
	}
	st->pcap = pcap_fopen_offline_with_tstamp_precision(stream, PCAP_TSTAMP_PRECISION_NANO,
							    errbuf);
	if (!st->pcap) {
		fclose(stream);
		if (f->source.err || !strncmp(errbuf, "truncated ", 10))
			return reader_file_fail(f, -EBADMSG,
						"cut in the middle of the file header");
		return reader_file_fail(f, -EBADMSG, "%s", errbuf);
	}
	st->linktype = reader_linktype((__u32)pcap_datalink(st->pcap));
	return 0;
}
