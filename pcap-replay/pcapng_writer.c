// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "pcap-replay/pcapng_writer.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "userspace/output/writer.h"

/* Block types, section 4 of the draft. */
enum {
	BLOCK_INTERFACE = 1,
	BLOCK_STATISTICS = 5,
	BLOCK_PACKET = 6,
	BLOCK_SECTION = 0x0a0d0d0a,
};

enum {
	OPT_END = 0,
	OPT_COMMENT = 1,
	SHB_HARDWARE = 2,
	SHB_OS = 3,
	SHB_APPLICATION = 4,
	IF_NAME = 2,
	IF_DESCRIPTION = 3,
	IF_TSRESOL = 9,
	IF_FILTER = 11,
	ISB_START = 2,
	ISB_END = 3,
	ISB_RECEIVED = 4,
	ISB_DROPPED = 5,
	ISB_ACCEPTED = 6,
	ISB_OS_LOST = 7,
	ISB_DELIVERED = 8,
};

#define BYTE_ORDER_MAGIC 0x1a2b3c4dU
#define VERSION_MAJOR    1
#define VERSION_MINOR    0
#define SECTION_UNKNOWN  (~0ULL) /* its length: not known */
#define RESOLUTION_NS    9       /* 10^-9 s */
#define BLOCK_LEAST      4096U

void pcapng_start(struct pcapng_writer *w, FILE *to)
{
	memset(w, 0, sizeof(*w));
	w->to = to;
}

void pcapng_free(struct pcapng_writer *w)
{
	free(w->block);
	w->block = NULL;
	w->used = w->room = 0;
}

/* ---- bytes ---- */

/* Room for n more bytes, which the block then has; NULL: out of memory. */
static __u8 *put_room(struct pcapng_writer *w, size_t n)
{
	size_t room = w->room ? w->room : BLOCK_LEAST;
	__u8 *bigger;

	while (room - w->used < n)
		room *= 2;
	if (room != w->room && !w->err) {
		bigger = realloc(w->block, room);
		if (bigger) {
			w->block = bigger;
			w->room = room;
		} else {
			w->err = -ENOMEM;
		}
	}
	if (w->err)
		return NULL;
	w->used += n;
	return w->block + w->used - n;
}

static void put(struct pcapng_writer *w, const void *data, size_t n)
{
	__u8 *to = put_room(w, n);

	if (to && n)
		memcpy(to, data, n);
}

static void put16(struct pcapng_writer *w, unsigned int value)
{
	__u16 v = (__u16)value;

	put(w, &v, sizeof(v));
}

static void put32(struct pcapng_writer *w, __u32 value)
{
	put(w, &value, sizeof(value));
}

/* Times have their upper half first, whatever the byte order. */
static void put_time(struct pcapng_writer *w, __u64 ns)
{
	put32(w, (__u32)(ns >> 32));
	put32(w, (__u32)ns);
}

static void put_padding(struct pcapng_writer *w)
{
	put(w, "\0\0\0", -w->used & 3);
}

/* ---- options ---- */

static void option(struct pcapng_writer *w, unsigned int code, const void *data, size_t n)
{
	put16(w, code);
	put16(w, (unsigned int)n);
	put(w, data, n);
	put_padding(w);
}

/* The character at s as it is written, and its bytes there in *n; its bytes here are returned. */
static size_t text_character(const char *s, const char **out, size_t *n)
{
	size_t length = writer_utf8(s);
	unsigned char c = (unsigned char)*s;
	bool c1 = length == 2 && c == 0xc2 && (unsigned char)s[1] < 0xa0;

	*out = s;
	*n = length;
	if (!length) {
		*out = "\xef\xbf\xbd"; /* U+FFFD */
		*n = 3;
		return 1;
	}
	if ((c < 0x20 && c != '\n') || c == 0x7f || c1) {
		*out = "?";
		*n = 1;
	}
	return length;
}

static void option_text(struct pcapng_writer *w, unsigned int code, const char *text)
{
	size_t at, total = 0;
	__u16 length;

	if (!text || !*text)
		return;
	put16(w, code);
	at = w->used;
	put16(w, 0);
	while (*text) {
		const char *character;
		size_t n, taken = text_character(text, &character, &n);

		if (total + n > PCAPNG_OPTION_MOST)
			break;
		put(w, character, n);
		total += n;
		text += taken;
	}
	length = (__u16)total;
	if (!w->err)
		memcpy(w->block + at, &length, sizeof(length));
	put_padding(w);
}

