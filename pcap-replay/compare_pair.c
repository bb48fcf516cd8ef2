// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "pcap-replay/compare_pair.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BOOK_FIRST 4096U
#define SLAB_NODES 1024U

/* An entry of keys[]. */
struct newest {
	struct flow_key key;
	struct compare_leg *leg;
};

struct slab {
	struct slab *next;
	struct compare_node nodes[SLAB_NODES];
};

/* ---- memory ---- */

int compare_init(struct compare *c, bool nat)
{
	memset(c, 0, sizeof(*c));
	c->nat = nat;
	c->book = calloc(BOOK_FIRST, sizeof(*c->book));
	c->prints = calloc(BOOK_FIRST, sizeof(*c->prints));
	c->book_mask = c->prints_mask = BOOK_FIRST - 1;
	for (unsigned int side = 0; side < 2; side++) {
		if (table_init(&c->keys[side], sizeof(struct newest), sizeof(struct flow_key),
			       false))
			return -ENOMEM;
	}
	return c->book && c->prints ? 0 : -ENOMEM;
}

void compare_free(struct compare *c)
{
	for (size_t i = 0; i < c->legs_n; i++)
		free(c->legs[i]);
	for (size_t i = 0; i < c->pairs_n; i++)
		free(c->pairs[i]);
	for (struct slab *s = c->slabs, *next; s; s = next) {
		next = s->next;
		free(s);
	}
	free(c->legs);
	free(c->pairs);
	free(c->book);
	free(c->prints);
	table_free(&c->keys[0]);
	table_free(&c->keys[1]);
	memset(c, 0, sizeof(*c));
}

/* Room for one more pointer at the end of a list; false when memory ran out. */
static bool list_room(void ***list, size_t n, size_t *room)
{
	size_t more = *room ? 2 * *room : 64;
	void **grown;

	if (n < *room)
		return true;
	grown = realloc(*list, more * sizeof(**list));
	if (!grown)
		return false;
	*list = grown;
	*room = more;
	return true;
}

static struct compare_node *node_new(struct compare *c)
{
	struct compare_node *node = c->spare;
	struct slab *slab;

	if (c->waiting >= COMPARE_WAITING) {
		c->overflow = true;
		return NULL;
	}
	if (!node) {
		slab = malloc(sizeof(*slab));
		if (!slab) {
			c->out_of_memory = true;
			return NULL;
		}
		slab->next = c->slabs;
		c->slabs = slab;
		for (unsigned int i = 0; i < SLAB_NODES; i++) {
			slab->nodes[i].next = c->spare;
			c->spare = &slab->nodes[i];
		}
		node = c->spare;
	}
	c->spare = node->next;
	c->waiting++;
	return node;
}

/* ---- the book: what waits, by what its partner must have ---- */

/* Direction of a segment as BEFORE's leg has it. */
static unsigned int pair_dir(const struct compare_pair *p, unsigned int side,
			     const struct compare_segment *s)
{
	return s->dir ^ (side ? p->flip : 0U);
}

static __u32 ack_of(const struct compare_segment *s)
{
	return s->flags & TCP_ACK ? s->ack : 0;
}

struct compare_spot compare_spot(const struct compare_pair *p, unsigned int side,
				 const struct compare_segment *s)
{
	struct compare_spot at = { s->seq, ack_of(s), pair_dir(p, side, s) };

	if (!side)
		return at;
	at.seq -= p->delta[at.dir];
	if (s->flags & TCP_ACK)
		at.ack -= p->delta[!at.dir];
	return at;
}

#define FLAGS_THAT_COUNT (TCP_SYN | TCP_FIN | TCP_RST)

static __u32 book_hash(const struct compare_pair *p, unsigned int side,
		       const struct compare_segment *s)
{
	struct compare_spot at = compare_spot(p, side, s);
	__u64 h = table_mix((__u64)(unsigned long)p, (__u64)at.seq << 32 | at.ack);
	unsigned int flags = s->flags & (unsigned int)FLAGS_THAT_COUNT;

	return (__u32)table_mix(h, (__u64)s->len << 16 | flags << 1 | at.dir);
}

