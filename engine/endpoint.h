/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What each side of a host does with the option, over all its connections. A server
 * is counted at its SYN-ACK, a client when its connection is confirmed, so that
 * spoofed SYNs accuse nobody.
 */
#ifndef ENGINE_ENDPOINT_H
#define ENGINE_ENDPOINT_H

#include "engine/tally.h"

/* The endpoint of one side of a flow, found or made; 0 when the table is full. */
ENGINE_INLINE struct endpoint *endpoint_of(struct scratch *s, const struct packet *p, __u8 dir,
					   enum endpoint_role role)
{
	struct endpoint_key *key = &s->endpoint_key;

	endpoint_key_of(key, &p->key, dir, role);
	__builtin_memset(&s->endpoint, 0, sizeof(s->endpoint));
	s->endpoint.first_ns = p->ns;
	s->endpoint.ifindex = p->ifindex;
	return seam_endpoint(key, &s->endpoint);
}

ENGINE_INLINE void endpoint_refused(struct endpoint *e, const struct syn *syn, __u64 ns)
{
	if (!(e->bits & ENDPOINT_REFUSED))
		e->first_refusal_ns = ns;
	if (!e->run) {
		e->run_since_ns = ns;
		e->run_first_id = syn->id;
	}
	e->bits |= (__u16)(ENDPOINT_REFUSED | (syn->bits & SYN_EGRESS_LOCAL ? ENDPOINT_LOCAL : 0));
	e->last_refusal_ns = ns;
	e->last_refusal_id = syn->id;
	seam_add64(&e->refusals, 1);
	seam_add64(&e->run, 1);
	/* No listener opens with window 0: a proxy answered for it. */
	if (syn_has_hole(syn) || (syn->bits & SYN_WITH_ACK && !syn->window))
		seam_add64(&e->by_box, 1);
}

/*
 * One opportunity to offer the option, taken or not. offered tells of any copy of
 * the SYN: a retry that gives the option up is no refusal.
 */
ENGINE_INLINE void endpoint_count(struct endpoint *e, const struct syn *syn, _Bool offered,
				  __u64 ns)
{
	seam_add64(&e->opportunities, 1);
	if (!offered) {
		endpoint_refused(e, syn, ns);
		return;
	}
	seam_add64(&e->offers, 1);
	e->run = 0;
	e->last_offer_ns = ns;
	e->bits |= ENDPOINT_OFFERED;
}

/* Adds what was counted of the same endpoint later than all that e knows. */
ENGINE_INLINE void endpoint_join(struct endpoint *e, const struct endpoint *later)
{
	_Bool refused = later->bits & ENDPOINT_REFUSED;

	if (later->bits & ENDPOINT_OFFERED) {
		e->run = 0;
		e->last_offer_ns = later->last_offer_ns;
	}
	if (refused && !e->run) {
		e->run_since_ns = later->run_since_ns;
		e->run_first_id = later->run_first_id;
	}
	if (refused && !(e->bits & ENDPOINT_REFUSED))
		e->first_refusal_ns = later->first_refusal_ns;
	if (refused) {
		e->last_refusal_ns = later->last_refusal_ns;
		e->last_refusal_id = later->last_refusal_id;
	}
	e->run += later->run;
	e->opportunities += later->opportunities;
	e->offers += later->offers;
	e->refusals += later->refusals;
	e->by_box += later->by_box;
	e->plain += later->plain;
	e->plain_offers += later->plain_offers;
	e->bits |= later->bits;
}

/*
 * At the first SYN-ACK of a connection. Without an offer in the SYN it had no choice, and
 * when copies of the SYN differ nobody knows that the offer reached it.
 */
ENGINE_INLINE struct endpoint *endpoint_server(struct scratch *s, const struct packet *p,
					       const struct flow *f)
{
	const struct syn *syn = &f->syn[!f->client];
	struct endpoint *e;

	if (!syn_offers(&f->syn[f->client & 1]) || !(syn->bits & SYN_WITH_ACK) ||
	    syn->wscale_state == WSCALE_UNKNOWN)
		return 0;
	if (f->half[f->client & 1].other.kind != SYN_OTHER_NONE && !syn_offers(syn))
		return 0;
	tally_opportunity(s, ENDPOINT_SERVER, syn_offers(syn));
	e = endpoint_of(s, p, !f->client, ENDPOINT_SERVER);
	if (!e)
		return 0;
	endpoint_count(e, syn, syn_offers(syn), p->ns);
	if (!(f->syn[f->client & 1].opt_bits & OPT_TIMESTAMPS)) {
		seam_add32(&e->plain, 1);
		if (syn_offers(syn))
			seam_add32(&e->plain_offers, 1);
	}
	return e;
}

/* At the confirmation of a connection whose SYN was seen. */
ENGINE_INLINE struct endpoint *endpoint_client(struct scratch *s, const struct packet *p,
					       const struct flow *f)
{
	const struct syn *syn = &f->syn[f->client & 1];
	const struct syn_other *o = &f->half[f->client & 1].other;
	_Bool offered = syn_offers(syn) || o->kind != SYN_OTHER_NONE;
	struct endpoint *e;

	if (!(syn->bits & SYN_SEEN) || syn->wscale_state == WSCALE_UNKNOWN)
		return 0;
	tally_opportunity(s, ENDPOINT_CLIENT, offered);
	e = endpoint_of(s, p, f->client, ENDPOINT_CLIENT);
	if (e)
		endpoint_count(e, syn, offered, syn->first_ns);
	return e;
}

#endif
