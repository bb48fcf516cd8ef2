/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Link-layer headers: from a frame's first byte to the header of IP, or of a tunnel. */
#ifndef ENGINE_PARSE_LINK_H
#define ENGINE_PARSE_LINK_H

#include "engine/layer.h"

ENGINE_INLINE __u16 parse_ethernet(struct cursor *c, const __u8 *frame)
{
	const __u8 *h = cursor_peek(c, frame, 14);

	if (!h)
		return LAYER_SKIP(TRUNCATED);
	c->off += 14;
	return layer_of_ethertype(load_be16(h + 12));
}

/* One 802.1Q or 802.1ad tag; the cursor stands behind the ethertype that announced it. */
ENGINE_INLINE __u16 parse_vlan(struct cursor *c, struct packet *p, const __u8 *frame,
			       _Bool vlan_domain)
{
	const __u8 *h = cursor_peek(c, frame, 4);

	if (!h)
		return LAYER_SKIP(TRUNCATED);
	if (++p->vlan_tags > 2)
		return LAYER_SKIP(VLAN_DEPTH);
	if (vlan_domain && !(p->domain & DOMAIN_VNI))
		p->domain = DOMAIN_VLAN | (p->domain & 0xfff) << 12 | (load_be16(h) & 0xfff);
	c->off += 4;
	return layer_of_ethertype(load_be16(h + 2));
}

/* LINKTYPE_LINUX_SLL: 16 bytes, the ethertype last. */
ENGINE_INLINE __u16 parse_sll(struct cursor *c, const __u8 *frame)
{
	const __u8 *h = cursor_peek(c, frame, 16);

	if (!h)
		return LAYER_SKIP(TRUNCATED);
	c->off += 16;
	return layer_of_ethertype(load_be16(h + 14));
}

/* LINKTYPE_LINUX_SLL2: 20 bytes, the ethertype first, the interface index at 4. */
ENGINE_INLINE __u16 parse_sll2(struct cursor *c, struct packet *p, const __u8 *frame)
{
	const __u8 *h = cursor_peek(c, frame, 20);

	if (!h)
		return LAYER_SKIP(TRUNCATED);
	p->ifindex = load_be32(h + 4);
	c->off += 20;
	return layer_of_ethertype(load_be16(h));
}

/* LINKTYPE_NULL and LINKTYPE_LOOP: a protocol family in four bytes, of either byte order. */
ENGINE_INLINE __u16 parse_null(struct cursor *c, const __u8 *frame)
{
	const __u8 *h = cursor_peek(c, frame, 4);
	__u32 family;

	if (!h)
		return LAYER_SKIP(TRUNCATED);
	family = load_be32(h);
	if (family > 0xffff)
		family = __builtin_bswap32(family);
	c->off += 4;
	switch (family) {
	case 2:
		return LAYER_IPV4;
	case 10: /* AF_INET6 of Linux, the BSDs, FreeBSD and Darwin */
	case 24:
	case 28:
	case 30:
		return LAYER_IPV6;
	default:
		return LAYER_SKIP(NOT_IP);
	}
}

/* Cisco HDLC: address, control, ethertype. */
ENGINE_INLINE __u16 parse_c_hdlc(struct cursor *c, const __u8 *frame)
{
	const __u8 *h = cursor_peek(c, frame, 4);

	if (!h)
		return LAYER_SKIP(TRUNCATED);
	c->off += 4;
	return layer_of_ethertype(load_be16(h + 2));
}

/* PPP, with or without its HDLC address and control bytes (RFC 1661, 1662). */
ENGINE_INLINE __u16 parse_ppp(struct cursor *c, const __u8 *frame)
{
	const __u8 *h = cursor_peek(c, frame, 2);
	__u16 protocol;

	if (!h)
		return LAYER_SKIP(TRUNCATED);
	protocol = load_be16(h);
	if (protocol == 0x0f00 || protocol == 0x8f00) /* Cisco HDLC, no PPP protocol */
		return parse_c_hdlc(c, frame);
	c->off += 2;
	switch (protocol) {
	case 0xff03:
		return LAYER_PPP;
	case 0x0021:
		return LAYER_IPV4;
	case 0x0057:
		return LAYER_IPV6;
	case 0x0281:
		return LAYER_MPLS;
	default:
		return LAYER_SKIP(NOT_IP);
	}
}

ENGINE_INLINE __u16 parse_link(struct cursor *c, struct packet *p, const __u8 *frame)
{
	switch (p->linktype) {
	case LINKTYPE_ETHERNET:
		return parse_ethernet(c, frame);
	case LINKTYPE_LINUX_SLL:
		return parse_sll(c, frame);
	case LINKTYPE_LINUX_SLL2:
		return parse_sll2(c, p, frame);
	case LINKTYPE_RAW:
	case LINKTYPE_RAW_12:
	case LINKTYPE_RAW_14:
	case LINKTYPE_IPV4:
	case LINKTYPE_IPV6:
		return LAYER_IP;
	case LINKTYPE_NULL:
	case LINKTYPE_LOOP:
		return parse_null(c, frame);
	case LINKTYPE_PPP:
	case LINKTYPE_PPP_HDLC:
		return LAYER_PPP;
	case LINKTYPE_C_HDLC:
		return parse_c_hdlc(c, frame);
	case LINKTYPE_IEEE802_11:
	case LINKTYPE_IEEE802_11_PRISM:
	case LINKTYPE_IEEE802_11_RADIOTAP:
	case LINKTYPE_IEEE802_11_AVS:
	case LINKTYPE_PPI:
		return LAYER_SKIP(RADIOTAP);
	default:
		return LAYER_SKIP(LINKTYPE);
	}
}

#endif
