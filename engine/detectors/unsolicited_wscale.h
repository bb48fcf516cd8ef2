/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * "This option MUST NOT be sent in a <SYN,ACK> unless the <SYN> had one" is the sense
 * of RFC 7323, 2.2. Not for simultaneous opens, where each SYN speaks for itself.
 */
#ifndef ENGINE_DETECTORS_UNSOLICITED_WSCALE_H
#define ENGINE_DETECTORS_UNSOLICITED_WSCALE_H

#include "engine/finding.h"

ENGINE_INLINE _Bool detect_unsolicited_wscale(const struct flow *f, struct finding *out)
{
	const struct syn *c = &f->syn[f->client & 1];
	const struct syn *s = &f->syn[!f->client];

	if (!syn_lacks(c) || c->bits & SYN_WITH_ACK || syn_has_hole(c) || !syn_offers(s) ||
	    !(s->bits & SYN_WITH_ACK) || f->half[f->client & 1].other.kind != SYN_OTHER_NONE)
		return 0;
	finding_set(out, FINDING_unsolicited_wscale, SEVERITY_WARNING, SIDE_SERVER,
		    BLAME_HOST_OR_PATH, CONFIDENCE_HIGH);
	out->value[0] = s->wscale;
	out->packets[0] = c->id;
	out->packets[1] = s->id;
	return 1;
}

#endif
