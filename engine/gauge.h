/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What diagnosis needs to know of a confirmed connection's transfer, per direction and
 * in constant size. Gauges are begun when a connection has grown long enough, or strange
 * enough, to have anything measured, so that floods, idle and short connections pay
 * nothing for them; what goes before is in the halves.
 *
 * Byte budget: 224 a direction, of which a new segment with data touches the first
 * 64, a segment that acknowledges something new or moves its window the next 32, and
 * only what is out of the ordinary the rest; two of them are as large as a record, see
 * platform/table.h. What is sampled says so.
 */
#ifndef ENGINE_GAUGE_H
#define ENGINE_GAUGE_H

#include "engine/flow.h"

/* Packets of a direction after which a connection gets its gauges; earlier if need be. */
#define GAUGE_PACKETS 16
/* Classes of a ratio: its logarithm to base 2, 0 .. 15. */
#define GAUGE_CLASSES 16

/* Samples of the early half of the slope, and of the later half: the newest. */
#define GAUGE_SLOPE_SAMPLES 16
/* Later ones are sampled: of segments whose number has none of these bits. */
#define GAUGE_SLOPE_MASK 3
/* A window that falls by less is worth no sample: by what a part of a unit is rounded to. */
#define GAUGE_SLOPE_UNITS 4

/* Where the two ends have told no segment size. */
#define GAUGE_MSS 1460
/* No window is larger (RFC 7323, 2.3): more in flight is a number that does not fit. */
#define GAUGE_FLIGHT_MOST (1U << 30)

/*
 * Times in gauges, modulo 2^32: 2^10 ns, so that no division is needed. They wrap after 73
 * minutes; what waits longer than that is not told from what waits 73 minutes less.
 */
#define GAUGE_TICK_BITS 10

/* Segments whose fate is awaited at a time. */
#define GAUGE_SAMPLES 4
/* A segment that begins in the class below its own; beside the class. */
#define GAUGE_ACROSS 0x80

/* Samples after a loss that are not spaced out: there is something to be learnt. */
#define GAUGE_DENSE 16

enum gauge_bit {
	GAUGE_EDGE = 1 << 0, /* edge is valid */
	GAUGE_RTT = 1 << 1,  /* ack_rtt is valid */
};

struct gauge {
	/* This side's sending. A send is a first transmission of data. */
	__u64 sent_ns;    /* the last send */
	__u64 limited_ns; /* from sends that left less than a segment of window until the peer spoke */
	__u64 limited_sum; /* of the peer's windows at `limited`, bytes */
	__u32 sends;
	__u32 limited;     /* of those, that left less than a segment of the peer's window */
	__u32 flight_most; /* bytes sent and not acknowledged, at a send */
	__u32 flight;      /* the same, at the last send */
	__u32 watch_end;   /* end of the watched segment */
	__u32 watch_tick;  /* time it was sent */
	__u32 pause_ns;    /* half of the handshake's round trip; 0: not known */
	__u16 mss;
	__u8 sample_mask;  /* a send is sampled where its number has none of these bits */
	__u8 sent_limited; /* the last send left less than a segment of window */
	__u8 dense;        /* so many samples to come that are not spaced out */
	__u8 watched;      /* a segment is on its way whose acknowledgment is timed */
	__u8 pad[2];
	__u32 alert; /* sends with so much in flight are sampled: the like was lost; 0: none was */
	/* This side's windows and acknowledgments. */
	__u64 opened_ns;   /* end of the last zero-window spell */
	__u32 edge;        /* highest right edge advertised (RFC 7323, 2.4) */
	__u32 shrunk_most; /* bytes by which the right edge moved left at once */
	__u32 ack_rtt;     /* ticks, least from a watched segment to its acknowledgment */
	__u16 shrinks;
	__u16 slope_window; /* from which the window falls */
	__u32 slope_ack;    /* and the acknowledgment there */
	__u8 bits;          /* enum gauge_bit */
	__u8 class;         /* a class on its way to an index */
	__u8 over_class;    /* highest class of flight over raw window beyond the edge */
	__u8 lost_class;    /* the lowest of samples that were lost, + 1; 0: none was */
	/* What is out of the ordinary. */
	__u8 slope_early_n;
	__u8 slope_late_n;
	__u8 pad2[6];
	__u64 early; /* bytes acknowledged by window given up (detectors: E2): classes, 4 bits each */
	__u64 late;                    /* the same, the newest */
	__u8 delivered[GAUGE_CLASSES]; /* samples by flight over raw window, that arrived */
	__u8 lost[GAUGE_CLASSES];      /* that had to be sent again */
	__u64 stuck_ns;    /* first retransmission since the peer last acknowledged something */
	__u32 stuck_ack;   /* what it had acknowledged */
	__u32 over_ack;    /* the peer's acknowledgment at the last send beyond its edge */
	__u16 stuck_n;     /* retransmissions since */
	__u16 overs;       /* sends beyond the highest right edge by more than a segment */
	__u16 over_rounds; /* at so many acknowledgments */
	__u16 pauses;      /* times when nothing was sent for half a round trip, data outstanding */
	__u16 pauses_raw;  /* of those, with the raw window filled (detectors: E4) */
	__u16 pauses_scaled; /* with the window shifted as offered filled */
	__u16 probes;        /* of the zero-window spell that is numbered */
	__u16 probes_most;
	__u16 probe_spell;
	__u16 lost_rounds;               /* round trips in which samples were lost */
	__u32 lost_until;                /* what was sent in the last of them */
	__u32 sample_end[GAUGE_SAMPLES]; /* ends of segments whose fate is awaited */
	__u8 sample_kept[GAUGE_SAMPLES]; /* gauge_sample_kept() when each was sent; 0: none */
	__u16 across_arrived;            /* samples that begin below lost_class, and end in it */
	__u16 across_lost;
};

