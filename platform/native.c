// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "platform/native.h"

#include <stdlib.h>

#include "platform/grow.h"
#include "platform/native_retire.h"

/* Steps by which memory is asked for ahead of its use: a DRAM access is worth about a dozen steps. */
#define NATIVE_AHEAD 16

_Thread_local struct native *native_current;

struct native *native_open(const struct engine_config *config)
{
	struct native *n = calloc(1, sizeof(*n));

	if (!n)
		return NULL;
	n->config = *config;
	if (table_init(&n->flows, sizeof(struct flow_entry), sizeof(struct flow_key), true) ||
	    table_init(&n->ended, sizeof(struct flow_entry), sizeof(struct flow_key), true) ||
	    table_init(&n->pending, sizeof(struct native_pending), sizeof(struct flow_key),
		       false) ||
	    table_init(&n->endpoints, sizeof(struct endpoint_entry), sizeof(struct endpoint_key),
		       false)) {
		native_close(n);
		return NULL;
	}
	return n;
}

void native_close(struct native *n)
{
	if (!n)
		return;
	native_retire_free(n->retire);
	table_free(&n->ended);
	table_free(&n->flows);
	table_free(&n->pending);
	table_free(&n->endpoints);
	free(n->updates);
	if (native_current == n)
		native_current = NULL;
	free(n);
}

void native_export(const struct flow_key *key, const struct flow *f, const struct gauge *g)
{
	struct native *n = native_current;
	struct flow_entry *record;

	if (n->retire) {
		native_retire_export(n, key, f, g);
		seam_count(COUNTER_EVENTS_SENT);
		return;
	}
	record = table_insert(&n->ended, key, n->ended.used);
	if (!record) {
		n->out_of_memory = 1;
		return;
	}
	record->flow = *f;
	if (g && f->bits & FLOW_GAUGED)
		memcpy((char *)record + NATIVE_GAUGES, g, 2 * sizeof(*g));
	seam_count(COUNTER_EVENTS_SENT);
}

struct endpoint *native_update(const struct endpoint_key *key, const struct endpoint *fresh)
{
	struct native *n = native_current;
	struct native_update *update;

	if (GROW(n->updates, n->updates_n, &n->updates_room)) {
		n->out_of_memory = 1;
		return NULL;
	}
	update = &n->updates[n->updates_n++];
	update->packet = n->packet;
	update->entry.key = *key;
	update->entry.endpoint = *fresh;
	return &update->entry.endpoint;
}

void native_join(struct native *n, const struct endpoint_entry *update)
{
	__u32 hash = native_endpoint_hash(&update->key);
	struct endpoint_entry *e =
		table_find(&n->endpoints, &update->key, sizeof(update->key), hash);

	if (e) {
		endpoint_join(&e->endpoint, &update->endpoint);
		return;
	}
	e = table_insert(&n->endpoints, &update->key, hash);
	if (e)
		e->endpoint = update->endpoint;
	else
		n->out_of_memory = 1;
}

ENGINE_INLINE void native_parse(struct native *n, const struct frame *frame,
				struct native_step *step)
{
	__u32 captured = frame->caplen < ENGINE_WINDOW ? frame->caplen : ENGINE_WINDOW;
	struct packet *p = &step->pkt;

	native_begin(p, frame);
	step->segment = engine_plain(p, captured, frame->data, frame->data + captured) ||
			engine_parse(&n->scratch.walk, p, frame->data, captured);
	if (!step->segment)
		return;
	step->dir = flow_key_canon(p);
	step->hash = native_flow_hash(&p->key);
	__builtin_prefetch(&n->flows.slots[step->hash & n->flows.mask]);
}

/* The endpoint that a handshake's segment will be counted for. */
static void native_prefetch_endpoint(const struct native *n, const struct native_step *step)
{
	const struct packet *p = &step->pkt;
	struct endpoint_key key;
	const char *e;

	endpoint_key_of(&key, &p->key, step->dir,
			p->flags & TCP_SYN ? ENDPOINT_SERVER : ENDPOINT_CLIENT);
	e = table_guess(&n->endpoints, native_endpoint_hash(&key));
	if (!e)
		return;
	__builtin_prefetch(e, 1);
	__builtin_prefetch(e + 64, 1);
}

