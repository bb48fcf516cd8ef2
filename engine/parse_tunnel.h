/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Encapsulations. Each level is entered through tunnel_enter(), which counts and may refuse. */
#ifndef ENGINE_PARSE_TUNNEL_H
#define ENGINE_PARSE_TUNNEL_H

#include "engine/layer.h"

#define TUNNEL_LEVELS 2

/* 0, or why this level is not entered. */
ENGINE_INLINE __u16 tunnel_enter(struct packet *p, __u32 tunnels, enum tunnel_kind kind)
{
	if (!(tunnels & 1U << kind))
		return LAYER_SKIP(TUNNEL_OFF);
	if (p->encap >= TUNNEL_LEVELS)
		return LAYER_SKIP(TUNNEL_DEPTH);
	p->encap++;
	p->vlan_tags = 0;
	return 0;
}

/*
 * Network 0 is none: gateways that wrap only one direction of a connection use it, and the
 * other direction must meet it.
 */
ENGINE_INLINE __u32 domain_of_vni(__u32 vni)
{
	return vni ? DOMAIN_VNI | vni : 0;
}

/*
 * NVGRE splits the key into 24 bits of network and 8 of flow, and its networks begin at
 * 0x1000 (RFC 7637, 3.3); a smaller key is that of plain Ethernet over GRE.
 */
ENGINE_INLINE __u32 vni_of_key(__u32 key)
{
	return key >> 8 >= 0x1000 ? key >> 8 : key;
}

ENGINE_INLINE __u16 parse_udp(struct cursor *c, const __u8 *frame)
{
	const __u8 *h = cursor_peek(c, frame, 8);
	__u16 layer;

	if (!h)
		return LAYER_SKIP(TRUNCATED);
	c->off += 8;
	layer = layer_of_udp_port(load_be16(h + 2));
	if (layer == LAYER_SKIP(UDP) && load_be16(h) == PORT_TEREDO) /* its answers */
		return LAYER_SKIP(TEREDO);
	return layer;
}

/* What a GRE header announces (RFC 2784); ERSPAN type II has a sequence number, type I none. */
ENGINE_INLINE __u16 layer_of_gre(__u16 flags, __u16 protocol)
{
	if (protocol == ETHERTYPE_ERSPAN)
		return flags & 0x1000 ? LAYER_ERSPAN2 : LAYER_ETHERNET;
	if (protocol == ETHERTYPE_ERSPAN3)
		return LAYER_SKIP(ERSPAN3);
	return layer_of_ethertype(protocol);
}

/* RFC 2784 and 2890: optional checksum, key and sequence number, 4 bytes each. */
ENGINE_INLINE __u16 parse_gre(struct cursor *c, struct packet *p, const __u8 *frame, __u32 tunnels)
{
	const __u8 *h = cursor_peek(c, frame, 4);
	__u32 length = 4;
	__u16 flags, protocol, refused;

	if (!h)
		return LAYER_SKIP(TRUNCATED);
	flags = load_be16(h);
	protocol = load_be16(h + 2);
	if ((flags & 7) == 1)
		return LAYER_SKIP(PPTP);
	if (flags & 0x4007) /* routing, or a version of the future */
		return LAYER_SKIP(MALFORMED);
	refused =
		tunnel_enter(p, tunnels, protocol == ETHERTYPE_ERSPAN ? TUNNEL_ERSPAN : TUNNEL_GRE);
	if (refused)
		return refused;
	length += flags & 0x8000 ? 4 : 0;
	if (flags & 0x2000) {
		c->off += length;
		h = cursor_peek(c, frame, 4);
		if (!h)
			return LAYER_SKIP(TRUNCATED);
		if (protocol == ETHERTYPE_TEB)
			p->domain = domain_of_vni(vni_of_key(load_be32(h)));
		length = 4;
	}
	length += flags & 0x1000 ? 4 : 0;
	c->off += length;
	return layer_of_gre(flags, protocol);
}

/* ERSPAN type II: 8 bytes, version 1 in the first nibble. */
ENGINE_INLINE __u16 parse_erspan2(struct cursor *c, const __u8 *frame)
{
	const __u8 *h = cursor_peek(c, frame, 8);

	if (!h)
		return LAYER_SKIP(TRUNCATED);
	if (h[0] >> 4 != 1)
		return LAYER_SKIP(MALFORMED);
	c->off += 8;
	return LAYER_ETHERNET;
}

/*
 * One label (RFC 3032, 2.1). At the bottom of the stack only the first nibble of
 * the payload tells: IP, or the control word of an Ethernet pseudowire (RFC 4448).
 */
