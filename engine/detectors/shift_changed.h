/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A side's windows move by one unit at first and by another one later (detectors: E2):
 * somebody began, or stopped, to shift them in the middle of the connection.
 */
#ifndef ENGINE_DETECTORS_SHIFT_CHANGED_H
#define ENGINE_DETECTORS_SHIFT_CHANGED_H

#include "engine/transfer.h"

/*
 * Whether something besides the two slopes says so. An application that reads makes a slope seem
 * larger than the shift: one that is smaller than the shift in use was never that shift's, and a
 * window that fell without data shows the moment of the change.
 */
ENGINE_INLINE _Bool shift_changed_shows(const struct transfer *t, __u8 dir, __u8 early, __u8 late)
{
	__u8 shift = t->flow->half[dir & 1].shift, least = early < late ? early : late;

	return (shift != SHIFT_UNKNOWN && least + 1 < shift) ||
	       (early < late && t->gauge[dir & 1].shrinks);
}

ENGINE_INLINE _Bool detect_shift_changed(const struct transfer *t, __u8 dir, struct finding *out)
{
	const struct gauge *g = t->gauge ? &t->gauge[dir & 1] : 0;
	_Bool shows;
	__u8 early, late;

	if (!g || !g->slope_late_n)
		return 0;
	early = transfer_slope_early(g);
	late = transfer_slope_late(g);
	if (early == SHIFT_UNKNOWN || late == SHIFT_UNKNOWN ||
	    (early < late ? late - early : early - late) < E2_MIN_DIFFERENCE)
		return 0;
	shows = shift_changed_shows(t, dir, early, late);
	finding_set(out, FINDING_shift_changed, shows ? SEVERITY_WARNING : SEVERITY_NOTICE,
		    transfer_side(t, dir), BLAME_PATH, shows ? CONFIDENCE_MEDIUM : CONFIDENCE_LOW);
	out->value[0] = early;
	out->value[1] = late;
	out->value[2] = transfer_factor(early < late ? late - early : early - late);
	transfer_prove(t, out);
	return 1;
}

#endif
