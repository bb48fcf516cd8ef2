// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Which connection of one capture is which of the other, and how far their numbers are apart. */
#include <stdlib.h>
#include <string.h>

#include "pcap-replay/compare_pair.h"

/* Packets of a leg that vote. */
#define VOTERS_BEFORE 16U
#define VOTERS_AFTER  64U
#define CANDIDATES    16U
/* Kinds of votes, and how many elect. */
#define SIGNS 4U
#define VOTES 2U
/* Packets of each side that are looked at to learn a distance. */
#define LEARN_NODES 128U

/* ---- by addresses and ports ---- */

/* How well two legs on the same addresses and ports go together; 0: not. late: anything goes. */
static int key_score(const struct compare_leg *a, const struct compare_leg *b, bool late)
{
	const struct compare_segment *x, *y;

	if (a->client == COMPARE_NOBODY || b->client == COMPARE_NOBODY)
		return 1;
	x = &a->syn[a->client];
	y = &b->syn[b->client];
	if (!x->number || !y->number)
		return 1;
	if (x->seq == y->seq)
		return 3;
	return compare_stamped(x) && compare_stamped(y) && x->tsval == y->tsval ? 2 : late;
}

static struct compare_pair *join(struct compare *c, struct compare_leg *a, struct compare_leg *b,
				 unsigned int flip)
{
	bool swapped = a->side == COMPARE_AFTER;

	return compare_join(c, swapped ? b : a, swapped ? a : b, flip);
}

static bool link_key(struct compare *c, struct compare_leg *leg, bool late)
{
	struct compare_leg *best = NULL, *other = compare_newest(c, !leg->side, &leg->key);
	int most = 0;

	for (; other; other = other->older) {
		int score = other->pair ? 0 : key_score(leg, other, late);

		if (score > most) {
			most = score;
			best = other;
		}
	}
	return best && join(c, leg, best, 0);
}

/* ---- by the SYN's fingerprint ---- */

static __u32 print_hash(const struct compare_segment *s)
{
	return (__u32)table_mix(table_mix(s->seq, s->tsval), s->len);
}

static void print_remove(struct compare *c, struct compare_leg *leg)
{
	struct compare_leg **at = &c->prints[print_hash(&leg->printed) & c->prints_mask];

	if (!leg->printed.number)
		return;
	while (*at != leg)
		at = &(*at)->print;
	*at = leg->print;
	leg->printed.number = 0;
}

static void print_add(struct compare *c, struct compare_leg *leg, const struct compare_segment *syn)
{
	struct compare_leg **bucket = &c->prints[print_hash(syn) & c->prints_mask];

	leg->printed = *syn;
	leg->print = *bucket;
	*bucket = leg;
}

static bool link_print(struct compare *c, struct compare_leg *leg,
		       const struct compare_segment *syn)
{
	struct compare_leg *other = c->prints[print_hash(syn) & c->prints_mask], *next;
	struct compare_pair *p;

	for (; other; other = next) {
		next = other->print;
		if (other->pair) {
			print_remove(c, other);
			continue;
		}
		if (other->side == leg->side || other->printed.seq != syn->seq ||
		    other->printed.tsval != syn->tsval || other->printed.len != syn->len)
			continue;
		print_remove(c, other);
		p = join(c, leg, other, syn->dir != other->printed.dir);
		if (p)
			p->translated = 1;
		return p;
	}
	return false;
}

void compare_link(struct compare *c, struct compare_leg *leg, const struct compare_segment *syn)
{
	bool late = !(syn->flags & TCP_SYN) && leg->packets > 1;

	if ((!c->nat || late) && link_key(c, leg, late))
		return;
	if (!compare_is_syn(syn))
		return;
	if (leg->printed.number)
		print_remove(c, leg);
	if (!link_print(c, leg, syn))
		print_add(c, leg, syn);
}

/* ---- by votes ---- */