/* Not the gauges: most connections have none, and asking for memory that was never used costs more. */
ENGINE_INLINE void native_prefetch_flow(const struct flow_entry *e, __u8 dir)
{
	__builtin_prefetch(e, 1);
	__builtin_prefetch(&e->flow.half[dir], 1);
	__builtin_prefetch(&e->flow.half[!dir]);
}

/* The lines that a segment of this direction touches: the key, and half of each half. */
ENGINE_INLINE void native_prefetch(const struct native *n, struct native_step *step)
{
	const char *pending;

	if (!step->segment)
		return;
	step->entry = table_guess(&n->flows, step->hash);
	step->removals = n->flows.removals;
	if (step->entry) {
		native_prefetch_flow(step->entry, step->dir);
		return;
	}
	pending = table_guess(&n->pending, step->hash);
	if (!pending)
		return;
	for (size_t at = 0; at < sizeof(struct native_pending); at += 64)
		__builtin_prefetch(pending + at, 1);
	native_prefetch_endpoint(n, step);
}

/* What native_prefetch() found is still there unless something was taken out meanwhile. */
ENGINE_INLINE struct flow_entry *native_entry(const struct native *n,
					      const struct native_step *step)
{
	const struct flow_key *key = &step->pkt.key;

	if (step->entry && step->removals == n->flows.removals &&
	    table_key_equal(step->entry, key, sizeof(*key)))
		return step->entry;
	return table_find(&n->flows, key, sizeof(*key), step->hash);
}

static void native_track(struct native *n, const struct native_step *step)
{
	struct flow_entry *e;

	if (!step->segment)
		return;
	e = native_entry(n, step);
	track_keyed(&n->scratch, &step->pkt, e ? &e->flow : NULL, step->dir);
}

/* Where the connection lies now that took the segment; 0: memory ran out. */
static struct flow *native_flow(const struct track *t, const struct flow_key *key)
{
	struct pending *e;

	if (t->place == PLACE_PENDING && t->confirm)
		return seam_flow_find(key);
	if (t->place != PLACE_FRESH)
		return t->flow;
	e = seam_pending_find(key);
	return e ? &e->flow : NULL;
}

/* native_track() for somebody who watches: nothing was prefetched. */
static void native_track_watched(struct native *n, const struct native_step *step)
{
	const struct packet *p = &step->pkt;
	struct native_segment segment = { .pkt = p, .dir = step->dir };
	struct track t = { .dir = step->dir };
	struct flow_entry *e;
	struct half before;
	_Bool plain;

	if (!step->segment)
		return;
	e = table_find(&n->flows, &p->key, sizeof(p->key), step->hash);
	t.flow = t.live = e ? &e->flow : NULL;
	plain = track_begin(&n->scratch, p, &t);
	if (!t.flow)
		return;
	before = t.flow->half[step->dir];
	if (!track_end(&n->scratch, p, &t, plain))
		return;
	segment.before = &before;
	segment.flow = native_flow(&t, &p->key);
	if (segment.flow)
		n->on_segment(n->on_segment_arg, &segment);
}

/* A batch whose idle connections are retired; a loop of its own, too. */
static void native_frames_retiring(struct native *n, struct native_step *steps,
				   unsigned int frames_n, const struct native_step *due,
				   unsigned int due_n)
{
	for (unsigned int i = 0; i < frames_n || i < due_n; i++) {
		if (i < frames_n)
			native_prefetch(n, &steps[i]);
		if (i < due_n)
			native_retire_track(n, &due[i],
					    due[i].segment ? native_entry(n, &due[i]) : NULL);
	}
}

