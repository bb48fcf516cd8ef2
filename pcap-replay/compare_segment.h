/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A TCP segment with all that two captures of it may differ in. */
#ifndef PCAP_REPLAY_COMPARE_SEGMENT_H
#define PCAP_REPLAY_COMPARE_SEGMENT_H

#include "pcap-replay/reader.h"
#include "platform/native.h"

#define SEGMENT_WSCALE     3
#define SEGMENT_SACK_OK    4
#define SEGMENT_SACK       5
#define SEGMENT_TIMESTAMPS 8

struct compare_segment {
	__u64 ns;
	__u64 number; /* in its capture, from 1 */
	__u64 kinds;  /* a bit for each option kind below 64 that it carries, NOP and EOL not */
	__u32 seq;
	__u32 ack; /* as on the wire, also without ACK */
	__u32 len;
	__u32 tsval; /* with the timestamps option; otherwise both are 0 */
	__u32 tsecr;
	__u16 window;
	__u16 mss;
	__u16 ipid;
	__u8 flags;
	__u8 ttl;
	__u8 wscale;
	__u8 dir;      /* of its capture's canonical key */
	__u8 complete; /* the options were all there and well formed */
	__u8 pad[9];
};

_Static_assert(sizeof(struct compare_segment) == 64, "what is not paired yet is kept");

/*
 * Parses a frame by the engine, in the world of native_current, then reads the options of its
 * TCP header again. False when it is no segment; why has been counted there. key: of the connection.
 */
bool compare_segment(struct compare_segment *out, struct flow_key *key, struct walk *walk,
		     const struct frame *frame);

/* The segment's timestamps option was seen. */
static inline bool compare_stamped(const struct compare_segment *s)
{
	return s->kinds >> SEGMENT_TIMESTAMPS & 1;
}

#endif