struct voter {
	struct voter *chain;
	struct compare_leg *leg;
	__u64 sign;
	__u8 dir;
};

struct ballot {
	struct voter *voters;
	struct voter **buckets;
	size_t n, mask;
};

struct candidate {
	struct compare_leg *leg;
	unsigned int flip, votes;
};

/*
 * What a box may leave alone, by how: 0, both stamps; 1, both numbers; 2 and 3, those of the sender
 * only. So a packet that is the same in both has two votes. 0 when it has none of that kind.
 */
static __u64 sign_of(const struct compare_segment *s, unsigned int how)
{
	unsigned int flags = s->flags & (unsigned int)(TCP_SYN | TCP_FIN | TCP_RST);
	__u64 rest = (__u64)s->len << 8 | flags << 2 | how;
	bool stamps = !(how & 1), sender = how & 2;
	__u32 other = stamps ? s->tsecr : s->flags & TCP_ACK ? s->ack : 0;

	if (stamps && !compare_stamped(s))
		return 0;
	return table_mix(table_mix(stamps ? s->tsval : s->seq, sender ? 0 : other), rest) | 1;
}

static void ballot_add(struct ballot *b, struct compare_leg *leg)
{
	for (unsigned int dir = 0; dir < 2; dir++) {
		struct compare_node *n = leg->list[dir].first;

		for (unsigned int i = 0; n && i < VOTERS_BEFORE; i++, n = n->next) {
			for (unsigned int how = 0; how < SIGNS; how++) {
				struct voter *v = &b->voters[b->n];
				struct voter **bucket;

				v->sign = sign_of(&n->s, how);
				if (!v->sign)
					continue;
				bucket = &b->buckets[(v->sign >> 8) & b->mask];
				v->leg = leg;
				v->dir = (__u8)dir;
				v->chain = *bucket;
				*bucket = v;
				b->n++;
			}
		}
	}
}

static void candidate_vote(struct candidate *list, struct compare_leg *leg, unsigned int flip)
{
	struct candidate *c = list;

	while (c < list + CANDIDATES && c->leg && (c->leg != leg || c->flip != flip))
		c++;
	if (c == list + CANDIDATES)
		return;
	c->leg = leg;
	c->flip = flip;
	c->votes++;
}

static void ballot_ask(const struct ballot *b, const struct compare_leg *leg,
		       struct candidate *list)
{
	for (unsigned int dir = 0; dir < 2; dir++) {
		struct compare_node *n = leg->list[dir].first;

		for (unsigned int i = 0; n && i < VOTERS_AFTER; i++, n = n->next) {
			for (unsigned int how = 0; how < SIGNS; how++) {
				__u64 sign = sign_of(&n->s, how);
				struct voter *v = sign ? b->buckets[(sign >> 8) & b->mask] : NULL;

				for (; v; v = v->chain) {
					if (v->sign == sign && !v->leg->pair)
						candidate_vote(list, v->leg, v->dir != dir);
				}
			}
		}
	}
}

/* The leg that has clearly the most votes; NULL: none. */
static const struct candidate *elected(const struct candidate *list)
{
	const struct candidate *best = &list[0];
	unsigned int second = 0;

	for (unsigned int i = 1; i < CANDIDATES && list[i].leg; i++) {
		if (list[i].votes > best->votes) {
			second = best->votes;
			best = &list[i];
		} else if (list[i].votes > second) {
			second = list[i].votes;
		}
	}
	return best->votes >= VOTES && best->votes > second ? best : NULL;
}

