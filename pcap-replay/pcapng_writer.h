/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Blocks of pcapng (draft-ietf-opsawg-pcapng), in the byte order of this machine: what libpcap's
 * own writer cannot say, comments on packets above all.
 *
 * A file is one section: pcapng_section(), then for each interface pcapng_interface() before its
 * first packet, and pcapng_statistics() at the end. Times are nanoseconds since the epoch, and
 * interfaces say so. Text is cleaned: what is no UTF-8 becomes U+FFFD, a control character '?'.
 */
#ifndef PCAP_REPLAY_PCAPNG_WRITER_H
#define PCAP_REPLAY_PCAPNG_WRITER_H

#include <stddef.h>
#include <stdio.h>
#include <linux/types.h>

/* A counter, or a time, that is not known. */
#define PCAPNG_UNKNOWN (~0ULL)

/* The longest value of an option (16 bits, padded to 32); a longer text is cut between characters. */
#define PCAPNG_OPTION_MOST 65532U

struct pcapng_writer {
	FILE *to;
	__u8 *block; /* the block in the making */
	size_t used, room;
	size_t options; /* bytes of it when its options began */
	int err;        /* -errno of the first failure; nothing is written after it */
};

/* Texts that are 0 or empty are left out, here and below. */
struct pcapng_section {
	const char *hardware;
	const char *os;
	const char *application;
	const char *comment;
};

struct pcapng_interface {
	const char *name;
	const char *description;
	const char *filter; /* a tcpdump expression */
	__u32 snaplen;      /* 0: no limit */
	__u16 linktype;     /* LINKTYPE_ */
};

struct pcapng_packet {
	__u64 ns;
	const __u8 *data;
	__u32 caplen;    /* bytes at data */
	__u32 wirelen;   /* bytes on the wire */
	__u32 interface; /* interfaces of the section, counted from 0 in the order of writing */
	unsigned int comments_n;
	const char *const *comments;
};

struct pcapng_statistics {
	__u32 interface;
	__u64 ns; /* of the counters */
	/* PCAPNG_UNKNOWN is left out: */
	__u64 start_ns, end_ns;
	__u64 received;  /* isb_ifrecv: packets that reached the interface */
	__u64 dropped;   /* isb_ifdrop: lost by the interface, for want of resources */
	__u64 accepted;  /* isb_filteraccept: passed the capture's filter */
	__u64 os_lost;   /* isb_osdrop: lost by the operating system */
	__u64 delivered; /* isb_usrdeliv: given to the program */
};

/* Nothing is written yet. to stays the caller's. Release with pcapng_free(). */
void pcapng_start(struct pcapng_writer *w, FILE *to);
void pcapng_free(struct pcapng_writer *w);

void pcapng_section(struct pcapng_writer *w, const struct pcapng_section *s);
void pcapng_interface(struct pcapng_writer *w, const struct pcapng_interface *i);
void pcapng_packet(struct pcapng_writer *w, const struct pcapng_packet *p);
void pcapng_statistics(struct pcapng_writer *w, const struct pcapng_statistics *s);

/* Hands on what is buffered. 0, or -errno of the first failure so far. */
int pcapng_flush(struct pcapng_writer *w);

#endif
