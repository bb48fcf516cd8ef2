/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A host, not a list of connections: twenty opportunities or more and hardly an offer,
 * or twenty refusals in a row since the last offer, none of them with the hole that a
 * box leaves when it overwrites the option.
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
		    key->role == ENDPOINT_CLIENT ? SIDE_CLIENT : SIDE_SERVER, BLAME_HOST,
		    local ? CONFIDENCE_CERTAIN : CONFIDENCE_HIGH);
	out->packets[0] = e->run_first_id;
	out->packets[1] = e->last_refusal_id;
	return 1;
}

#endif
