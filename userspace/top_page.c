// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/top_page.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define TOP_PARAGRAPH_ROOM 2048
#define TOP_LABEL_WIDTH    10

void top_page_start(struct top_page *p, unsigned int width, bool utf8)
{
	memset(p, 0, sizeof(*p));
	p->width = width < TOP_WIDTH_LEAST ? TOP_WIDTH_LEAST : width;
	if (p->width > TOP_WIDTH_MOST)
		p->width = TOP_WIDTH_MOST;
	p->utf8 = utf8;
}

void top_page_free(struct top_page *p)
{
	free(p->lines);
	p->lines = NULL;
	p->n = p->room = 0;
}

const char *top_safe(char *out, size_t room, const char *text, unsigned int columns)
{
	size_t n = 0;

	for (; *text && n + 1 < room && n < columns; text++, n++)
		out[n] = *text >= 0x20 && *text < 0x7f ? *text : '?';
	out[n] = '\0';
	return out;
}

const char *top_tail(char *out, size_t room, const char *text, unsigned int columns)
{
	size_t length = strlen(text);

	if (length <= columns || !columns)
		return top_safe(out, room, text, columns);
	top_safe(out, room, text + (length - columns), columns);
	out[0] = '~';
	return out;
}

static struct top_line *page_line(struct top_page *p, enum text_color color)
{
	struct top_line *lines;
	size_t room = p->room ? 2 * p->room : 64;

	if (p->err)
		return NULL;
	if (p->n == p->room) {
		lines = realloc(p->lines, room * sizeof(*lines));
		if (!lines) {
			p->err = -ENOMEM;
			return NULL;
		}
		p->lines = lines;
		p->room = room;
	}
	p->lines[p->n].color = color;
	return &p->lines[p->n++];
}

void top_page_add(struct top_page *p, enum text_color color, const char *format, ...)
{
	struct top_line *line = page_line(p, color);
	char words[TOP_PARAGRAPH_ROOM];
	va_list arguments;

	if (!line)
		return;
	va_start(arguments, format);
	vsnprintf(words, sizeof(words), format, arguments);
	va_end(arguments);
	top_safe(line->text, sizeof(line->text), words, p->width);
}

void top_page_wrap(struct top_page *p, enum text_color color, const char *begin,
		   unsigned int indent, const char *words)
{
	size_t used = strlen(begin);

	do {
		size_t n = strlen(words), end = n;
		size_t most = p->width > used + 8 ? p->width - used : 8;

		if (n > most) {
			for (end = most; end && words[end] != ' ';)
				end--;
			if (!end)
				end = most;
		}
		top_page_add(p, color, "%*s%.*s", -(int)used, begin, (int)end, words);
		words += end;
		words += *words == ' ';
		begin = "";
		used = indent;
	} while (*words);
}

void top_page_field(struct top_page *p, const char *label, const char *words)
{
	const unsigned int indent = 2 + TOP_LABEL_WIDTH + 1;
	char begin[TOP_LABEL_WIDTH + 4];

	snprintf(begin, sizeof(begin), "  %-*.*s ", TOP_LABEL_WIDTH, TOP_LABEL_WIDTH, label);
	top_page_wrap(p, TEXT_PLAIN, begin, indent, words);
}

const char *top_bytes(char *out, size_t room, __s64 bytes)
{
	static const char units[] = "KMGT";
	double n = (double)bytes / 1024.0;
	size_t unit = 0;

	if (bytes < 0)
		snprintf(out, room, "?");
	else if (bytes < 1024)
		snprintf(out, room, "%lld", (long long)bytes);
	if (bytes < 1024)
		return out;
	for (; n >= 1000.0 && units[unit + 1]; unit++)
		n /= 1024.0;
	snprintf(out, room, n < 9.95 ? "%.1f%c" : "%.0f%c", n, units[unit]);
	return out;
}

const char *top_seconds(char *out, size_t room, __u64 ns)
{
	double s = (double)ns / 1e9;

	if (!ns)
		snprintf(out, room, "-");
	else if (s < 0.0005)
		snprintf(out, room, "<1 ms");
	else if (s < 0.9995)
		snprintf(out, room, "%.0f ms", s * 1e3);
	else if (s < 3600)
		snprintf(out, room, s < 99.95 ? "%.1f s" : "%.0f s", s);
	else
		snprintf(out, room, s < 359640 ? "%.1f h" : "%.0f h", s / 3600);
	return out;
}

/* Blank, ground, then eight heights. */
static const char *spark_character(__s64 value, __s64 most, bool utf8)
{
	static const char *const blocks[] = { "\u2581", "\u2582", "\u2583", "\u2584",
					      "\u2585", "\u2586", "\u2587", "\u2588" };
	static const char *const signs[] = { ".", ":", "-", "=", "+", "*", "%", "#" };
	size_t level;

	if (value < 0)
		return " ";
	if (!value)
		return "_";
	level = (size_t)((double)value * 8.0 / (double)most);
	level = level > 7 ? 7 : level;
	return utf8 ? blocks[level] : signs[level];
}

const char *top_spark(char *out, size_t room, const __s64 *values, size_t n, bool utf8)
{
	size_t at = 0;
	__s64 most = 1;

	for (size_t i = 0; i < n; i++) {
		if (values[i] > most)
			most = values[i];
	}
	out[0] = '\0';
	for (size_t i = 0; i < n; i++) {
		const char *c = spark_character(values[i], most, utf8);
		size_t length = strlen(c);

		if (at + length >= room)
			break;
		memcpy(out + at, c, length + 1);
		at += length;
	}
	return out;
}

void top_page_spark(struct top_page *p, const __s64 *values, size_t n)
{
	struct top_line *line = p->n && !p->err ? &p->lines[p->n - 1] : NULL;
	size_t used = line ? strlen(line->text) : 0, free_columns, bytes;

	if (!line || used >= p->width)
		return;
	/* Three bytes a block element. */
	bytes = sizeof(line->text) - used - 1;
	free_columns = p->width - used;
	if (free_columns > bytes / 3)
		free_columns = bytes / 3;
	if (n > free_columns) {
		values += n - free_columns;
		n = free_columns;
	}
	top_spark(line->text + used, sizeof(line->text) - used, values, n, p->utf8);
}

/* The filter ends in a colon and digits: a port is meant, whole. */
static bool filter_ends_in_port(const char *filter)
{
	const char *colon = strrchr(filter, ':');

	return colon && colon[1] && strspn(colon + 1, "0123456789") == strlen(colon + 1);
}

bool top_matches(const char *text, const char *filter)
{
	bool port = filter_ends_in_port(filter);
	size_t n = strlen(filter);

	if (!n)
		return true;
	for (const char *at = text; (at = strcasestr(at, filter)); at++) {
		if (!port || !isalnum((unsigned char)at[n]))
			return true;
	}
	return false;
}
