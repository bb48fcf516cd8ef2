/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A shift so large for a window so small that rounding eats much of it. */
#ifndef ENGINE_DETECTORS_TINY_WINDOW_H
#define ENGINE_DETECTORS_TINY_WINDOW_H

#include "engine/transfer.h"

ENGINE_INLINE _Bool detect_tiny_window(const struct transfer *t, __u8 dir, struct finding *out)
{
	const struct half *h = &t->flow->half[dir & 1];

	if (t->scaling != SCALING_ON || !(h->bits & HALF_WINDOW) || h->packets < TINY_PACKETS ||
	    !h->window_max || h->window_max > TINY_WINDOW ||
	    flow_shift_on(t->flow, dir) < TINY_SHIFT)
		return 0;
	finding_set(out, FINDING_tiny_window, SEVERITY_NOTICE, transfer_side(t, dir),
		    transfer_blame(t, dir), CONFIDENCE_HIGH);
	out->value[0] = transfer_factor(flow_shift_on(t->flow, dir));
	out->value[1] = h->window_max;
	transfer_prove(t, out);
	return 1;
}

#endif
