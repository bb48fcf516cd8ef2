/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Scaling is off, as this point saw the handshake, and yet one side shifts its windows to
 * the right: the peer reads them as they stand and sends by the kilobyte. The option was
 * lost between that side and this point, or between this point and its peer.
 */
#ifndef ENGINE_DETECTORS_PHANTOM_SCALING_H
#define ENGINE_DETECTORS_PHANTOM_SCALING_H

#include "engine/transfer.h"

/* Long enough to have grown, if it were to grow: so many segments, or round trips. */
ENGINE_INLINE _Bool phantom_lasts(const struct transfer *t, const struct half *h)
{
	__u64 rtt_ns = transfer_handshake_us(t->flow) * ENGINE_NS_PER_US;

	return h->packets >= PHANTOM_PACKETS ||
	       (rtt_ns && h->packets >= PHANTOM_FEW_PACKETS &&
		h->last_ns - t->flow->first_ns >= PHANTOM_ROUNDS * rtt_ns);
}

ENGINE_INLINE _Bool detect_phantom_scaling(const struct transfer *t, __u8 dir, struct finding *out)
{
	const struct half *h = &t->flow->half[dir & 1];
	const struct syn *s = &t->flow->syn[dir & 1];
	__u8 shift, shown;

	if (t->scaling != SCALING_OFF || !phantom_lasts(t, h) || !(s->bits & SYN_SEEN) ||
	    !(h->bits & HALF_WINDOW) || !h->window_max)
		return 0;
	shown = transfer_first_shift(t, dir);
	/* Windows that began as the SYN's, shifted to a hair, may grow; others must stay small. */
	if (h->window_max > s->window / PHANTOM_PART &&
	    (h->window_early > s->window / PHANTOM_PART || shown == SHIFT_UNKNOWN ||
	     !transfer_first_is(t, dir, shown, PHANTOM_HAIR_PERCENT)))
		return 0;
	shift = syn_offers(s) ? syn_shift(s) : shown;
	if (shift == SHIFT_UNKNOWN || shift < PHANTOM_MIN_SHIFT)
		return 0;
	/* A small buffer that fills up does not grow, and is no power of two of its first size. */
	if (shown != shift && !h->window_rises)
		return 0;
	finding_set(out, FINDING_phantom_scaling, SEVERITY_WARNING, transfer_side(t, dir),
		    BLAME_PATH,
		    shown == shift || transfer_reads_raw(t, !dir) ? CONFIDENCE_HIGH
								  : CONFIDENCE_MEDIUM);
	out->value[0] = transfer_factor(shift);
	out->value[1] = h->window_max;
	out->value[2] = transfer_ceiling(h->window_max, transfer_rtt_us(t, !dir));
	out->replaces = FINDING_BIT(server_no_wscale) | FINDING_BIT(client_no_wscale) |
			FINDING_BIT(window_limited) | FINDING_BIT(window_shrunk);
	transfer_prove(t, out);
	return 1;
}

#endif
