/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A host, not a list of connections: twenty opportunities or more and hardly an offer, or twenty
 * refusals in a row since the last offer, unless boxes gave themselves away in more than one of
 * twenty refusals: they may have made them all. Whose fault it is depends on the point: the host is
 * accused only where its segments were met leaving it; elsewhere a box behind this point, or a
 * proxy that speaks for the host, looks the same. endpoint-regressed replaces this one for a host
 * that used the option before.
 */
#ifndef ENGINE_DETECTORS_ENDPOINT_OFF_H
#define ENGINE_DETECTORS_ENDPOINT_OFF_H

#include "engine/finding.h"

#define ENDPOINT_OFF_MIN     20
#define ENDPOINT_OFF_PERCENT 5
#define ENDPOINT_BOX_PERCENT 5
#define ENDPOINT_ON_MIN      20
#define ENDPOINT_ON_PERCENT  95

/* A single odd answer, a forged one even, does not acquit a host for the rest of a long run. */
ENGINE_INLINE _Bool endpoint_is_by_box(const struct endpoint *e)
{
	return e->by_box * 100 > e->refusals * ENDPOINT_BOX_PERCENT;
}

/* Off now. */
ENGINE_INLINE _Bool endpoint_is_off(const struct endpoint *e)
{
	_Bool always = e->opportunities >= ENDPOINT_OFF_MIN &&
		       e->offers * 100 <= e->opportunities * ENDPOINT_OFF_PERCENT;

	return (always || e->run >= ENDPOINT_OFF_MIN) && !endpoint_is_by_box(e);
}

/* On, by that many opportunities of some time. */
ENGINE_INLINE _Bool endpoint_was_on(__u64 opportunities, __u64 offers)
{
	return opportunities >= ENDPOINT_ON_MIN &&
	       offers * 100 >= opportunities * ENDPOINT_ON_PERCENT;
}

/* On before the refusals since the last offer. These do not change it: one run, one answer. */
ENGINE_INLINE _Bool endpoint_was_on_here(const struct endpoint *e)
{
	return endpoint_was_on(e->opportunities - e->run, e->offers);
}

/* What every finding about an endpoint that is off says: side, blame, confidence, proof. */
ENGINE_INLINE void endpoint_accuse(const struct endpoint_key *key, const struct endpoint *e,
				   enum finding_code code, struct finding *out)
{
	_Bool local = e->bits & ENDPOINT_LOCAL;

	finding_set(out, code, SEVERITY_CRITICAL,
		    key->role == ENDPOINT_CLIENT ? SIDE_CLIENT : SIDE_SERVER,
		    local ? BLAME_HOST : BLAME_HOST_OR_PATH,
		    local ? CONFIDENCE_CERTAIN : CONFIDENCE_HIGH);
	out->packets[0] = e->run_first_id;
	out->packets[1] = e->last_refusal_id;
}

ENGINE_INLINE _Bool detect_endpoint_off(const struct endpoint_key *key, const struct endpoint *e,
					struct finding *out)
{
	if (!endpoint_is_off(e) || endpoint_was_on_here(e))
		return 0;
	endpoint_accuse(key, e, FINDING_endpoint_off, out);
	return 1;
}

#endif
