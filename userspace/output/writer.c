// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/output/writer.h"

#include <errno.h>
#include <string.h>

#define NS_PER_S 1000000000U

void writer_start(struct writer *w, FILE *to)
{
	w->to = to;
	w->n = 0;
	w->err = 0;
	w->follows = false;
	w->valued = false;
	w->markup = false;
	w->pretty = false;
	w->depth = 0;
}

int writer_flush(struct writer *w)
{
	if (!w->err && w->n) {
		errno = 0;
		if (fwrite(w->buffer, 1, w->n, w->to) != w->n)
			w->err = errno ? -errno : -EIO;
	}
	w->n = 0;
	return w->err;
}

/* Room for n bytes, n far below WRITER_ROOM. */
static char *reserve(struct writer *w, size_t n)
{
	if (w->n + n > WRITER_ROOM)
		writer_flush(w);
	return w->buffer + w->n;
}

static void put(struct writer *w, const char *bytes, size_t n)
{
	memcpy(reserve(w, n), bytes, n);
	w->n += n;
}

static void put_char(struct writer *w, char c)
{
	*reserve(w, 1) = c;
	w->n++;
}

static void indent(struct writer *w)
{
	put_char(w, '\n');
	for (unsigned int i = 0; i < w->depth; i++)
		put(w, "  ", 2);
}

/* Before a value or a key. */
static void separate(struct writer *w)
{
	if (w->follows)
		put_char(w, ',');
	if (w->pretty && !w->valued && w->depth)
		indent(w);
	w->valued = false;
	w->follows = true;
}

void writer_open(struct writer *w, char bracket)
{
	separate(w);
	put_char(w, bracket);
	w->depth++;
	w->follows = false;
}

void writer_close(struct writer *w, char bracket)
{
	w->depth--;
	if (w->pretty && w->follows)
		indent(w);
	put_char(w, bracket);
	w->follows = true;
}

void writer_key(struct writer *w, const char *key)
{
	separate(w);
	put_char(w, '"');
	put(w, key, strlen(key));
	put(w, "\": ", w->pretty ? 3 : 2);
	w->follows = false;
	w->valued = true;
}

/*
 * Bytes of the well-formed UTF-8 sequence at s (Unicode 15, table 3-7: no overlong
 * forms, no surrogates, nothing above U+10FFFF); 0 when there is none.
 */
static size_t utf8_length(const unsigned char *s)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t n;

	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	n = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	if (s[0] == 0xe0)
		low = 0xa0;
	else if (s[0] == 0xed)
		high = 0x9f;
	else if (s[0] == 0xf0)
		low = 0x90;
	else if (s[0] == 0xf4)
		high = 0x8f;
	if (s[1] < low || s[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	}
	return n;
}

static void put_control(struct writer *w, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";
	const char escape[6] = { '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] };

	if (c == '\n')
		put(w, "\\n", 2);
	else if (c == '\t')
		put(w, "\\t", 2);
	else
		put(w, escape, sizeof(escape));
}

size_t writer_utf8(const char *text)
{
	return utf8_length((const unsigned char *)text);
}

/*
 * Of the characters that JSON leaves alone: what begins or ends an element or an entity (HTML
 * Living Standard, 13.2.5), and the line ends that JavaScript knows and JSON does not.
 */
static const char *markup_escape(const unsigned char *s)
{
	switch (*s) {
	case '<':
		return "\\u003c";
	case '>':
		return "\\u003e";
	case '&':
		return "\\u0026";
	case 0xe2:
		if (s[1] == 0x80 && (s[2] == 0xa8 || s[2] == 0xa9))
			return s[2] == 0xa8 ? "\\u2028" : "\\u2029";
		return NULL;
	default:
		return NULL;
	}
}

/* One character of a string; returns the bytes it took. */
static size_t put_character(struct writer *w, const unsigned char *s)
{
	size_t n = utf8_length(s);
	const char *escape;

	if (!n) {
		put(w, "\xef\xbf\xbd", 3); /* U+FFFD */
		return 1;
	}
	escape = w->markup ? markup_escape(s) : NULL;
	if (*s == '"' || *s == '\\')
		put_char(w, '\\');
	if (escape)
		put(w, escape, strlen(escape));
	else if (*s < 0x20)
		put_control(w, *s);
	else
		put(w, (const char *)s, n);
	return n;
}

/* Whether a character of a string goes out as it is. */
static bool is_plain(const struct writer *w, unsigned char c)
{
	return c >= 0x20 && c < 0x80 && c != '"' && c != '\\' &&
	       !(w->markup && (c == '<' || c == '>' || c == '&'));
}

void writer_string(struct writer *w, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t plain;

	if (!text) {
		writer_null(w);
		return;
	}
	separate(w);
	put_char(w, '"');
	while (*s) {
		for (plain = 0; plain < 256 && is_plain(w, s[plain]); plain++)
			;
		put(w, (const char *)s, plain);
		s += plain;
		if (*s)
			s += put_character(w, s);
	}
	put_char(w, '"');
}

static void put_unsigned(struct writer *w, __u64 value)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	put(w, digits + at, sizeof(digits) - at);
}

void writer_unsigned(struct writer *w, __u64 value)
{
	separate(w);
	put_unsigned(w, value);
}

void writer_seconds(struct writer *w, __s64 ns)
{
	__u64 magnitude = ns < 0 ? -(__u64)ns : (__u64)ns;
	__u32 fraction = (__u32)(magnitude % NS_PER_S);
	char decimals[10] = ".";

	separate(w);
	if (ns < 0)
		put_char(w, '-');
	put_unsigned(w, magnitude / NS_PER_S);
	for (size_t i = 9; i; i--) {
		decimals[i] = (char)('0' + fraction % 10);
		fraction /= 10;
	}
	put(w, decimals, sizeof(decimals));
}

void writer_bool(struct writer *w, bool value)
{
	separate(w);
	if (value)
		put(w, "true", 4);
	else
		put(w, "false", 5);
}

void writer_null(struct writer *w)
{
	separate(w);
	put(w, "null", 4);
}

void writer_field(struct writer *w, const char *text)
{
	bool quoted = text && strpbrk(text, ",\"\r\n");

	separate(w);
	if (quoted)
		put_char(w, '"');
	for (; text && *text; text++) {
		if (*text == '"')
			put_char(w, '"');
		put_char(w, *text);
	}
	if (quoted)
		put_char(w, '"');
}

void writer_line(struct writer *w)
{
	put_char(w, '\n');
	w->follows = false;
}
