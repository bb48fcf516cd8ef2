/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From a frame to a TCP segment, header by header, in any order they come.
 *
 * One loop, one header a turn. The cursor, the packet and the option walk's state
 * are kept in memory (a per-CPU map in the kernel) and reloaded behind a barrier:
 * to the verifier each turn then starts from the same state, whatever the turns
 * before have met, so that its work grows with the number of turns and not with
 * the number of header sequences. TCP ends the loop and is parsed behind it, once.
 */
#ifndef ENGINE_WALK_H
#define ENGINE_WALK_H

#include "engine/parse_ip.h"
#include "engine/parse_link.h"
#include "engine/parse_tunnel.h"
#include "engine/tcpopt.h"

/* Headers in a row: two tunnel levels with tags, labels and extension headers fit. */
#define WALK_TURNS 24

struct walk {
	struct cursor cur;
	struct tcpopt_walk opt;
};

/* The fixed header, then the options that are worth a walk (design: not NOP,NOP,timestamps). */
ENGINE_INLINE __u16 parse_tcp(struct walk *w, struct packet *p, const __u8 *frame)
{
	const __u8 *h = cursor_peek(&w->cur, frame, 20);
	__u32 off = w->cur.off;
	__u32 segment = w->cur.wire_end - off;

	if (!h)
		return LAYER_SKIP(TRUNCATED);
	p->sport = load_be16(h);
	p->dport = load_be16(h + 2);
	p->seq = load_be32(h + 4);
	p->ack = load_be32(h + 8);
	p->header_len = (__u8)(h[12] >> 4 << 2);
	p->flags = h[13];
	p->window = load_be16(h + 14);
	if (p->header_len < 20)
		return LAYER_SKIP(TCP_MALFORMED);
	p->payload = segment > p->header_len ? segment - p->header_len : 0;
	tcpopt_parse(&w->opt, p, frame, off + 20, off + p->header_len, w->cur.end);
	return LAYER_DONE;
}

/* A link layer, IP, and what stands between them. */
ENGINE_INLINE __u16 walk_network(struct walk *w, struct packet *p, const __u8 *frame,
				 const volatile struct engine_config *cfg, __u16 layer)
{
	switch (layer) {
	case LAYER_LINK:
		return parse_link(&w->cur, p, frame);
	case LAYER_ETHERNET:
		return parse_ethernet(&w->cur, frame);
	case LAYER_VLAN:
		return parse_vlan(&w->cur, p, frame, cfg->vlan_domain != 0);
	case LAYER_IP:
		return parse_ip_version(&w->cur, frame);
	case LAYER_IPV4:
		return parse_ipv4(&w->cur, p, frame);
	case LAYER_IPV6:
		return parse_ipv6(&w->cur, p, frame);
	case LAYER_IPV6_OPTIONS:
		return parse_ipv6_options(&w->cur, frame);
	case LAYER_IPV6_FRAGMENT:
		return parse_ipv6_fragment(&w->cur, frame);
	case LAYER_AH:
		return parse_ah(&w->cur, frame);
	case LAYER_UDP:
		return parse_udp(&w->cur, frame);
	case LAYER_PPP:
		return parse_ppp(&w->cur, frame);
	default:
		return LAYER_SKIP(MALFORMED);
	}
}

ENGINE_INLINE __u16 walk_tunnel(struct walk *w, struct packet *p, const __u8 *frame,
				const volatile struct engine_config *cfg, __u16 layer)
{
	switch (layer) {
	case LAYER_GRE:
		return parse_gre(&w->cur, p, frame, cfg->tunnels);
	case LAYER_ERSPAN2:
		return parse_erspan2(&w->cur, frame);
	case LAYER_MPLS:
		return parse_mpls(&w->cur, frame);
	case LAYER_PPPOE:
		return parse_pppoe(&w->cur, frame);
	case LAYER_VXLAN:
		return parse_vxlan(&w->cur, p, frame);
	case LAYER_GENEVE:
		return parse_geneve(&w->cur, p, frame);
	case LAYER_GUE:
		return parse_gue(&w->cur, frame);
	case LAYER_GTPU:
		return parse_gtpu(&w->cur, frame);
	case LAYER_GTPU_EXTENSION:
		return parse_gtpu_extension(&w->cur, frame);
	default:
		return LAYER_SKIP(MALFORMED);
	}
}

/* Which switch a layer stands under when it is entered from the one before; none for most. */
ENGINE_INLINE __u16 walk_enter(struct packet *p, const volatile struct engine_config *cfg,
			       __u16 from, __u16 to)
{
	switch (to) {
	case LAYER_VXLAN:
		return tunnel_enter(p, cfg->tunnels, TUNNEL_VXLAN);
	case LAYER_GENEVE:
		return tunnel_enter(p, cfg->tunnels, TUNNEL_GENEVE);
	case LAYER_GUE:
		return tunnel_enter(p, cfg->tunnels, TUNNEL_GUE);
	case LAYER_GTPU:
		return tunnel_enter(p, cfg->tunnels, TUNNEL_GTPU);
	case LAYER_PPPOE:
		return tunnel_enter(p, cfg->tunnels, TUNNEL_PPPOE);
	case LAYER_MPLS:
		return from == LAYER_MPLS ? 0 : tunnel_enter(p, cfg->tunnels, TUNNEL_MPLS);
	case LAYER_IPV4:
	case LAYER_IPV6:
		if (from >= LAYER_IPV4 && from <= LAYER_AH)
			return tunnel_enter(p, cfg->tunnels, TUNNEL_IPIP);
		return 0;
	default:
		return 0;
	}
}

/* One header; the layer that follows, LAYER_DONE, or LAYER_STOP with a reason. */
ENGINE_INLINE __u16 walk_turn(struct walk *w, struct packet *p, const __u8 *frame,
			      const volatile struct engine_config *cfg)
{
	__u16 layer = w->cur.layer;
	__u16 next = layer > LAYER_UDP && layer < LAYER_TCP && layer != LAYER_PPP
			     ? walk_tunnel(w, p, frame, cfg, layer)
			     : walk_network(w, p, frame, cfg, layer);
	__u16 refused = walk_enter(p, cfg, layer, next);

	return refused ? refused : next;
}

/*
 * Parses the frame's captured bytes into p. frame must have ENGINE_WINDOW bytes of
 * memory in the kernel; natively no byte at or past captured is touched.
 * Returns LAYER_DONE or LAYER_STOP | reason.
 */
ENGINE_INLINE __u16 walk_frame(struct walk *w, struct packet *p, const __u8 *frame, __u32 captured,
			       const volatile struct engine_config *cfg)
{
	__u16 next = LAYER_SKIP(TOO_MANY_HEADERS);

	w->cur.off = 0;
	w->cur.end = captured;
	w->cur.wire_end = p->wirelen;
	w->cur.layer = LAYER_LINK;
	for (int i = 0; i < WALK_TURNS; i++) {
		engine_barrier();
		next = walk_turn(w, p, frame, cfg);
		w->cur.layer = next;
		if (next >= LAYER_TCP)
			break;
		next = LAYER_SKIP(TOO_MANY_HEADERS);
	}
	engine_barrier();
	if (w->cur.layer == LAYER_TCP)
		next = parse_tcp(w, p, frame);
	/* What a header itself put out of reach is not the capture's fault. */
	if (next == LAYER_SKIP(TRUNCATED) && captured >= p->wirelen)
		return LAYER_SKIP(MALFORMED);
	return next;
}

#endif
