/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The facts of one direction, and what one more segment does to them. */
#ifndef ENGINE_HALF_H
#define ENGINE_HALF_H

#include "engine/duplicate.h"
#include "engine/gauge.h"
#include "engine/seam.h"
#include "engine/tally.h"

ENGINE_INLINE void half_zero_closed(struct scratch *s, struct half *h, __u64 ns, __u32 role)
{
	__u64 spell = ns > h->zero_since_ns ? ns - h->zero_since_ns : 0;
	__u64 us = spell / ENGINE_NS_PER_US;

	h->bits &= (__u8)~HALF_ZERO;
	h->zero_ns += spell;
	tally_stall(s, role, spell);
	if (us > h->zero_longest_us)
		h->zero_longest_us = us > 0xffffffffU ? 0xffffffffU : (__u32)us;
}

/*
 * A zero-window spell begins with a zero that no FIN goes with and ends with the next
 * window that is not zero. A zero that may have been overtaken has to be met once more.
 */
ENGINE_INLINE void half_zero(struct scratch *s, struct half *h, const struct packet *p, __u32 role,
			     _Bool doubt)
{
	if (p->window) {
		if (h->bits & HALF_ZERO)
			half_zero_closed(s, h, p->ns, role);
		h->bits &= (__u8)~HALF_ZERO_DOUBT;
		return;
	}
	if (p->flags & TCP_FIN || h->bits & HALF_ZERO)
		return;
	if (!(h->bits & HALF_ZERO_DOUBT)) {
		h->zero_since_ns = p->ns;
		if (doubt) {
			h->bits |= HALF_ZERO_DOUBT;
			return;
		}
	}
	h->bits = (__u8)(h->bits & ~HALF_ZERO_DOUBT) | HALF_ZERO;
	seam_add32(&h->zero_spells, 1);
}

ENGINE_INLINE void half_window_first(struct flow *f, __u8 dir, const struct packet *p)
{
	const struct syn *peer = &f->syn[!dir];
	struct half *h = &f->half[dir & 1];
	__u32 acked = p->ack - peer->isn - 1;

	f->syn[dir & 1].first_acked = peer->bits & SYN_SEEN && p->flags & TCP_ACK &&
						      acked < SYN_ACKED_UNKNOWN
					      ? (__u16)acked
					      : SYN_ACKED_UNKNOWN;
	h->bits |= HALF_WINDOW;
	h->window_first = p->window;
	h->window_min = p->window;
	h->window_max = p->window;
	h->window_last = p->window;
	h->window_early = p->window;
	h->ttl_min = p->ttl;
	h->ttl_max = p->ttl;
}

/* A window that is not the last one, or zero. */
ENGINE_INLINE void half_window_news(struct scratch *s, struct flow *f, __u8 dir,
				    const struct packet *p)
{
	struct half *h = &f->half[dir & 1];
	__u16 window = p->window;
	_Bool doubt;

	if (!(h->bits & HALF_WINDOW))
		half_window_first(f, dir, p);
	if (window < h->window_min)
		h->window_min = window;
	if (window > h->window_max)
		h->window_max = window;
	if (window > h->window_early && h->packets <= HALF_EARLY)
		h->window_early = window;
	if (!window && !(p->flags & TCP_FIN))
		seam_add32(&h->zero_windows, 1);
	if (half_is_stale(h, p))
		return;
	doubt = half_may_be_overtaken(h, p);
	half_zero(s, h, p, tally_role(f, dir), doubt);
	if (doubt && !(h->bits & HALF_ZERO))
		return;
	if (window > h->window_last && h->window_rises != 0xff)
		h->window_rises++;
	h->window_last = window;
}

/* A segment with neither SYN nor RST advertises a window that counts. */
ENGINE_INLINE void half_window(struct scratch *s, struct flow *f, __u8 dir, const struct packet *p)
{
	const struct half *h = &f->half[dir & 1];

	if (ENGINE_UNLIKELY(p->window != h->window_last || !p->window ||
			    (h->bits & (HALF_WINDOW | HALF_ZERO | HALF_ZERO_DOUBT)) != HALF_WINDOW))
		half_window_news(s, f, dir, p);
}

/*
 * Highest sequence end, and data that was seen before: end at or below it, save
 * keepalives, which carry at most one byte, at the highest end less one.
 */
ENGINE_INLINE void half_sequence(struct half *h, const struct packet *p)
{
	__u32 end = p->seq + p->payload + !!(p->flags & TCP_SYN) + !!(p->flags & TCP_FIN);

	if (p->flags & TCP_RST)
		return;
	if (!(h->bits & HALF_SEQ)) {
		h->bits |= HALF_SEQ;
		h->seq_end = end;
		return;
	}
	if (ENGINE_LIKELY(seq_after(end, h->seq_end))) {
		h->seq_end = end;
		return;
	}
	if (p->payload && !half_is_keepalive(h, p))
		seam_add32(&h->retransmits, 1);
}

ENGINE_INLINE void half_acknowledgment(struct half *h, const struct packet *p)
{
	if (!(p->flags & TCP_ACK) || p->flags & TCP_RST)
		return;
	if (!(h->bits & HALF_ACK) || seq_after(p->ack, h->ack)) {
		h->bits |= HALF_ACK;
		h->ack = p->ack;
	}
}

/*
 * Takes one segment of direction dir in. Returns false, and changes nothing but the count
 * of duplicates, when it was a second copy of one already counted. g are the gauges of
 * both directions of a confirmed connection, which begin when they are due; else 0.
 * packets and bytes are plain additions: a direction is processed by one CPU at a
 * time (receive steering, the socket's lock), and no verdict hangs on them.
 */
ENGINE_INLINE _Bool half_update(struct scratch *s, struct flow *f, struct gauge *g, __u8 dir,
				const struct packet *p)
{
	struct half *h = &f->half[dir & 1];

	if (ENGINE_UNLIKELY(duplicate_check(h, p))) {
		seam_add32(&h->duplicates, 1);
		seam_count(COUNTER_DUPLICATES);
		return 0;
	}
	if (g && ENGINE_UNLIKELY(!(f->bits & FLOW_GAUGED))) {
		if (gauge_is_due(f, p, dir))
			gauge_begin(f, g);
		else
			g = 0;
	}
	if (g && ENGINE_LIKELY(!(p->flags & (TCP_SYN | TCP_RST))))
		gauge_update(&g[dir & 1], h, &f->half[!dir], &g[!dir], p);
	h->packets++;
	h->bytes += p->payload;
	if (ENGINE_LIKELY(!(p->flags & (TCP_SYN | TCP_RST)))) {
		half_window(s, f, dir, p);
		if (p->payload)
			h->bits |= HALF_DATA;
	}
	half_sequence(h, p);
	half_acknowledgment(h, p);
	if (p->ns > h->last_ns)
		h->last_ns = p->ns;
	if (ENGINE_UNLIKELY(p->flags & (TCP_FIN | TCP_RST))) {
		s->ending = (__u32)h->bits | TALLY_ENDING;
		h->bits |= (p->flags & TCP_FIN ? HALF_FIN : 0) |
			   (p->flags & TCP_RST ? HALF_RST : 0);
	}
	return 1;
}

#endif
