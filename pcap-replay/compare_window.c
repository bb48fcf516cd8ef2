// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What is compared while it passes: a packet has some time to find its partner, then it is given up, so
 * that what is kept is of a bounded time.
 */
#include "pcap-replay/compare_pair.h"

/* Given up: it counts as missing where a packet behind it has a partner, as at the end of a capture. */
static void give_up(struct compare *c, struct compare_pair *p, unsigned int side, unsigned int dir,
		    struct compare_node *n)
{
	bool claimed = !c->lossy && p->paired[dir] && n->s.number > c->paired_first[side];

	if (!claimed)
		p->unclaimed++;
	else if (!p->gone[side][dir].packets++)
		p->gone[side][dir].first = n->s.number;
	compare_drop(c, p->leg[side], n);
}

static void expire_pair(struct compare *c, struct compare_pair *p)
{
	compare_learn(c, p);
	compare_settle(c, p, 0);
	compare_fold(c, p, true);
	for (unsigned int i = 0; i < 4; i++) {
		unsigned int side = i / 2, dir = i % 2;
		struct compare_leg *leg = p->leg[side];
		struct compare_node *n = leg->list[dir ^ (side ? p->flip : 0U)].first, *next;

		for (; n; n = next) {
			next = n->next;
			/* Whether handshakes count is known when all is judged: they are few. */
			if (n->s.ns < c->young_ns && n->s.number < c->paired_last[side] &&
			    !compare_in_handshake(leg, &n->s))
				give_up(c, p, side, dir, n);
		}
	}
}

/* A connection that the other side does not have: its packets are not compared. */
static void expire_leg(struct compare *c, struct compare_leg *leg)
{
	for (unsigned int dir = 0; dir < 2; dir++) {
		for (struct compare_node *n = leg->list[dir].first, *next; n; n = next) {
			next = n->next;
			if (n->s.ns < c->young_ns)
				compare_drop(c, leg, n);
		}
	}
}

void compare_expire(struct compare *c, __u64 young_ns)
{
	c->young_ns = young_ns;
	compare_link_rest(c);
	for (size_t i = 0; i < c->pairs_n; i++) {
		const struct compare_leg *const *leg =
			(const struct compare_leg *const *)c->pairs[i]->leg;

		if (leg[0]->list[0].n + leg[0]->list[1].n + leg[1]->list[0].n + leg[1]->list[1].n)
			expire_pair(c, c->pairs[i]);
	}
	for (size_t i = 0; i < c->legs_n; i++) {
		if (!c->legs[i]->pair)
			expire_leg(c, c->legs[i]);
	}
}
