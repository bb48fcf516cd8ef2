/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A host, not a list of connections: twenty opportunities or more and hardly an offer,
 * or twenty refusals in a row since the last offer, none of them made by a box that gave
 * itself away. Whose fault it is depends on the point: the host is accused only where its
 * segments were met leaving it; elsewhere a box behind this point, or a proxy that speaks
 * for the host, looks the same.
 */
#ifndef ENGINE_DETECTORS_ENDPOINT_OFF_H
#define ENGINE_DETECTORS_ENDPOINT_OFF_H

#include "engine/finding.h"

#define ENDPOINT_OFF_MIN     20
#define ENDPOINT_OFF_PERCENT 5

ENGINE_INLINE _Bool detect_endpoint_off(const struct endpoint_key *key, const struct endpoint *e,
					struct finding *out)
{
	_Bool always = e->opportunities >= ENDPOINT_OFF_MIN &&
		       e->offers * 100 <= e->opportunities * ENDPOINT_OFF_PERCENT;
	_Bool local = e->bits & ENDPOINT_LOCAL;

	if ((!always && e->run < ENDPOINT_OFF_MIN) || e->by_box)
		return 0;
	finding_set(out, FINDING_endpoint_off, SEVERITY_CRITICAL,
		    key->role == ENDPOINT_CLIENT ? SIDE_CLIENT : SIDE_SERVER,
		    local ? BLAME_HOST : BLAME_HOST_OR_PATH,
		    local ? CONFIDENCE_CERTAIN : CONFIDENCE_HIGH);
	out->packets[0] = e->run_first_id;
	out->packets[1] = e->last_refusal_id;
	return 1;
}

#endif