_Static_assert(sizeof(struct gauge) == 216, "struct gauge has no hidden padding");
_Static_assert(__builtin_offsetof(struct gauge, opened_ns) == 64, "sending is one line");
_Static_assert(__builtin_offsetof(struct gauge, slope_early_n) == 96, "windows are half a line");

/* What a table keeps of a confirmed connection. */
struct live_flow {
	struct flow flow;
	struct gauge gauge[2]; /* valid with FLOW_GAUGED */
};

ENGINE_INLINE void gauge_add16(__u16 *counter)
{
	if (*counter != 0xffff)
		++*counter;
}

ENGINE_INLINE void gauge_add8(__u8 *counter)
{
	if (*counter != 0xff)
		++*counter;
}

/* floor(log2(x)), x > 0: the ones of x smeared to the right, counted. No branch, no table. */
ENGINE_INLINE __u32 gauge_log2(__u32 x)
{
	x |= x >> 1;
	x |= x >> 2;
	x |= x >> 4;
	x |= x >> 8;
	x |= x >> 16;
	x -= x >> 1 & 0x55555555;
	x = (x & 0x33333333) + (x >> 2 & 0x33333333);
	x = (x + (x >> 4)) & 0x0f0f0f0f;
	return (x * 0x01010101 >> 24) - 1;
}

/* The least f with flight <= window << f, at most GAUGE_CLASSES - 1; window > 0. */
ENGINE_INLINE __u8 gauge_reach(__u32 flight, __u16 window)
{
	__u32 times = flight ? (flight - 1) / window : 0;
	__u32 f = times ? gauge_log2(times) + 1 : 0;

	return (__u8)(f < GAUGE_CLASSES ? f : GAUGE_CLASSES - 1);
}

/* round(log2(a / b)), 0 .. GAUGE_CLASSES - 1; b > 0. */
ENGINE_INLINE __u8 gauge_slope_class(__u32 a, __u32 b)
{
	__u64 times = (__u64)a * 181 / ((__u64)b * 128); /* sqrt(2) = 181 / 128 */
	__u32 capped = times > 0xffff ? 0xffff : (__u32)times;

	return (__u8)(capped ? gauge_log2(capped) : 0);
}

/*
 * The class just found, as an index. It goes through memory: a verifier that follows its
 * value would go through everything behind it once for each.
 */
