/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which connection a segment belongs to, and when a connection counts as real.
 *
 * Two tables, so that a flood cannot push live connections out: everything starts
 * in `pending` and moves to `flows` only when it is confirmed, by the initiator's
 * ACK of the handshake or, for connections older than the capture, by a second
 * segment in sequence. A SYN-ACK or a RST never confirms: a listener under flood
 * answers SYNs with SYN-ACKs and stray ACKs with RSTs.
 */
#ifndef ENGINE_TRACK_H
#define ENGINE_TRACK_H

#include "engine/alarm.h"
#include "engine/endpoint.h"
#include "engine/handshake.h"

enum place { PLACE_FLOWS, PLACE_PENDING, PLACE_FRESH };

/* Where a segment goes, and what follows from it. */
struct track {
	struct flow *flow;     /* that takes the segment */
	struct flow *live;     /* the confirmed connection of the same key, or 0 */
	struct pending *entry; /* the unconfirmed one, or 0 */
	__u8 dir;
	__u8 place; /* enum place, of flow */
	_Bool confirm;
	_Bool third_ack;
	_Bool stray; /* a SYN-ACK that acknowledges nothing of ours: a segment, no answer */
};

/* The initiator's ACK: its sequence follows the SYN, it acknowledges the SYN-ACK if one was seen. */
ENGINE_INLINE _Bool track_is_third_ack(const struct flow *f, const struct packet *p, __u8 dir)
{
	const struct syn *own = &f->syn[dir & 1];
	const struct syn *peer = &f->syn[!dir];
	__u32 said;

	if (dir != f->client || !(p->flags & TCP_ACK) || !syn_followed(own, p->seq))
		return 0;
	if (!(peer->bits & SYN_SEEN))
		return 1;
	/* It may acknowledge data as well: of the SYN-ACK, or where the bare ACK was lost. */
	said = f->half[!dir].seq_end - (peer->isn + 1);
	return seq_within(p->ack, peer->isn + 1, (__s32)said > 0 ? said : 0);
}

/* A second segment that continues where this direction stood. */
ENGINE_INLINE _Bool track_is_in_sequence(const struct flow *f, const struct packet *p, __u8 dir)
{
	const struct half *h = &f->half[dir & 1];

	return h->bits & HALF_WINDOW && p->seq == h->seq_end;
}

ENGINE_INLINE void track_fresh(struct scratch *s, const struct packet *p, __u8 dir)
{
	struct flow *f = &s->fresh.flow;

	__builtin_memset(&s->fresh, 0, sizeof(s->fresh));
	f->first_ns = p->ns;
	f->first_id = p->id;
	f->ifindex = p->ifindex;
	f->encap = p->encap;
	f->half[0].home = duplicate_place(p);
	f->half[1].home = f->half[0].home;
	flow_roles(f, p, dir);
}

/* The end of the key that sent the rival SYN. */
ENGINE_INLINE __u8 track_rival_dir(const struct pending *e)
{
	return !!(e->rival.bits & SYN_OF_SECOND);
}

/* The record of the unanswered SYN that is kept as the entry's rival. */
ENGINE_INLINE void track_rival_flow(struct flow *f, const struct pending *e)
{
	const struct syn *rival = &e->rival;
	__u8 dir = track_rival_dir(e);
	struct half *h = &f->half[dir & 1];

	__builtin_memset(f, 0, sizeof(*f));
	f->first_ns = rival->first_ns;
	f->first_id = rival->id;
	f->ifindex = e->flow.ifindex;
	f->encap = e->flow.encap;
	f->client = dir;
	f->role_source = ROLE_SYN;
	f->syn[dir & 1] = *rival;
	f->half[0].home = e->flow.half[0].home;
	f->half[1].home = e->flow.half[1].home;
	h->packets = rival->copies;
	h->bytes = (__u64)rival->copies * rival->payload;
	h->duplicates = rival->duplicates;
	h->last_ns = rival->first_ns + rival->last_us * ENGINE_NS_PER_US;
	h->bits = HALF_SEQ;
	h->seq_end = rival->isn + 1 + rival->payload;
}

