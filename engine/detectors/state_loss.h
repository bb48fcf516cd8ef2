/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Many connections, none of them young, are lost within two seconds, by resets or in
 * silence: a box in the path lost its table, or was replaced by one without it.
 */
#ifndef ENGINE_DETECTORS_STATE_LOSS_H
#define ENGINE_DETECTORS_STATE_LOSS_H

#include "engine/transfer.h"

/*
 * When a connection of LOSS_AGE_NS or more was lost: the first of the retransmissions that
 * nothing answers, or the reset; 0: it was not, or was too young.
 */
ENGINE_INLINE __u64 state_loss_ns(const struct flow *f, const struct gauge *g)
{
	__u64 ns = 0;

	for (__u32 i = 0; i < 2 && g; i++) {
		if (g[i].stuck_n >= LOSS_RESENDS && g[i].stuck_ack == f->half[!i].ack &&
		    (!ns || g[i].stuck_ns < ns))
			ns = g[i].stuck_ns;
	}
	for (__u32 i = 0; i < 2; i++) {
		if (f->half[i].bits & HALF_RST && (!ns || f->half[i].last_ns < ns))
			ns = f->half[i].last_ns;
	}
	return ns >= f->first_ns + LOSS_AGE_NS && f->bits & FLOW_CONFIRMED ? ns : 0;
}

ENGINE_INLINE _Bool detect_state_loss(const struct transfer *t, __u8 dir, struct finding *out)
{
	if (dir == t->flow->client || t->lost_together < LOSS_FLOWS)
		return 0;
	finding_set(out, FINDING_state_loss, SEVERITY_WARNING, SIDE_PATH, BLAME_PATH,
		    CONFIDENCE_MEDIUM);
	out->value[0] = t->lost_together;
	out->value[1] = state_loss_ns(t->flow, t->gauge) - t->flow->first_ns;
	transfer_prove(t, out);
	return 1;
}

#endif
