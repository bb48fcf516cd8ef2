// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "platform/native_retire.h"

#include <errno.h>
#include <stdlib.h>

#include "engine/transfer.h"

/*
 * Every so many frames so many slots: four slots a frame, so that a flood with a new
 * connection in each frame fills no table faster than a sweep gets round it.
 */
#define RETIRE_FRAMES 32U
#define RETIRE_SLOTS  128U

/* A sweep of a table begins again after this part of the idle time. */
#define RETIRE_SWEEPS 8U

/* What is kept of a retired connection, so that it is known again. */
struct native_retired {
	struct flow_key key;
	__u32 isn[2];
	__u32 end[2]; /* highest sequence number */
	__u8 syn[2];  /* whether isn is known */
	__u8 pad[6];
};

static const __u32 retire_room[2] = { NATIVE_RETIRE_OPEN, NATIVE_RETIRE_CLOSED };

int native_retire_start(struct native *n, __u64 idle_ns, native_retire_record *record, void *arg)
{
	struct native_retire *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	r->idle_ns = idle_ns;
	r->record = record;
	r->arg = arg;
	for (int i = 0; i < 2; i++) {
		if (table_init(&r->memory[i], sizeof(struct native_retired),
			       sizeof(struct flow_key), false)) {
			native_retire_free(r);
			return -ENOMEM;
		}
	}
	n->retire = r;
	return 0;
}

void native_retire_free(struct native_retire *r)
{
	if (!r)
		return;
	table_free(&r->memory[0]);
	table_free(&r->memory[1]);
	free(r);
}

static _Bool retire_is_idle(const struct native_retire *r, __u64 last_ns, __u64 ns)
{
	return ns > last_ns && ns - last_ns >= r->idle_ns;
}

static __u64 retire_pending_last_ns(const struct native_pending *e)
{
	const struct syn *rival = &e->entry.rival;
	__u64 last = flow_last_ns(&e->entry.flow), rival_last;

	if (!(rival->bits & SYN_SEEN))
		return last;
	rival_last = rival->first_ns + rival->last_us * ENGINE_NS_PER_US;
	return rival_last > last ? rival_last : last;
}

/* ---- what is remembered ---- */

static struct native_retired *retire_recall(struct native_retire *r, const struct flow_key *key,
					    __u32 hash)
{
	struct native_retired *e = table_find(&r->memory[0], key, sizeof(*key), hash);

	return e ? e : table_find(&r->memory[1], key, sizeof(*key), hash);
}

/* A new place in a memory; when it is full, the oldest one's: then all numbers are in use. */
static struct native_retired *retire_place(struct native_retire *r, int closed,
					   const struct flow_key *key, __u32 hash)
{
	struct table *t = &r->memory[closed];

	if (t->used == retire_room[closed]) {
		const struct native_retired *e = table_entry(t, r->oldest[closed]);
		struct flow_key oldest = e->key;

		r->oldest[closed] = (r->oldest[closed] + 1) % retire_room[closed];
		r->forgotten += !closed;
		table_remove(t, &oldest, native_flow_hash(&oldest));
	}
	return table_insert(t, key, hash);
}

static void retire_remember(struct native *n, const struct flow_key *key, const struct flow *f)
{
	struct native_retire *r = n->retire;
	int closed = flow_closed(f);
	__u32 hash = native_flow_hash(key);
	struct native_retired *e, before = { 0 };

	e = retire_recall(r, key, hash);
	if (e)
		before = *e;
	table_remove(&r->memory[!closed], key, hash);
	e = table_find(&r->memory[closed], key, sizeof(*key), hash);
	if (!e)
		e = retire_place(r, closed, key, hash);
	if (!e) {
		n->out_of_memory = 1;
		return;
	}
	for (int i = 0; i < 2; i++) {
		/* What continues an earlier record has no SYN of its own. */
		_Bool seen = f->syn[i].bits & SYN_SEEN;

		e->syn[i] = seen || before.syn[i];
		e->isn[i] = seen ? f->syn[i].isn : before.isn[i];
		e->end[i] = f->half[i].bits & HALF_SEQ ? f->half[i].seq_end : before.end[i];
	}
}

/* Whether a segment that begins a record belongs to the connection that was retired. */
static _Bool retire_continues(const struct native_retired *e, const struct packet *p, __u8 dir)
{
	_Bool repeated = e->syn[dir] && p->seq == e->isn[dir];

	if (!packet_is_syn(p))
		return 1;
	if (!(p->flags & TCP_ACK))
		return repeated;
	return repeated ||
	       (e->syn[!dir] && p->ack - (e->isn[!dir] + 1) <= e->end[!dir] - (e->isn[!dir] + 1));
}

/* A record was begun by this segment. */
static void retire_mark(struct native *n, const struct native_step *step)
{
	const struct flow_key *key = &step->pkt.key;
	const struct native_retired *before = retire_recall(n->retire, key, step->hash);
	struct native_pending *e;

	if (!before || !retire_continues(before, &step->pkt, step->dir))
		return;
	e = table_find(&n->pending, key, sizeof(*key), step->hash);
	if (!e)
		return;
	e->entry.flow.bits |= FLOW_CONTINUED;
	n->retire->continued++;
}

