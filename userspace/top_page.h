/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Lines for a screen, made before it is known what draws them: plain ASCII, cut to a width, so that
 * nothing from a packet or a name reaches a terminal as anything but a character.
 */
#ifndef USERSPACE_TOP_PAGE_H
#define USERSPACE_TOP_PAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "userspace/text_style.h"

#define TOP_LINE_ROOM   512
#define TOP_WIDTH_LEAST 20U
#define TOP_WIDTH_MOST  320U

struct top_line {
	enum text_color color;
	char text[TOP_LINE_ROOM]; /* ASCII; only a sparkline is UTF-8 */
};

struct top_page {
	struct top_line *lines;
	size_t n, room;
	unsigned int width; /* columns of a line */
	bool utf8;          /* sparklines may use block elements */
	int err;            /* -ENOMEM once memory ran out: nothing is added after it */
};

/* An empty page; a width outside of what is drawn is brought inside. */
void top_page_start(struct top_page *p, unsigned int width, bool utf8);
void top_page_free(struct top_page *p);

/* A line: what is not printable ASCII becomes '?', what is beyond the width is cut. */
void top_page_add(struct top_page *p, enum text_color color, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* begin and words, wrapped at blanks; what does not fit goes on at indent. Longer words are cut. */
void top_page_wrap(struct top_page *p, enum text_color color, const char *begin,
		   unsigned int indent, const char *words);

/* "  label      words", wrapped at blanks, longer words cut; label may be "". */
void top_page_field(struct top_page *p, const char *label, const char *words);

/* Puts a sparkline of n values behind the last line, as wide as still fits, the newest last. */
void top_page_spark(struct top_page *p, const __s64 *values, size_t n);

/* Copies text as printable ASCII, at most columns of it. Returns out. */
const char *top_safe(char *out, size_t room, const char *text, unsigned int columns);

/* The same, but a longer text loses its beginning, and says so by '~': ports tell more. */
const char *top_tail(char *out, size_t room, const char *text, unsigned int columns);

/* Bytes in three digits: "64K", "3.1M"; "?" below 0. Returns out. */
const char *top_bytes(char *out, size_t room, __s64 bytes);

/* Seconds in at most six columns: "-", "12 ms", "3.4 s", "250 s", "3.2 h". Returns out. */
const char *top_seconds(char *out, size_t room, __u64 ns);

/*
 * A character a value, the newest last: height by value out of the largest; 0 stands on the
 * ground as '_', an unknown one (below 0) is blank. Returns out, cut to whole characters.
 */
const char *top_spark(char *out, size_t room, const __s64 *values, size_t n, bool utf8);

/*
 * Whether a filter holds for a text, whatever its case: it is in it. One that ends as ":80" does
 * not hold for ":8080". An empty one always holds.
 */
bool top_matches(const char *text, const char *filter);

#endif
