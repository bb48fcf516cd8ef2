/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is remembered of a connection and of an endpoint. The kernel's maps, the
 * native tables and user space share these layouts byte for byte.
 */
#ifndef ENGINE_FLOW_H
#define ENGINE_FLOW_H

#include "engine/packet.h"

/* The newest SYN or SYN-ACK of one side. */
enum syn_bit {
	SYN_SEEN = 1 << 0,
	SYN_WITH_ACK = 1 << 1,
	SYN_RETRANSMITTED = 1 << 2,
	SYN_EGRESS_LOCAL = 1 << 3, /* met leaving the host that owns the source address */
	SYN_OF_SECOND = 1 << 4,    /* a rival: sent by the key's second end */
	SYN_BASE = 1 << 5,         /* not seen; isn is what replay --series counts from instead */
};

struct syn {
	__u64 first_ns; /* of its first copy */
	__u64 id;       /* packet of its first copy */
	__u32 isn;
	__u32 ack;
	__u32 layout;  /* order of the options, tcpopt.h */
	__u32 last_us; /* from its first to its last copy */
	__u16 window;  /* raw */
	__u16 payload; /* data in the SYN (RFC 7413) */
	__u16 mss;
	__u16 ipid;
	__u16 opt_bits;
	__u16 bits;       /* enum syn_bit */
	__u16 copies;     /* segments, duplicates not */
	__u16 duplicates; /* kept for a rival only, whose half does not exist yet */
	__u8 wscale;      /* as on the wire */
	__u8 wscale_state;
	__u8 ttl;
	__u8 nop_run;
	__u8 options_len;
	__u8 pad;
	__u16 first_acked; /* bytes that this side's first window acknowledged; SYN_ACKED_UNKNOWN */
};

/* As many, or more, or not known. */
#define SYN_ACKED_UNKNOWN 0xffff

_Static_assert(sizeof(struct syn) == 56, "struct syn has no hidden padding");

/* Another SYN of the same side and ISN that offered something else. */
enum syn_other_kind {
	SYN_OTHER_NONE,
	SYN_OTHER_EARLIER,     /* the side sent it before, the newest one replaced it */
	SYN_OTHER_SAME_PACKET, /* the very same packet, met at another point of the path */
};

enum syn_other_bit {
	SYN_OTHER_SAME_IPID = 1 << 0, /* both carry one IP identification, not 0 */
	SYN_OTHER_NO_WINDOW = 1 << 1, /* its window was 0 */
};

struct syn_other {
	__u64 id;
	__u32 gap_us; /* between the two */
	__u8 kind;    /* enum syn_other_kind */
	__u8 wscale;
	__u8 wscale_state;
	__u8 bits; /* enum syn_other_bit */
};

_Static_assert(sizeof(struct syn_other) == 16, "struct syn_other has no hidden padding");

enum half_bit {
	HALF_SEQ = 1 << 0,    /* seq_end is valid */
	HALF_ACK = 1 << 1,    /* ack is valid */
	HALF_WINDOW = 1 << 2, /* a segment with neither SYN nor RST was seen: window_* are valid */
	HALF_FIN = 1 << 3,
	HALF_RST = 1 << 4,
	HALF_DATA = 1 << 5,       /* payload was seen, data in a SYN not counted */
	HALF_ZERO_DOUBT = 1 << 6, /* the last window was a zero that may have been overtaken */
	HALF_ZERO = 1 << 7,       /* a zero-window spell is open */
};

/* Segments that are kept to recognise a second copy; a power of two. */
#define HALF_RECENT 4
/* In next_recent: all places have been used. Its low bits are the next place, or their number. */
#define HALF_RECENT_FULL HALF_RECENT

/* Packets of a direction among which its first windows are: its SYN and four more (detectors: E1). */
#define HALF_EARLY 5

/* No shift is known, or none is agreed. */
#define SHIFT_UNKNOWN 0xff

/*
 * One direction; written only by packets of that direction. Its first 64 bytes are all
 * that a plain segment touches, so that it costs one cache line.
 */
