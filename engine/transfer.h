/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A connection as diagnosis sees it: its facts, and what follows from several of them. */
#ifndef ENGINE_TRANSFER_H
#define ENGINE_TRANSFER_H

#include "engine/finding.h"
#include "engine/thresholds.h"

struct transfer {
	const struct flow *flow;
	const struct gauge *gauge;       /* of both directions; 0: none was begun */
	const struct endpoint *listener; /* the server's endpoint; 0: not known */
	__u32 lost_together;             /* connections that were lost with it, itself one; or 0 */
	enum scaling scaling;
};

/* By how much windows are misread when a shift is applied on one side only. */
ENGINE_INLINE __u64 transfer_factor(__u8 shift)
{
	return 1ULL << shift;
}

ENGINE_INLINE enum side transfer_side(const struct transfer *t, __u8 dir)
{
	return dir == t->flow->client ? SIDE_CLIENT : SIDE_SERVER;
}

/* What a side's own segments prove against it: itself only where they were met leaving it. */
ENGINE_INLINE enum blame transfer_blame(const struct transfer *t, __u8 dir)
{
	return t->flow->syn[dir & 1].bits & SYN_EGRESS_LOCAL ? BLAME_HOST : BLAME_HOST_OR_PATH;
}

/* Whether x lies within percent of y. */
ENGINE_INLINE _Bool transfer_is_near(__u64 x, __u64 y, __u32 percent)
{
	__u64 apart = x > y ? x - y : y - x;

	return apart * 100 <= y * percent;
}

/*
 * Whether the first window of a side, shifted, is its SYN's to within percent: as it was, or
 * grown by two bytes for each that had arrived by then, as Linux lets a buffer grow at first
 * (tcp_grow_window()). More than a quarter of a window could be taken for another shift.
 */
ENGINE_INLINE _Bool transfer_first_is(const struct transfer *t, __u8 dir, __u8 shift, __u32 percent)
{
	const struct syn *s = &t->flow->syn[dir & 1];
	__u64 first = (__u64)t->flow->half[dir & 1].window_first << shift;

	return transfer_is_near(first, s->window, percent) ||
	       (s->first_acked <= s->window / 4 &&
		transfer_is_near(first, s->window + 2ULL * s->first_acked, percent));
}

/*
 * The shift by which the first window of a side is its SYN's (detectors: E1), when that is a
 * whole number to within E1_EXACT_PERCENT; else SHIFT_UNKNOWN. 0: not shifted.
 */
ENGINE_INLINE __u8 transfer_first_shift(const struct transfer *t, __u8 dir)
{
	const struct half *h = &t->flow->half[dir & 1];
	const struct syn *s = &t->flow->syn[dir & 1];

	if (!(s->bits & SYN_SEEN) || !(h->bits & HALF_WINDOW) || !h->window_first)
		return SHIFT_UNKNOWN;
	for (__u8 shift = 0; shift <= 14; shift++) {
		/* Of a few units rounding takes a large part. */
		if (transfer_first_is(t, dir, shift, E1_EXACT_PERCENT) ||
		    h->window_first == s->window >> shift)
			return shift;
	}
	return SHIFT_UNKNOWN;
}

/* Whether a side shifts its windows, by its first ones alone (detectors: E1). */
enum shifting { SHIFTING_UNKNOWN, SHIFTING_NO, SHIFTING_YES };

ENGINE_INLINE enum shifting transfer_first_windows(const struct flow *f, __u8 dir)
{
	const struct half *h = &f->half[dir & 1];
	const struct syn *s = &f->syn[dir & 1];

	if (!(s->bits & SYN_SEEN) || !(h->bits & HALF_WINDOW))
		return SHIFTING_UNKNOWN;
	if (syn_offers(s) && syn_shift(s) >= E1_MIN_SHIFT &&
	    h->window_early <= s->window / E1_SHIFTED_PART)
		return SHIFTING_YES;
	if (h->window_first >= s->window / E1_UNSHIFTED_PART && h->window_min != h->window_max)
		return SHIFTING_NO;
	return SHIFTING_UNKNOWN;
}

/* Adds n samples of a slope to the numbers of their classes. */
ENGINE_INLINE void transfer_slope_count(__u64 samples, __u32 n, __u8 classes[GAUGE_CLASSES])
{
	for (; n; n--, samples >>= 4)
		classes[samples & (GAUGE_CLASSES - 1)]++;
}