static void book_grow(struct compare *c)
{
	__u32 size = 2 * (c->book_mask + 1);
	struct compare_node **book;

	if (c->booked <= c->book_mask)
		return;
	book = calloc(size, sizeof(*book));
	if (!book)
		return; /* slower, not wrong */
	for (__u32 i = 0; i <= c->book_mask; i++) {
		for (struct compare_node *node = c->book[i], *next; node; node = next) {
			struct compare_node **bucket = &book[node->hash & (size - 1)];

			next = node->chain;
			node->chain = *bucket;
			*bucket = node;
		}
	}
	free(c->book);
	c->book = book;
	c->book_mask = size - 1;
}

static void book_add(struct compare *c, struct compare_pair *p, struct compare_node *node)
{
	struct compare_node **bucket;

	book_grow(c);
	node->pair = p;
	node->hash = book_hash(p, node->side, &node->s);
	bucket = &c->book[node->hash & c->book_mask];
	node->chain = *bucket;
	*bucket = node;
	c->booked++;
}

static void book_remove(struct compare *c, struct compare_node *node)
{
	struct compare_node **at = &c->book[node->hash & c->book_mask];

	if (!node->pair)
		return;
	while (*at != node)
		at = &(*at)->chain;
	*at = node->chain;
	node->pair = NULL;
	c->booked--;
}

void compare_drop(struct compare *c, struct compare_leg *leg, struct compare_node *node)
{
	struct compare_list *list = &leg->list[node->s.dir];

	book_remove(c, node);
	*(node->prev ? &node->prev->next : &list->first) = node->next;
	*(node->next ? &node->next->prev : &list->last) = node->prev;
	list->n--;
	node->next = c->spare;
	c->spare = node;
	c->waiting--;
}

struct compare_node *compare_keep(struct compare *c, struct compare_leg *leg,
				  const struct compare_segment *s)
{
	struct compare_list *list = &leg->list[s->dir];
	struct compare_node *node = node_new(c);

	if (!node)
		return NULL;
	*node = (struct compare_node){ .s = *s, .side = leg->side, .prev = list->last };
	*(list->last ? &list->last->next : &list->first) = node;
	list->last = node;
	list->n++;
	return node;
}

/* ---- partners ---- */

/* delta: the distance of the two values where sequence numbers are changed, too; otherwise 0. */
static bool stamps_fit(__u32 before, __u32 after, __u32 delta)
{
	return before == after || after - before == delta || !before || !after;
}

bool compare_partners(const struct compare *c, const struct compare_pair *p,
		      const struct compare_segment *before, const struct compare_segment *after,
		      unsigned int dir, bool exact)
{
	bool stamped = compare_stamped(before) && compare_stamped(after);
	/* Else SYNs would be paired with their repetitions. */
	bool shifted = (p->delta[0] || p->delta[1]) && !compare_is_syn(before);

	if (stamped && !(stamps_fit(before->tsval, after->tsval, shifted ? p->tsdelta[dir] : 0) &&
			 stamps_fit(before->tsecr, after->tsecr, shifted ? p->tsdelta[!dir] : 0)))
		return false;
	if (exact)
		return before->window == after->window;
	return stamped || c->ipid_rewritten || before->ipid == after->ipid || !before->ipid ||
	       !after->ipid;
}

