/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Scaling is off and a window stays at 32,767 bytes: the stack takes care of peers that read
 * windows as signed numbers, and gives half of them away.
 */
#ifndef ENGINE_DETECTORS_SIGNED_WINDOW_H
#define ENGINE_DETECTORS_SIGNED_WINDOW_H

#include "engine/transfer.h"

ENGINE_INLINE _Bool detect_signed_window(const struct transfer *t, __u8 dir, struct finding *out)
{
	const struct half *h = &t->flow->half[dir & 1];

	if (t->scaling != SCALING_OFF || h->packets < SIGNED_PACKETS || !(h->bits & HALF_WINDOW) ||
	    h->window_max != SIGNED_WINDOW)
		return 0;
	finding_set(out, FINDING_signed_window, SEVERITY_INFO, transfer_side(t, dir),
		    transfer_blame(t, dir), CONFIDENCE_MEDIUM);
	out->value[0] = h->window_max;
	transfer_prove(t, out);
	return 1;
}

#endif
