/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How text for people looks: colour, wrapping, columns, times and numbers. */
#ifndef USERSPACE_TEXT_STYLE_H
#define USERSPACE_TEXT_STYLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <linux/types.h>

#include "userspace/options.h"

enum text_color { TEXT_PLAIN, TEXT_BOLD, TEXT_DIM, TEXT_RED, TEXT_YELLOW, TEXT_CYAN, TEXT_GREEN };

/* Takes what would be printed, piece by piece, for outputs that arrange it themselves. */
struct text_sink {
	void *arg;
	/* Of a culprit: severity and title as the lists have them. */
	void (*headline)(void *arg, const char *severity, const char *who, const char *title);
	/* As text_field(); label 0: as text_wrapped(). */
	void (*field)(void *arg, const char *label, const char *words);
};

struct text {
	FILE *to;
	const struct text_sink *sink; /* or 0; culprits and fields go there, and nothing to `to` */
	bool color;
	unsigned int width; /* columns a line may fill */
};

/* Colour by --color, else on a terminal unless NO_COLOR is set and not empty (no-color.org). */
void text_start(struct text *t, FILE *to, const struct options *o);

/* 0, or -EIO when something could not be written. */
int text_end(const struct text *t);

/* A printf in one colour. */
void text_put(const struct text *t, enum text_color color, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * "  label     words", wrapped at blanks and indented to where the words began; label "" on
 * a line that goes on with the one before.
 */
void text_field(const struct text *t, const char *label, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* As text_field(), without a label: from column 0, hanging by indent. */
void text_wrapped(const struct text *t, unsigned int indent, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#define TEXT_TIME_ROOM    64
#define TEXT_NUMBER_ROOM  32
#define TEXT_COUNTED_ROOM 64
#define TEXT_FILE_ROOM    512
#define TEXT_RATE_ROOM    32

/* "2026-01-02 03:04:05.678 UTC", in the zone TZ asks for. Returns out. */
const char *text_time(char out[TEXT_TIME_ROOM], __s64 ns);

/* "03:04:05.678" */
const char *text_clock(char out[TEXT_TIME_ROOM], __s64 ns);

/* "65,535" */
const char *text_number(char out[TEXT_NUMBER_ROOM], __u64 n);

/* "1 packet", "2 packets": the plural is made with an s. */
const char *text_counted(char out[TEXT_COUNTED_ROOM], __u64 n, const char *what);

/* "5.2 Mbit/s" of so many bytes in so many microseconds (not 0). */
const char *text_rate(char out[TEXT_RATE_ROOM], __u64 bytes, __u64 us);

/* "100 ms", "49 us" */
const char *text_us(char out[TEXT_NUMBER_ROOM], __u64 us);

/* The last part of a path. */
const char *text_base(const char *path);

/* A name from outside, safe for a terminal: control characters become '?'. Returns out. */
const char *text_safe(char *out, size_t room, const char *name);

#define TEXT_COLUMNS   8
#define TEXT_CELL_ROOM 112

/* A table: cells are kept, one after another, until all widths are known. */
struct text_table {
	const char *const
		*heads; /* TEXT_COLUMNS at most, then 0; one that begins with > is right-aligned */
	size_t columns, rows;
	char *cells; /* strings, row by row */
	size_t used, room;
	size_t filled; /* cells of the newest row */
	size_t widths[TEXT_COLUMNS];
	int err; /* -ENOMEM once memory ran out: nothing is added after it */
};

/* End with text_table_free(). */
void text_table_start(struct text_table *table, const char *const *heads);

/* The next cell, left to right, row by row; a longer text is cut. */
void text_table_cell(struct text_table *table, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The same, in a colour. */
void text_table_mark(struct text_table *table, enum text_color color, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

void text_table_print(const struct text_table *table, const struct text *t);
void text_table_free(struct text_table *table);

#endif
