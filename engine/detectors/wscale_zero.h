/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Shift 0 is an offer, not an absence (RFC 7323, 2.2). */
#ifndef ENGINE_DETECTORS_WSCALE_ZERO_H
#define ENGINE_DETECTORS_WSCALE_ZERO_H

#include "engine/finding.h"

ENGINE_INLINE _Bool detect_wscale_zero(const struct flow *f, __u8 dir, struct finding *out)
{
	const struct syn *s = &f->syn[dir & 1];

	if (!syn_offers(s) || s->wscale)
		return 0;
	finding_set(out, FINDING_wscale_zero, SEVERITY_INFO,
		    dir == f->client ? SIDE_CLIENT : SIDE_SERVER, BLAME_HOST, CONFIDENCE_CERTAIN);
	out->value[0] = s->wscale;
	out->packets[0] = s->id;
	return 1;
}

#endif
