/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* RFC 7323, 2.3: a shift count above 14 is an error to report; 14 is used instead. */
#ifndef ENGINE_DETECTORS_WSCALE_TOO_LARGE_H
#define ENGINE_DETECTORS_WSCALE_TOO_LARGE_H

#include "engine/finding.h"

ENGINE_INLINE _Bool detect_wscale_too_large(const struct flow *f, __u8 dir, struct finding *out)
{
	const struct syn *s = &f->syn[dir & 1];

	if (!syn_offers(s) || s->wscale <= 14)
		return 0;
	finding_set(out, FINDING_wscale_too_large, SEVERITY_WARNING,
		    dir == f->client ? SIDE_CLIENT : SIDE_SERVER, BLAME_HOST, CONFIDENCE_CERTAIN);
	out->value[0] = s->wscale;
	out->packets[0] = s->id;
	return 1;
}

#endif