ENGINE_INLINE __u16 parse_mpls(struct cursor *c, const __u8 *frame)
{
	const __u8 *h = cursor_peek(c, frame, 5);
	__u8 nibble;

	if (!h)
		return LAYER_SKIP(TRUNCATED);
	nibble = h[4] >> 4;
	c->off += 4;
	if (!(h[2] & 1))
		return LAYER_MPLS;
	if (nibble == 4 || nibble == 6)
		return LAYER_IP;
	if (nibble)
		return LAYER_SKIP(TUNNEL_PAYLOAD);
	c->off += 4;
	return LAYER_ETHERNET;
}

/* RFC 2516, 4: version and type 1, code 0 in a session; PPP follows. */
ENGINE_INLINE __u16 parse_pppoe(struct cursor *c, const __u8 *frame)
{
	const __u8 *h = cursor_peek(c, frame, 6);

	if (!h)
		return LAYER_SKIP(TRUNCATED);
	if (h[0] != 0x11 || h[1])
		return LAYER_SKIP(MALFORMED);
	c->off += 6;
	return LAYER_PPP;
}

/* RFC 7348, 5: the I flag must be set, the VNI is in bytes 4 to 6. */
ENGINE_INLINE __u16 parse_vxlan(struct cursor *c, struct packet *p, const __u8 *frame)
{
	const __u8 *h = cursor_peek(c, frame, 8);

	if (!h)
		return LAYER_SKIP(TRUNCATED);
	if (!(h[0] & 0x08))
		return LAYER_SKIP(MALFORMED);
	p->domain = domain_of_vni(load_be32(h + 4) >> 8);
	c->off += 8;
	return LAYER_ETHERNET;
}

/* RFC 8926, 3.4: version 0, options in 4-byte units, an ethertype, the VNI. */
ENGINE_INLINE __u16 parse_geneve(struct cursor *c, struct packet *p, const __u8 *frame)
{
	const __u8 *h = cursor_peek(c, frame, 8);

	if (!h)
		return LAYER_SKIP(TRUNCATED);
	if (h[0] >> 6)
		return LAYER_SKIP(MALFORMED);
	p->domain = domain_of_vni(load_be32(h + 4) >> 8);
	c->off += 8 + (h[0] & 0x3fU) * 4;
	return layer_of_ethertype(load_be16(h + 2));
}

/* Variant 0 has a header with an IP protocol; variant 1 is IP right away. */
ENGINE_INLINE __u16 parse_gue(struct cursor *c, const __u8 *frame)
{
	const __u8 *h = cursor_peek(c, frame, 4);

	if (!h)
		return LAYER_SKIP(TRUNCATED);
	if (h[0] >> 6 == 1)
		return LAYER_IP;
	if (h[0] >> 6)
		return LAYER_SKIP(MALFORMED);
	if (h[0] & 0x20) /* a control message */
		return LAYER_SKIP(TUNNEL_PAYLOAD);
	c->off += 4 + (h[0] & 0x1fU) * 4;
	return layer_of_next_header(h[1]);
}

/* 3GPP TS 29.281, 5.1: version 1, GTP not GTP', a G-PDU; any of E, S and PN adds 4 bytes. */
ENGINE_INLINE __u16 parse_gtpu(struct cursor *c, const __u8 *frame)
{
	const __u8 *h = cursor_peek(c, frame, 8);

	if (!h)
		return LAYER_SKIP(TRUNCATED);
	if (h[0] >> 4 != 3)
		return LAYER_SKIP(MALFORMED);
	if (h[1] != 0xff)
		return LAYER_SKIP(TUNNEL_PAYLOAD);
	if (!(h[0] & 0x07)) {
		c->off += 8;
		return LAYER_IP;
	}
	/* The type of the first extension is the last of the 4 bytes. */
	c->off += 11;
	if (h[0] & 0x04)
		return LAYER_GTPU_EXTENSION;
	c->off += 1;
	return LAYER_IP;
}

/*
 * The cursor stands at the type byte that ends the previous part. Type 0 ends the
 * chain; otherwise a length in 4-byte units follows, and the next type is its last byte.
 */
ENGINE_INLINE __u16 parse_gtpu_extension(struct cursor *c, const __u8 *frame)
{
	const __u8 *h = cursor_peek(c, frame, 2);

	if (!h)
		return LAYER_SKIP(TRUNCATED);
	if (!h[0]) {
		c->off += 1;
		return LAYER_IP;
	}
	if (!h[1])
		return LAYER_SKIP(MALFORMED);
	c->off += h[1] * 4U;
	return LAYER_GTPU_EXTENSION;
}

#endif
