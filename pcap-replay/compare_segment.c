// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "pcap-replay/compare_segment.h"

/* Options of [o, o + n), of which the first `there` bytes were captured. */
static void read_options(struct compare_segment *s, const __u8 *o, __u32 n, __u32 there)
{
	__u32 at = 0;

	s->complete = 1;
	while (at < n) {
		__u8 kind, length;

		if (at >= there || (o[at] > 1 && at + 1 >= there)) {
			s->complete = 0;
			return;
		}
		kind = o[at];
		if (kind == TCPOPT_EOL)
			return;
		if (kind == TCPOPT_NOP) {
			at++;
			continue;
		}
		length = o[at + 1];
		if (length < 2 || at + length > n || at + length > there) {
			s->complete = 0;
			return;
		}
		if (kind < 64)
			s->kinds |= 1ULL << kind;
		if (kind == TCPOPT_WSCALE && length == 3)
			s->wscale = o[at + 2];
		if (kind == TCPOPT_MSS && length == 4)
			s->mss = load_be16(o + at + 2);
		if (kind == TCPOPT_TIMESTAMPS && length == 10) {
			s->tsval = load_be32(o + at + 2);
			s->tsecr = load_be32(o + at + 6);
		}
		at += length;
	}
}

bool compare_segment(struct compare_segment *out, struct flow_key *key, struct walk *walk,
		     const struct frame *frame)
{
	__u32 captured = frame->caplen < ENGINE_WINDOW ? frame->caplen : ENGINE_WINDOW;
	__u32 at, header, there;
	struct packet p = { 0 };
	bool plain;

	engine_begin(&p, HOOK_XDP);
	p.ns = frame->ns;
	p.wirelen = frame->wirelen;
	p.ifindex = frame->ifindex;
	p.linktype = (__u16)frame->linktype;
	plain = engine_plain(&p, captured, frame->data, frame->data + captured);
	if (!plain && !engine_parse(walk, &p, frame->data, captured))
		return false;
	at = plain ? FAST_IP + (p.ipv6 ? 40U : 20U) : walk->cur.off;
	*out = (struct compare_segment){
		.ns = frame->ns,
		.number = frame->number,
		.seq = p.seq,
		.ack = p.ack,
		.len = p.payload,
		.window = p.window,
		.ipid = p.ipid,
		.flags = p.flags,
		.ttl = p.ttl,
	};
	out->dir = flow_key_canon(&p);
	*key = p.key;
	header = (__u32)(frame->data[at + 12] >> 4) * 4;
	there = captured - at < header ? captured - at : header;
	read_options(out, frame->data + at + 20, header - 20, there - 20);
	return true;
}
