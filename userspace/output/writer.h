/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Writes JSON (RFC 8259) into a buffer in front of a stream: no allocation, no floating
 * point, commas by itself. The caller nests objects and arrays properly.
 */
#ifndef USERSPACE_OUTPUT_WRITER_H
#define USERSPACE_OUTPUT_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <linux/types.h>

#define WRITER_ROOM 65536

struct writer {
	FILE *to;
	size_t n;
	int err;      /* first failure, -errno: nothing is written after it */
	bool follows; /* a value stands before the next one: a comma is due */
	bool valued;  /* a key was written, its value is due */
	bool markup;  /* what an HTML parser could act upon is escaped, for JSON inside a page */
	bool pretty;  /* a line for each member and element, for people */
	unsigned int depth;
	char buffer[WRITER_ROOM];
};

void writer_start(struct writer *w, FILE *to);

/* Hands the buffer to the stream, not the stream to the kernel. 0 or -errno of any failure so far. */
int writer_flush(struct writer *w);

/* bracket: one of { } [ ] */
void writer_open(struct writer *w, char bracket);
void writer_close(struct writer *w, char bracket);

/* A member's name, of characters that need no escaping; its value must come next. */
void writer_key(struct writer *w, const char *key);

/* Values. Strings may hold any bytes: what is no UTF-8 becomes U+FFFD; 0 is null. */
void writer_string(struct writer *w, const char *text);
void writer_unsigned(struct writer *w, __u64 value);
void writer_bool(struct writer *w, bool value);
void writer_null(struct writer *w);

/* Nanoseconds as seconds with nine decimals, exactly. */
void writer_seconds(struct writer *w, __s64 ns);

/* Bytes of the well-formed UTF-8 character at text, which is not empty; 0: it is none. */
size_t writer_utf8(const char *text);

/* A field of comma-separated values: quoted where it must be (RFC 4180, 2); 0 is an empty one. */
void writer_field(struct writer *w, const char *text);

/* Ends a record: a line. */
void writer_line(struct writer *w);

#endif
