/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A window-scale option whose length is not 3, or more than one of them. */
#ifndef ENGINE_DETECTORS_WSCALE_MALFORMED_H
#define ENGINE_DETECTORS_WSCALE_MALFORMED_H

#include "engine/finding.h"

ENGINE_INLINE _Bool detect_wscale_malformed(const struct flow *f, __u8 dir, struct finding *out)
{
	const struct syn *s = &f->syn[dir & 1];

	if (!(s->bits & SYN_SEEN) || !(s->opt_bits & (OPT_W_LENGTH | OPT_W_REPEATED)))
		return 0;
	finding_set(out, FINDING_wscale_malformed, SEVERITY_WARNING,
		    dir == f->client ? SIDE_CLIENT : SIDE_SERVER, BLAME_HOST_OR_PATH,
		    CONFIDENCE_CERTAIN);
	out->value[0] = s->wscale;
	out->packets[0] = s->id;
	return 1;
}

#endif