void native_frames(struct native *n, const struct frame *frames, unsigned int frames_n)
{
	const struct native_step *due = n->steps[n->filled];
	struct native_step *steps = n->steps[!n->filled];
	unsigned int due_n = n->steps_n;

	native_current = n;
	for (unsigned int i = 0; i < frames_n; i++)
		native_parse(n, &frames[i], &steps[i]);
	n->filled = !n->filled;
	n->steps_n = frames_n;
	/* A loop of its own, so that nobody else pays for it. */
	for (unsigned int i = 0; n->on_segment && i < due_n; i++)
		native_track_watched(n, &due[i]);
	if (n->on_segment)
		return;
	if (n->retire) {
		native_frames_retiring(n, steps, frames_n, due, due_n);
		return;
	}
	for (unsigned int i = 0; i < frames_n || i < due_n; i++) {
		if (i < frames_n)
			native_prefetch(n, &steps[i]);
		if (i < due_n)
			native_track(n, &due[i]);
	}
}

void native_parse_frames(struct native *n, const struct frame *frames, struct native_step *steps,
			 unsigned int frames_n)
{
	native_current = n;
	for (unsigned int i = 0; i < frames_n; i++) {
		steps[i].hash = 0;
		steps[i].dir = 0;
		native_parse(n, &frames[i], &steps[i]);
	}
}

void native_pack(struct native_parcel *parcel, const struct native_step *step, __u64 packet)
{
	const struct packet *p = &step->pkt;

	parcel->packet = packet;
	parcel->ns = p->ns;
	parcel->id = p->id;
	parcel->key = p->key;
	memcpy(parcel->rest, (const char *)p + NATIVE_REST_AT, NATIVE_REST);
	parcel->hash = step->hash;
	parcel->dir = step->dir;
	parcel->segment = step->segment;
}

ENGINE_INLINE void native_unpack(struct native_step *step, const struct native_parcel *parcel)
{
	struct packet *p = &step->pkt;
	const struct flow_key *key = &parcel->key;
	__u8 dir = parcel->dir & 1;

	p->ns = parcel->ns;
	p->id = parcel->id;
	p->key = *key;
	memcpy((char *)p + NATIVE_REST_AT, parcel->rest, NATIVE_REST);
	memcpy(p->src, key->addr[dir], sizeof(p->src));
	memcpy(p->dst, key->addr[!dir], sizeof(p->dst));
	step->hash = parcel->hash;
	step->dir = dir;
	step->segment = parcel->segment;
}

void native_parcels(struct native *n, const struct native_parcel *parcels, unsigned int parcels_n)
{
	struct native_step steps[4 * NATIVE_AHEAD];

	native_current = n;
	/* Three things in a row, each NATIVE_AHEAD steps behind the one before. */
	for (unsigned int i = 0; i < parcels_n + 2 * NATIVE_AHEAD; i++) {
		struct native_step *step = &steps[i % (4 * NATIVE_AHEAD)];

		if (i + NATIVE_AHEAD < parcels_n) {
			const char *next = (const char *)&parcels[i + NATIVE_AHEAD];

			__builtin_prefetch(next);
			__builtin_prefetch(next + 64);
		}
		if (i < parcels_n) {
			native_unpack(step, &parcels[i]);
			__builtin_prefetch(&n->flows.slots[step->hash & n->flows.mask]);
		}
		if (i >= NATIVE_AHEAD && i - NATIVE_AHEAD < parcels_n)
			native_prefetch(n, &steps[(i - NATIVE_AHEAD) % (4 * NATIVE_AHEAD)]);
		if (i < 2 * NATIVE_AHEAD)
			continue;
		step = &steps[(i - 2 * NATIVE_AHEAD) % (4 * NATIVE_AHEAD)];
		n->packet = parcels[i - 2 * NATIVE_AHEAD].packet;
		if (n->retire)
			native_retire_track(n, step, step->segment ? native_entry(n, step) : NULL);
		else
			native_track(n, step);
	}
}

void native_flush(struct native *n)
{
	native_frames(n, NULL, 0);
}
