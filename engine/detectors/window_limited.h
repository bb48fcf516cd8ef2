/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A window that is too small for the path: its sender has it filled much of the time.
 * Scaled or not; judged only where the capture is near that sender.
 */
#ifndef ENGINE_DETECTORS_WINDOW_LIMITED_H
#define ENGINE_DETECTORS_WINDOW_LIMITED_H

#include "engine/transfer.h"

/* dir is the side whose window it is; its peer sends. */
ENGINE_INLINE _Bool detect_window_limited(const struct transfer *t, __u8 dir, struct finding *out)
{
	__u32 rtt = transfer_rtt_us(t, !dir);
	__u64 window;

	if (!rtt || transfer_limited(t, !dir, &window) != LIMITED_YES)
		return 0;
	finding_set(out, FINDING_window_limited, SEVERITY_NOTICE, transfer_side(t, dir),
		    transfer_blame(t, dir), CONFIDENCE_HIGH);
	out->value[0] = window;
	out->value[1] = rtt;
	out->value[2] = transfer_ceiling(window, rtt);
	transfer_prove(t, out);
	return 1;
}

#endif
