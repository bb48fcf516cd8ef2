/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The words of packet_builder.h's descriptions: one header at a time, looked up by name. */
#ifndef WSCOPE_PACKET_TEXT_H
#define WSCOPE_PACKET_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#define PACKET_TEXT_WORDS 16

/* One header: its name, its words, its options. */
struct packet_text {
	char *words[PACKET_TEXT_WORDS]; /* the name first */
	unsigned int words_n;
	__u32 used;    /* words that were asked for */
	char *options; /* what stood in brackets, or NULL */
	char text[1024];
};

/* A description that makes no sense is a bug of the test: says so and ends the program. */
_Noreturn void packet_text_die(const char *what, const char *which);

/* Takes the next header off *rest; false at the end. */
bool packet_text_next(struct packet_text *t, const char **rest);

/* Whether the word is there. */
bool packet_text_has(struct packet_text *t, const char *word);

/* The number after "key=", or with key "" the number that stands alone; false when not there. */
bool packet_text_given(struct packet_text *t, const char *key, __u32 *v);
__u32 packet_text_number(struct packet_text *t, const char *key, __u32 otherwise);

/* TCP flags, as letters of FSRPAU. */
__u8 packet_text_flags(struct packet_text *t);

/* "SPORT>DPORT", when it is there. */
void packet_text_ports(struct packet_text *t, __u32 *sport, __u32 *dport);

/* The bytes of the words behind the name, in hexadecimal; returns how many. */
__u32 packet_text_hex(struct packet_text *t, __u8 *out, size_t room);

/* The option area, as it stands: not padded. Returns its length. */
__u32 packet_text_options(struct packet_text *t, __u8 *out, size_t room);

/* Ends the program if a word of the header was never asked for. */
void packet_text_check(const struct packet_text *t);

#endif