ENGINE_INLINE void track_rival_export(struct scratch *s, const struct packet *p,
				      const struct pending *e)
{
	if (!(e->rival.bits & SYN_SEEN))
		return;
	track_rival_flow(&s->fresh.flow, e);
	seam_export(&p->key, &s->fresh.flow, 0);
}

/*
 * A SYN with another ISN beside an unanswered one: kept, since either may be answered.
 * A copy within the time of duplicates is one: no stack repeats a SYN so soon.
 */
ENGINE_INLINE void track_rival_update(struct scratch *s, const struct packet *p, struct pending *e,
				      __u8 dir)
{
	struct syn *r = &e->rival;

	if (r->bits & SYN_SEEN && r->isn == p->seq && track_rival_dir(e) == dir) {
		r->last_us = syn_gap_us(r, p);
		if (p->ns - r->first_ns <= DUPLICATE_NS) {
			r->duplicates++;
			seam_count(COUNTER_DUPLICATES);
			return;
		}
		r->bits |= SYN_RETRANSMITTED;
		r->copies++;
		return;
	}
	track_rival_export(s, p, e);
	syn_fill(r, p);
	r->bits |= (__u16)(dir ? SYN_OF_SECOND : 0);
}

/* The rival was the one that got answered: it takes the entry over. */
ENGINE_INLINE void track_rival_wins(struct scratch *s, const struct packet *p, struct pending *e)
{
	seam_export(&p->key, &e->flow, 0);
	track_rival_flow(&s->fresh.flow, e);
	__builtin_memset(&s->fresh.rival, 0, sizeof(s->fresh.rival));
	__builtin_memcpy(e, &s->fresh, sizeof(*e));
}

/* An entry is over: its record, and its rival's, are handed on. */
ENGINE_INLINE void track_export_entry(struct scratch *s, const struct packet *p, struct pending *e)
{
	seam_export(&p->key, &e->flow, 0);
	track_rival_export(s, p, e);
}

ENGINE_INLINE void track_drop_live(const struct packet *p, struct track *t)
{
	if (!t->live)
		return;
	seam_export(&p->key, t->live, seam_gauges(t->live));
	seam_flow_drop(&p->key);
	t->live = 0;
}

/* Whether a segment without SYN belongs to the entry rather than to a live flow of the same key. */
ENGINE_INLINE _Bool track_entry_claims(const struct pending *e, const struct packet *p, __u8 dir)
{
	const struct flow *f = &e->flow;

	if (p->flags & TCP_RST) /* a refused SYN */
		return p->flags & TCP_ACK && syn_followed(&f->syn[!dir], p->ack);
	return track_is_third_ack(f, p, dir);
}

/* Chooses for a segment that is no SYN. */
ENGINE_INLINE void track_choose_segment(struct scratch *s, const struct packet *p, struct track *t)
{
	struct pending *e = t->entry;
	__u8 dir = t->dir;

	if (t->live && !e) /* the SYN beside it is gone */
		t->live->bits &= (__u8)~FLOW_RIVAL;
	if (t->live && !(e && track_entry_claims(e, p, dir)))
		return;
	if (!e) {
		track_fresh(s, p, dir);
		t->flow = &s->fresh.flow;
		t->place = PLACE_FRESH;
		return;
	}
	t->flow = &e->flow;
	t->place = PLACE_PENDING;
	if (p->flags & TCP_RST)
		return;
	t->third_ack = track_is_third_ack(&e->flow, p, dir);
	if (!t->third_ack && dir == track_rival_dir(e) && p->flags & TCP_ACK &&
	    !(e->flow.bits & FLOW_ANSWERED) && syn_followed(&e->rival, p->seq)) {
		track_rival_wins(s, p, e);
		t->third_ack = 1;
	}
	t->confirm = t->third_ack || track_is_in_sequence(&e->flow, p, dir);
}

