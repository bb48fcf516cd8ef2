/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The short way for what most packets are: Ethernet, IPv4 without options or IPv6
 * without extension headers, TCP, no SYN, and no options but NOP,NOP,timestamps.
 * All offsets are constants, so it reads the packet where it lies. Whatever is
 * different in any way is left to walk.h, which would find the same facts.
 */
#ifndef ENGINE_FAST_H
#define ENGINE_FAST_H

#include "engine/parse_ip.h"

/* Where IP begins. */
#define FAST_IP 14U
/* Below this no frame is plain. */
#define FAST_MIN 54U
/* NOP, NOP, timestamps, length 10. */
#define FAST_TIMESTAMPS 0x0101080aU

/*
 * The segment at t, of `segment` bytes by its IP length; `room` tells whether the
 * 12 bytes of a timestamps option are there.
 */
ENGINE_INLINE _Bool fast_tcp(struct packet *p, const __u8 *t, __u32 segment, _Bool room)
{
	__u8 offset = t[12] >> 4;

	if (t[13] & TCP_SYN)
		return 0;
	p->tsval = 0;
	p->opt_bits = 0;
	if (offset == 8) {
		if (!room || load_be32(t + 20) != FAST_TIMESTAMPS)
			return 0;
		p->tsval = load_be32(t + 24);
		p->opt_bits = OPT_TIMESTAMPS;
	} else if (offset != 5) {
		return 0;
	}
	if (segment < offset * 4U)
		return 0;
	p->sport = load_be16(t);
	p->dport = load_be16(t + 2);
	p->seq = load_be32(t + 4);
	p->ack = load_be32(t + 8);
	p->flags = t[13];
	p->window = load_be16(t + 14);
	p->payload = segment - offset * 4U;
	p->wscale_state = WSCALE_ABSENT;
	return 1;
}

ENGINE_INLINE _Bool fast_ipv4(struct packet *p, const __u8 *frame, const __u8 *end)
{
	const __u8 *h = frame + FAST_IP;
	__u32 total = load_be16(h + 2);

	if (h[0] != 0x45 || h[9] != PROTO_TCP || (load_be16(h + 6) & 0x3fff) || total < 40)
		return 0;
	packet_addresses_ipv4(p, h);
	return fast_tcp(p, h + 20, total - 20, frame + FAST_IP + 52 <= end);
}

ENGINE_INLINE _Bool fast_ipv6(struct packet *p, const __u8 *frame, const __u8 *end)
{
	const __u8 *h = frame + FAST_IP;
	__u32 length = load_be16(h + 4);

	if (frame + FAST_IP + 60 > end || h[0] >> 4 != 6 || h[6] != PROTO_TCP || !length)
		return 0;
	packet_addresses_ipv6(p, h);
	return fast_tcp(p, h + 40, length, frame + FAST_IP + 72 <= end);
}

/* True when the frame was of the plain kind and p is filled. end is the end of what may be read. */
ENGINE_INLINE _Bool fast_frame(struct packet *p, const __u8 *frame, const __u8 *end)
{
	__u16 ethertype;

	if (frame + FAST_MIN > end)
		return 0;
	ethertype = load_be16(frame + 12);
	if (ethertype == ETHERTYPE_IPV4)
		return fast_ipv4(p, frame, end);
	if (ethertype == ETHERTYPE_IPV6)
		return fast_ipv6(p, frame, end);
	return 0;
}

#endif