static void option_count(struct pcapng_writer *w, unsigned int code, __u64 value)
{
	if (value != PCAPNG_UNKNOWN)
		option(w, code, &value, sizeof(value));
}

static void option_time(struct pcapng_writer *w, unsigned int code, __u64 ns)
{
	__u32 halves[2] = { (__u32)(ns >> 32), (__u32)ns };

	if (ns != PCAPNG_UNKNOWN)
		option(w, code, halves, sizeof(halves));
}

/* ---- blocks ---- */

static void block_begin(struct pcapng_writer *w, __u32 type)
{
	w->used = 0;
	put32(w, type);
	put32(w, 0);
}

static void block_options(struct pcapng_writer *w)
{
	w->options = w->used;
}

/* Ends the options, if there are any; the block's length goes to both of its ends. */
static void block_end(struct pcapng_writer *w)
{
	__u32 length;

	if (w->used > w->options)
		option(w, OPT_END, NULL, 0);
	length = (__u32)w->used + sizeof(length);
	put32(w, length);
	if (w->err)
		return;
	memcpy(w->block + sizeof(length), &length, sizeof(length));
	if (fwrite(w->block, w->used, 1, w->to) != 1)
		w->err = errno ? -errno : -EIO;
}

void pcapng_section(struct pcapng_writer *w, const struct pcapng_section *s)
{
	__u64 length = SECTION_UNKNOWN;

	block_begin(w, BLOCK_SECTION);
	put32(w, BYTE_ORDER_MAGIC);
	put16(w, VERSION_MAJOR);
	put16(w, VERSION_MINOR);
	put(w, &length, sizeof(length));
	block_options(w);
	option_text(w, SHB_HARDWARE, s->hardware);
	option_text(w, SHB_OS, s->os);
	option_text(w, SHB_APPLICATION, s->application);
	option_text(w, OPT_COMMENT, s->comment);
	block_end(w);
}

void pcapng_interface(struct pcapng_writer *w, const struct pcapng_interface *i)
{
	static const __u8 resolution = RESOLUTION_NS;
	char filter[PCAPNG_OPTION_MOST];

	block_begin(w, BLOCK_INTERFACE);
	put16(w, i->linktype);
	put16(w, 0);
	put32(w, i->snaplen);
	block_options(w);
	option_text(w, IF_NAME, i->name);
	option_text(w, IF_DESCRIPTION, i->description);
	option(w, IF_TSRESOL, &resolution, sizeof(resolution));
	/* Its first byte says of which kind: 0, a libpcap string. One that is cut means another
	 * thing. */
	if (i->filter && *i->filter && strlen(i->filter) < sizeof(filter)) {
		filter[0] = 0;
		memcpy(filter + 1, i->filter, strlen(i->filter));
		option(w, IF_FILTER, filter, strlen(i->filter) + 1);
	}
	block_end(w);
}

void pcapng_packet(struct pcapng_writer *w, const struct pcapng_packet *p)
{
	block_begin(w, BLOCK_PACKET);
	put32(w, p->interface);
	put_time(w, p->ns);
	put32(w, p->caplen);
	put32(w, p->wirelen);
	put(w, p->data, p->caplen);
	put_padding(w);
	block_options(w);
	for (unsigned int i = 0; i < p->comments_n; i++)
		option_text(w, OPT_COMMENT, p->comments[i]);
	block_end(w);
}

void pcapng_statistics(struct pcapng_writer *w, const struct pcapng_statistics *s)
{
	block_begin(w, BLOCK_STATISTICS);
	put32(w, s->interface);
	put_time(w, s->ns);
	block_options(w);
	option_time(w, ISB_START, s->start_ns);
	option_time(w, ISB_END, s->end_ns);
	option_count(w, ISB_RECEIVED, s->received);
	option_count(w, ISB_DROPPED, s->dropped);
	option_count(w, ISB_ACCEPTED, s->accepted);
	option_count(w, ISB_OS_LOST, s->os_lost);
	option_count(w, ISB_DELIVERED, s->delivered);
	block_end(w);
}

int pcapng_flush(struct pcapng_writer *w)
{
	if (!w->err && fflush(w->to))
		w->err = errno ? -errno : -EIO;
	return w->err;
}
