/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The option outside a SYN is ignored by every receiver (RFC 7323, 2.2); said once per connection. */
#ifndef ENGINE_DETECTORS_WSCALE_NON_SYN_H
#define ENGINE_DETECTORS_WSCALE_NON_SYN_H

#include "engine/finding.h"

ENGINE_INLINE _Bool detect_wscale_non_syn(const struct flow *f, struct finding *out)
{
	__u8 dir = !!(f->bits & FLOW_NON_SYN_W_DIR);

	if (!(f->bits & FLOW_NON_SYN_W))
		return 0;
	finding_set(out, FINDING_wscale_non_syn, SEVERITY_INFO,
		    dir == f->client ? SIDE_CLIENT : SIDE_SERVER, BLAME_UNKNOWN,
		    CONFIDENCE_CERTAIN);
	out->packets[0] = f->odd_id;
	return 1;
}

#endif
