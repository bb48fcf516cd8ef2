/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The detectors that decide at once, in the order of detectors.def. Each is a pure function
 * over facts: the programs run them to report at once, user space runs the same ones over
 * the same facts for the record, so the two cannot disagree. What needs weighing, of the
 * scopes TRANSFER and HOST, is diagnose.h's.
 */
#ifndef ENGINE_VERDICT_H
#define ENGINE_VERDICT_H

#include "engine/detectors/client_no_wscale.h"
#include "engine/detectors/endpoint_off.h"
#include "engine/detectors/endpoint_regressed.h"
#include "engine/detectors/server_no_wscale.h"
#include "engine/detectors/syn_retry_no_wscale.h"
#include "engine/detectors/unsolicited_wscale.h"
#include "engine/detectors/wscale_changed.h"
#include "engine/detectors/wscale_malformed.h"
#include "engine/detectors/wscale_non_syn.h"
#include "engine/detectors/wscale_stripped.h"
#include "engine/detectors/wscale_too_large.h"
#include "engine/detectors/wscale_zero.h"

/* By a detector's scope: the calls that it means over a connection, and over an endpoint. */
#define VERDICT_FLOW_FLOW(id, f, out, n)     n += detect_##id(f, &(out)[n]);
#define VERDICT_FLOW_ENDPOINT(id, f, out, n) ;
#define VERDICT_FLOW_TRANSFER(id, f, out, n) ;
#define VERDICT_FLOW_HOST(id, f, out, n)     ;
#define VERDICT_FLOW_SIDE(id, f, out, n)                 \
	n += detect_##id(f, (f)->client & 1, &(out)[n]); \
	n += detect_##id(f, !(f)->client, &(out)[n]);
#define VERDICT_ENDPOINT_FLOW(id, key, e, out)     0
#define VERDICT_ENDPOINT_SIDE(id, key, e, out)     0
#define VERDICT_ENDPOINT_TRANSFER(id, key, e, out) 0
#define VERDICT_ENDPOINT_HOST(id, key, e, out)     0
#define VERDICT_ENDPOINT_ENDPOINT(id, key, e, out) detect_##id(key, e, out)

/*
 * A confirmed connection whose program found nothing has nothing: the detectors ran when
 * it was confirmed, and again whenever a fact they look at changed. Cheap, since it looks
 * at one cache line; false proves nothing.
 */
ENGINE_INLINE _Bool verdict_flow_is_clear(const struct flow *f)
{
	return f->bits & FLOW_CONFIRMED && !f->emitted;
}

/* Runs every flow detector; returns how many findings were written, at most VERDICT_MAX. */
ENGINE_INLINE __u32 verdict_flow_findings(const struct flow *f, struct finding *out)
{
	__u32 n = 0;

	if (verdict_flow_is_clear(f))
		return 0;
#define DETECTOR(id, name, scope, severity, values, title, text, advice) \
	VERDICT_FLOW_##scope(id, f, out, n)
#include "engine/detectors.def"
#undef DETECTOR
	return n;
}

ENGINE_INLINE __u32 verdict_endpoint_findings(const struct endpoint_key *key,
					      const struct endpoint *e, struct finding *out)
{
	__u32 n = 0;

#define DETECTOR(id, name, scope, severity, values, title, text, advice) \
	n += VERDICT_ENDPOINT_##scope(id, key, e, &out[n]);
#include "engine/detectors.def"
#undef DETECTOR
	return n;
}

#endif