ENGINE_INLINE __u32 gauge_index(struct gauge *g, __u8 class)
{
	__u32 index;

	g->class = class;
	engine_barrier();
	index = g->class;
	engine_opaque(index);
	return index & (GAUGE_CLASSES - 1);
}

/* ---- sending ---- */

ENGINE_INLINE void gauge_count(struct gauge *g, __u8 *counts, __u8 class)
{
	gauge_add8(&counts[gauge_index(g, class)]);
}

/*
 * What is kept of a sample: its class + 1, and whether it begins in the class below. Then its
 * arrival proves that class only, and its loss this one: a box that looks at where a segment
 * begins lets it pass, one that looks at where it ends does not. 0: it cannot be classed.
 */
ENGINE_INLINE __u8 gauge_sample_kept(const struct half *peer, __u32 flight, __u32 payload)
{
	__u16 window = peer->window_last;
	__u8 class;

	if (!(peer->bits & HALF_WINDOW) || !window)
		return 0;
	class = gauge_reach(flight, window);
	if (payload <= window / 2 && gauge_reach(flight - payload, window) != class)
		return (__u8)(GAUGE_ACROSS | (class + 1));
	return class + 1;
}

/* The class in which a sample that was kept begins. */
ENGINE_INLINE __u8 gauge_kept_begin(__u8 kept)
{
	return (__u8)((kept & (GAUGE_ACROSS - 1)) - (kept & GAUGE_ACROSS ? 2 : 1));
}

/* A segment sent just now into a free place, its fate to be awaited. */
ENGINE_INLINE void gauge_await(struct gauge *g, const struct half *peer, const struct packet *p,
			       __u32 end, __u32 flight)
{
	__u8 sent = gauge_sample_kept(peer, flight, p->payload);
	/* The like of what was lost is rare, and has half of the places before what is not. */
	__u8 rare = (sent & (GAUGE_ACROSS - 1)) >= g->lost_class ? g->lost_class : 0;

	for (__u32 i = 0; i < GAUGE_SAMPLES; i++) {
		__u8 kept = g->sample_kept[i];

		if (kept && !seq_after(g->sample_end[i], peer->ack)) {
			gauge_count(g, g->delivered, gauge_kept_begin(kept));
			if (kept == (g->lost_class | GAUGE_ACROSS))
				gauge_add16(&g->across_arrived);
			kept = 0;
		}
		if (sent &&
		    (!kept || (i < GAUGE_SAMPLES / 2 && (kept & (GAUGE_ACROSS - 1)) < rare))) {
			kept = sent;
			g->sample_end[i] = end;
			sent = 0;
		}
		g->sample_kept[i] = kept;
	}
}

/* A sample was lost: what is sent with as much in flight is looked at from now on. */
ENGINE_INLINE void gauge_across(struct gauge *g, const struct half *peer, __u8 kept)
{
	__u8 class = kept & (GAUGE_ACROSS - 1);

	if (!g->lost_class || class < g->lost_class) {
		g->lost_class = class;
		g->across_arrived = 0;
		g->across_lost = 0;
		g->alert = class > 1 ? (__u32)peer->window_last << ((class - 2) & 15) : 0;
	}
	if (kept == (g->lost_class | GAUGE_ACROSS))
		gauge_add16(&g->across_lost);
}

/*
 * Data from seq to end is sent again: the samples in it did not arrive. What was on its way when
 * the first of them was found lost is of the same round trip.
 */
ENGINE_INLINE void gauge_lost(struct gauge *g, const struct half *h, const struct half *peer,
			      __u32 seq, __u32 end)
{
	for (__u32 i = 0; i < GAUGE_SAMPLES; i++) {
		__u8 kept = g->sample_kept[i], class = kept & (GAUGE_ACROSS - 1);
		__u32 at = g->sample_end[i];

		if (!class || !seq_after(at, peer->ack) || !seq_after(at, seq) ||
		    seq_after(at, end))
			continue;
		gauge_count(g, g->lost, class - 1);
		g->sample_kept[i] = 0;
		gauge_across(g, peer, kept);
		if (g->lost_rounds && !seq_after(at, g->lost_until))
			continue;
		gauge_add16(&g->lost_rounds);
		g->lost_until = h->seq_end;
	}
}

