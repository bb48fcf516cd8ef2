/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A receiver closed its window: its application did not read (RFC 9293, 3.8.6.1). */
#ifndef ENGINE_DETECTORS_ZERO_WINDOW_STALL_H
#define ENGINE_DETECTORS_ZERO_WINDOW_STALL_H

#include "engine/transfer.h"

ENGINE_INLINE _Bool detect_zero_window_stall(const struct transfer *t, __u8 dir,
					     struct finding *out)
{
	const struct half *h = &t->flow->half[dir & 1];
	__u64 closed, longest, open = 0;
	__u16 probes;

	if (!h->zero_spells)
		return 0;
	/* Nobody waits for the window of a side whose peer has finished. */
	if (!(t->flow->half[!dir].bits & HALF_FIN))
		open = transfer_open_ns(h, flow_last_ns(t->flow));
	closed = h->zero_ns + open;
	if (closed < STALL_MIN_NS)
		return 0;
	longest = transfer_longest_ns(h, open);
	probes = t->gauge ? t->gauge[!dir].probes_most : 0;
	finding_set(out, FINDING_zero_window_stall,
		    closed >= STALL_FELT_NS ? SEVERITY_WARNING : SEVERITY_NOTICE,
		    transfer_side(t, dir), transfer_blame(t, dir), CONFIDENCE_HIGH);
	if (longest > STALL_PERMANENT_NS && probes > STALL_PERMANENT_PROBES)
		out->severity = SEVERITY_CRITICAL;
	out->value[0] = closed;
	out->value[1] = longest;
	out->value[2] = probes;
	out->replaces = FINDING_BIT(window_limited);
	transfer_prove(t, out);
	return 1;
}

#endif