/* The best of the other side's nodes in a bucket: of the same IP-ID, then the oldest. */
static struct compare_node *book_find(const struct compare *c, const struct compare_pair *p,
				      unsigned int side, const struct compare_segment *s,
				      bool exact)
{
	__u32 hash = book_hash(p, side, s);
	struct compare_spot at = compare_spot(p, side, s);
	struct compare_node *best = NULL;

	for (struct compare_node *n = c->book[hash & c->book_mask]; n; n = n->chain) {
		struct compare_spot there;

		if (n->hash != hash || n->pair != p || n->side == side)
			continue;
		there = compare_spot(p, n->side, &n->s);
		if (there.seq != at.seq || there.ack != at.ack || there.dir != at.dir ||
		    n->s.len != s->len || (n->s.flags ^ s->flags) & FLAGS_THAT_COUNT ||
		    !compare_partners(c, p, side ? &n->s : s, side ? s : &n->s, at.dir, exact))
			continue;
		if (!best || ((n->s.ipid == s->ipid) == (best->s.ipid == s->ipid)
				      ? n->s.number < best->s.number
				      : n->s.ipid == s->ipid))
			best = n;
	}
	return best;
}

static void clock_note(struct compare *c, struct compare_pair *p, unsigned int dir,
		       const struct compare_segment *before, const struct compare_segment *after)
{
	__s64 delay = (__s64)(after->ns - before->ns);

	/* The handshakes of a proxy are not one. */
	if (p->delays[dir] < COMPARE_DELAYS &&
	    !((p->delta[0] || p->delta[1]) && compare_in_handshake(p->leg[0], before)))
		p->delay[dir][p->delays[dir]++] = delay;
	if (compare_is_syn(before) && c->syn_delays < COMPARE_SYNS)
		c->syn_delay[c->syn_delays++] = delay;
}

void compare_seen(struct compare *c, unsigned int side, __u64 number)
{
	if (!c->paired_first[side] || number < c->paired_first[side])
		c->paired_first[side] = number;
	if (number > c->paired_last[side])
		c->paired_last[side] = number;
}

void compare_pair_part(struct compare *c, struct compare_pair *p, unsigned int dir,
		       const struct compare_segment *before, const struct compare_segment *after)
{
	c->matched++;
	p->paired[dir]++;
	p->data[dir]++;
	compare_note(c, p, dir, before, after);
}

void compare_pair_up(struct compare *c, struct compare_pair *p,
		     const struct compare_segment *before, const struct compare_segment *after)
{
	unsigned int dir = before->dir;

	c->matched++;
	p->paired[dir]++;
	p->data[dir] += !!before->len;
	compare_seen(c, COMPARE_BEFORE, before->number);
	compare_seen(c, COMPARE_AFTER, after->number);
	if (compare_stamped(before) && before->tsval == after->tsval && before->ipid &&
	    after->ipid && before->ipid != after->ipid && before->window == after->window)
		c->ipid_rewritten = true;
	clock_note(c, p, dir, before, after);
	compare_note(c, p, dir, before, after);
}

/* A segment that is in no list: paired, or false. */
static bool pair_new(struct compare *c, struct compare_pair *p, unsigned int side,
		     const struct compare_segment *s, bool exact)
{
	struct compare_node *n = book_find(c, p, side, s, exact);

	if (!n)
		return false;
	compare_pair_up(c, p, side ? &n->s : s, side ? s : &n->s);
	compare_drop(c, p->leg[!side], n);
	return true;
}

void compare_refresh(struct compare *c, struct compare_pair *p)
{
	struct compare_node *next;

	for (unsigned int i = 0; i < 4; i++) {
		for (struct compare_node *n = p->leg[i / 2]->list[i % 2].first; n; n = n->next)
			book_remove(c, n);
	}
	for (unsigned int i = 0; i < 4; i++) {
		for (struct compare_node *n = p->leg[i / 2]->list[i % 2].first; n; n = next) {
			next = n->next;
			if (i / 2 && pair_new(c, p, COMPARE_AFTER, &n->s, true))
				compare_drop(c, p->leg[1], n);
			else
				book_add(c, p, n);
		}
	}
}

void compare_settle(struct compare *c, struct compare_pair *p, __u64 keep)
{
	for (unsigned int dir = 0; dir < 2; dir++) {
		struct compare_list *list = &p->leg[1]->list[dir];
		struct compare_node *n = list->first, *next;

		for (__u64 left = list->n; n && left > keep; n = next, left--) {
			next = n->next;
			if (c->young_ns && n->s.ns >= c->young_ns)
				continue;
			if (pair_new(c, p, COMPARE_AFTER, &n->s, false))
				compare_drop(c, p->leg[1], n);
		}
	}
}

