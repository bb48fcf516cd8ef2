/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A host, not a list of connections: twenty opportunities or more and hardly an offer,
 * or twenty refusals in a row since the last offer, none of them with the hole that a
 * box leaves when it overwrites the option. Whose fault it is depends on the point: a
 * client's SYN is seen as it is, but a server cannot answer with an option that a box
 * behind this point took out of the SYN, unless its answer was met leaving it.
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

	if ((!always && e->run < ENDPOINT_OFF_MIN) || e->stripped)
		return 0;
	finding_set(out, FINDING_endpoint_off, SEVERITY_CRITICAL,
		    key->role == ENDPOINT_CLIENT ? SIDE_CLIENT : SIDE_SERVER,
		    local || key->role == ENDPOINT_CLIENT ? BLAME_HOST : BLAME_HOST_OR_PATH,
		    local ? CONFIDENCE_CERTAIN : CONFIDENCE_HIGH);
	out->packets[0] = e->run_first_id;
	out->packets[1] = e->last_refusal_id;
	return 1;
}

#endif
