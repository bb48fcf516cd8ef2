/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A right edge that moved left by more than rounding does (RFC 7323, 2.4): what was
 * allowed to be sent is not any more. Linux does so with net.ipv4.tcp_shrink_window=1.
 */
#ifndef ENGINE_DETECTORS_WINDOW_SHRUNK_H
#define ENGINE_DETECTORS_WINDOW_SHRUNK_H

#include "engine/transfer.h"

ENGINE_INLINE _Bool detect_window_shrunk(const struct transfer *t, __u8 dir, struct finding *out)
{
	const struct gauge *g = t->gauge ? &t->gauge[dir & 1] : 0;
	const struct syn *s = &t->flow->syn[dir & 1];

	/* Where the shift itself is in doubt, so are the edges. */
	if (!g || !g->shrinks || s->wscale > 14 || s->opt_bits & (OPT_W_LENGTH | OPT_W_REPEATED) ||
	    t->flow->half[dir & 1].other.kind != SYN_OTHER_NONE)
		return 0;
	finding_set(out, FINDING_window_shrunk, SEVERITY_NOTICE, transfer_side(t, dir),
		    transfer_blame(t, dir), CONFIDENCE_HIGH);
	out->value[0] = g->shrinks;
	out->value[1] = g->shrunk_most;
	transfer_prove(t, out);
	return 1;
}

#endif
