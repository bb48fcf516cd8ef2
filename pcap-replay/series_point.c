// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "pcap-replay/series_point.h"

#include <stdbool.h>

/*
 * Where no SYN was seen: the lowest number met until the other end acknowledges something is the
 * first one, as far as anybody can know.
 */
static void point_base(struct flow *f, __u8 sender, __u32 number)
{
	struct syn *s = &f->syn[sender & 1];
	__u32 base = number - 1;

	if (s->bits & SYN_SEEN || (s->bits & SYN_BASE && !seq_after(s->isn, base)))
		return;
	s->bits |= SYN_BASE;
	s->isn = base;
}

static void point_bases(const struct native_segment *segment)
{
	const struct packet *p = segment->pkt;
	struct flow *f = segment->flow;
	__u8 dir = segment->dir;

	if (!(f->half[!dir].bits & HALF_ACK))
		point_base(f, dir, p->seq);
	if (p->flags & TCP_ACK && !(segment->before->bits & HALF_ACK))
		point_base(f, !dir, p->ack);
}

static __s64 point_effective(const struct flow *f, __u8 receiver, __s32 window)
{
	enum scaling scaling = flow_scaling(f);

	if (window == SERIES_UNKNOWN || scaling == SCALING_UNKNOWN)
		return SERIES_UNKNOWN;
	return scaling == SCALING_ON ? (__s64)window << flow_shift_on(f, receiver) : window;
}

/*
 * Sequence numbers wrap; the bytes counted tell how often they did, where the data itself is in
 * the capture.
 */
static __s64 point_edge(const struct flow *f, __u8 sender, __s64 effective)
{
	__u32 edge = f->half[!sender].ack + (__u32)effective - f->syn[sender & 1].isn;
	__u64 about = f->half[sender & 1].bytes;
	__s64 counted = (__s64)about + (__s32)(edge - (__u32)about);

	return counted < 0 ? edge : counted;
}

static void point_fill(struct series_point *out, const struct native_segment *segment, __u8 sender)
{
	const struct flow *f = segment->flow;
	const struct half *s = &f->half[sender & 1], *r = &f->half[!sender];

	out->ns = segment->pkt->ns;
	out->id = segment->pkt->id;
	out->flow = f->first_id;
	out->key = segment->pkt->key;
	out->sender = sender;
	out->client = f->client;
	out->scaling = (__u8)flow_scaling(f);
	out->window = r->bits & HALF_WINDOW ? r->window_last : SERIES_UNKNOWN;
	out->effective = point_effective(f, !sender, out->window);
	out->in_flight = SERIES_UNKNOWN;
	out->edge = SERIES_UNKNOWN;
	out->pad = 0;
	if (!(r->bits & HALF_ACK))
		return;
	if (s->bits & HALF_SEQ && s->seq_end - r->ack <= GAUGE_FLIGHT_MOST)
		out->in_flight = s->seq_end - r->ack;
	if (out->effective != SERIES_UNKNOWN)
		out->edge = point_edge(f, sender, out->effective);
}

/* Whether the direction it travels in has sent something new, and the other one got news. */
static bool point_is_sent(const struct half *before, const struct half *now)
{
	return now->bits & HALF_SEQ &&
	       (!(before->bits & HALF_SEQ) || now->seq_end != before->seq_end);
}

static bool point_is_told(const struct half *before, const struct half *now)
{
	return (before->bits ^ now->bits) & (HALF_ACK | HALF_WINDOW) || before->ack != now->ack ||
	       before->window_last != now->window_last;
}

unsigned int series_points(struct series_point out[2], const struct native_segment *segment)
{
	const struct half *now = &segment->flow->half[segment->dir & 1];
	unsigned int n = 0;

	if (segment->pkt->flags & TCP_RST)
		return 0;
	point_bases(segment);
	if (segment->pkt->flags & TCP_SYN)
		return 0;
	if (point_is_sent(segment->before, now))
		point_fill(&out[n++], segment, segment->dir);
	/* One that tells neither window nor flight is of no use. */
	if (n && out[0].window == SERIES_UNKNOWN && out[0].in_flight == SERIES_UNKNOWN)
		n = 0;
	if (point_is_told(segment->before, now))
		point_fill(&out[n++], segment, !segment->dir);
	return n;
}

/* Whether a point says more of the window than another, or as much, and a smaller one. */
static bool point_is_smaller(const struct series_point *a, const struct series_point *b)
{
	bool a_bytes = a->effective != SERIES_UNKNOWN, b_bytes = b->effective != SERIES_UNKNOWN;

	if (a_bytes != b_bytes)
		return a_bytes;
	if (a_bytes)
		return a->effective < b->effective;
	return a->window != SERIES_UNKNOWN &&
	       (b->window == SERIES_UNKNOWN || a->window < b->window);
}

void series_point_merge(struct series_point *into, const struct series_point *other)
{
	__s64 most = other->in_flight > into->in_flight ? other->in_flight : into->in_flight;

	if (point_is_smaller(other, into))
		*into = *other;
	into->in_flight = most;
}