/* A SYN that fits neither connection: a new one, or a rival of one that waits for its answer. */
ENGINE_INLINE void track_choose_new(struct scratch *s, const struct packet *p, struct track *t)
{
	struct pending *e = t->entry;
	_Bool waiting = e && !(e->flow.bits & FLOW_ANSWERED) && !flow_closed(&e->flow) &&
			e->flow.syn[t->dir & 1].bits & SYN_SEEN;

	t->flow = 0;
	if (waiting && !(p->flags & TCP_ACK)) {
		track_rival_update(s, p, e, t->dir);
		return;
	}
	if (e)
		track_export_entry(s, p, e);
	track_fresh(s, p, t->dir);
	t->flow = &s->fresh.flow;
	t->place = PLACE_FRESH;
	if (!e)
		return;
	__builtin_memcpy(e, &s->fresh, sizeof(*e));
	t->flow = &e->flow;
	t->place = PLACE_PENDING;
}

/* Chooses for a SYN or SYN-ACK. No flow is chosen when a rival took it. */
ENGINE_INLINE void track_choose_syn(struct scratch *s, const struct packet *p, struct track *t)
{
	struct pending *e = t->entry;
	_Bool synack = p->flags & TCP_ACK;

	if (t->live && handshake_fits(t->live, p, t->dir))
		return;
	if (t->live && !synack) {
		if (flow_closed(t->live))
			track_drop_live(p, t);
		else
			t->live->bits |= FLOW_RIVAL;
	}
	if (e && synack && syn_followed(&e->rival, p->ack) && !(e->flow.bits & FLOW_ANSWERED) &&
	    t->dir != track_rival_dir(e))
		track_rival_wins(s, p, e);
	if (e && handshake_fits(&e->flow, p, t->dir)) {
		t->flow = &e->flow;
		t->place = PLACE_PENDING;
		return;
	}
	t->stray = synack;
	if (synack && t->live)
		return;
	if (synack && e && e->flow.syn[!t->dir].bits & SYN_SEEN) {
		t->flow = &e->flow;
		t->place = PLACE_PENDING;
		return;
	}
	t->stray = 0;
	track_choose_new(s, p, t);
}

/* The connection is real: its client counts, and it moves to where it is safe. */
ENGINE_INLINE void track_confirm(struct scratch *s, const struct packet *p, struct track *t)
{
	struct flow *f = t->flow;
	const struct syn *c = &f->syn[f->client & 1], *srv = &f->syn[!f->client];
	struct pending *e = t->entry;

	track_drop_live(p, t);
	f->bits |= FLOW_CONFIRMED;
	if (t->third_ack && f->bits & FLOW_ANSWERED && p->ns > c->first_ns &&
	    !((c->bits | srv->bits) & SYN_RETRANSMITTED))
		f->rtt_us = syn_gap_us(c, p);
	flow_set_shifts(f);
	tally_shift(s, f, 0);
	tally_shift(s, f, 1);
	track_rival_export(s, p, e);
	alarm_endpoint(s, p, f, endpoint_client(s, p, f));
	alarm_flow(s, p, f);
	seam_promote(s, &p->key, e);
}

/* A window-scale option where none may be: remembered once (RFC 7323, 2.2). */
ENGINE_INLINE void track_odd_option(struct scratch *s, const struct packet *p, struct track *t)
{
	struct flow *f = t->flow;

	if (f->bits & FLOW_NON_SYN_W)
		return;
	f->bits |= (__u8)(FLOW_NON_SYN_W | (t->dir ? FLOW_NON_SYN_W_DIR : 0));
	f->odd_id = p->id;
	if (t->place == PLACE_FLOWS)
		alarm_flow(s, p, f);
}