struct half {
	__u64 packets;
	__u64 bytes; /* payload */
	__u64 last_ns;
	__u32 recent[HALF_RECENT];      /* signatures, duplicate.h */
	__u16 recent_tick[HALF_RECENT]; /* and their times */
	__u32 seq_end;                  /* highest sequence end */
	__u32 ack;                      /* highest acknowledgment */
	__u16 window_last;              /* raw, of the newest segment */
	__u8 shift;                     /* of its windows, in use; SHIFT_UNKNOWN */
	__u8 offer;                     /* that it offered; SHIFT_UNKNOWN */
	__u16 home;                     /* where this direction is watched, duplicate.h */
	__u8 bits;                      /* enum half_bit */
	__u8 next_recent;
	/* from here on: written now and then */
	__u64 zero_since_ns; /* of the open spell, or of the zero in doubt */
	__u64 zero_ns;       /* closed spells */
	__u32 zero_windows;
	__u32 zero_spells;
	__u32 retransmits;
	__u32 duplicates;
	struct syn_other other;
	__u32 zero_longest_us; /* of the closed spells */
	__u16 window_first;    /* raw, first segment with neither SYN nor RST */
	__u16 window_min;      /* raw */
	__u16 window_max;
	__u16 window_early; /* the highest of the first HALF_EARLY segments */
	__u8 window_rises;  /* segments whose window was larger than the one before, up to 255 */
	__u8 mirrored;      /* a second point shows the same segments */
	__u8 ttl_min;       /* of segments that are no SYN */
	__u8 ttl_max;
};

_Static_assert(sizeof(struct half) == 128, "struct half has no hidden padding");
_Static_assert(__builtin_offsetof(struct half, zero_since_ns) == 64, "the busy part is one line");

enum flow_bit {
	FLOW_ANSWERED = 1 << 0, /* the SYN-ACK acknowledged the SYN in syn[client] */
	FLOW_RIVAL = 1 << 1,    /* an unanswered SYN with another ISN is pending beside it */
	FLOW_CONFIRMED = 1 << 2,
	FLOW_NON_SYN_W = 1 << 3,     /* a window-scale option outside a SYN, odd_id has it */
	FLOW_NON_SYN_W_DIR = 1 << 4, /* and the direction it came from */
	FLOW_GAUGED = 1 << 5,        /* its gauges have begun, gauge.h */
	FLOW_CONTINUED = 1 << 6, /* replay --retire: an earlier record is of the same connection */
};

enum role_source { ROLE_SYN, ROLE_SYNACK, ROLE_PORT, ROLE_FIRST };

/* Behind a 40-byte key the first half begins on a cache line. */
struct flow {
	__u8 bits;   /* enum flow_bit; read with every segment, so beside the key */
	__u8 client; /* index of the client's half */
	__u8 role_source;
	__u8 encap;
	__u32 emitted; /* bit per finding code already reported as an event */
	__u64 first_ns;
	__u64 first_id;
	struct half half[2];
	__u64 odd_id;
	__u32 ifindex; /* of the first packet */
	__u32 rtt_us;  /* handshake, 0: unknown */
	struct syn syn[2];
};

_Static_assert(sizeof(struct flow) == 24 + 2 * 128 + 16 + 2 * 56,
	       "struct flow has no hidden padding");

/*
 * A connection that is not confirmed yet. A SYN with another ISN that came before
 * the first was answered is kept beside it: either may turn out to be the live one.
 */
struct pending {
	struct flow flow;
	struct syn rival;
};

/* A connection with its key: a record. */
struct flow_entry {
	struct flow_key key;
	struct flow flow;
};

/* What a side of a host does with the window-scale option, over all its connections. */
enum endpoint_role { ENDPOINT_CLIENT, ENDPOINT_SERVER };

struct endpoint_key {
	__u64 addr[2];
	__u32 domain;
	__u16 port; /* 0 for clients */
	__u16 role; /* enum endpoint_role */
};

_Static_assert(sizeof(struct endpoint_key) == 24, "the key is hashed whole");

/* The key of an endpoint: one end of a connection, in a role. */
ENGINE_INLINE void endpoint_key_of(struct endpoint_key *key, const struct flow_key *of, __u8 end,
				   enum endpoint_role role)
{
	__builtin_memset(key, 0, sizeof(*key));
	__builtin_memcpy(key->addr, of->addr[end & 1], 16);
	key->domain = of->domain;
	key->port = role == ENDPOINT_SERVER ? of->port[end & 1] : 0;
	key->role = (__u16)role;
}

