/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A host that is off as endpoint-off has it, and that used the option in 95 % or more of
 * twenty opportunities or more before the refusals in a row began: something was changed,
 * and the first of them says when. What a saved baseline tells of before is for user space,
 * by the same rules.
 */
#ifndef ENGINE_DETECTORS_ENDPOINT_REGRESSED_H
#define ENGINE_DETECTORS_ENDPOINT_REGRESSED_H

#include "engine/detectors/endpoint_off.h"

ENGINE_INLINE _Bool detect_endpoint_regressed(const struct endpoint_key *key,
					      const struct endpoint *e, struct finding *out)
{
	if (!endpoint_is_off(e) || !endpoint_was_on_here(e))
		return 0;
	endpoint_accuse(key, e, FINDING_endpoint_regressed, out);
	return 1;
}

#endif
