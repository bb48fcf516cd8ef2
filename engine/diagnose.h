/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From facts to findings: pure functions, used by replay, live and every report alike, so
 * that a live alarm and its replay cannot disagree. To what the programs decide at once
 * comes what has to be weighed; where a more specific code holds, it takes the place of
 * the generic ones and says which.
 */
#ifndef ENGINE_DIAGNOSE_H
#define ENGINE_DIAGNOSE_H

#include "engine/detectors/drop_boundary.h"
#include "engine/detectors/missing_scaling.h"
#include "engine/detectors/path_strips.h"
#include "engine/detectors/phantom_scaling.h"
#include "engine/detectors/shift_changed.h"
#include "engine/detectors/signed_window.h"
#include "engine/detectors/state_loss.h"
#include "engine/detectors/syncookie_no_wscale.h"
#include "engine/detectors/synproxy_mismatch.h"
#include "engine/detectors/synproxy_no_wscale.h"
#include "engine/detectors/tiny_window.h"
#include "engine/detectors/window_limited.h"
#include "engine/detectors/window_overrun.h"
#include "engine/detectors/window_shrunk.h"
#include "engine/detectors/zero_window_stall.h"
#include "engine/verdict.h"

#define DIAGNOSE_TRANSFER_FLOW(id, t, out, n)     ;
#define DIAGNOSE_TRANSFER_SIDE(id, t, out, n)     ;
#define DIAGNOSE_TRANSFER_ENDPOINT(id, t, out, n) ;
#define DIAGNOSE_TRANSFER_HOST(id, t, out, n)     ;
#define DIAGNOSE_TRANSFER_TRANSFER(id, t, out, n)              \
	n += detect_##id(t, (t)->flow->client & 1, &(out)[n]); \
	n += detect_##id(t, !(t)->flow->client, &(out)[n]);
#define DIAGNOSE_HOST_FLOW(id, key, e, v, out, n)     ;
#define DIAGNOSE_HOST_SIDE(id, key, e, v, out, n)     ;
#define DIAGNOSE_HOST_ENDPOINT(id, key, e, v, out, n) ;
#define DIAGNOSE_HOST_TRANSFER(id, key, e, v, out, n) ;
#define DIAGNOSE_HOST_HOST(id, key, e, v, out, n)     n += detect_##id(key, e, v, &(out)[n]);

/* What is about one side's windows, or its SYN, is replaced by what is about the same only. */
#define DIAGNOSE_SIDED \
	(FINDING_BIT(window_limited) | FINDING_BIT(window_shrunk) | FINDING_BIT(wscale_stripped))

/* Whether finding a stands for finding b. */
ENGINE_INLINE _Bool diagnose_stands_for(const struct finding *a, const struct finding *b)
{
	__u32 bit = 1U << b->code;

	return a->replaces & bit && a->code != b->code &&
	       (a->side == b->side || !(DIAGNOSE_SIDED & bit));
}

/* Takes out what a more specific finding stands for, and leaves in `replaces` only what was there. */
ENGINE_INLINE __u32 diagnose_replace(struct finding *out, __u32 n)
{
	__u32 replaced[VERDICT_MAX] = { 0 }, kept = 0;

	for (__u32 i = 0; i < n; i++) {
		__u32 stood_for = 0;

		for (__u32 k = 0; k < n; k++) {
			if (!diagnose_stands_for(&out[i], &out[k]))
				continue;
			stood_for |= 1U << out[k].code;
			replaced[k] = 1;
		}
		out[i].replaces = stood_for;
	}
	for (__u32 i = 0; i < n; i++) {
		if (!replaced[i])
			out[kept++] = out[i];
	}
	return kept;
}

/* Whether anything about the windows of a connection could be found; most have nothing. */
ENGINE_INLINE _Bool diagnose_is_due(const struct transfer *t)
{
	const struct half *a = &t->flow->half[0], *b = &t->flow->half[1];

	return t->gauge || t->lost_together || t->scaling != SCALING_ON || a->zero_spells ||
	       b->zero_spells || a->window_first >= MISSING_SURE_WINDOW ||
	       b->window_first >= MISSING_SURE_WINDOW || a->window_max <= TINY_WINDOW ||
	       b->window_max <= TINY_WINDOW || a->other.kind || b->other.kind;
}

/* Findings about a connection; at most VERDICT_MAX. */
ENGINE_INLINE __u32 diagnose_flow(const struct transfer *t, struct finding *out)
{
	__u32 n = verdict_flow_findings(t->flow, out);

	if (!diagnose_is_due(t))
		return n;
#define DETECTOR(id, name, scope, severity, values, title, text, advice) \
	DIAGNOSE_TRANSFER_##scope(id, t, out, n)
#include "engine/detectors.def"
#undef DETECTOR
	return diagnose_replace(out, n);
}

/* Findings about an endpoint; at most VERDICT_MAX. */
ENGINE_INLINE __u32 diagnose_endpoint(const struct endpoint_key *key, const struct endpoint *e,
				      const struct vicinity *v, struct finding *out)
{
	__u32 n = verdict_endpoint_findings(key, e, out);

#define DETECTOR(id, name, scope, severity, values, title, text, advice) \
	DIAGNOSE_HOST_##scope(id, key, e, v, out, n)
#include "engine/detectors.def"
#undef DETECTOR
	return diagnose_replace(out, n);
}

#endif
