/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* SYN and SYN-ACK: which connection they belong to, and what they say. */
#ifndef ENGINE_HANDSHAKE_H
#define ENGINE_HANDSHAKE_H

#include "engine/half.h"

/* SYN with RST is a reset, not a handshake. */
ENGINE_INLINE _Bool packet_is_syn(const struct packet *p)
{
	return (p->flags & (TCP_SYN | TCP_RST)) == TCP_SYN;
}

/*
 * Whether the number follows this SYN: an acknowledgment that answers it, or the sequence
 * its sender goes on with. With Fast Open it may lie behind the SYN's data (RFC 7413, 4.2).
 */
ENGINE_INLINE _Bool syn_followed(const struct syn *s, __u32 number)
{
	return s->bits & SYN_SEEN && seq_within(number, s->isn + 1, s->payload);
}

/*
 * Whether a SYN or SYN-ACK of direction dir belongs to this connection.
 * A SYN-ACK that acknowledges another SYN does not; nor does a SYN with another
 * initial sequence number than the one seen from that side.
 */
ENGINE_INLINE _Bool handshake_fits(const struct flow *f, const struct packet *p, __u8 dir)
{
	const struct syn *own = &f->syn[dir & 1];
	const struct syn *peer = &f->syn[!dir];

	if (own->bits & SYN_SEEN && own->isn == p->seq)
		return 1;
	if (p->flags & TCP_ACK)
		return syn_followed(peer, p->ack);
	if (own->bits & SYN_SEEN || !(peer->bits & SYN_SEEN))
		return 0;
	/* The other side's SYN came first: both opened at once; or its SYN-ACK overtook us. */
	return !(peer->bits & SYN_WITH_ACK) || seq_within(peer->ack, p->seq + 1, p->payload);
}

/* Everything a SYN says, as of its first copy. */
ENGINE_INLINE void syn_fill(struct syn *s, const struct packet *p)
{
	s->first_ns = p->ns;
	s->id = p->id;
	s->isn = p->seq;
	s->ack = p->ack;
	s->layout = p->layout;
	s->last_us = 0;
	s->window = p->window;
	s->payload = p->payload > 0xffff ? 0xffff : (__u16)p->payload;
	s->mss = p->mss;
	s->ipid = p->ipid;
	s->opt_bits = p->opt_bits;
	s->bits = (__u16)(SYN_SEEN | (p->flags & TCP_ACK ? SYN_WITH_ACK : 0) |
			  (p->hook == HOOK_TC_EGRESS && seam_is_local(p) ? SYN_EGRESS_LOCAL : 0));
	s->copies = 1;
	s->duplicates = 0;
	s->wscale = p->wscale;
	s->wscale_state = p->wscale_state;
	s->ttl = p->ttl;
	s->nop_run = p->nop_run;
	s->options_len = (__u8)(p->header_len - 20);
}

ENGINE_INLINE __u32 syn_gap_us(const struct syn *s, const struct packet *p)
{
	__u64 us = p->ns > s->first_ns ? (p->ns - s->first_ns) / ENGINE_NS_PER_US : 0;

	return us > 0xffffffffU ? 0xffffffffU : (__u32)us;
}

/* True when two copies of a SYN say different things about window scaling. */
ENGINE_INLINE _Bool syn_differs(const struct syn *s, const struct packet *p)
{
	if (s->wscale_state == WSCALE_UNKNOWN || p->wscale_state == WSCALE_UNKNOWN)
		return 0;
	return s->wscale_state != p->wscale_state ||
	       (p->wscale_state == WSCALE_PRESENT && s->wscale != p->wscale);
}

/* Remembers what one of two differing copies offered. */
ENGINE_INLINE void syn_other_set(struct syn_other *o, const struct syn *s, const struct packet *p,
				 enum syn_other_kind kind)
{
	_Bool earlier = kind == SYN_OTHER_EARLIER;

	o->id = earlier ? s->id : p->id;
	o->gap_us = syn_gap_us(s, p);
	o->kind = (__u8)kind;
	o->wscale = earlier ? s->wscale : p->wscale;
	o->wscale_state = earlier ? s->wscale_state : p->wscale_state;
	o->bits = (s->ipid == p->ipid && s->ipid ? SYN_OTHER_SAME_IPID : 0) |
		  ((earlier ? s->window : p->window) ? 0 : SYN_OTHER_NO_WINDOW);
}

/*
 * One more copy of a SYN that is known. The same packet met elsewhere in the path
 * only adds what it shows differently; a retransmission that offers something else
 * takes the first one's place.
 */
ENGINE_INLINE void syn_again(struct flow *f, const struct packet *p, __u8 dir, _Bool duplicate)
{
	struct syn *s = &f->syn[dir & 1];
	struct syn_other *o = &f->half[dir & 1].other;
	__u16 kept = s->bits & SYN_WITH_ACK;
	_Bool differs = syn_differs(s, p) && !kept == !(p->flags & TCP_ACK);

	if (duplicate) {
		if (differs)
			syn_other_set(o, s, p, SYN_OTHER_SAME_PACKET);
		return;
	}
	if (differs) {
		__u16 copies = s->copies;

		if (o->kind == SYN_OTHER_NONE || o->wscale_state != WSCALE_PRESENT)
			syn_other_set(o, s, p, SYN_OTHER_EARLIER);
		syn_fill(s, p);
		s->copies = copies;
	}
	s->bits |= (__u16)(!kept == !(p->flags & TCP_ACK) ? SYN_RETRANSMITTED : 0);
	if (p->flags & TCP_ACK && !kept) { /* a simultaneous open goes on */
		s->bits |= SYN_WITH_ACK;
		s->ack = p->ack;
	}
	s->last_us = syn_gap_us(s, p);
	if (s->copies != 0xffff)
		s->copies++;
}

/* Who is the client, by the best evidence so far (design: records, `client`). */
ENGINE_INLINE void flow_roles(struct flow *f, const struct packet *p, __u8 dir)
{
	if (packet_is_syn(p)) {
		f->client = p->flags & TCP_ACK ? !dir : dir;
		f->role_source = p->flags & TCP_ACK ? ROLE_SYNACK : ROLE_SYN;
	} else if (p->sport != p->dport) {
		f->client = p->sport > p->dport ? dir : !dir;
		f->role_source = ROLE_PORT;
	} else {
		f->client = dir;
		f->role_source = ROLE_FIRST;
	}
}

/* Whether the SYN-ACK of direction dir acknowledges the other side's SYN. */
ENGINE_INLINE _Bool handshake_answers(const struct flow *f, __u8 dir)
{
	const struct syn *own = &f->syn[dir & 1];

	return own->bits & SYN_WITH_ACK && syn_followed(&f->syn[!dir], own->ack);
}

/*
 * Takes a SYN or SYN-ACK in. Returns true when it answered a SYN for the first
 * time, that is, when client and server have now both spoken.
 */
ENGINE_INLINE _Bool handshake_update(struct flow *f, const struct packet *p, __u8 dir,
				     _Bool duplicate)
{
	struct syn *own = &f->syn[dir & 1];
	_Bool answered = f->bits & FLOW_ANSWERED;

	if (own->bits & SYN_SEEN && own->isn == p->seq) {
		syn_again(f, p, dir, duplicate);
	} else if (!duplicate) {
		syn_fill(own, p);
		if (!(p->flags & TCP_ACK) && f->role_source == ROLE_SYNACK)
			f->role_source = ROLE_SYN;
	}
	if (answered || !(handshake_answers(f, 0) || handshake_answers(f, 1)))
		return 0;
	f->bits |= FLOW_ANSWERED;
	return 1;
}

#endif
