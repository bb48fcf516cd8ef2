/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A frame as far as --write has to know it: its connection, and where its payload begins. */
#ifndef PCAP_REPLAY_ANNOTATE_SEGMENT_H
#define PCAP_REPLAY_ANNOTATE_SEGMENT_H

#include "platform/native.h"

struct annotate_segment {
	struct flow_key key;
	__u32 headers; /* bytes up to the end of the TCP header */
};

/* Parses by the engine, which counts in a world of its own. False: no segment. */
static inline bool annotate_segment(struct annotate_segment *out, struct native *world,
				    const struct frame *frame)
{
	__u32 captured = frame->caplen < ENGINE_WINDOW ? frame->caplen : ENGINE_WINDOW;
	struct packet p = { 0 };
	__u32 at;

	native_current = world;
	native_begin(&p, frame);
	if (engine_plain(&p, captured, frame->data, frame->data + captured))
		at = FAST_IP + (p.ipv6 ? 40U : 20U);
	else if (engine_parse(&world->scratch.walk, &p, frame->data, captured))
		at = world->scratch.walk.cur.off;
	else
		return false;
	flow_key_canon(&p);
	out->key = p.key;
	out->headers = at + (frame->data[at + 12] >> 4) * 4U;
	return true;
}

#endif
