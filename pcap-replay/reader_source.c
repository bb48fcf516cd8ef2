/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Bytes of a capture: a sliding buffer fed by read(), zlib or zstd, or a memory map. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#define ZLIB_CONST
#include <zlib.h>
#include <zstd.h>

#include "pcap-replay/reader_source.h"

#define RAW_SIZE    ((size_t)128 << 10)
#define BUFFER_SIZE ((size_t)256 << 10)

static void source_fail(struct reader_source *s, int err, const char *why)
{
	if (!s->err) {
		s->err = err;
		s->why = why;
	}
	s->ended = true;
}

/* Up to len stored bytes, none of which came to the file after it was opened. 0 at the end. */
static size_t stored_read(struct reader_source *s, __u8 *dst, size_t len)
{
	ssize_t got;

	if (len > s->room)
		len = (size_t)s->room;
	do
		got = len ? read(s->fd, dst, len) : 0;
	while (got < 0 && errno == EINTR);
	if (got < 0)
		source_fail(s, -errno, NULL);
	if (got <= 0) {
		s->raw_eof = true;
		return 0;
	}
	s->room -= (__u64)got;
	s->raw_read += (__u64)got;
	return (size_t)got;
}

/* More stored bytes behind raw_end, without losing those still unused. 0 at the end. */
static size_t raw_fill(struct reader_source *s)
{
	size_t have = (size_t)(s->raw_end - s->raw), got;

	if (s->raw_eof || have == RAW_SIZE)
		return 0;
	if (have)
		memmove(s->raw_buf, s->raw, have);
	got = stored_read(s, s->raw_buf + have, RAW_SIZE - have);
	s->raw = s->raw_buf;
	s->raw_end = s->raw_buf + have + got;
	return got;
}

/* What was read to see the coding, then the file itself, past the buffer for stored bytes. */
static size_t plain_read(struct reader_source *s, __u8 *dst, size_t len)
{
	size_t n = (size_t)(s->raw_end - s->raw);

	if (n > len)
		n = len;
	if (n) {
		memcpy(dst, s->raw, n);
		s->raw += n;
		return n;
	}
	if (!s->raw_eof)
		n = stored_read(s, dst, len);
	if (!n)
		s->ended = true;
	return n;
}

/* A stream that ends inside a member or frame is cut; anything else unreadable is damaged. */
static void decoder_end(struct reader_source *s)
{
	if (s->frame_open && !s->err) {
		s->cut = true;
		source_fail(s, -EBADMSG, "the compressed data is cut");
	}
	s->ended = true;
}

/* gzip: members follow each other; what follows the last one is ignored, as gzip(1) does. */
static bool gzip_next_member(struct reader_source *s)
{
	while (s->raw_end - s->raw < 2)
		if (!raw_fill(s))
			return false;
	if (s->raw[0] != 0x1f || s->raw[1] != 0x8b)
		return false;
	s->frame_open = true;
	return inflateReset(s->decoder) == Z_OK;
}

static size_t gzip_read(struct reader_source *s, __u8 *dst, size_t len)
{
	z_stream *z = s->decoder;
	size_t got;
	int ret;

	if (!s->frame_open && !gzip_next_member(s)) {
		s->ended = true;
		return 0;
	}
	if (s->raw == s->raw_end)
		raw_fill(s);
	/* Without input, decoded bytes may still be waiting inside an open member. */
	z->next_in = s->raw;
	z->avail_in = (size_t)(s->raw_end - s->raw) > RAW_SIZE ? (uInt)RAW_SIZE
							       : (uInt)(s->raw_end - s->raw);
	z->next_out = dst;
	z->avail_out = (uInt)len;
	ret = inflate(z, Z_NO_FLUSH);
	s->raw = z->next_in;
	got = len - z->avail_out;
	if (ret == Z_STREAM_END)
		s->frame_open = false;
	else if (ret != Z_OK && ret != Z_BUF_ERROR)
		source_fail(s, -EBADMSG, "the gzip data is damaged");
	else if (!got && s->raw == s->raw_end && s->raw_eof)
		decoder_end(s);
	return got;
}

