/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A side's windows move by one unit at first and by another one later (detectors: E2):
 * somebody began, or stopped, to shift them in the middle of the connection.
 */
#ifndef ENGINE_DETECTORS_SHIFT_CHANGED_H
#define ENGINE_DETECTORS_SHIFT_CHANGED_H

#include "engine/transfer.h"

ENGINE_INLINE _Bool detect_shift_changed(const struct transfer *t, __u8 dir, struct finding *out)
{
	const struct gauge *g = t->gauge ? &t->gauge[dir & 1] : 0;
	__u8 early, late;

	if (!g || !g->slope_late_n)
		return 0;
	early = transfer_slope_early(g);
	late = transfer_slope_late(g);
	if (early == SHIFT_UNKNOWN || late == SHIFT_UNKNOWN ||
	    (early < late ? late - early : early - late) < E2_MIN_DIFFERENCE)
		return 0;
	finding_set(out, FINDING_shift_changed, SEVERITY_WARNING, transfer_side(t, dir), BLAME_PATH,
		    CONFIDENCE_MEDIUM);
	out->value[0] = early;
	out->value[1] = late;
	out->value[2] = transfer_factor(early < late ? late - early : early - late);
	transfer_prove(t, out);
	return 1;
}

#endif
