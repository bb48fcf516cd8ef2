/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a program's detectors say, to the reader and at once, each code once a connection. */
#ifndef ENGINE_ALARM_H
#define ENGINE_ALARM_H

#include "engine/tally.h"
#include "engine/verdict.h"

/* Whether it finds anything at all; a program reports a code once per connection. */
#define ALARM_FIRST_FLOW(id, f, out)     detect_##id(f, out)
#define ALARM_FIRST_ENDPOINT(id, f, out) 0
#define ALARM_FIRST_TRANSFER(id, f, out) 0
#define ALARM_FIRST_HOST(id, f, out)     0
#define ALARM_FIRST_SIDE(id, f, out) \
	(detect_##id(f, (f)->client & 1, out) || detect_##id(f, !(f)->client, out))

ENGINE_INLINE void alarm_emit(struct scratch *s, const struct packet *p, enum event_kind kind,
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
	tally_finding(s, &event->finding);
	seam_emit(event);
}

/* Reports what a confirmed connection's handshake shows, each code once. */
ENGINE_INLINE void alarm_flow(struct scratch *s, const struct packet *p, struct flow *f)
{
	struct finding *out = &s->event.finding;

#define DETECTOR(id, name, scope, severity, values, title, text, advice)             \
	if (!(f->emitted & 1U << FINDING_##id) && ALARM_FIRST_##scope(id, f, out)) { \
		f->emitted |= 1U << FINDING_##id;                                    \
		alarm_emit(s, p, EVENT_FLOW_FINDING, f->client);                     \
	}
#include "engine/detectors.def"
#undef DETECTOR
}

/* Offers in a row after which an endpoint is reported on again: a stray one ends no outage. */
#define ALARM_REARM 20

/* At an offer. emitted is 0 when there is nothing reported, else 1 and the offers in a row since. */
ENGINE_INLINE void alarm_endpoint_offered(struct endpoint *e)
{
	if (e->emitted && ++e->emitted > ALARM_REARM)
		e->emitted = 0;
}

/*
 * Reports on an endpoint that was just counted; e may be 0. Of its codes one at most holds at
 * a time, and that stays the same until there are offers again.
 */
ENGINE_INLINE void alarm_endpoint(struct scratch *s, const struct packet *p, const struct flow *f,
				  struct endpoint *e)
{
	struct finding *out = &s->event.finding;

	if (!e)
		return;
	if (!e->run) {
		alarm_endpoint_offered(e);
		return;
	}
	if (e->emitted > 1)
		e->emitted = 1;
#define DETECTOR(id, name, scope, severity, values, title, text, advice)             \
	if (!e->emitted && VERDICT_ENDPOINT_##scope(id, &s->endpoint_key, e, out)) { \
		e->emitted = 1;                                                      \
		s->event.stats = *e;                                                 \
		alarm_emit(s, p, EVENT_ENDPOINT_FINDING, f->client);                 \
	}
#include "engine/detectors.def"
#undef DETECTOR
}

#endif