/* The median class of n samples of a slope; SHIFT_UNKNOWN when they are few or disagree. */
ENGINE_INLINE __u8 transfer_slope(__u64 samples, __u32 n)
{
	__u8 classes[GAUGE_CLASSES] = { 0 }, median = 0;
	__u32 below = 0, together;

	if (n < E2_SAMPLES)
		return SHIFT_UNKNOWN;
	transfer_slope_count(samples, n, classes);
	while (below + classes[median] <= n / 2)
		below += classes[median++];
	together = classes[median];
	together += median ? classes[median - 1] : 0U;
	together += median + 1 < GAUGE_CLASSES ? classes[median + 1] : 0U;
	return together * 100 >= n * E2_TOGETHER ? median : SHIFT_UNKNOWN;
}

ENGINE_INLINE __u8 transfer_slope_early(const struct gauge *g)
{
	return transfer_slope(g->early, g->slope_early_n);
}

ENGINE_INLINE __u8 transfer_slope_late(const struct gauge *g)
{
	return transfer_slope(g->late, g->slope_late_n);
}

/* The shift that a side's windows show by themselves (detectors: E2); or SHIFT_UNKNOWN. */
ENGINE_INLINE __u8 transfer_slope_shift(const struct transfer *t, __u8 dir)
{
	const struct gauge *g = t->gauge ? &t->gauge[dir & 1] : 0;
	__u8 late;

	if (!g)
		return SHIFT_UNKNOWN;
	late = transfer_slope_late(g);
	return late != SHIFT_UNKNOWN ? late : transfer_slope_early(g);
}

/*
 * Whether a side's windows were given up as fast as a shift lets them be, or faster. A receiver
 * that reads meanwhile, or makes its window larger, gives up less than what arrived: windows then
 * seem to be shifted further than they are, but never less far.
 */
ENGINE_INLINE _Bool transfer_slope_shows(const struct transfer *t, __u8 dir, __u8 shift)
{
	const struct gauge *g = &t->gauge[dir & 1];
	__u32 sum = (__u32)g->slope_early_n + g->slope_late_n, shown = 0;
	__u8 classes[GAUGE_CLASSES] = { 0 };

	transfer_slope_count(g->early, g->slope_early_n, classes);
	transfer_slope_count(g->late, g->slope_late_n, classes);
	for (__u32 i = 0; i < GAUGE_CLASSES && i <= shift; i++)
		shown += classes[i];
	return shown * E2_SHOWN >= sum;
}

/*
 * The handshake's round trip, us; 0: not known, or not the server's: an answer with window
 * 0 is a proxy's.
 */
ENGINE_INLINE __u32 transfer_handshake_us(const struct flow *f)
{
	const struct syn *s = &f->syn[!f->client];

	if (!(s->bits & SYN_WITH_ACK) || !s->window ||
	    f->half[!f->client].other.bits & SYN_OTHER_NO_WINDOW)
		return 0;
	return f->rtt_us;
}

/* Of that, the time from the SYN to its answer. */
ENGINE_INLINE __u32 transfer_server_leg_us(const struct flow *f)
{
	const struct syn *c = &f->syn[f->client & 1], *s = &f->syn[!f->client];

	if (!transfer_handshake_us(f) || s->first_ns < c->first_ns)
		return 0;
	return (__u32)((s->first_ns - c->first_ns) / ENGINE_NS_PER_US);
}

enum nearness { NEARNESS_UNKNOWN, NEARNESS_FAR, NEARNESS_NEAR };

/*
 * Whether the capture was made near the sender of a direction: only there what is in
 * flight, and what it waits for, is what the sender knows (detectors: window-limited).
 */
ENGINE_INLINE enum nearness transfer_nearness(const struct transfer *t, __u8 dir)
{
	const struct flow *f = t->flow;
	__u64 server_leg = transfer_server_leg_us(f), leg;
	__u32 rtt_us = transfer_handshake_us(f);

	if (!rtt_us)
		return NEARNESS_UNKNOWN;
	if (rtt_us <= NEAR_US || f->syn[dir & 1].bits & SYN_EGRESS_LOCAL)
		return NEARNESS_NEAR;
	leg = dir == f->client ? rtt_us - (server_leg < rtt_us ? server_leg : rtt_us) : server_leg;
	return leg * 100 <= (__u64)rtt_us * NEAR_PERCENT ? NEARNESS_NEAR : NEARNESS_FAR;
}