enum endpoint_bit {
	ENDPOINT_OFFERED = 1 << 0, /* last_offer_ns is valid */
	ENDPOINT_REFUSED = 1 << 1,
	ENDPOINT_LOCAL = 1 << 2, /* its refusals were met leaving the host that owns the address */
};

struct endpoint {
	__u64 opportunities;
	__u64 offers;
	__u64 refusals;
	__u64 by_box; /* refusals made on the way: option overwritten, or answered with window 0 */
	__u64 run;    /* refusals since the last offer */
	__u64 first_ns;
	__u64 last_offer_ns;
	__u64 first_refusal_ns;
	__u64 last_refusal_ns;
	__u64 run_since_ns; /* first refusal of the run */
	__u64 run_first_id;
	__u64 last_refusal_id;
	__u32 ifindex;
	__u16 bits;         /* enum endpoint_bit */
	__u16 emitted;      /* see alarm_endpoint_offered() */
	__u32 plain;        /* opportunities given by a SYN without timestamps, of a server */
	__u32 plain_offers; /* and taken */
};

_Static_assert(sizeof(struct endpoint) == 112, "struct endpoint has no hidden padding");

struct endpoint_entry {
	struct endpoint_key key;
	struct endpoint endpoint;
};

/* The direction of a packet: 0 when its source is the smaller end. */
ENGINE_INLINE __u8 flow_direction(const struct packet *p)
{
	if (p->src[0] != p->dst[0])
		return p->src[0] > p->dst[0];
	if (p->src[1] != p->dst[1])
		return p->src[1] > p->dst[1];
	return p->sport > p->dport;
}

/* Fills the packet's key; returns the direction. */
ENGINE_INLINE __u8 flow_key_canon(struct packet *p)
{
	struct flow_key *key = &p->key;
	__u8 dir = flow_direction(p);

	key->domain = p->domain | (p->ipv6 ? DOMAIN_IPV6 : 0);
	key->addr[0][0] = dir ? p->dst[0] : p->src[0];
	key->addr[0][1] = dir ? p->dst[1] : p->src[1];
	key->addr[1][0] = dir ? p->src[0] : p->dst[0];
	key->addr[1][1] = dir ? p->src[1] : p->dst[1];
	key->port[0] = dir ? p->dport : p->sport;
	key->port[1] = dir ? p->sport : p->dport;
	return dir;
}

/* Closed for good: a reset, or a FIN from every side that was seen. */
ENGINE_INLINE _Bool flow_closed(const struct flow *f)
{
	const struct half *a = &f->half[0], *b = &f->half[1];

	if ((a->bits | b->bits) & HALF_RST)
		return 1;
	if (a->packets && !(a->bits & HALF_FIN))
		return 0;
	return !b->packets || b->bits & HALF_FIN;
}

/* Whether one side's SYNs, of one initial sequence number, do not agree on having the option. */
ENGINE_INLINE _Bool flow_copies_differ(const struct flow *f, __u8 dir)
{
	const struct syn_other *o = &f->half[dir & 1].other;

	return o->kind != SYN_OTHER_NONE && o->wscale_state != f->syn[dir & 1].wscale_state;
}

/* As above, of the server, which sent both: not one answer met twice in the path. */
ENGINE_INLINE _Bool flow_answers_differ(const struct flow *f)
{
	return flow_copies_differ(f, !f->client) &&
	       f->half[!f->client].other.kind == SYN_OTHER_EARLIER;
}

/* Whether window scaling is in use (RFC 7323, 2.2: both SYNs must carry the option). */
enum scaling { SCALING_UNKNOWN, SCALING_OFF, SCALING_ON };

ENGINE_INLINE enum scaling flow_scaling(const struct flow *f)
{
	const struct syn *c = &f->syn[f->client & 1];
	const struct syn *s = &f->syn[!f->client];
	__u8 client = c->bits & SYN_SEEN ? c->wscale_state : WSCALE_UNKNOWN;
	__u8 server = s->bits & SYN_SEEN ? s->wscale_state : WSCALE_UNKNOWN;

	/* Answers that differ: nobody knows which of them the client took. */
	if (flow_answers_differ(f))
		return SCALING_UNKNOWN;
	if (server == WSCALE_ABSENT)
		return SCALING_OFF;
	/* Copies that differ: only an answer with W tells which of them was answered. */
	if (flow_copies_differ(f, f->client)) {
		if (server == WSCALE_PRESENT && s->bits & SYN_WITH_ACK)
			return SCALING_ON;
		return SCALING_UNKNOWN;
	}
	if (client == WSCALE_ABSENT)
		return SCALING_OFF;
	if (client == WSCALE_PRESENT && server == WSCALE_PRESENT)
		return SCALING_ON;
	return SCALING_UNKNOWN;
}