/* One segment at a time is timed. */
ENGINE_INLINE void gauge_watch(struct gauge *g, const struct half *peer, const struct packet *p,
			       __u32 end)
{
	if (g->watched && seq_after(g->watch_end, peer->ack))
		return;
	g->watched = 1;
	g->watch_end = end;
	g->watch_tick = (__u32)(p->ns >> GAUGE_TICK_BITS);
}

/* Data that was sent before, ending at end. */
ENGINE_INLINE void gauge_resend(struct gauge *g, const struct half *h, const struct half *peer,
				const struct packet *p, __u32 end)
{
	gauge_lost(g, h, peer, p->seq, end);
	/* Whatever is acknowledged next may be the first copy or the second. */
	g->watched = 0;
	g->dense = GAUGE_DENSE;
	g->sample_mask = 0;
	/* The wait before it was for what got lost. */
	g->sent_limited = 0;
	if (!g->stuck_n || g->stuck_ack != peer->ack) {
		g->stuck_ack = peer->ack;
		g->stuck_ns = p->ns;
		g->stuck_n = 0;
	}
	gauge_add16(&g->stuck_n);
}

/* A segment beyond what the peer allowed by more than another one. */
ENGINE_INLINE void gauge_over(struct gauge *g, const struct half *peer, const struct gauge *peer_g,
			      __u32 end, __u32 flight, __u64 window)
{
	__u8 reach;

	/* An acknowledgment that the capture missed opens less than half a window. */
	if (!(peer_g->bits & GAUGE_EDGE) || !peer->window_last ||
	    !seq_after(end, peer_g->edge + g->mss) || flight < window + window / 2)
		return;
	if (!g->overs || g->over_ack != peer->ack)
		gauge_add16(&g->over_rounds);
	g->over_ack = peer->ack;
	gauge_add16(&g->overs);
	reach = gauge_reach(flight, peer->window_last);
	if (reach > g->over_class)
		g->over_class = reach;
}

/* Whether so much in flight fills the window to within a segment. */
ENGINE_INLINE _Bool gauge_fills(const struct gauge *g, __u32 flight, __u64 window)
{
	return flight + g->mss > window && flight <= window + g->mss;
}

/* The time since the last send was long: what was in flight meanwhile? */
ENGINE_INLINE void gauge_pause(struct gauge *g, const struct half *peer)
{
	__u16 window = peer->window_last;

	gauge_add16(&g->pauses);
	if (!window)
		return;
	if (gauge_fills(g, g->flight, window))
		gauge_add16(&g->pauses_raw);
	if (peer->offer != SHIFT_UNKNOWN && gauge_fills(g, g->flight, (__u64)window << peer->offer))
		gauge_add16(&g->pauses_scaled);
}

/* Against the window that the peer advertised last, by the shift in use. */
ENGINE_INLINE void gauge_room(struct gauge *g, const struct half *peer, const struct gauge *peer_g,
			      __u32 end, __u32 flight)
{
	__u64 window;

	g->sent_limited = 0;
	if (!(peer->bits & HALF_WINDOW) || peer->shift == SHIFT_UNKNOWN)
		return;
	window = (__u64)peer->window_last << (peer->shift & 15);
	if (!window || flight + g->mss <= window)
		return;
	if (ENGINE_UNLIKELY(flight > window + g->mss)) {
		gauge_over(g, peer, peer_g, end, flight, window);
		return;
	}
	/* Behind a hole the right edge stands still, however large the window. */
	if (g->stuck_n && g->stuck_ack == peer->ack)
		return;
	g->sent_limited = 1;
	g->limited++;
	g->limited_sum += window;
}

/* What is not asked at every send, once there have been enough: a pause before it, its fate. */
ENGINE_INLINE void gauge_sample(struct gauge *g, const struct half *peer, const struct packet *p,
				__u32 end, __u32 flight)
{
	if (g->pause_ns && g->sent_ns && p->ns > g->sent_ns + g->pause_ns)
		gauge_pause(g, peer);
	gauge_watch(g, peer, p, end);
	gauge_await(g, peer, p, end, flight);
	g->sample_mask = g->dense || g->sends < 16 ? 0 : g->sends < 64 ? 3 : 15;
	if (g->dense)
		g->dense--;
}