static size_t zstd_read(struct reader_source *s, __u8 *dst, size_t len)
{
	ZSTD_inBuffer in = { .size = 0 };
	ZSTD_outBuffer out = { .dst = dst, .size = len };
	size_t ret;

	if (s->raw == s->raw_end)
		raw_fill(s);
	in.src = s->raw;
	in.size = (size_t)(s->raw_end - s->raw);
	/* A block at a time: an error would swallow what was decoded before it in the same call. */
	if (in.size > s->hint)
		in.size = s->hint;
	if (!in.size && !s->frame_open) {
		s->ended = true;
		return 0;
	}
	ret = ZSTD_decompressStream(s->decoder, &out, &in);
	s->raw += in.pos;
	if (ZSTD_isError(ret)) {
		source_fail(s, -EBADMSG, "the zstd data is damaged");
		return out.pos;
	}
	s->frame_open = ret != 0;
	s->hint = ret ? ret : ZSTD_initDStream(s->decoder);
	if (!in.size && !out.pos)
		decoder_end(s);
	return out.pos;
}

/* Some bytes into dst; 0 may also mean "call again" until s->ended. len fits in 32 bits. */
static size_t source_read(struct reader_source *s, __u8 *dst, size_t len)
{
	if (len > ((size_t)1 << 30))
		len = (size_t)1 << 30;
	switch (s->coding) {
	case READER_GZIP:
		return gzip_read(s, dst, len);
	case READER_ZSTD:
		return zstd_read(s, dst, len);
	default:
		return plain_read(s, dst, len);
	}
}

/* Room behind end: first by moving what is left to the front, then by doubling. */
static bool buffer_room(struct reader_source *s)
{
	size_t have = (size_t)(s->end - s->pos);
	__u8 *bigger;

	if (s->pos != s->base) {
		s->base_offset += (__u64)(s->pos - s->base);
		if (have)
			memmove(s->buf, s->pos, have);
		s->pos = s->buf;
		s->end = s->buf + have;
	}
	if (have < s->cap)
		return true;
	bigger = realloc(s->buf, s->cap * 2);
	if (!bigger) {
		source_fail(s, -ENOMEM, NULL);
		return false;
	}
	s->buf = bigger;
	s->cap *= 2;
	s->base = bigger;
	s->pos = bigger;
	s->end = bigger + have;
	return true;
}

size_t reader_source_need(struct reader_source *s, size_t n)
{
	size_t have;

	while ((have = (size_t)(s->end - s->pos)) < n && !s->mapped && !s->ended) {
		size_t room = s->cap - (size_t)(s->end - s->base);

		/* Slide early enough that reads stay large. */
		if (room < s->cap / 2 && !buffer_room(s))
			break;
		room = s->cap - (size_t)(s->end - s->base);
		s->end += source_read(s, s->buf + (s->end - s->base), room);
	}
	return have;
}

__u64 reader_source_skip(struct reader_source *s, __u64 n)
{
	__u64 left = n;

	for (;;) {
		__u64 have = (__u64)(s->end - s->pos);

		if (have > left)
			have = left;
		s->pos += have;
		left -= have;
		if (!left || !reader_source_need(s, 1))
			return n - left;
	}
}

/* The map keeps the file by itself: thousands of them need no descriptors. */
static int source_map(struct reader_source *s, size_t size, enum reader_access access)
{
	void *map = mmap(NULL, size, PROT_READ, MAP_PRIVATE, s->fd, 0);

	if (map == MAP_FAILED)
		return -errno;
	madvise(map, size, MADV_SEQUENTIAL);
	if (access == READER_MAP)
		madvise(map, size, MADV_WILLNEED);
	if (s->fd > STDIN_FILENO)
		close(s->fd);
	s->fd = -1;
	s->map = map;
	s->map_len = size;
	s->raw = map;
	s->raw_end = s->raw + size;
	s->raw_read = size;
	s->raw_eof = true;
	return 0;
}

