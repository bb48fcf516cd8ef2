/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A sender goes beyond every right edge its peer ever advertised (RFC 7323, 2.4), again and
 * again and by more than a segment: it reads the windows with a shift that nobody agreed to.
 */
#ifndef ENGINE_DETECTORS_WINDOW_OVERRUN_H
#define ENGINE_DETECTORS_WINDOW_OVERRUN_H

#include "engine/transfer.h"

ENGINE_INLINE _Bool detect_window_overrun(const struct transfer *t, __u8 dir, struct finding *out)
{
	const struct gauge *g = t->gauge ? &t->gauge[dir & 1] : 0;
	const struct half *peer = &t->flow->half[!dir];
	_Bool sure;

	if (!g || t->scaling == SCALING_UNKNOWN || g->overs < OVERRUN_SENDS ||
	    g->over_rounds < OVERRUN_ROUNDS || g->over_class <= peer->shift || g->over_class > 14)
		return 0;
	sure = (__u64)g->overs * 100 >= (__u64)g->sends * OVERRUN_SURE_PERCENT;
	finding_set(out, FINDING_window_overrun, SEVERITY_WARNING, transfer_side(t, dir),
		    BLAME_HOST_OR_PATH, sure ? CONFIDENCE_HIGH : CONFIDENCE_MEDIUM);
	out->value[0] = (__u64)g->over_class - peer->shift;
	out->value[1] = g->overs;
	transfer_prove(t, out);
	return 1;
}

#endif
