/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* SYN with the option, SYN-ACK without (RFC 7323, 2.2): the server, or a box, refused. */
#ifndef ENGINE_DETECTORS_SERVER_NO_WSCALE_H
#define ENGINE_DETECTORS_SERVER_NO_WSCALE_H

#include "engine/finding.h"
#include "engine/infer.h"

ENGINE_INLINE _Bool detect_server_no_wscale(const struct flow *f, struct finding *out)
{
	const struct syn *c = &f->syn[f->client & 1];
	const struct syn *s = &f->syn[!f->client];
	_Bool certain = s->bits & SYN_EGRESS_LOCAL;

	if (!syn_offers(c) || f->half[0].other.kind != SYN_OTHER_NONE ||
	    f->half[1].other.kind != SYN_OTHER_NONE)
		return 0;
	if (s->bits & SYN_SEEN) {
		if (!syn_lacks(s) || syn_has_hole(s) || !(s->bits & SYN_WITH_ACK))
			return 0;
		finding_set(out, FINDING_server_no_wscale, SEVERITY_WARNING, SIDE_SERVER,
			    certain ? BLAME_HOST : BLAME_HOST_OR_PATH,
			    certain ? CONFIDENCE_CERTAIN : CONFIDENCE_HIGH);
	} else if (infer_scaling(f) == SCALING_OFF) {
		finding_set(out, FINDING_server_no_wscale, SEVERITY_WARNING, SIDE_SERVER,
			    BLAME_HOST_OR_PATH, CONFIDENCE_INFERRED);
	} else {
		return 0;
	}
	out->value[0] = c->wscale;
	out->packets[0] = c->id;
	out->packets[1] = s->id;
	return 1;
}

#endif
