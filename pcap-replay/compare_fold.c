// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The same bytes in other pieces. Receive offload (GRO, LRO) hands several segments up as one, and with
 * segmentation offload (TSO, GSO) a capture of the sender has one that is cut later. Both leave the
 * headers alone: of the pieces of a large segment all have its acknowledgment, window and options, no
 * flag but at its end, and no byte is between them. What waits on both sides is matched by this rule.
 */
#include <stdint.h>
#include <stdlib.h>

#include "pcap-replay/compare_pair.h"

/* Pieces of one side up to a common end: 64 KiB of the smallest segments in use are half of it. */
#define FOLD_MOST 256U

/* Flags that no piece has but the last, which may have FIN. */
#define FLAGS_ALONE (TCP_SYN | TCP_RST)

struct fold_entry {
	__s32 at; /* its first byte, as BEFORE counts */
	struct compare_node *node;
};

/* What waits of one direction, on each side by sequence number. */
struct fold {
	struct compare *c;
	struct compare_pair *p;
	unsigned int dir;
	__u32 base;
	struct fold_entry *entry[2];
	size_t n[2];
};

/* Some of them, in a row. */
struct fold_run {
	size_t at[FOLD_MOST];
	unsigned int n;
	__s32 end;
};

static struct compare_list *fold_list(const struct fold *f, unsigned int side)
{
	return &f->p->leg[side]->list[f->dir ^ (side ? f->p->flip : 0U)];
}

static int by_place(const void *a, const void *b)
{
	const struct fold_entry *x = a, *y = b;

	if (x->at != y->at)
		return (x->at > y->at) - (x->at < y->at);
	return (x->node->s.number > y->node->s.number) - (x->node->s.number < y->node->s.number);
}

