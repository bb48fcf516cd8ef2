/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Captures for tests: bytes in a growing buffer, and files made of them. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "tests/unit/capture_builder.h"

static void die(const char *what)
{
	perror(what);
	exit(1);
}

void capture_builder_free(struct capture_builder *c)
{
	free(c->data);
	memset(c, 0, sizeof(*c));
}

void capture_builder_put(struct capture_builder *c, const void *bytes, size_t len)
{
	if (!len)
		return;
	if (c->cap - c->len < len) {
		c->cap = (c->cap + len) * 2;
		c->data = realloc(c->data, c->cap);
		if (!c->data)
			die("realloc");
	}
	memcpy(c->data + c->len, bytes, len);
	c->len += len;
}

static void put_number(struct capture_builder *c, __u64 v, unsigned int size)
{
	__u8 bytes[8];
	unsigned int i;

	for (i = 0; i < size; i++)
		bytes[c->big ? size - 1 - i : i] = (__u8)(v >> (8 * i));
	capture_builder_put(c, bytes, size);
}

void capture_builder_put16(struct capture_builder *c, __u16 v)
{
	put_number(c, v, 2);
}

void capture_builder_put32(struct capture_builder *c, __u32 v)
{
	put_number(c, v, 4);
}

void capture_builder_put64(struct capture_builder *c, __u64 v)
{
	put_number(c, v, 8);
}

void capture_builder_fill(struct capture_builder *c, __u32 seed, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		__u8 byte = (__u8)(seed + 7 * i);

		capture_builder_put(c, &byte, 1);
	}
}

static void put_padding(struct capture_builder *c, size_t len)
{
	capture_builder_put(c, "\0\0\0", (4 - len % 4) % 4);
}

void capture_builder_pcap(struct capture_builder *c, __u32 magic, __u32 snaplen, __u32 linktype)
{
	capture_builder_put32(c, magic);
	capture_builder_put16(c, 2);
	capture_builder_put16(c, 4);
	capture_builder_put64(c, 0);
	capture_builder_put32(c, snaplen);
	capture_builder_put32(c, linktype);
}

void capture_builder_record(struct capture_builder *c, __u32 sec, __u32 frac, __u32 caplen,
			    __u32 wirelen, __u32 seed)
{
	capture_builder_put32(c, sec);
	capture_builder_put32(c, frac);
	capture_builder_put32(c, caplen);
	capture_builder_put32(c, wirelen);
	capture_builder_fill(c, seed, caplen);
}

void capture_builder_snoop(struct capture_builder *c, __u32 version, __u32 datalink)
{
	c->big = true;
	capture_builder_put(c, "snoop\0\0", 8);
	capture_builder_put32(c, version);
	capture_builder_put32(c, datalink);
}

void capture_builder_snoop_record(struct capture_builder *c, __u32 sec, __u32 usec, __u32 caplen,
				  __u32 wirelen, __u32 padding, __u32 seed)
{
	capture_builder_put32(c, wirelen);
	capture_builder_put32(c, caplen);
	capture_builder_put32(c, 24 + caplen + padding);
	capture_builder_put32(c, 7); /* drops so far */
	capture_builder_put32(c, sec);
	capture_builder_put32(c, usec);
	capture_builder_fill(c, seed, caplen + padding);
}

void capture_builder_block(struct capture_builder *c, __u32 type, const void *body, size_t len)
{
	__u32 total = (__u32)(12 + (len + 3) / 4 * 4);

	capture_builder_put32(c, type);
	capture_builder_put32(c, total);
	capture_builder_put(c, body, len);
	put_padding(c, len);
	capture_builder_put32(c, total);
}

/* Take what inner holds as the body of a block, and empty it. */
static void put_block(struct capture_builder *c, __u32 type, struct capture_builder *inner)
{
	capture_builder_block(c, type, inner->data, inner->len);
	capture_builder_free(inner);
}

void capture_builder_section(struct capture_builder *c)
{
	struct capture_builder body = { .big = c->big };

	capture_builder_put32(&body, 0x1a2b3c4d);
	capture_builder_put16(&body, 1);
	capture_builder_put16(&body, 0);
	capture_builder_put64(&body, ~0ULL);
	put_block(c, 0x0a0d0d0a, &body);
}

void capture_builder_interface(struct capture_builder *c, __u16 linktype, __u32 snaplen,
			       int tsresol, __s64 tsoffset)
{
	struct capture_builder body = { .big = c->big };

	capture_builder_put16(&body, linktype);
	capture_builder_put16(&body, 0);
	capture_builder_put32(&body, snaplen);
	capture_builder_put16(&body, 2); /* if_name, so that options have to be walked */
	capture_builder_put16(&body, 5);
	capture_builder_put(&body, "test0\0\0", 8);
	if (tsresol >= 0) {
		__u8 value[4] = { (__u8)tsresol };

		capture_builder_put16(&body, 9);
		capture_builder_put16(&body, 1);
		capture_builder_put(&body, value, 4);
	}
	if (tsoffset) {
		capture_builder_put16(&body, 14);
		capture_builder_put16(&body, 8);
		capture_builder_put64(&body, (__u64)tsoffset);
	}
	capture_builder_put32(&body, 0);
	put_block(c, 1, &body);
}

