/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * All detectors, in the order of detectors.def. Each is a pure function over facts:
 * the programs run them to report at once, user space runs the same ones over the
 * same facts for the record, so the two cannot disagree.
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
#include "engine/seam.h"

/* By a detector's scope: the calls that it means over a connection, and over an endpoint. */
#define VERDICT_FLOW_FLOW(id, f, out, n)     n += detect_##id(f, &(out)[n]);
#define VERDICT_FLOW_ENDPOINT(id, f, out, n) ;
#define VERDICT_FLOW_SIDE(id, f, out, n)                 \
	n += detect_##id(f, (f)->client & 1, &(out)[n]); \
	n += detect_##id(f, !(f)->client, &(out)[n]);
#define VERDICT_ENDPOINT_FLOW(id, key, e, out)     0
#define VERDICT_ENDPOINT_SIDE(id, key, e, out)     0
#define VERDICT_ENDPOINT_ENDPOINT(id, key, e, out) detect_##id(key, e, out)
/* Whether it finds anything at all; a program reports a code once per connection. */
#define VERDICT_FIRST_FLOW(id, f, out)     detect_##id(f, out)
#define VERDICT_FIRST_ENDPOINT(id, f, out) 0
#define VERDICT_FIRST_SIDE(id, f, out) \
	(detect_##id(f, (f)->client & 1, out) || detect_##id(f, !(f)->client, out))

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
#define DETECTOR(id, name, scope, severity, title, text, advice) VERDICT_FLOW_##scope(id, f, out, n)
#include "engine/detectors.def"
#undef DETECTOR
	return n;
}

ENGINE_INLINE __u32 verdict_endpoint_findings(const struct endpoint_key *key,
					      const struct endpoint *e, struct finding *out)
{
	__u32 n = 0;

#define DETECTOR(id, name, scope, severity, title, text, advice) \
	n += VERDICT_ENDPOINT_##scope(id, key, e, &out[n]);
#include "engine/detectors.def"
#undef DETECTOR
	return n;
}

ENGINE_INLINE void verdict_emit(struct scratch *s, const struct packet *p, enum event_kind kind,
				__u8 client)
{
	struct event *event = &s->event;

	event->ns = p->ns;
	event->kind = kind;
	event->ifindex = p->ifindex;
	event->hook = p->hook;
	event->client = client;
	event->key = p->key;
	event->endpoint = s->endpoint_key;
	seam_emit(event);
}

/* Reports what a confirmed connection's handshake shows, each code once. */
ENGINE_INLINE void verdict_flow(struct scratch *s, const struct packet *p, struct flow *f)
{
	struct finding *out = &s->event.finding;

#define DETECTOR(id, name, scope, severity, title, text, advice)                       \
	if (!(f->emitted & 1U << FINDING_##id) && VERDICT_FIRST_##scope(id, f, out)) { \
		f->emitted |= 1U << FINDING_##id;                                      \
		verdict_emit(s, p, EVENT_FLOW_FINDING, f->client);                     \
	}
#include "engine/detectors.def"
#undef DETECTOR
}

/* Offers in a row after which an endpoint is reported on again: a stray one ends no outage. */
#define VERDICT_REARM 20

/* At an offer. emitted is 0 when there is nothing reported, else 1 and the offers in a row since. */
ENGINE_INLINE void verdict_endpoint_offered(struct endpoint *e)
{
	if (e->emitted && ++e->emitted > VERDICT_REARM)
		e->emitted = 0;
}

/*
 * Reports on an endpoint that was just counted; e may be 0. Of its codes one at most holds at
 * a time, and that stays the same until there are offers again.
 */
ENGINE_INLINE void verdict_endpoint(struct scratch *s, const struct packet *p, const struct flow *f,
				    struct endpoint *e)
{
	struct finding *out = &s->event.finding;

	if (!e)
		return;
	if (!e->run) {
		verdict_endpoint_offered(e);
		return;
	}
	if (e->emitted > 1)
		e->emitted = 1;
#define DETECTOR(id, name, scope, severity, title, text, advice)                     \
	if (!e->emitted && VERDICT_ENDPOINT_##scope(id, &s->endpoint_key, e, out)) { \
		e->emitted = 1;                                                      \
		s->event.stats = *e;                                                 \
		verdict_emit(s, p, EVENT_ENDPOINT_FINDING, f->client);               \
	}
#include "engine/detectors.def"
#undef DETECTOR
}

#endif
