/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a box changed, as `compare` found it: the facts, and the words of changes.def for them. */
#ifndef USERSPACE_CHANGE_H
#define USERSPACE_CHANGE_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/finding.h"

enum change_code {
#define CHANGE(id, code, severity, title, text, advice) CHANGE_##id,
#include "userspace/changes.def"
#undef CHANGE
	CHANGE_CODES
};

/* Which way the packets went; NONE: both. */
enum change_way { CHANGE_C2S, CHANGE_S2C, CHANGE_NO_WAY };

#define CHANGE_NO_VALUE (-1)

/* One change in one direction: of a connection, or of all of them together. */
struct change {
	__u8 code; /* enum change_code */
	__u8 way;  /* enum change_way */
	__u8 pad[6];
	__s64 from; /* before the box as the packets go, or CHANGE_NO_VALUE; of the first packet */
	__s64 to;
	__u64 packets;
	__u64 flows;     /* connections, 1 of a connection's own */
	__u64 number[2]; /* the first packet, in the two captures; 0: not there */
};

/* One line of changes.def. */
struct change_name {
	const char *code;
	const char *title;
	const char *text;
	const char *advice;
	enum severity severity;
};

/* code < CHANGE_CODES */
const struct change_name *change_name(unsigned int code);

#define CHANGE_SENTENCE_ROOM 256

/* Fills a text or an advice of changes.def in. Returns out. */
const char *change_sentence(char out[CHANGE_SENTENCE_ROOM], const char *template,
			    const struct change *change);

/* The first code's changes first, by direction. */
void change_sort(struct change *list, size_t n);

#endif