/* The first entry of a side at or behind a place. */
static size_t fold_find(const struct fold *f, unsigned int side, __s32 at)
{
	size_t low = 0, high = f->n[side];

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (f->entry[side][middle].at < at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Collects the segments with payload that wait; false when a side has none, or memory ran out. */
static bool fold_collect(struct fold *f)
{
	for (unsigned int side = 0; side < 2; side++) {
		struct compare_list *list = fold_list(f, side);

		f->entry[side] = calloc(list->n + 1, sizeof(*f->entry[side]));
		if (!f->entry[side]) {
			f->c->out_of_memory = true;
			return false;
		}
		for (struct compare_node *n = list->first; n; n = n->next) {
			__u32 seq = compare_spot(f->p, side, &n->s).seq;

			if (!n->s.len || n->s.flags & FLAGS_ALONE)
				continue;
			if (!side && !f->n[0])
				f->base = seq;
			f->entry[side][f->n[side]++] =
				(struct fold_entry){ (__s32)(seq - f->base), n };
		}
		if (!f->n[side])
			return false;
		qsort(f->entry[side], f->n[side], sizeof(*f->entry[side]), by_place);
	}
	return true;
}

static __s32 entry_end(const struct fold_entry *e)
{
	return (__s32)((__u32)e->at + e->node->s.len);
}

static void fold_drop(struct fold *f, unsigned int side, size_t at)
{
	compare_drop(f->c, f->p->leg[side], f->entry[side][at].node);
	f->entry[side][at].node = NULL;
	f->p->folded[side]++;
}

/* Pieces of one segment by their headers, both of one side. A box may give each another TTL. */
static bool alike(const struct compare_segment *a, const struct compare_segment *b)
{
	return a->ack == b->ack && a->window == b->window && a->tsval == b->tsval &&
	       a->tsecr == b->tsecr && a->kinds == b->kinds;
}

/* The same headers, one of each side, save what a box may rewrite. */
static bool across(const struct fold *f, const struct compare_segment *before,
		   const struct compare_segment *after)
{
	return compare_spot(f->p, 0, before).ack == compare_spot(f->p, 1, after).ack &&
	       (compare_partners(f->c, f->p, before, after, f->dir, true) ||
		compare_partners(f->c, f->p, before, after, f->dir, false));
}

static void run_add(const struct fold *f, unsigned int side, struct fold_run *run, size_t at)
{
	run->at[run->n++] = at;
	run->end = entry_end(&f->entry[side][at]);
}

/* One more piece of a side, at the end of those that it has; false: there is none. */
static bool run_grow(const struct fold *f, unsigned int side, struct fold_run *run)
{
	const struct compare_segment *last = &f->entry[side][run->at[run->n - 1]].node->s;

	if (run->n == FOLD_MOST || last->flags & TCP_FIN)
		return false;
	for (size_t i = fold_find(f, side, run->end);
	     i < f->n[side] && f->entry[side][i].at == run->end; i++) {
		if (!f->entry[side][i].node || !alike(last, &f->entry[side][i].node->s))
			continue;
		run_add(f, side, run, i);
		return true;
	}
	return false;
}

/* From one entry of each side at the same place to the next place where both sides end a segment. */
static bool fold_runs(const struct fold *f, size_t before, size_t after, struct fold_run run[2])
{
	const struct compare_segment *last[2];

	run[0].n = run[1].n = 0;
	run_add(f, 0, &run[0], before);
	run_add(f, 1, &run[1], after);
	while (run[0].end != run[1].end) {
		unsigned int side = run[0].end > run[1].end;

		if (!run_grow(f, side, &run[side]))
			return false;
	}
	for (unsigned int side = 0; side < 2; side++)
		last[side] = &f->entry[side][run[side].at[run[side].n - 1]].node->s;
	return run[0].n + run[1].n > 2 && !((last[0]->flags ^ last[1]->flags) & TCP_FIN);
}

/* All pieces of the side with more of them differ from the other side in what they differ in. */
static void fold_note(struct fold *f, const struct fold_run run[2])
{
	unsigned int side = run[1].n > run[0].n;
	const struct compare_segment *other = &f->entry[!side][run[!side].at[0]].node->s;

	for (unsigned int i = 1; i < run[side].n; i++) {
		const struct compare_segment *piece = &f->entry[side][run[side].at[i]].node->s;

		compare_note(f->c, f->p, f->dir, side ? other : piece, side ? piece : other);
	}
}

static void fold_take(struct fold *f, const struct fold_run run[2])
{
	const struct fold_entry *before = &f->entry[0][run[0].at[0]];
	const struct fold_entry *after = &f->entry[1][run[1].at[0]];

	if (before->at == after->at)
		compare_pair_up(f->c, f->p, &before->node->s, &after->node->s);
	else
		compare_pair_part(f->c, f->p, f->dir, &before->node->s, &after->node->s);
	fold_note(f, run);
	for (unsigned int side = 0; side < 2; side++) {
		for (unsigned int i = 0; i < run[side].n; i++) {
			compare_seen(f->c, side, f->entry[side][run[side].at[i]].node->s.number);
			fold_drop(f, side, run[side].at[i]);
		}
	}
}

/* All that is whole on both sides. */
static void fold_whole(struct fold *f)
{
	struct fold_run run[2];

	for (size_t i = 0; i < f->n[0]; i++) {
		const struct fold_entry *e = &f->entry[0][i];
		__s32 at = e->at;

		for (size_t k = fold_find(f, 1, at);
		     e->node && k < f->n[1] && f->entry[1][k].at == at; k++) {
			const struct compare_node *other = f->entry[1][k].node;

			if (other && across(f, &e->node->s, &other->s) && fold_runs(f, i, k, run))
				fold_take(f, run);
		}
	}
}

/* What the other side does not have of a segment stays as a segment, to be judged as one. */
static void fold_gap(struct fold *f, unsigned int side, const struct fold_entry *e, __s32 from,
		     __s32 to)
{
	struct compare_segment gap = e->node->s;

	if (from >= to)
		return;
	gap.seq += (__u32)(from - e->at);
	gap.len = (__u32)(to - from);
	compare_keep(f->c, f->p->leg[side], &gap);
}

/* The gaps of one side's segments, which and the other's are in order and do not overlap. */
static void fold_gaps(struct fold *f, unsigned int side, const struct fold_run run[2])
{
	for (unsigned int i = 0; i < run[side].n; i++) {
		const struct fold_entry *e = &f->entry[side][run[side].at[i]];
		__s32 cursor = e->at, end = entry_end(e);

		for (unsigned int k = 0; k < run[!side].n; k++) {
			const struct fold_entry *o = &f->entry[!side][run[!side].at[k]];

			if (entry_end(o) <= cursor || o->at >= end)
				continue;
			fold_gap(f, side, e, cursor, o->at);
			cursor = entry_end(o);
		}
		fold_gap(f, side, e, cursor, end);
	}
}

/* Where the next entry in order of both sides is, from next[] on; false: none before `end`. */
static bool fold_next(const struct fold *f, size_t next[2], __s32 end, unsigned int *side)
{
	const struct fold_entry *best = NULL;

	for (unsigned int s = 0; s < 2; s++) {
		const struct fold_entry *e = &f->entry[s][next[s]];

		if (next[s] == f->n[s] || e->at >= end || (best && best->at <= e->at))
			continue;
		best = e;
		*side = s;
	}
	return best;
}

/* From the first entry on, those of both sides that overlap one of the other; false: none does. */
static bool fold_overlaps(const struct fold *f, unsigned int side, size_t first,
			  struct fold_run run[2])
{
	const struct fold_entry *seed = &f->entry[side][first];
	size_t next[2];
	unsigned int s;

	for (s = 0; s < 2; s++) {
		next[s] = s == side ? first + 1 : fold_find(f, s, seed->at);
		run[s].n = 0;
		run[s].end = seed->at;
	}
	run_add(f, side, &run[side], first);
	while (fold_next(f, next, run[0].end > run[1].end ? run[0].end : run[1].end, &s)) {
		const struct fold_entry *e = &f->entry[s][next[s]++];
		const struct compare_segment *one = e->node ? &e->node->s : NULL;

		if (!one || e->at < run[s].end || e->at >= run[!s].end || run[s].n == FOLD_MOST)
			continue;
		if (s == side ? alike(&seed->node->s, one)
			      : across(f, s ? &seed->node->s : one, s ? one : &seed->node->s))
			run_add(f, s, &run[s], next[s] - 1);
	}
	return run[!side].n &&
	       (run[side].n + run[!side].n > 2 ||
		f->entry[!side][run[!side].at[0]].at != seed->at || run[0].end != run[1].end);
}

/* Live: one of them is so young that others may still come. */
static bool fold_is_young(const struct fold *f, const struct fold_run run[2])
{
	for (unsigned int side = 0; f->c->young_ns && side < 2; side++) {
		for (unsigned int i = 0; i < run[side].n; i++) {
			if (f->entry[side][run[side].at[i]].node->s.ns >= f->c->young_ns)
				return true;
		}
	}
	return false;
}

/* All that is left and overlaps: packets of one side were lost, be it in a large segment or of one. */
static void fold_rest(struct fold *f)
{
	size_t next[2] = { 0, 0 };
	struct fold_run run[2];
	unsigned int side;

	while (fold_next(f, next, INT32_MAX, &side)) {
		size_t first = next[side]++;

		if (!f->entry[side][first].node || !fold_overlaps(f, side, first, run) ||
		    fold_is_young(f, run))
			continue;
		fold_gaps(f, 0, run);
		fold_gaps(f, 1, run);
		fold_take(f, run);
	}
}

void compare_fold(struct compare *c, struct compare_pair *p, bool last)
{
	for (unsigned int dir = 0; dir < 2; dir++) {
		struct fold f = { .c = c, .p = p, .dir = dir };

		if (fold_collect(&f)) {
			fold_whole(&f);
			if (last)
				fold_rest(&f);
		}
		free(f.entry[0]);
		free(f.entry[1]);
	}
}
