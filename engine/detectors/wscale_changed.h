/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One initial sequence number, two shift counts. */
#ifndef ENGINE_DETECTORS_WSCALE_CHANGED_H
#define ENGINE_DETECTORS_WSCALE_CHANGED_H

#include "engine/finding.h"

ENGINE_INLINE _Bool detect_wscale_changed(const struct flow *f, __u8 dir, struct finding *out)
{
	const struct syn *s = &f->syn[dir & 1];
	const struct syn_other *o = &f->half[dir & 1].other;
	_Bool same = o->kind == SYN_OTHER_SAME_PACKET;

	if (o->kind == SYN_OTHER_NONE || o->wscale_state != WSCALE_PRESENT || !syn_offers(s) ||
	    o->wscale == s->wscale)
		return 0;
	finding_set(out, FINDING_wscale_changed, SEVERITY_WARNING,
		    dir == f->client ? SIDE_CLIENT : SIDE_SERVER, same ? BLAME_PATH : BLAME_UNKNOWN,
		    same ? CONFIDENCE_CERTAIN : CONFIDENCE_MEDIUM);
	out->value[0] = same ? s->wscale : o->wscale;
	out->value[1] = same ? o->wscale : s->wscale;
	out->packets[0] = same ? s->id : o->id;
	out->packets[1] = same ? o->id : s->id;
	return 1;
}

#endif
