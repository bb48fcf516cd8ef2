/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a sender sends up to ack + (window << f) arrives, what it sends beyond is lost,
 * always: something in the path keeps state of the connection and believes another shift.
 */
#ifndef ENGINE_DETECTORS_DROP_BOUNDARY_H
#define ENGINE_DETECTORS_DROP_BOUNDARY_H

#include "engine/transfer.h"

/*
 * Segments across the boundary: a box takes them all, or hardly any. A queue that overflows at
 * about so many bytes in flight loses one, and takes those behind it, with as much in flight. One
 * proves nothing.
 */
ENGINE_INLINE _Bool boundary_is_sharp(const struct gauge *g)
{
	__u32 arrived = g->across_arrived;

	return arrived <= 1 || !g->across_lost || arrived * BOUNDARY_ACROSS <= g->across_lost;
}

/*
 * The highest class that arrived, when samples beyond it were lost, and within it hardly any; or
 * SHIFT_UNKNOWN. Chance may lose one within; what arrives beyond went past no box.
 */
ENGINE_INLINE __u8 boundary_of(const struct gauge *g)
{
	__u32 arrived = 0, lost = 0, lost_beyond = 0;
	__u8 top = SHIFT_UNKNOWN;

	for (__u8 f = 0; f < GAUGE_CLASSES; f++) {
		arrived += g->delivered[f];
		if (g->delivered[f])
			top = f;
	}
	if (top == SHIFT_UNKNOWN)
		return top;
	for (__u8 f = 0; f < GAUGE_CLASSES; f++) {
		if (f <= top)
			lost += g->lost[f];
		else
			lost_beyond += g->lost[f];
	}
	return arrived >= BOUNDARY_SAMPLES && lost_beyond >= BOUNDARY_SAMPLES &&
			       lost * BOUNDARY_PURE <= arrived &&
			       g->lost_rounds >= BOUNDARY_ROUNDS && boundary_is_sharp(g)
		       ? top
		       : SHIFT_UNKNOWN;
}

ENGINE_INLINE _Bool detect_drop_boundary(const struct transfer *t, __u8 dir, struct finding *out)
{
	__u8 shift = t->flow->half[!dir].shift, f;

	if (!t->gauge || t->scaling != SCALING_ON)
		return 0;
	f = boundary_of(&t->gauge[dir & 1]);
	if (f == SHIFT_UNKNOWN || f >= shift)
		return 0;
	finding_set(out, FINDING_drop_boundary, SEVERITY_WARNING, transfer_side(t, !dir),
		    BLAME_PATH, CONFIDENCE_HIGH);
	out->value[0] = f;
	out->value[1] = shift;
	transfer_prove(t, out);
	return 1;
}

#endif
