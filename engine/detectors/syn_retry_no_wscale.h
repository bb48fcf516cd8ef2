/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The client repeats its SYN without the option it offered before, as some stacks do
 * to get through boxes that drop what they do not know. The same packet met behind a
 * box that strips it is not this: that comes within milliseconds, with the same IP-ID.
 * A scanner that nobody answers repeats its SYNs, too: only data makes it a warning.
 */
#ifndef ENGINE_DETECTORS_SYN_RETRY_NO_WSCALE_H
#define ENGINE_DETECTORS_SYN_RETRY_NO_WSCALE_H

#include "engine/finding.h"

#define SYN_RETRY_US 200000U

ENGINE_INLINE _Bool detect_syn_retry_no_wscale(const struct flow *f, struct finding *out)
{
	const struct syn *c = &f->syn[f->client & 1];
	const struct syn_other *o = &f->half[f->client & 1].other;
	_Bool data = (f->half[0].bits | f->half[1].bits) & HALF_DATA;

	if (o->kind != SYN_OTHER_EARLIER || o->wscale_state != WSCALE_PRESENT || !syn_lacks(c) ||
	    o->gap_us < SYN_RETRY_US || o->bits & SYN_OTHER_SAME_IPID ||
	    flow_scaling(f) == SCALING_ON)
		return 0;
	finding_set(out, FINDING_syn_retry_no_wscale, data ? SEVERITY_WARNING : SEVERITY_INFO,
		    SIDE_CLIENT, BLAME_HOST, CONFIDENCE_HIGH);
	out->value[0] = o->wscale;
	out->packets[0] = o->id;
	out->packets[1] = c->id;
	return 1;
}

#endif
