/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The option was there and is not any more. Either the same packet was met with and
 * without it, or a run of NOPs stands where it was (a stack pads with two at most;
 * MNWSNNNNT of the old BSDs has four, but it carries W).
 */
#ifndef ENGINE_DETECTORS_WSCALE_STRIPPED_H
#define ENGINE_DETECTORS_WSCALE_STRIPPED_H

#include "engine/finding.h"

ENGINE_INLINE _Bool detect_wscale_stripped(const struct flow *f, __u8 dir, struct finding *out)
{
	const struct syn *s = &f->syn[dir & 1];
	const struct syn_other *o = &f->half[dir & 1].other;
	_Bool seen = s->bits & SYN_SEEN && o->kind == SYN_OTHER_SAME_PACKET &&
		     o->wscale_state != s->wscale_state;

	if (!seen && !syn_has_hole(s))
		return 0;
	finding_set(out, FINDING_wscale_stripped, SEVERITY_WARNING,
		    dir == f->client ? SIDE_CLIENT : SIDE_SERVER, BLAME_PATH,
		    seen ? CONFIDENCE_CERTAIN : CONFIDENCE_HIGH);
	out->packets[0] = s->id;
	out->packets[1] = seen ? o->id : 0;
	return 1;
}

#endif