/* A SYN or SYN-ACK was taken into t->flow. */
ENGINE_INLINE void track_handshake(struct scratch *s, const struct packet *p, struct track *t,
				   _Bool duplicate)
{
	_Bool answered = handshake_update(t->flow, p, t->dir, duplicate);

	if (answered) {
		seam_count(COUNTER_HANDSHAKES);
		tally_handshake(s, p);
		if (t->place == PLACE_PENDING)
			track_drop_live(p, t);
		alarm_endpoint(s, p, t->flow, endpoint_server(s, p, t->flow));
	}
	if (t->place != PLACE_FLOWS)
		return;
	flow_set_shifts(t->flow);
	alarm_flow(s, p, t->flow);
}

/* Takes the segment into the flow that was chosen; false when it is a second copy. */
ENGINE_INLINE _Bool track_update(struct scratch *s, const struct track *t, const struct packet *p)
{
	struct gauge *g = 0;

	if (ENGINE_LIKELY(t->place == PLACE_FLOWS))
		g = seam_gauges(t->flow);
	return half_update(s, t->flow, g, t->dir, p);
}

/* Where anything but a plain segment of a confirmed connection goes. */
ENGINE_INLINE void track_choose(struct scratch *s, const struct packet *p, struct track *t)
{
	t->entry = seam_pending_find(&p->key);
	if (packet_is_syn(p))
		track_choose_syn(s, p, t);
	else
		track_choose_segment(s, p, t);
}

/* What follows from such a segment, taken in or met as a second copy. */
ENGINE_INLINE void track_follow(struct scratch *s, const struct packet *p, struct track *t,
				_Bool taken)
{
	_Bool is_syn = packet_is_syn(p);

	if (is_syn && !t->stray)
		track_handshake(s, p, t, !taken);
	else if (!is_syn && p->wscale_state == WSCALE_PRESENT)
		track_odd_option(s, p, t);
	if (t->place == PLACE_FRESH)
		seam_pending_create(&p->key, &s->fresh);
	else if (t->confirm && taken)
		track_confirm(s, p, t);
}

/*
 * A segment whose key is filled in; t has its direction, and its confirmed flow or 0 as flow and
 * live. Chooses the flow that takes it, 0: none does. Returns whether nothing can follow from it.
 */
ENGINE_INLINE _Bool track_begin(struct scratch *s, const struct packet *p, struct track *t)
{
	const struct flow *f = t->flow;
	_Bool plain = f && !(f->bits & FLOW_RIVAL) && !(p->flags & TCP_SYN) &&
		      p->wscale_state != WSCALE_PRESENT;

	if (ENGINE_UNLIKELY(!plain))
		track_choose(s, p, t);
	return plain;
}

/* The chosen flow takes the segment in; false when it is a second copy. */
ENGINE_INLINE _Bool track_end(struct scratch *s, const struct packet *p, struct track *t,
			      _Bool plain)
{
	_Bool taken = track_update(s, t, p);

	if (ENGINE_UNLIKELY(!plain))
		track_follow(s, p, t, taken);
	else if (ENGINE_UNLIKELY(s->ending)) /* not where a rival SYN waits: few */
		tally_window(s, t->flow, t->dir);
	s->ending = 0;
	if (ENGINE_UNLIKELY(s->tallies_n))
		tally_flush(s);
	return taken;
}

/* A segment whose key is filled in, whose direction is dir, and whose confirmed flow is f or 0. */
ENGINE_INLINE void track_keyed(struct scratch *s, const struct packet *p, struct flow *f, __u8 dir)
{
	struct track t = { .flow = f, .live = f, .dir = dir };
	_Bool plain = track_begin(s, p, &t);

	if (t.flow)
		track_end(s, p, &t, plain);
}

/*
 * The segment in s->pkt. The direction is made opaque: a verifier that knows it is 0 or
 * 1 would go through everything twice.
 */
ENGINE_INLINE void track_packet(struct scratch *s)
{
	__u32 dir = flow_key_canon(&s->pkt);

	engine_opaque(dir);
	track_keyed(s, &s->pkt, seam_flow_find(&s->pkt.key), (__u8)(dir & 1));
}

#endif