/* ---- retiring ---- */

static void retire_flow(struct native *n, void *entry)
{
	struct flow_entry *e = entry;
	struct flow_key key = e->key;

	n->retire->record(n->retire->arg, e, NATIVE_GAUGES);
	retire_remember(n, &key, &e->flow);
	seam_flow_drop(&key);
}

static void retire_pending(struct native *n, void *entry)
{
	struct native_pending *e = entry;
	struct native_retire *r = n->retire;
	struct flow_key key = e->key;

	r->record(r->arg, (const struct flow_entry *)e, NATIVE_GAUGES);
	if (e->entry.rival.bits & SYN_SEEN) {
		r->spare.entry.key = key;
		track_rival_flow(&r->spare.entry.flow, &e->entry);
		r->record(r->arg, &r->spare.entry, 0);
	}
	retire_remember(n, &key, &e->entry.flow);
	table_remove(&n->pending, &key, native_flow_hash(&key));
	seam_count(COUNTER_PENDING_DELETES);
}

void native_retire_export(struct native *n, const struct flow_key *key, const struct flow *f,
			  const struct gauge *g)
{
	struct native_retire *r = n->retire;

	r->spare.entry.key = *key;
	r->spare.entry.flow = *f;
	if (g && f->bits & FLOW_GAUGED)
		memcpy(r->spare.gauges, g, sizeof(r->spare.gauges));
	r->record(r->arg, &r->spare.entry,
		  offsetof(struct native_retire, spare.gauges) -
			  offsetof(struct native_retire, spare.entry));
}

/* What is asked of an entry that may be idle, ahead of its turn: the times of both halves. */
static void retire_prefetch(const struct table *t, __u32 at)
{
	for (__u32 i = at; i <= t->mask && i < at + RETIRE_SLOTS; i++) {
		const char *e;

		if (!t->slots[i])
			continue;
		e = table_entry(t, (__u32)t->slots[i] - 1);
		__builtin_prefetch(e);
		__builtin_prefetch(e + offsetof(struct flow_entry, flow.half[0]));
		__builtin_prefetch(e + offsetof(struct flow_entry, flow.half[1]));
	}
}

static __u64 retire_last_ns(const struct native *n, const struct table *t, const void *entry)
{
	if (t == &n->pending)
		return retire_pending_last_ns(entry);
	return flow_last_ns(&((const struct flow_entry *)entry)->flow);
}

/* The next slots of a sweep. Taking an entry out moves a later one into its slot. */
static void retire_sweep(struct native *n, struct native_sweep *s, struct table *t, __u64 ns)
{
	__u32 i = s->at, end = i + RETIRE_SLOTS;

	if (!s->running) {
		if (ns >= s->started_ns && ns - s->started_ns < n->retire->idle_ns / RETIRE_SWEEPS)
			return;
		s->running = 1;
		s->started_ns = ns;
		s->at = 0;
		retire_prefetch(t, 0);
		return;
	}
	while (i <= t->mask && i < end) {
		void *e = t->slots[i] ? table_entry(t, (__u32)t->slots[i] - 1) : NULL;

		if (!e || !retire_is_idle(n->retire, retire_last_ns(n, t, e), ns))
			i++;
		else if (t == &n->pending)
			retire_pending(n, e);
		else
			retire_flow(n, e);
	}
	s->at = i;
	s->running = i <= t->mask;
	retire_prefetch(t, i);
}

/* Every RETIRE_FRAMES frames: however they arrive, the order of the records is the same. */
static void retire_tick(struct native *n, __u64 ns)
{
	struct native_retire *r = n->retire;

	if (++r->frames < RETIRE_FRAMES)
		return;
	r->frames = 0;
	retire_sweep(n, &r->flows, &n->flows, ns);
	retire_sweep(n, &r->pending, &n->pending, ns);
}

void native_retire_track(struct native *n, const struct native_step *step, struct flow_entry *entry)
{
	const struct packet *p = &step->pkt;
	struct native_pending *pending;
	__u64 inserts;

	if (!step->segment) {
		retire_tick(n, p->ns);
		return;
	}
	if (entry && retire_is_idle(n->retire, flow_last_ns(&entry->flow), p->ns)) {
		retire_flow(n, entry);
		entry = NULL;
	}
	if (!entry || entry->flow.bits & FLOW_RIVAL) {
		pending = table_find(&n->pending, &p->key, sizeof(p->key), step->hash);
		if (pending && retire_is_idle(n->retire, retire_pending_last_ns(pending), p->ns))
			retire_pending(n, pending);
	}
	inserts = n->counters[COUNTER_PENDING_INSERTS];
	track_keyed(&n->scratch, p, entry ? &entry->flow : NULL, step->dir);
	if (n->counters[COUNTER_PENDING_INSERTS] != inserts)
		retire_mark(n, step);
	retire_tick(n, p->ns);
}