/* The oldest SYN or SYN-ACK of a direction that waits. */
static struct compare_node *waiting_syn(const struct compare_leg *leg, unsigned int dir)
{
	struct compare_node *n = leg->list[dir].first;

	while (n && !(n->s.flags & TCP_SYN))
		n = n->next;
	return n;
}

/* Where numbers are shifted a proxy may have made the SYN anew, timestamps and all. */
static void pair_syns(struct compare *c, struct compare_pair *p)
{
	for (unsigned int dir = 0; dir < 2 && (p->delta[0] || p->delta[1]); dir++) {
		struct compare_node *before = waiting_syn(p->leg[0], dir);
		struct compare_node *after = waiting_syn(p->leg[1], dir ^ p->flip);

		if (!before || !after || after->s.seq - before->s.seq != p->delta[dir] ||
		    compare_is_syn(&before->s) != compare_is_syn(&after->s))
			continue;
		compare_pair_up(c, p, &before->s, &after->s);
		compare_drop(c, p->leg[0], before);
		compare_drop(c, p->leg[1], after);
	}
}

/* ---- legs ---- */

static struct compare_leg *leg_new(struct compare *c, unsigned int side, const struct flow_key *key,
				   struct newest *entry)
{
	struct compare_leg *leg = calloc(1, sizeof(*leg));

	if (!leg || !list_room((void ***)&c->legs, c->legs_n, &c->legs_room)) {
		free(leg);
		c->out_of_memory = true;
		return NULL;
	}
	leg->key = *key;
	leg->side = (__u8)side;
	leg->client = COMPARE_NOBODY;
	leg->older = entry->leg;
	entry->leg = leg;
	c->legs[c->legs_n++] = leg;
	return leg;
}

/* Whether a SYN or SYN-ACK begins another connection on the same addresses and ports. */
static bool leg_is_over(const struct compare_leg *leg, const struct compare_segment *s)
{
	const struct compare_segment *own = &leg->syn[s->dir], *peer = &leg->syn[!s->dir];

	if (compare_is_syn(s)) {
		if (own->number)
			return own->seq != s->seq;
		return leg->packets && leg->closed;
	}
	if (!compare_is_synack(s))
		return false;
	if (peer->number && s->ack - peer->seq - 1 > peer->len)
		return true;
	return own->number && own->seq != s->seq && leg->closed;
}

static void leg_note(struct compare_leg *leg, const struct compare_segment *s)
{
	if (!leg->packets++)
		leg->first_ns = s->ns;
	leg->last_ns = s->ns;
	if (s->flags & TCP_RST)
		leg->closed |= 4;
	if (s->flags & TCP_FIN)
		leg->closed |= (__u8)(1U << s->dir);
	if (!(s->flags & TCP_SYN))
		return;
	if (!leg->syn[s->dir].number)
		leg->syn[s->dir] = *s;
	if (leg->client == COMPARE_NOBODY)
		leg->client = compare_is_syn(s) ? s->dir : !s->dir;
}

struct compare_leg *compare_newest(const struct compare *c, unsigned int side,
				   const struct flow_key *key)
{
	struct newest *entry = table_find(&c->keys[side], key, sizeof(*key), native_flow_hash(key));

	return entry ? entry->leg : NULL;
}

static struct compare_leg *leg_of(struct compare *c, unsigned int side, const struct flow_key *key,
				  const struct compare_segment *s)
{
	__u32 hash = native_flow_hash(key);
	struct newest *entry = table_find(&c->keys[side], key, sizeof(*key), hash);

	if (c->only_new && !(s->flags & TCP_SYN) && !(entry && entry->leg)) {
		c->refused++;
		return NULL;
	}
	if (!entry) {
		entry = table_insert(&c->keys[side], key, hash);
		if (!entry) {
			c->out_of_memory = true;
			return NULL;
		}
		entry->leg = NULL;
	}
	if (entry->leg && !leg_is_over(entry->leg, s))
		return entry->leg;
	return leg_new(c, side, key, entry);
}

