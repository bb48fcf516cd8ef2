/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Inside the reader: one file being read, and what a format has to provide. reader.c merges and
 * filters; reader_pcap.c, reader_pcapng.c, reader_snoop.c and reader_libpcap.c each know one way to
 * get packets.
 */
#ifndef WSCOPE_READER_FILE_H
#define WSCOPE_READER_FILE_H

#include <byteswap.h>
#include <string.h>

#include "pcap-replay/reader.h"
#include "pcap-replay/reader_source.h"

/* First four bytes of the formats parsed here. */
#define READER_MAGIC_MICRO  0xa1b2c3d4u
#define READER_MAGIC_NANO   0xa1b23c4du
#define READER_MAGIC_PCAPNG 0x0a0d0d0au /* a palindrome: the same in both byte orders */
#define READER_MAGIC_ORDER  0x1a2b3c4du /* pcapng: tells a section's byte order */

/* A link type of which nothing is known, not even a number in the registry. */
#define READER_LINKTYPE_NONE 0xffffu

/*
 * The walk over a map waits for memory more than for anything else: touch what lies about a batch
 * of short packets ahead.
 */
#define READER_PREFETCH 4096

struct reader_file;
struct reader_notes; /* reader_notes.h */

struct reader_format {
	/*
	 * Up to max packets in file order: > 0 that many, 0 the end, < 0 damage (reader_file_fail()
	 * was called). May make older packets' data invalid, but never that of the same batch, so
	 * it stops short where more would move the source.
	 */
	int (*batch)(struct reader_file *f, struct frame *out, unsigned int max);
	void (*close)(struct reader_file *f);
};

struct reader_file {
	struct reader_source source;
	const struct reader_format *format; /* NULL: nothing is held */
	void *state;                        /* the format's own */
	struct reader_notes *notes;         /* NULL: nobody asked */
	const char *name;                   /* as given */
	char *error;                        /* one line, or NULL */
	__u64 number;                       /* of the last frame passed */
	__u64 size;                         /* stored bytes, 0: unknown */
	__u64 first_ns;                     /* at rest: time of its first packet */
	struct reader_file *next;           /* among those that ended, see reader.c */
	__u32 index;
	bool allow_truncated;
	bool swapped;            /* the file's byte order is not the host's */
	bool stable;             /* data of packets stays valid until close */
	bool ended;              /* the format has no more packets, or can find none */
	bool opened;             /* there was something to read; it may have ended since */
	bool resting;            /* closed until its first packet is due */
	bool unfiltered;         /* the queue has not met the filter yet */
	unsigned int head, tail; /* of the queue */
	struct frame *queue;     /* READER_BATCH, while something is held */
};

/* Record what is wrong, once: "cannot read 'NAME': ...". Returns err. */
int reader_file_fail(struct reader_file *f, int err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * The file ends inside something ("packet 7"): 0 if the caller of the reader accepts that,
 * otherwise a failure as above. Tells a failed read or decompression apart from a short file.
 */
int reader_file_cut(struct reader_file *f, const char *what, __u64 number);

/* At the end of a stream between two records: 0, or the failure that ended it. */
int reader_file_end(struct reader_file *f);

/* 0 or as reader_file_fail(); the format and its state are set on success. */
int reader_pcap_open(struct reader_file *f);
int reader_pcapng_open(struct reader_file *f);
int reader_snoop_open(struct reader_file *f);
int reader_libpcap_open(struct reader_file *f);

/* Whether a file, decompressed, begins as a capture does: 1, 0, or -errno when it cannot be read. */
int reader_detect_capture(const char *path);

/* Find the format from the first bytes and open it. As above. */
int reader_detect_open(struct reader_file *f, enum reader_backend backend);

/* Numbers in a capture may lie at any address. */
static inline __u16 reader_get16(const __u8 *p, bool swapped)
{
	__u16 v;

	memcpy(&v, p, sizeof(v));
	return swapped ? bswap_16(v) : v;
}

static inline __u32 reader_get32(const __u8 *p, bool swapped)
{
	__u32 v;

	memcpy(&v, p, sizeof(v));
	return swapped ? bswap_32(v) : v;
}

static inline __u64 reader_get64(const __u8 *p, bool swapped)
{
	__u64 v;

	memcpy(&v, p, sizeof(v));
	return swapped ? bswap_64(v) : v;
}

/*
 * LINKTYPE_ for what a file states or libpcap says (a DLT_): the few numbers that some systems
 * write raw in spite of the registry are mapped, all others are the same in both.
 */
__u32 reader_linktype(__u32 value);

/* The largest captured length that can be meant seriously for a link type (libpcap's limits). */
__u32 reader_max_caplen(__u32 linktype);

#endif