static int source_fd(struct reader_source *s, const char *path, enum reader_access access)
{
	struct stat st;

	s->fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY) : STDIN_FILENO;
	if (s->fd < 0 || fstat(s->fd, &st))
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	s->regular = S_ISREG(st.st_mode) && strcmp(path, "-");
	if (!S_ISREG(st.st_mode) || st.st_size <= 0)
		return 0;
	s->size = (__u64)st.st_size;
	if (lseek(s->fd, 0, SEEK_CUR))
		return 0;
	s->room = s->size;
	if (access == READER_READ)
		posix_fadvise(s->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	else
		source_map(s, (size_t)st.st_size, access); /* where that fails, read() serves */
	return 0;
}

static int source_decoder(struct reader_source *s)
{
	static const __u8 zstd_magic[4] = { 0x28, 0xb5, 0x2f, 0xfd };

	while (s->raw_end - s->raw < 4)
		if (!raw_fill(s))
			break;
	if (s->raw_end - s->raw < 4)
		return 0;
	if (s->raw[0] == 0x1f && s->raw[1] == 0x8b) {
		s->coding = READER_GZIP;
		s->decoder = calloc(1, sizeof(z_stream));
		if (!s->decoder)
			return -ENOMEM;
		s->frame_open = true;
		if (inflateInit2(s->decoder, MAX_WBITS + 16) == Z_OK)
			return 0;
		free(s->decoder);
		s->decoder = NULL;
		return -ENOMEM;
	}
	/* Skippable frames (0x184d2a50 .. 5f) may come first, as pzstd writes them. */
	if (!memcmp(s->raw, zstd_magic, 4) ||
	    ((s->raw[0] & 0xf0) == 0x50 && !memcmp(s->raw + 1, "\x2a\x4d\x18", 3))) {
		s->coding = READER_ZSTD;
		s->decoder = ZSTD_createDStream();
		if (!s->decoder)
			return -ENOMEM;
		s->hint = ZSTD_initDStream(s->decoder);
	}
	return 0;
}

static int source_buffer(struct reader_source *s)
{
	if (s->map && s->coding == READER_PLAIN) {
		s->mapped = true;
		s->base = s->pos = s->map;
		s->end = s->pos + s->map_len;
		return 0;
	}
	s->cap = BUFFER_SIZE;
	s->buf = malloc(s->cap);
	s->base = s->pos = s->end = s->buf;
	return s->buf ? 0 : -ENOMEM;
}

int reader_source_open(struct reader_source *s, const char *path, enum reader_access access)
{
	int err;

	memset(s, 0, sizeof(*s));
	s->room = ~0ULL;
	err = source_fd(s, path, access);
	if (err)
		goto out;
	if (!s->map) {
		s->raw_buf = malloc(RAW_SIZE);
		err = s->raw_buf ? 0 : -ENOMEM;
		if (err)
			goto out;
		s->raw = s->raw_end = s->raw_buf;
	}
	err = source_decoder(s);
	if (err)
		goto out;
	err = source_buffer(s);
out:
	if (err)
		reader_source_close(s);
	return err;
}

__u64 reader_source_done(const struct reader_source *s)
{
	return s->mapped ? (__u64)(s->pos - s->base) : s->raw_read - (__u64)(s->raw_end - s->raw);
}

__u64 reader_source_size(const struct reader_source *s)
{
	return s->size;
}

void reader_source_close(struct reader_source *s)
{
	if (s->coding == READER_GZIP && s->decoder) {
		inflateEnd(s->decoder);
		free(s->decoder);
	}
	if (s->coding == READER_ZSTD)
		ZSTD_freeDStream(s->decoder);
	if (s->map)
		munmap(s->map, s->map_len);
	if (s->fd > STDIN_FILENO)
		close(s->fd);
	free(s->buf);
	free(s->raw_buf);
	memset(s, 0, sizeof(*s));
}
