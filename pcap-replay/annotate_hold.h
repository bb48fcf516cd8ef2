/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Packets that wait for a finding before they are written or forgotten: those of the last
 * second, but not too many of them. A finding mostly needs packets that came before it.
 */
#ifndef PCAP_REPLAY_ANNOTATE_HOLD_H
#define PCAP_REPLAY_ANNOTATE_HOLD_H

#include "pcap-replay/annotate_output.h"
#include "platform/native.h"

#define HOLD_NS      1000000000ULL
#define HOLD_PACKETS 65536U
#define HOLD_BYTES   (64U << 20)

/* Instead of its code, of a finding about a host. */
#define HOLD_OF_ENDPOINT 0xffffffffU

struct hold_comment {
	struct hold_comment *next;
	__u32 code; /* enum finding_code, or HOLD_OF_ENDPOINT */
	__u32 side;
	char text[];
};

struct held {
	struct held *next;
	struct annotate_source *source;
	struct hold_comment *comments;
	__u64 id; /* its own, no other's */
	__u64 ns;
	__u64 flow; /* first packet of its connection; 0: not known, or no segment */
	struct flow_key key;
	__u32 caplen, wirelen;
	bool segment; /* key is valid */
	bool wanted;
	__u8 data[];
};

struct hold {
	struct held *first, *last;
	struct table ids; /* to the held packet */
	size_t packets, bytes;
	__u64 newest_ns;
};

/* 0 or -ENOMEM. Release with hold_free(), also after an error. */
int hold_init(struct hold *h);
void hold_free(struct hold *h);

/* Keeps a packet, its first caplen bytes copied; what is not of the frame is 0. NULL: out of memory. */
struct held *hold_packet(struct hold *h, const struct frame *frame, __u32 caplen);

/* The packet of that id, if it is still there. */
struct held *hold_find(const struct hold *h, __u64 id);

/*
 * One more comment for a packet, copied; in place of those that the finding stands for, and of its
 * own earlier one. 0 or -ENOMEM.
 */
int hold_comment(struct held *p, const struct finding *f, bool of_endpoint, const char *text);

/* The next packet that has waited long enough at the time now_ns, taken out; NULL: there is none. */
struct held *hold_due(struct hold *h, __u64 now_ns);

/* Writes a packet with its comments; and: frees it. */
void hold_write(const struct held *p, struct annotate_output *out);
void hold_drop(struct held *p);

#endif