void capture_builder_enhanced(struct capture_builder *c, __u32 interface, __u64 ticks, __u32 caplen,
			      __u32 wirelen, __u32 seed)
{
	struct capture_builder body = { .big = c->big };

	capture_builder_put32(&body, interface);
	capture_builder_put32(&body, (__u32)(ticks >> 32));
	capture_builder_put32(&body, (__u32)ticks);
	capture_builder_put32(&body, caplen);
	capture_builder_put32(&body, wirelen);
	capture_builder_fill(&body, seed, caplen);
	put_padding(&body, caplen);
	capture_builder_put16(&body, 1); /* opt_comment */
	capture_builder_put16(&body, 4);
	capture_builder_put(&body, "test", 4);
	capture_builder_put32(&body, 0);
	put_block(c, 6, &body);
}

void capture_builder_obsolete(struct capture_builder *c, __u16 interface, __u64 ticks, __u32 caplen,
			      __u32 wirelen, __u32 seed)
{
	struct capture_builder body = { .big = c->big };

	capture_builder_put16(&body, interface);
	capture_builder_put16(&body, 99); /* drops: not part of the interface number */
	capture_builder_put32(&body, (__u32)(ticks >> 32));
	capture_builder_put32(&body, (__u32)ticks);
	capture_builder_put32(&body, caplen);
	capture_builder_put32(&body, wirelen);
	capture_builder_fill(&body, seed, caplen);
	put_block(c, 2, &body);
}

void capture_builder_simple(struct capture_builder *c, __u32 wirelen, __u32 stored, __u32 seed)
{
	struct capture_builder body = { .big = c->big };

	capture_builder_put32(&body, wirelen);
	capture_builder_fill(&body, seed, stored);
	put_block(c, 3, &body);
}

static size_t encode_gzip(const struct capture_builder *c, __u8 *out, size_t room)
{
	z_stream z = { .next_in = c->data,
		       .avail_in = (uInt)c->len,
		       .next_out = out,
		       .avail_out = (uInt)room };

	if (deflateInit2(&z, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK ||
	    deflate(&z, Z_FINISH) != Z_STREAM_END)
		die("deflate");
	deflateEnd(&z);
	return room - z.avail_out;
}

/* With a checksum, as the zstd tool does by default. */
static size_t encode_zstd(const struct capture_builder *c, __u8 *out, size_t room)
{
	ZSTD_CCtx *z = ZSTD_createCCtx();
	size_t len;

	ZSTD_CCtx_setParameter(z, ZSTD_c_checksumFlag, 1);
	len = ZSTD_compress2(z, out, room, c->data, c->len);
	if (ZSTD_isError(len))
		die("ZSTD_compress2");
	ZSTD_freeCCtx(z);
	return len;
}

__u8 *capture_builder_encode(const struct capture_builder *c, enum capture_coding coding,
			     size_t *len)
{
	size_t room = ZSTD_compressBound(c->len) + compressBound(c->len) + 64;
	__u8 *out = malloc(room);

	if (!out)
		die("malloc");
	switch (coding) {
	case CAPTURE_GZIP:
		*len = encode_gzip(c, out, room);
		break;
	case CAPTURE_ZSTD:
		*len = encode_zstd(c, out, room);
		break;
	default:
		*len = c->len;
		if (c->len)
			memcpy(out, c->data, c->len);
	}
	return out;
}

void capture_builder_write(const char *path, const void *bytes, size_t len)
{
	FILE *f = fopen(path, "w");

	if (!f || fwrite(bytes, 1, len, f) != len || fclose(f))
		die(path);
}

char capture_dir[64], capture_path[128];

int capture_dir_make(void **state)
{
	const char *tmp = getenv("TMPDIR");

	(void)state;
	if (!tmp || strlen(tmp) > 40)
		tmp = "/tmp";
	snprintf(capture_dir, sizeof(capture_dir), "%s/wscope-reader.XXXXXX", tmp);
	if (!mkdtemp(capture_dir))
		die(capture_dir);
	snprintf(capture_path, sizeof(capture_path), "%s/capture", capture_dir);
	return 0;
}

int capture_dir_remove(void **state)
{
	DIR *d = opendir(capture_dir);
	struct dirent *e;
	char path[512];

	(void)state;
	while (d && (e = readdir(d))) {
		snprintf(path, sizeof(path), "%s/%s", capture_dir, e->d_name);
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, "..") && unlink(path))
			rmdir(path);
	}
	if (d)
		closedir(d);
	rmdir(capture_dir);
	return 0;
}