/* A segment with data; h is as it was before it. */
ENGINE_INLINE void gauge_send(struct gauge *g, const struct half *h, const struct half *peer,
			      const struct gauge *peer_g, const struct packet *p)
{
	__u32 end = p->seq + p->payload, flight = end - peer->ack;

	if (!(peer->bits & HALF_ACK))
		return;
	if (ENGINE_UNLIKELY(h->bits & HALF_SEQ && !seq_after(end, h->seq_end))) {
		if (!half_is_keepalive(h, p))
			gauge_resend(g, h, peer, p, end);
		return;
	}
	if (flight - 1 >= GAUGE_FLIGHT_MOST)
		return;
	/* Until the peer spoke last: then it could go on, and what passed since is its own. */
	if (ENGINE_UNLIKELY(g->sent_limited) && peer_g->opened_ns < g->sent_ns &&
	    peer->last_ns > g->sent_ns)
		g->limited_ns += peer->last_ns - g->sent_ns;
	if (ENGINE_UNLIKELY(!(g->sends & g->sample_mask) || flight > g->alert - 1))
		gauge_sample(g, peer, p, end, flight);
	g->sends++;
	g->sent_ns = p->ns;
	g->flight = flight;
	if (flight > g->flight_most)
		g->flight_most = flight;
	gauge_room(g, peer, peer_g, end, flight);
}

/* A segment that asks whether the peer's window is open again (RFC 9293, 3.8.6.1). */
ENGINE_INLINE void gauge_probe(struct gauge *g, const struct half *peer)
{
	if (g->probe_spell != (__u16)peer->zero_spells) {
		g->probe_spell = (__u16)peer->zero_spells;
		g->probes = 0;
	}
	gauge_add16(&g->probes);
	if (g->probes > g->probes_most)
		g->probes_most = g->probes;
}

/* ---- windows and acknowledgments ---- */

ENGINE_INLINE void gauge_slope_add(struct gauge *g, __u32 acked, __u32 given_up)
{
	__u8 class = gauge_slope_class(acked, given_up);

	if (g->slope_early_n < GAUGE_SLOPE_SAMPLES) {
		g->slope_early_n++;
		g->early = g->early << 4 | class;
		return;
	}
	g->late = g->late << 4 | class;
	if (g->slope_late_n < GAUGE_SLOPE_SAMPLES)
		g->slope_late_n++;
}

/*
 * How fast the window falls as bytes are acknowledged, from where it last stood at its height:
 * a unit is 2^shift bytes unless the application reads meanwhile, and then it seems larger.
 */
ENGINE_INLINE void gauge_slope(struct gauge *g, const struct half *h, const struct packet *p)
{
	if (p->window < g->slope_window && p->window <= h->window_last && p->ack != h->ack) {
		if (p->window + GAUGE_SLOPE_UNITS > g->slope_window ||
		    (g->slope_early_n == GAUGE_SLOPE_SAMPLES && h->packets & GAUGE_SLOPE_MASK))
			return;
		gauge_slope_add(g, p->ack - g->slope_ack, (__u32)g->slope_window - p->window);
	}
	g->slope_ack = p->ack;
	g->slope_window = p->window;
}

/*
 * By how much a segment moves its side's right edge to the left, bytes; 0 where it does not,
 * is old or may be, or only rounds: by less than 2^shift (RFC 7323, 2.4).
 */
ENGINE_INLINE __u32 gauge_back(const struct half *h, const struct packet *p)
{
	__u8 shift = h->shift & 15;
	__u32 back =
		h->ack + ((__u32)h->window_last << shift) - p->ack - ((__u32)p->window << shift);

	if (h->shift == SHIFT_UNKNOWN || !(h->bits & HALF_WINDOW) || (__s32)back < 1 << shift ||
	    half_is_stale(h, p) || half_may_be_overtaken(h, p))
		return 0;
	return back;
}