/* The shift in use for a side's windows; valid when scaling is on (RFC 7323, 2.3: at most 14). */
ENGINE_INLINE __u8 syn_shift(const struct syn *s)
{
	return s->wscale > 14 ? 14 : s->wscale;
}

/* Seen with the option; and below: seen, and the option proven absent. */
ENGINE_INLINE _Bool syn_offers(const struct syn *s)
{
	return s->bits & SYN_SEEN && s->wscale_state == WSCALE_PRESENT;
}

ENGINE_INLINE _Bool syn_lacks(const struct syn *s)
{
	return s->bits & SYN_SEEN && s->wscale_state == WSCALE_ABSENT;
}

/* An option that was overwritten with NOPs leaves a run that no stack sends (detectors: E6). */
#define NOP_HOLE 3

ENGINE_INLINE _Bool syn_has_hole(const struct syn *s)
{
	return syn_lacks(s) && s->nop_run >= NOP_HOLE;
}

/*
 * The shift of a side's windows when scaling is on. A SYN-ACK with the option proves that
 * the copy of the SYN that carried it was the one answered.
 */
ENGINE_INLINE __u8 flow_shift_on(const struct flow *f, __u8 dir)
{
	const struct syn *s = &f->syn[dir & 1];
	const struct syn_other *o = &f->half[dir & 1].other;

	if (s->wscale_state == WSCALE_PRESENT || o->kind == SYN_OTHER_NONE)
		return syn_shift(s);
	return o->wscale > 14 ? 14 : o->wscale;
}

/* Puts the shifts beside the windows, where every segment finds them. */
ENGINE_INLINE void flow_set_shifts(struct flow *f)
{
	enum scaling scaling = flow_scaling(f);

	for (__u8 i = 0; i < 2; i++) {
		struct half *h = &f->half[i];

		h->offer = syn_offers(&f->syn[i]) ? syn_shift(&f->syn[i]) : SHIFT_UNKNOWN;
		if (scaling == SCALING_UNKNOWN)
			h->shift = SHIFT_UNKNOWN;
		else
			h->shift = scaling == SCALING_ON ? flow_shift_on(f, i) : 0;
	}
}

/*
 * Whether a segment of this direction is older than what is known: it does not move the
 * window (RFC 9293, 3.10.7.4, SND.WL1 and SND.WL2, as a newer acknowledgment outranks both).
 */
ENGINE_INLINE _Bool half_is_stale(const struct half *h, const struct packet *p)
{
	if (!(h->bits & HALF_ACK))
		return 0;
	if (p->ack != h->ack)
		return seq_after(h->ack, p->ack);
	return h->bits & HALF_SEQ && seq_after(h->seq_end, p->seq + p->payload);
}

/* By so much may a segment come late that another one of its side overtook. */
#define HALF_OVERTAKEN_NS (10 * ENGINE_NS_PER_MS)

/*
 * Whether a smaller window comes with nothing newer, neither sequence nor acknowledgment, and
 * close behind the last segment. It may have been sent before that one, which overtook it: an
 * acknowledgment at once and the update as the application reads, on two CPUs or two paths.
 * Linux as the sender does not follow such a window, save to zero (tcp_may_update_window()).
 */
ENGINE_INLINE _Bool half_may_be_overtaken(const struct half *h, const struct packet *p)
{
	return p->window < h->window_last &&
	       (h->bits & (HALF_ACK | HALF_SEQ)) == (HALF_ACK | HALF_SEQ) && p->ack == h->ack &&
	       p->seq + p->payload == h->seq_end &&
	       (__s64)(p->ns - h->last_ns) < (__s64)HALF_OVERTAKEN_NS;
}

/* Whether data that was seen before is a keepalive or a repeated probe: one byte, the last one. */
ENGINE_INLINE _Bool half_is_keepalive(const struct half *h, const struct packet *p)
{
	return p->payload == 1 && p->seq == h->seq_end - 1;
}

#endif
