/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A SYN whose options were all read and hold no window scale. Scanners send such
 * SYNs all day: only a connection that carried data makes it a warning.
 */
#ifndef ENGINE_DETECTORS_CLIENT_NO_WSCALE_H
#define ENGINE_DETECTORS_CLIENT_NO_WSCALE_H

#include "engine/finding.h"

ENGINE_INLINE _Bool detect_client_no_wscale(const struct flow *f, struct finding *out)
{
	const struct syn *c = &f->syn[f->client & 1];
	_Bool certain = c->bits & SYN_EGRESS_LOCAL;
	_Bool data = (f->half[0].bits | f->half[1].bits) & HALF_DATA;

	if (!syn_lacks(c) || c->bits & SYN_WITH_ACK || syn_has_hole(c) ||
	    f->half[f->client & 1].other.kind != SYN_OTHER_NONE || syn_offers(&f->syn[!f->client]))
		return 0;
	finding_set(out, FINDING_client_no_wscale, data ? SEVERITY_WARNING : SEVERITY_INFO,
		    SIDE_CLIENT, certain ? BLAME_HOST : BLAME_HOST_OR_PATH,
		    certain ? CONFIDENCE_CERTAIN : CONFIDENCE_HIGH);
	out->packets[0] = c->id;
	return 1;
}

#endif