/* The shortest round trip seen by the sender of dir: of the handshake or of its data, us; or 0. */
ENGINE_INLINE __u32 transfer_rtt_us(const struct transfer *t, __u8 dir)
{
	__u32 us = transfer_handshake_us(t->flow);

	if (t->gauge && t->gauge[!dir].bits & GAUGE_RTT &&
	    transfer_nearness(t, dir) == NEARNESS_NEAR) {
		__u64 ns = (__u64)t->gauge[!dir].ack_rtt << GAUGE_TICK_BITS;

		if (!us || ns / ENGINE_NS_PER_US < us)
			us = ns < ENGINE_NS_PER_US ? 1 : (__u32)(ns / ENGINE_NS_PER_US);
	}
	return us;
}

/*
 * Whether the sender of dir takes the peer's windows as they stand: where it pauses, the raw
 * window is full and the shifted one is not (detectors: E4). Seen only near the sender.
 */
ENGINE_INLINE _Bool transfer_reads_raw(const struct transfer *t, __u8 dir)
{
	const struct gauge *g = t->gauge ? &t->gauge[dir & 1] : 0;

	return g && transfer_nearness(t, dir) == NEARNESS_NEAR && g->pauses_raw >= E4_PAUSES &&
	       g->pauses_raw > 2 * g->pauses_scaled;
}

/* What a window of so many bytes lets through a round trip, bit/s; 0: no round trip is known. */
ENGINE_INLINE __u64 transfer_ceiling(__u64 bytes, __u32 rtt_us)
{
	return rtt_us ? bytes * 8 * 1000000 / rtt_us : 0;
}

enum limited { LIMITED_UNKNOWN, LIMITED_NO, LIMITED_YES };

/*
 * Whether the peer's window limited the sender of dir; *window: the mean of it while it did.
 * Either many sends fill it, or, where whole windows go out in bursts and only the last
 * segment of each does, the sender waits so for much of the time.
 */
ENGINE_INLINE enum limited transfer_limited(const struct transfer *t, __u8 dir, __u64 *window)
{
	const struct gauge *g = t->gauge ? &t->gauge[dir & 1] : 0;
	__u64 lasts;

	*window = 0;
	if (!g || g->sends < LIMITED_SENDS || t->scaling == SCALING_UNKNOWN ||
	    transfer_nearness(t, dir) != NEARNESS_NEAR)
		return LIMITED_UNKNOWN;
	lasts = g->sent_ns > t->flow->first_ns ? g->sent_ns - t->flow->first_ns : 0;
	if (!g->limited || ((__u64)g->limited * 100 < (__u64)g->sends * LIMITED_PERCENT &&
			    g->limited_ns * 100 < lasts * LIMITED_PERCENT))
		return LIMITED_NO;
	*window = g->limited_sum / g->limited;
	return LIMITED_YES;
}

/* How long a zero-window spell is open at last_ns, ns; 0: none is. */
ENGINE_INLINE __u64 transfer_open_ns(const struct half *h, __u64 last_ns)
{
	return h->bits & HALF_ZERO && last_ns > h->zero_since_ns ? last_ns - h->zero_since_ns : 0;
}

/* The longest spell, one that is open for so long included, ns. */
ENGINE_INLINE __u64 transfer_longest_ns(const struct half *h, __u64 open_ns)
{
	__u64 closed_ns = h->zero_longest_us * ENGINE_NS_PER_US;

	return open_ns > closed_ns ? open_ns : closed_ns;
}

/* Time of the connection's last packet, ns. */
ENGINE_INLINE __u64 flow_last_ns(const struct flow *f)
{
	__u64 last = f->first_ns;

	for (__u32 i = 0; i < 2; i++) {
		if (f->half[i].packets && f->half[i].last_ns > last)
			last = f->half[i].last_ns;
	}
	return last;
}

/* How long both sides waited for each other's windows, ns. */
ENGINE_INLINE __u64 transfer_waited_ns(const struct transfer *t)
{
	__u64 last_ns = flow_last_ns(t->flow), ns = 0, window;

	for (__u8 i = 0; i < 2; i++) {
		const struct half *h = &t->flow->half[i];

		ns += h->zero_ns + transfer_open_ns(h, last_ns);
		if (transfer_limited(t, i, &window) == LIMITED_YES)
			ns += t->gauge[i].limited_ns;
	}
	return ns;
}

/* Both handshake segments prove what was agreed. */
ENGINE_INLINE void transfer_prove(const struct transfer *t, struct finding *out)
{
	const struct flow *f = t->flow;

	out->packets[0] = f->syn[f->client & 1].id;
	out->packets[1] = f->syn[!f->client].id;
}

#endif