/* Both legs have a SYN of this direction: the distance of their numbers is known. */
static bool pair_deltas(struct compare_pair *p)
{
	bool changed = false;

	for (unsigned int dir = 0; dir < 2; dir++) {
		const struct compare_segment *before = &p->leg[0]->syn[dir];
		const struct compare_segment *after = &p->leg[1]->syn[dir ^ p->flip];
		__u32 delta = after->seq - before->seq;

		if (p->known[dir] || !before->number || !after->number)
			continue;
		p->known[dir] = 1;
		changed |= delta != p->delta[dir] || before->tsval != after->tsval;
		p->delta[dir] = delta;
		if (compare_stamped(before) && compare_stamped(after))
			p->tsdelta[dir] = after->tsval - before->tsval;
	}
	return changed;
}

struct compare_pair *compare_join(struct compare *c, struct compare_leg *before,
				  struct compare_leg *after, unsigned int flip)
{
	struct compare_pair *p = calloc(1, sizeof(*p));

	if (!p || !list_room((void ***)&c->pairs, c->pairs_n, &c->pairs_room)) {
		free(p);
		c->out_of_memory = true;
		return NULL;
	}
	p->leg[0] = before;
	p->leg[1] = after;
	p->flip = (__u8)flip;
	before->pair = after->pair = p;
	c->pairs[c->pairs_n++] = p;
	pair_deltas(p);
	compare_refresh(c, p);
	return p;
}

/* How many of a pair's packets wait on the side that has fewer. */
static __u64 pair_waits(const struct compare_pair *p)
{
	__u64 before = p->leg[0]->list[0].n + p->leg[0]->list[1].n;
	__u64 after = p->leg[1]->list[0].n + p->leg[1]->list[1].n;

	return before < after ? before : after;
}

/* Many wait on both sides: a box rewrites windows, or one side has what is cut on the other. */
static void settle_many(struct compare *c, struct compare_pair *p)
{
	compare_settle(c, p, COMPARE_SETTLE / 4);
	compare_fold(c, p, false);
}

/* A segment that stays for now, and what may be done about many of them. */
static void leg_keep(struct compare *c, struct compare_leg *leg, const struct compare_segment *s)
{
	struct compare_node *node = compare_keep(c, leg, s);
	struct compare_pair *p = leg->pair;
	__u64 waits;

	if (!node)
		return;
	if (!p) {
		if (leg->packets == 64)
			compare_link(c, leg, s);
		return;
	}
	book_add(c, p, node);
	waits = pair_waits(p);
	if (waits >= 64 && waits % 64 == 0)
		compare_learn(c, p);
	if (waits >= COMPARE_SETTLE && waits % 64 == 0)
		settle_many(c, p);
}

void compare_add(struct compare *c, unsigned int side, const struct compare_segment *s,
		 const struct flow_key *key)
{
	struct compare_leg *leg = leg_of(c, side, key, s);
	bool fresh;

	c->segments[side]++;
	if (!leg)
		return;
	fresh = !leg->packets;
	leg_note(leg, s);
	if (!leg->pair && (fresh || s->flags & TCP_SYN))
		compare_link(c, leg, s);
	if (leg->pair && s->flags & TCP_SYN && pair_deltas(leg->pair))
		compare_refresh(c, leg->pair);
	if (leg->pair && pair_new(c, leg->pair, side, s, true))
		return;
	leg_keep(c, leg, s);
}

void compare_finish(struct compare *c)
{
	compare_link_rest(c);
	for (size_t i = 0; i < c->pairs_n; i++) {
		compare_learn(c, c->pairs[i]);
		compare_settle(c, c->pairs[i], 0);
		pair_syns(c, c->pairs[i]);
		compare_fold(c, c->pairs[i], true);
	}
}
