/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Captures for tests, block by block, in either byte order. Nothing is checked: a test that wants a
 * damaged capture says so in numbers, or edits the bytes.
 */
#ifndef WSCOPE_CAPTURE_BUILDER_H
#define WSCOPE_CAPTURE_BUILDER_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#define CAPTURE_MICRO    0xa1b2c3d4u
#define CAPTURE_NANO     0xa1b23c4du
#define CAPTURE_MODIFIED 0xa1b2cd34u

enum capture_coding { CAPTURE_PLAIN, CAPTURE_GZIP, CAPTURE_ZSTD };

struct capture_builder {
	__u8 *data; /* len bytes, freed by capture_builder_free() */
	size_t len, cap;
	bool big; /* big-endian from here on */
};

/* Start anew; a builder that is all zero is ready as well. */
void capture_builder_free(struct capture_builder *c);

/* Numbers in the capture's byte order, and bytes. */
void capture_builder_put(struct capture_builder *c, const void *bytes, size_t len);
void capture_builder_put16(struct capture_builder *c, __u16 v);
void capture_builder_put32(struct capture_builder *c, __u32 v);
void capture_builder_put64(struct capture_builder *c, __u64 v);

/* Packet data for tests: byte i of packet seed is seed + 7 * i. */
void capture_builder_fill(struct capture_builder *c, __u32 seed, size_t len);

/* Classic pcap: the file header, version 2.4; a record (frac: in the unit of the magic). */
void capture_builder_pcap(struct capture_builder *c, __u32 magic, __u32 snaplen, __u32 linktype);
void capture_builder_record(struct capture_builder *c, __u32 sec, __u32 frac, __u32 caplen,
			    __u32 wirelen, __u32 seed);

/* snoop, which is big-endian always. RFC 1761's datalink type; padding: bytes behind the packet. */
void capture_builder_snoop(struct capture_builder *c, __u32 version, __u32 datalink);
void capture_builder_snoop_record(struct capture_builder *c, __u32 sec, __u32 usec, __u32 caplen,
				  __u32 wirelen, __u32 padding, __u32 seed);

/* pcapng. A block of any type; body is padded to 32 bits. */
void capture_builder_block(struct capture_builder *c, __u32 type, const void *body, size_t len);
void capture_builder_section(struct capture_builder *c);
/* tsresol < 0: option left out; tsoffset 0: likewise. */
void capture_builder_interface(struct capture_builder *c, __u16 linktype, __u32 snaplen,
			       int tsresol, __s64 tsoffset);
void capture_builder_enhanced(struct capture_builder *c, __u32 interface, __u64 ticks, __u32 caplen,
			      __u32 wirelen, __u32 seed);
void capture_builder_obsolete(struct capture_builder *c, __u16 interface, __u64 ticks, __u32 caplen,
			      __u32 wirelen, __u32 seed);
/* stored: bytes that follow, min(wirelen, snap length of interface 0) in a sound capture. */
void capture_builder_simple(struct capture_builder *c, __u32 wirelen, __u32 stored, __u32 seed);

/* The whole as it is, or compressed, into a new buffer of *len bytes. */
__u8 *capture_builder_encode(const struct capture_builder *c, enum capture_coding coding,
			     size_t *len);

/* Write bytes to a file; ends the test program on failure. */
void capture_builder_write(const char *path, const void *bytes, size_t len);

/*
 * A test program's own directory for files, under TMPDIR or /tmp, and the name of a capture in it:
 * made and removed, with all files, by the fixtures of its group.
 */
extern char capture_dir[64], capture_path[128];
int capture_dir_make(void **state);
int capture_dir_remove(void **state);

#endif
