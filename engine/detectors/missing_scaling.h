/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Scaling is on, as this point saw the handshake, and yet one side does not shift its
 * windows: it never saw the option. Its peer takes them for 2^shift times what they are.
 */
#ifndef ENGINE_DETECTORS_MISSING_SCALING_H
#define ENGINE_DETECTORS_MISSING_SCALING_H

#include "engine/transfer.h"

ENGINE_INLINE _Bool detect_missing_scaling(const struct transfer *t, __u8 dir, struct finding *out)
{
	const struct half *h = &t->flow->half[dir & 1];
	const struct syn *s = &t->flow->syn[dir & 1];
	__u8 shift, slope;
	_Bool as_it_was;

	if (t->scaling != SCALING_ON || h->packets < MISSING_PACKETS || !syn_offers(s) ||
	    transfer_first_windows(t->flow, dir) != SHIFTING_NO)
		return 0;
	shift = syn_shift(s);
	slope = transfer_slope_shift(t, dir);
	if (shift < E1_MIN_SHIFT || (slope != SHIFT_UNKNOWN && slope + 2 > shift))
		return 0;
	/*
	 * That the first window is half of the SYN's or more may be a large buffer's. It must
	 * be the SYN's own, and not the largest there is, or something else must agree.
	 */
	as_it_was = transfer_first_shift(t, dir) == 0 && h->window_first != 0xffff;
	if (h->window_first < MISSING_SURE_WINDOW ||
	    (!as_it_was && slope == SHIFT_UNKNOWN && !transfer_reads_raw(t, dir)))
		return 0;
	finding_set(out, FINDING_missing_scaling, SEVERITY_WARNING, transfer_side(t, dir),
		    BLAME_PATH, CONFIDENCE_HIGH);
	out->value[0] = transfer_factor(shift);
	out->value[1] = h->window_max;
	out->value[2] = (__u64)h->window_max << shift;
	out->replaces = FINDING_BIT(window_limited) | FINDING_BIT(window_shrunk);
	transfer_prove(t, out);
	return 1;
}

#endif
