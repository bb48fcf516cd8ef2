/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* IPv4 (RFC 791) and IPv6 with its extension headers (RFC 8200, RFC 4302). */
#ifndef ENGINE_PARSE_IP_H
#define ENGINE_PARSE_IP_H

#include "engine/layer.h"

/* Where IP must follow and only its first nibble tells which. */
ENGINE_INLINE __u16 parse_ip_version(const struct cursor *c, const __u8 *frame)
{
	const __u8 *h = cursor_peek(c, frame, 1);

	if (!h)
		return LAYER_SKIP(TRUNCATED);
	if (h[0] >> 4 == 4)
		return LAYER_IPV4;
	if (h[0] >> 4 == 6)
		return LAYER_IPV6;
	return LAYER_SKIP(NOT_IP);
}

ENGINE_INLINE void packet_addresses_ipv4(struct packet *p, const __u8 *h)
{
	p->src[0] = load_raw32(h + 12);
	p->src[1] = 0;
	p->dst[0] = load_raw32(h + 16);
	p->dst[1] = 0;
	p->ipv6 = 0;
	p->ttl = h[8];
	p->ipid = load_be16(h + 4);
}

ENGINE_INLINE void packet_addresses_ipv6(struct packet *p, const __u8 *h)
{
	p->src[0] = load_raw64(h + 8);
	p->src[1] = load_raw64(h + 16);
	p->dst[0] = load_raw64(h + 24);
	p->dst[1] = load_raw64(h + 32);
	p->ipv6 = 1;
	p->ttl = h[7];
	p->ipid = 0;
}

/*
 * A total length of 0 is what segmentation offload leaves: the wire length then
 * stands for it. The first fragment is analysed, later ones carry no header.
 */
ENGINE_INLINE __u16 parse_ipv4(struct cursor *c, struct packet *p, const __u8 *frame)
{
	const __u8 *h = cursor_peek(c, frame, 20);
	__u32 header, total;

	if (!h)
		return LAYER_SKIP(TRUNCATED);
	header = (h[0] & 0x0fU) * 4;
	total = load_be16(h + 2);
	if (h[0] >> 4 != 4 || header < 20 || (total && total < header))
		return LAYER_SKIP(MALFORMED);
	packet_addresses_ipv4(p, h);
	if (load_be16(h + 6) & 0x1fff)
		return LAYER_SKIP(FRAGMENT);
	if (total)
		cursor_narrow(c, total);
	c->off += header;
	return layer_of_protocol(h[9]);
}

/* A payload length of 0 is a jumbogram or segmentation offload: the wire length stands for it. */
ENGINE_INLINE __u16 parse_ipv6(struct cursor *c, struct packet *p, const __u8 *frame)
{
	const __u8 *h = cursor_peek(c, frame, 40);
	__u32 length;

	if (!h)
		return LAYER_SKIP(TRUNCATED);
	if (h[0] >> 4 != 6)
		return LAYER_SKIP(MALFORMED);
	packet_addresses_ipv6(p, h);
	length = load_be16(h + 4);
	if (length)
		cursor_narrow(c, 40 + length);
	c->off += 40;
	return layer_of_next_header(h[6]);
}

/* Hop-by-hop, routing and destination options: next header, length in 8-byte units less one. */
ENGINE_INLINE __u16 parse_ipv6_options(struct cursor *c, const __u8 *frame)
{
	const __u8 *h = cursor_peek(c, frame, 2);

	if (!h)
		return LAYER_SKIP(TRUNCATED);
	c->off += (h[1] + 1U) * 8;
	return layer_of_next_header(h[0]);
}

ENGINE_INLINE __u16 parse_ipv6_fragment(struct cursor *c, const __u8 *frame)
{
	const __u8 *h = cursor_peek(c, frame, 8);

	if (!h)
		return LAYER_SKIP(TRUNCATED);
	if (load_be16(h + 2) & 0xfff8)
		return LAYER_SKIP(FRAGMENT);
	c->off += 8;
	return layer_of_next_header(h[0]);
}

/* Authentication header: the length is in 4-byte units less two (RFC 4302, 2.2). */
ENGINE_INLINE __u16 parse_ah(struct cursor *c, const __u8 *frame)
{
	const __u8 *h = cursor_peek(c, frame, 12);

	if (!h)
		return LAYER_SKIP(TRUNCATED);
	c->off += (h[1] + 2U) * 4;
	return layer_of_next_header(h[0]);
}

#endif