ENGINE_INLINE void gauge_edge(struct gauge *g, const struct half *h, const struct packet *p)
{
	__u32 edge = p->ack + ((__u32)p->window << (h->shift & 15)), back = gauge_back(h, p);

	if (!(g->bits & GAUGE_EDGE) || seq_after(edge, g->edge)) {
		g->bits |= GAUGE_EDGE;
		g->edge = edge;
	}
	if (!back)
		return;
	gauge_add16(&g->shrinks);
	if (back > g->shrunk_most)
		g->shrunk_most = back;
}

/* An acknowledgment that is new, or a window that is; h is as it was before it. */
ENGINE_INLINE void gauge_window(struct gauge *g, const struct half *h, const struct gauge *peer_g,
				const struct packet *p)
{
	_Bool stale = half_is_stale(h, p);
	__u32 acked = p->ack - h->ack;

	if (h->bits & HALF_ZERO && p->window)
		g->opened_ns = p->ns;
	if (h->shift != SHIFT_UNKNOWN)
		gauge_edge(g, h, p);
	if (stale)
		return;
	gauge_slope(g, h, p);
	if (!(h->bits & HALF_ACK) || !acked)
		return;
	if (peer_g->watched && seq_within(peer_g->watch_end, h->ack + 1, acked - 1)) {
		__u32 ticks = (__u32)(p->ns >> GAUGE_TICK_BITS) - peer_g->watch_tick;

		if (!(g->bits & GAUGE_RTT) || ticks < g->ack_rtt)
			g->ack_rtt = ticks;
		g->bits |= GAUGE_RTT;
	}
}

/* Begins the gauges of both directions, with what the handshake told. */
ENGINE_INLINE void gauge_begin(struct flow *f, struct gauge *g)
{
	for (__u32 i = 0; i < 2; i++) {
		const struct syn *own = &f->syn[i], *peer = &f->syn[!i];
		__u16 mss = GAUGE_MSS;

		__builtin_memset(&g[i], 0, sizeof(g[i]));
		if (own->mss && own->mss < mss)
			mss = own->mss;
		if (peer->mss && peer->mss < mss)
			mss = peer->mss;
		g[i].mss = mss;
		g[i].slope_ack = f->half[i].ack;
		g[i].slope_window = f->half[i].window_last;
		g[i].pause_ns = f->rtt_us < 8000000 ? f->rtt_us * 500 : 4000000000U;
	}
	f->bits |= FLOW_GAUGED;
}

/*
 * Whether a connection without gauges has grown long enough, or strange enough, for them:
 * a retransmission, a zero window, one that shrinks, more in flight than the peer's window.
 */
ENGINE_INLINE _Bool gauge_is_due(const struct flow *f, const struct packet *p, __u8 dir)
{
	const struct half *h = &f->half[dir & 1], *peer = &f->half[!dir];
	__u32 end = p->seq + p->payload;

	if (p->flags & (TCP_SYN | TCP_RST))
		return 0;
	if (h->packets >= GAUGE_PACKETS || !p->window)
		return 1;
	if (p->window < h->window_last && gauge_back(h, p))
		return 1;
	if (!p->payload || !(h->bits & HALF_SEQ))
		return 0;
	if (!seq_after(end, h->seq_end))
		return 1;
	return (peer->bits & (HALF_WINDOW | HALF_ACK)) == (HALF_WINDOW | HALF_ACK) &&
	       peer->shift != SHIFT_UNKNOWN &&
	       end - peer->ack > (__u32)peer->window_last << (peer->shift & 15);
}

/*
 * One segment that is neither a second copy nor SYN nor RST, before h takes it in.
 * g belongs to its direction, peer and peer_g to the other.
 */
ENGINE_INLINE void gauge_update(struct gauge *g, const struct half *h, const struct half *peer,
				const struct gauge *peer_g, const struct packet *p)
{
	if (p->flags & TCP_ACK && (p->ack != h->ack || p->window != h->window_last))
		gauge_window(g, h, peer_g, p);
	if (ENGINE_UNLIKELY(peer->bits & HALF_ZERO) && (p->payload || p->seq == h->seq_end - 1))
		gauge_probe(g, peer);
	if (p->payload)
		gauge_send(g, h, peer, peer_g, p);
}

#endif
