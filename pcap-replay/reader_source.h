/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The bytes of one capture, wherever they come from.
 *
 * They come through a sliding buffer: only reader_source_need() and reader_source_skip() move it, so
 * what lies at pos stays put until then. It grows with the bytes that arrive, never by a length that
 * a file claims. A buffer that fits in a cache is also the fastest: of a map, each page has to be
 * mapped and each line of it comes from memory (replay took 1.2 times as long). A plain file can be
 * one memory map nevertheless, for what it spares: its bytes never move, and it holds no descriptor.
 */
#ifndef WSCOPE_READER_SOURCE_H
#define WSCOPE_READER_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

enum reader_access {
	READER_PEEK, /* only the head is wanted: a map */
	READER_MAP,  /* all of it, from a map */
	READER_READ, /* all of it, through the buffer */
};

enum reader_coding { READER_PLAIN, READER_GZIP, READER_ZSTD };

struct reader_source {
	const __u8 *pos;   /* the next byte; advance it freely up to end */
	const __u8 *end;   /* behind the last byte at hand */
	const __u8 *base;  /* first byte of the map or buffer */
	__u64 base_offset; /* of base in the (decompressed) stream */
	bool mapped;       /* base .. end is the whole file and never moves */
	bool regular;      /* can be closed, opened by its name again, and is the same */
	bool cut;          /* the compressed stream ends early */
	int err;           /* -errno of the first failure, 0: none; bytes before it are delivered */
	const char *why;   /* what failed, static text; NULL if err is a plain errno */

	/* private */
	__u8 *buf;
	size_t cap;
	void *map;
	size_t map_len;
	const __u8 *raw, *raw_end; /* stored bytes not yet decoded */
	__u8 *raw_buf;
	bool raw_eof;
	__u64 raw_read; /* stored bytes read so far */
	__u64 room;     /* how many more may be: the size at opening counts */
	__u64 size;     /* stored size, 0: unknown */
	void *decoder;
	enum reader_coding coding;
	bool frame_open; /* inside a compressed member or frame */
	size_t hint;     /* zstd: the next block's size */
	bool ended;
	int fd;
};

/*
 * Open path ("-": standard input) and see through gzip and zstd. What cannot be mapped is read. A
 * file that is mapped holds no descriptor. 0 or -errno (-EISDIR for a directory); on failure nothing
 * is held.
 */
int reader_source_open(struct reader_source *s, const char *path, enum reader_access access);

/*
 * Have n bytes at pos if the stream has them. Returns how many are there: fewer than n only at the
 * end or after an error (s->err). Pointers into a source that is not mapped die.
 */
size_t reader_source_need(struct reader_source *s, size_t n);

/* Pass over n bytes; returns how many there were. Pointers die as above. */
__u64 reader_source_skip(struct reader_source *s, __u64 n);

/* Offset of pos in the (decompressed) stream. */
static inline __u64 reader_source_offset(const struct reader_source *s)
{
	return s->base_offset + (__u64)(s->pos - s->base);
}

/* Stored bytes used up so far, and in all (0: unknown). */
__u64 reader_source_done(const struct reader_source *s);
__u64 reader_source_size(const struct reader_source *s);

/* Accepts a source that is all zero. Standard input stays open. */
void reader_source_close(struct reader_source *s);

#endif
