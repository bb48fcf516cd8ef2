/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which format a file is, by its first bytes, and clear words for those that are none. */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <pcap/dlt.h>

#include "pcap-replay/reader_file.h"

#define MAGIC_MODIFIED 0xa1b2cd34u /* Kuznetzov's: longer record headers */
#define MAGIC_MESQUITA 0xa1b234cdu
#define MAGIC_NAVTEL   0xa12b3c4du

#define PCAP_HEADER 24

static const char magic_snoop[8] = "snoop\0\0";

/* Files that people do pass, and what to do about them. */
static const struct {
	const char *magic;
	size_t len;
	const char *hint;
} known[] = {
	{ "BZh", 3, "bzip2 is not read; pipe 'bzip2 -dc' into '-'" },
	{ "\xfd"
	  "7zXZ",
	  5, "xz is not read; pipe 'xz -dc' into '-'" },
	{ "\x04\x22\x4d\x18", 4, "lz4 is not read; pipe 'lz4 -dc' into '-'" },
	{ "PK\x03\x04", 4, "this is a zip archive; unpack it first" },
	{ "\n\n\n\0", 4, "a pcapng file damaged by a transfer in text mode" },
	{ "\n\r\n\n", 4, "a pcapng file damaged by a transfer in text mode" },
};

int reader_file_fail(struct reader_file *f, int err, const char *format, ...)
{
	const char *name = strcmp(f->name, "-") ? f->name : "standard input";
	const char *quote = name == f->name ? "'" : "";
	char *what = NULL;
	va_list ap;

	if (f->error)
		return err;
	va_start(ap, format);
	if (vasprintf(&what, format, ap) < 0)
		what = NULL;
	va_end(ap);
	if (asprintf(&f->error, "cannot read %s%s%s: %s", quote, name, quote,
		     what ? what : strerror(-err)) < 0)
		f->error = NULL;
	free(what);
	return err;
}

static int source_failed(struct reader_file *f)
{
	const struct reader_source *s = &f->source;

	if (s->cut && f->allow_truncated)
		return 0;
	return reader_file_fail(f, s->err, "%s", s->why ? s->why : strerror(-s->err));
}

int reader_file_cut(struct reader_file *f, const char *what, __u64 number)
{
	if (f->source.err)
		return source_failed(f);
	if (f->allow_truncated)
		return 0;
	return reader_file_fail(f, -EBADMSG, "cut in the middle of %s %llu", what,
				(unsigned long long)number);
}

int reader_file_end(struct reader_file *f)
{
	return f->source.err ? source_failed(f) : 0;
}

__u32 reader_linktype(__u32 value)
{
	switch (value) {
	case DLT_ATM_RFC1483:
		return 100;
	case DLT_RAW:
		return 101;
	case DLT_SLIP_BSDOS:
		return 102;
	case DLT_PPP_BSDOS:
		return 103;
	case DLT_ATM_CLIP:
		return 106;
	default:
		return value;
	}
}

__u32 reader_max_caplen(__u32 linktype)
{
	switch (linktype) {
	case DLT_DBUS:
	case DLT_USB_LINUX:
	case DLT_USB_LINUX_MMAPPED:
	case DLT_USBPCAP:
	case DLT_EBHSCR:
		return 128u << 20;
	default:
		return 256u << 10;
	}
}

static int unknown_format(struct reader_file *f, const __u8 *p, size_t len)
{
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (len >= known[i].len && !memcmp(p, known[i].magic, known[i].len))
			return reader_file_fail(f, -EBADMSG, "%s", known[i].hint);
	for (i = 0; i < len; i++)
		if (!isprint(p[i]) && !isspace(p[i]))
			return reader_file_fail(f, -EBADMSG,
						"not a capture (pcap, pcapng or snoop)");
	return reader_file_fail(f, -EBADMSG, "not a capture but text");
}

typedef int (*open_fn)(struct reader_file *f);

/* The parser for a pcap header that is there in full; only 2.4 is walked here. */
static open_fn pcap_parser(struct reader_file *f, __u32 magic, const __u8 *p)
{
	bool plain = magic == READER_MAGIC_MICRO || magic == READER_MAGIC_NANO;

	if (plain && reader_get16(p + 4, f->swapped) == 2 && reader_get16(p + 6, f->swapped) == 4)
		return reader_pcap_open;
	return reader_libpcap_open;
}

/* Sets f->swapped. NULL: no capture, the failure is recorded. */
static open_fn find_parser(struct reader_file *f, const __u8 *p, size_t len)
{
	__u32 magic = len < 4 ? 0 : reader_get32(p, false);

	if (magic == READER_MAGIC_PCAPNG && len >= 12) {
		__u32 order = reader_get32(p + 8, false);

		f->swapped = order == bswap_32(READER_MAGIC_ORDER);
		if (f->swapped || order == READER_MAGIC_ORDER)
			return reader_pcapng_open;
		reader_file_fail(f, -EBADMSG, "damaged section header (no byte order)");
		return NULL;
	}
	if (len >= sizeof(magic_snoop) && !memcmp(p, magic_snoop, sizeof(magic_snoop)))
		return reader_snoop_open;
	f->swapped = (magic & 0xff) == 0xa1;
	if (f->swapped)
		magic = bswap_32(magic);
	switch (magic) {
	case READER_MAGIC_MICRO:
	case READER_MAGIC_NANO:
	case MAGIC_MODIFIED:
	case MAGIC_MESQUITA:
	case MAGIC_NAVTEL:
		if (len >= PCAP_HEADER)
			return pcap_parser(f, magic, p);
		/* fall through */
	case READER_MAGIC_PCAPNG:
		reader_file_fail(f, -EBADMSG, "cut in the middle of the file header");
		return NULL;
	default:
		unknown_format(f, p, len);
		return NULL;
	}
}

static bool detect_magic(const __u8 *p, size_t len)
{
	__u32 magic = len < 4 ? 0 : reader_get32(p, false);

	if (len >= sizeof(magic_snoop) && !memcmp(p, magic_snoop, sizeof(magic_snoop)))
		return true;
	if ((magic & 0xff) == 0xa1)
		magic = bswap_32(magic);
	switch (magic) {
	case READER_MAGIC_MICRO:
	case READER_MAGIC_NANO:
	case READER_MAGIC_PCAPNG:
	case MAGIC_MODIFIED:
	case MAGIC_MESQUITA:
	case MAGIC_NAVTEL:
		return true;
	default:
		return false;
	}
}

int reader_detect_capture(const char *path)
{
	struct reader_source s;
	int is = reader_source_open(&s, path, READER_PEEK);

	if (is)
		return is;
	reader_source_need(&s, sizeof(magic_snoop));
	is = s.err ? s.err : detect_magic(s.pos, (size_t)(s.end - s.pos));
	reader_source_close(&s);
	return is;
}

int reader_detect_open(struct reader_file *f, enum reader_backend backend)
{
	size_t len = reader_source_need(&f->source, PCAP_HEADER);
	open_fn parser;

	if (!len && f->source.err)
		return reader_file_fail(f, f->source.err, "%s",
					f->source.why ? f->source.why : strerror(-f->source.err));
	if (!len)
		return reader_file_fail(f, -EBADMSG, "it is empty");
	parser = find_parser(f, f->source.pos, len);
	if (!parser)
		return -EBADMSG;
	if (backend == READER_LIBPCAP)
		parser = reader_libpcap_open;
	if (backend == READER_MAPPED && (parser == reader_libpcap_open || !f->source.mapped))
		return reader_file_fail(f, -EOPNOTSUPP,
					"not a plain pcap, pcapng or snoop file to map");
	return parser(f);
}