static void link_votes(struct compare *c)
{
	struct ballot b = { .mask = 1 };
	size_t room = 0;

	for (size_t i = 0; i < c->legs_n; i++)
		room += c->legs[i]->side == COMPARE_BEFORE && !c->legs[i]->pair;
	room *= 2UL * SIGNS * VOTERS_BEFORE;
	while (b.mask < room)
		b.mask = b.mask << 1 | 1;
	b.voters = calloc(room + 1, sizeof(*b.voters));
	b.buckets = calloc(b.mask + 1, sizeof(*b.buckets));
	if (!b.voters || !b.buckets)
		c->out_of_memory = true;
	for (size_t i = 0; i < c->legs_n && !c->out_of_memory; i++) {
		if (c->legs[i]->side == COMPARE_BEFORE && !c->legs[i]->pair)
			ballot_add(&b, c->legs[i]);
	}
	for (size_t i = 0; i < c->legs_n && !c->out_of_memory; i++) {
		struct candidate list[CANDIDATES] = { 0 };
		const struct candidate *found;
		struct compare_pair *p;

		if (c->legs[i]->side == COMPARE_BEFORE || c->legs[i]->pair)
			continue;
		ballot_ask(&b, c->legs[i], list);
		found = elected(list);
		p = found ? compare_join(c, found->leg, c->legs[i], found->flip) : NULL;
		if (p)
			p->translated = 1;
	}
	free(b.voters);
	free(b.buckets);
}

static void link_keys(struct compare *c)
{
	for (size_t i = 0; i < c->legs_n; i++) {
		if (c->legs[i]->side == COMPARE_AFTER && !c->legs[i]->pair)
			link_key(c, c->legs[i], true);
	}
}

void compare_link_rest(struct compare *c)
{
	if (!c->nat)
		link_keys(c);
	link_votes(c);
	if (c->nat)
		link_keys(c);
}

/* ---- the distance of sequence numbers ---- */

struct tally {
	struct {
		__u32 delta;
		unsigned int votes;
	} list[CANDIDATES];
	unsigned int n;
};

static void tally_vote(struct tally *t, __u32 delta)
{
	unsigned int i = 0;

	while (i < t->n && t->list[i].delta != delta)
		i++;
	if (i == CANDIDATES)
		return;
	t->n += i == t->n;
	t->list[i].delta = delta;
	t->list[i].votes++;
}

/* Votes of the segments of one direction that have one timestamp value and length. */
static void tally_direction(struct tally *t, const struct compare_pair *p, unsigned int dir,
			    bool by_ack)
{
	const struct compare_node *a = p->leg[0]->list[dir].first;

	for (unsigned int i = 0; a && i < LEARN_NODES; i++, a = a->next) {
		const struct compare_node *b = p->leg[1]->list[dir ^ p->flip].first;

		for (unsigned int k = 0; b && k < LEARN_NODES; k++, b = b->next) {
			if (!compare_stamped(&a->s) || !compare_stamped(&b->s) ||
			    a->s.tsval != b->s.tsval || a->s.len != b->s.len ||
			    a->s.flags != b->s.flags)
				continue;
			if (!by_ack)
				tally_vote(t, b->s.seq - a->s.seq);
			else if (a->s.flags & TCP_ACK)
				tally_vote(t, b->s.ack - a->s.ack);
		}
	}
}

void compare_learn(struct compare *c, struct compare_pair *p)
{
	bool changed = false;

	for (unsigned int dir = 0; dir < 2; dir++) {
		struct tally t = { 0 };
		unsigned int best = 0, second = 0;

		if (p->known[dir] || p->paired[dir])
			continue;
		tally_direction(&t, p, dir, false);
		tally_direction(&t, p, !dir, true);
		for (unsigned int i = 1; i < t.n; i++) {
			if (t.list[i].votes > t.list[best].votes) {
				second = t.list[best].votes;
				best = i;
			} else if (t.list[i].votes > second) {
				second = t.list[i].votes;
			}
		}
		if (!t.n || t.list[best].votes <= second)
			continue;
		p->known[dir] = 1;
		changed |= p->delta[dir] != t.list[best].delta;
		p->delta[dir] = t.list[best].delta;
	}
	if (changed)
		compare_refresh(c, p);
}
