/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Several unrelated servers behind one prefix answer without the option, none of them with,
 * while servers elsewhere give it: what they share is the way to them.
 */
#ifndef ENGINE_DETECTORS_PATH_STRIPS_H
#define ENGINE_DETECTORS_PATH_STRIPS_H

#include "engine/transfer.h"

/* The servers around one, by address. */
struct vicinity {
	__u32 refusing;  /* in its prefix, itself one: they never gave the option */
	__u32 offering;  /* in its prefix: they did */
	__u32 elsewhere; /* outside: they did */
	_Bool shifting;  /* in its prefix one shifts its windows all the same, or left a hole */
};

ENGINE_INLINE _Bool detect_path_strips(const struct endpoint_key *key, const struct endpoint *e,
				       const struct vicinity *v, struct finding *out)
{
	if (key->role != ENDPOINT_SERVER || e->offers || !e->refusals || e->bits & ENDPOINT_LOCAL ||
	    v->refusing < STRIPS_HOSTS || v->offering || !v->elsewhere)
		return 0;
	/* Hosts of one prefix may have been set alike: only what shows that they meant to scale
	 * clears them. */
	finding_set(out, FINDING_path_strips, SEVERITY_WARNING, SIDE_SERVER,
		    v->shifting ? BLAME_PATH : BLAME_HOST_OR_PATH,
		    v->shifting ? CONFIDENCE_MEDIUM : CONFIDENCE_LOW);
	out->value[0] = v->refusing;
	out->value[1] = v->elsewhere;
	out->packets[0] = e->run_first_id;
	out->packets[1] = e->last_refusal_id;
	return 1;
}

#endif
