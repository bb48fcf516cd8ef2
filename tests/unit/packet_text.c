/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/packet_text.h"

void packet_text_die(const char *what, const char *which)
{
	fprintf(stderr, "packet builder: %s: %s\n", what, which);
	abort();
}

/* Splits t->text into words and the part in brackets. */
static void split(struct packet_text *t)
{
	char *open = strchr(t->text, '['), *close, *save = NULL;

	if (open) {
		close = strchr(open, ']');
		if (!close)
			packet_text_die("no closing bracket", t->text);
		*open = *close = '\0';
		t->options = open + 1;
	}
	for (char *w = strtok_r(t->text, " \t\n", &save); w; w = strtok_r(NULL, " \t\n", &save)) {
		if (t->words_n == PACKET_TEXT_WORDS)
			packet_text_die("too many words", w);
		t->words[t->words_n++] = w;
	}
	if (!t->words_n)
		packet_text_die("a header without a name", "");
	t->used = 1;
}

bool packet_text_next(struct packet_text *t, const char **rest)
{
	size_t n = strcspn(*rest, "/");

	if (!**rest)
		return false;
	if (n >= sizeof(t->text))
		packet_text_die("too long", *rest);
	t->words_n = 0;
	t->options = NULL;
	memcpy(t->text, *rest, n);
	t->text[n] = '\0';
	*rest += n + ((*rest)[n] == '/');
	split(t);
	return true;
}

static bool parse_number(const char *s, __u32 *v)
{
	char *end;

	if (!isdigit((unsigned char)s[s[0] == '-']))
		return false;
	*v = (__u32)strtoll(s, &end, 0);
	return !*end;
}

bool packet_text_has(struct packet_text *t, const char *word)
{
	for (unsigned int i = 1; i < t->words_n; i++) {
		if (strcmp(t->words[i], word))
			continue;
		t->used |= 1U << i;
		return true;
	}
	return false;
}

bool packet_text_given(struct packet_text *t, const char *key, __u32 *v)
{
	size_t n = strlen(key);

	for (unsigned int i = 1; i < t->words_n; i++) {
		const char *w = t->words[i];

		if (n && (strncmp(w, key, n) || w[n] != '='))
			continue;
		if (!parse_number(w + n + (n ? 1 : 0), v)) {
			if (n)
				packet_text_die("not a number", w);
			continue;
		}
		t->used |= 1U << i;
		return true;
	}
	return false;
}

__u32 packet_text_number(struct packet_text *t, const char *key, __u32 otherwise)
{
	__u32 v;

	return packet_text_given(t, key, &v) ? v : otherwise;
}

__u8 packet_text_flags(struct packet_text *t)
{
	static const char letters[] = "FSRPAU";
	__u8 flags = 0;

	for (unsigned int i = 1; i < t->words_n; i++) {
		if (strspn(t->words[i], letters) != strlen(t->words[i]))
			continue;
		t->used |= 1U << i;
		for (const char *c = t->words[i]; *c; c++)
			flags |= (__u8)(1U << (strchr(letters, *c) - letters));
	}
	return flags;
}

void packet_text_ports(struct packet_text *t, __u32 *sport, __u32 *dport)
{
	for (unsigned int i = 1; i < t->words_n; i++) {
		char *arrow = strchr(t->words[i], '>');

		if (!arrow)
			continue;
		*arrow = '\0';
		if (!parse_number(t->words[i], sport) || !parse_number(arrow + 1, dport))
			packet_text_die("not two ports", t->words[i]);
		*arrow = '>';
		t->used |= 1U << i;
	}
}

static __u32 put_hex_digits(const char *s, __u8 *out, size_t room)
{
	__u32 n = 0;

	for (; *s; s += 2) {
		char two[3] = { s[0], s[1], '\0' }, *end;

		if (n == room)
			packet_text_die("too many bytes", s);
		out[n++] = (__u8)strtoul(two, &end, 16);
		if (end != two + 2)
			packet_text_die("not hexadecimal", s);
	}
	return n;
}

__u32 packet_text_hex(struct packet_text *t, __u8 *out, size_t room)
{
	__u32 n = 0;

	for (unsigned int i = 1; i < t->words_n; i++) {
		n += put_hex_digits(t->words[i], out + n, room - n);
		t->used |= 1U << i;
	}
	return n;
}

/* kind, length, then a big-endian value of `size` bytes and filling up to the length */
static __u32 put_option(__u8 *out, __u32 kind, __u32 length, __u32 value, __u32 size)
{
	out[0] = (__u8)kind;
	out[1] = (__u8)length;
	for (__u32 i = 2; i < length; i++)
		out[i] = i - 2 < size ? (__u8)(value >> 8 * (size - 1 - (i - 2))) : 0x5a;
	return length < 2 ? 2 : length;
}

/* One option of the letters in packet_builder.h; out has room for 255 bytes. */
static __u32 one_option(const char *word, __u8 *out)
{
	__u32 v = 0, kind, length;
	bool number = parse_number(word + 1, &v);

	if (!strcmp(word, "N") || !strcmp(word, "E")) {
		out[0] = *word == 'N';
		return 1;
	}
	if (!strcmp(word, "S"))
		return put_option(out, 4, 2, 0, 0);
	if (*word == 'x')
		return put_hex_digits(word + 1, out, 255);
	if (sscanf(word, "K%u:%u", &kind, &length) == 2 && length < 256)
		return put_option(out, kind, length, 0, 0);
	if (!number)
		packet_text_die("no such option", word);
	switch (*word) {
	case 'M':
		return put_option(out, 2, 4, v, 2);
	case 'W':
		return put_option(out, 3, 3, v, 1);
	case 'T':
		return put_option(out, 8, 10, v, 4);
	case 'F':
		return put_option(out, 34, 2 + v, 0, 0);
	default:
		packet_text_die("no such option", word);
	}
}

__u32 packet_text_options(struct packet_text *t, __u8 *out, size_t room)
{
	char *save = NULL;
	__u32 n = 0;

	if (!t->options)
		return 0;
	for (char *w = strtok_r(t->options, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		char *star = strchr(w, '*');
		long times = star ? strtol(star + 1, NULL, 10) : 1;

		if (star)
			*star = '\0';
		while (times-- > 0) {
			__u8 option[256];
			__u32 length = one_option(w, option);

			if (n + length > room)
				packet_text_die("too many options", w);
			memcpy(out + n, option, length);
			n += length;
		}
	}
	return n;
}

void packet_text_check(const struct packet_text *t)
{
	for (unsigned int i = 0; i < t->words_n; i++)
		if (!(t->used & 1U << i))
			packet_text_die("word not understood", t->words[i]);
}
