/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The seam in user space: tables that grow and never evict, no privileges, one
 * thread. native_current is the world the engine's calls act upon. Several worlds share the
 * work in native_threads.h.
 */
#ifndef PLATFORM_NATIVE_H
#define PLATFORM_NATIVE_H

#include "engine/engine.h"
#include "platform/frame.h"
#include "platform/table.h"

/* An entry of `pending`. Its beginning reads as a struct flow_entry. */
struct native_pending {
	struct flow_key key;
	struct pending entry;
};

_Static_assert(offsetof(struct native_pending, entry.flow) == offsetof(struct flow_entry, flow),
	       "an unconfirmed connection reads as a record");

_Static_assert(2 * sizeof(struct gauge) <= sizeof(struct flow_entry), "gauges lie beside records");

/* What struct packet has behind its key, its padding apart. */
#define NATIVE_REST_AT (offsetof(struct packet, key) + sizeof(struct flow_key))
#define NATIVE_REST    (offsetof(struct packet, pad) - NATIVE_REST_AT)

/* Frames that native_frames() takes at a time. */
#define NATIVE_BATCH 32

/* A frame on its way: parsed, and its tables' memory asked for. */
struct native_step {
	struct packet pkt;
	struct flow_entry *entry; /* most likely its connection's, or 0 */
	__u32 removals;           /* of the flow table, when entry was looked up */
	__u32 hash;
	__u8 dir;
	_Bool segment;
};

/* A segment that a connection took in: no second copy, and none that only a rival SYN is. */
struct native_segment {
	const struct packet *pkt;
	struct flow *flow;         /* the connection, in its table, as it is now */
	const struct half *before; /* the half of the segment's direction, as it was */
	__u8 dir;
};

struct native_retire;

/*
 * What one packet added to an endpoint, in a world that has only some of the connections: an
 * endpoint's counts depend on the order of all.
 */
struct native_update {
	__u64 packet; /* its place among all packets */
	struct endpoint_entry entry;
};

struct native {
	struct engine_config config;
	struct table flows;     /* struct flow_entry, two gauges beside it */
	struct table pending;   /* struct native_pending */
	struct table endpoints; /* struct endpoint_entry */
	struct table ended;     /* records handed on before the end; their hash is 0 .. n - 1 */
	__u64 counters[COUNTER_SLOTS]; /* and tallies */
	struct scratch scratch;
	/* Two batches: one is tracked while the memory of the next one arrives. */
	struct native_step steps[2][NATIVE_BATCH];
	unsigned int steps_n; /* in steps[filled], not tracked yet */
	unsigned int filled;
	/* Called for each event as it happens, or 0. */
	void (*on_event)(void *arg, const struct event *event);
	void *on_event_arg;
	/* Called for each segment that was taken in, or 0; asked for once a batch. */
	void (*on_segment)(void *arg, const struct native_segment *segment);
	void *on_segment_arg;
	/* Whether an address is this host's own, or 0: nobody knows. */
	_Bool (*is_local)(void *arg, const __u64 addr[2], _Bool ipv6);
	void *is_local_arg;
	struct native_retire *retire; /* native_retire.h, or 0; asked for once a batch */
	_Bool out_of_memory;          /* something could not be kept: the result is incomplete */
	_Bool shares; /* the work with others: endpoints are noted as updates, not in the table */
	__u64 packet; /* the place of the packet at hand among all */
	struct native_update *updates;
	size_t updates_n, updates_room;
};

extern _Thread_local struct native *native_current;

/* What the engine is told of a frame before it parses. */
ENGINE_INLINE void native_begin(struct packet *p, const struct frame *frame)
{
	engine_begin(p, (enum hook)frame->hook);
	p->ns = frame->ns;
	p->id = frame_id(frame);
	p->wirelen = frame->wirelen;
	p->ifindex = frame->ifindex;
	p->linktype = frame_linktype(frame);
}

/* A world of its own, or 0 when out of memory. */
struct native *native_open(const struct engine_config *config);

/* Accepts NULL. */
void native_close(struct native *n);

/*
 * Takes frames_n <= NATIVE_BATCH frames, in order. The tables know them only after the
 * next call, or native_flush(). The frames' bytes are not needed any more on return.
 */
void native_frames(struct native *n, const struct frame *frames, unsigned int frames_n);
void native_flush(struct native *n);

/* Parses frames into steps that any world may track. */
void native_parse_frames(struct native *n, const struct frame *frames, struct native_step *steps,
			 unsigned int frames_n);

/* A step on its way from one thread to another, in two cache lines: the rest follows from the key. */
struct native_parcel {
	__u64 packet; /* the frame's place among all */
	__u64 ns, id; /* of struct packet */
	struct flow_key key;
	__u8 rest[NATIVE_REST]; /* of struct packet, behind the key */
	__u8 dir;
	_Bool segment;
	__u32 hash;
};

_Static_assert(sizeof(struct native_parcel) == 128, "two cache lines");

void native_pack(struct native_parcel *parcel, const struct native_step *step, __u64 packet);

/* Tracks steps that were parsed in any world. */
void native_parcels(struct native *n, const struct native_parcel *parcels, unsigned int parcels_n);

/* An update to be filled, of a world that shares; 0: out of memory. Valid until the next one. */
struct endpoint *native_update(const struct endpoint_key *key, const struct endpoint *fresh);

/* Joins an update to the endpoint that this world's table has, or makes it. */
void native_join(struct native *n, const struct endpoint_entry *update);

/* Not inlined: rare, and it allocates. */
void native_export(const struct flow_key *key, const struct flow *f, const struct gauge *g);

/* From a record, in its table or handed on, to its gauges, bytes. */
#define NATIVE_GAUGES TABLE_DISTANCE(sizeof(struct flow_entry))

ENGINE_INLINE const volatile struct engine_config *seam_config(void)
{
	return &native_current->config;
}

ENGINE_INLINE void seam_count(enum counter counter)
{
	native_current->counters[counter]++;
}

ENGINE_INLINE void seam_tally(__u32 slot, __u64 n)
{
	native_current->counters[slot] += n;
}

ENGINE_INLINE void seam_add32(__u32 *counter, __u32 n)
{
	*counter += n;
}

ENGINE_INLINE void seam_add64(__u64 *counter, __u64 n)
{
	*counter += n;
}

/*
 * Field by field, as the key was written: a load that spans several stores waits for
 * them. Not for keys that an enemy may choose at leisure.
 */
ENGINE_INLINE __u32 native_flow_hash(const struct flow_key *key)
{
	__u64 h = table_mix(key->addr[0][0], key->addr[1][0]);
	__u64 ends = (__u64)key->domain << 32 | (__u32)key->port[0] << 16 | key->port[1];

	h = table_mix(h, key->addr[0][1]);
	h = table_mix(h, key->addr[1][1]);
	return (__u32)table_mix(h, ends);
}

ENGINE_INLINE __u32 native_endpoint_hash(const struct endpoint_key *key)
{
	__u64 h = table_mix(key->addr[0], key->addr[1]);
	__u64 end = (__u64)key->domain << 32 | (__u32)key->port << 16 | key->role;

	return (__u32)table_mix(h, end);
}

ENGINE_INLINE struct flow *seam_flow_find(const struct flow_key *key)
{
	struct flow_entry *e =
		table_find(&native_current->flows, key, sizeof(*key), native_flow_hash(key));

	return e ? &e->flow : 0;
}

ENGINE_INLINE struct gauge *seam_gauges(struct flow *f)
{
	char *entry = (char *)f - offsetof(struct flow_entry, flow);

	return (struct gauge *)(entry + NATIVE_GAUGES);
}

ENGINE_INLINE void seam_flow_drop(const struct flow_key *key)
{
	table_remove(&native_current->flows, key, native_flow_hash(key));
	seam_count(COUNTER_FLOW_DELETES);
}

ENGINE_INLINE struct pending *seam_pending_find(const struct flow_key *key)
{
	struct native_pending *e =
		table_find(&native_current->pending, key, sizeof(*key), native_flow_hash(key));

	return e ? &e->entry : 0;
}

ENGINE_INLINE void seam_pending_create(const struct flow_key *key, const struct pending *fresh)
{
	struct native_pending *e =
		table_insert(&native_current->pending, key, native_flow_hash(key));

	if (!e) {
		native_current->out_of_memory = 1;
		seam_count(COUNTER_INSERTS_FAILED);
		return;
	}
	e->entry = *fresh;
	seam_count(COUNTER_PENDING_INSERTS);
}

ENGINE_INLINE void seam_promote(struct scratch *s, const struct flow_key *key,
				const struct pending *p)
{
	struct flow_entry *e = table_insert(&native_current->flows, key, native_flow_hash(key));

	(void)s;
	if (!e) {
		native_current->out_of_memory = 1;
		seam_count(COUNTER_INSERTS_FAILED);
		return;
	}
	e->flow = p->flow;
	seam_count(COUNTER_FLOW_INSERTS);
	table_remove(&native_current->pending, key, native_flow_hash(key));
	seam_count(COUNTER_PENDING_DELETES);
}

ENGINE_INLINE struct endpoint *seam_endpoint(const struct endpoint_key *key,
					     const struct endpoint *fresh)
{
	__u32 hash = native_endpoint_hash(key);
	struct endpoint_entry *e;

	if (native_current->shares)
		return native_update(key, fresh);
	e = table_find(&native_current->endpoints, key, sizeof(*key), hash);
	if (e)
		return &e->endpoint;
	e = table_insert(&native_current->endpoints, key, hash);
	if (!e) {
		native_current->out_of_memory = 1;
		return 0;
	}
	e->endpoint = *fresh;
	seam_count(COUNTER_ENDPOINT_INSERTS);
	return &e->endpoint;
}

/* Captures do not tell whose host they were made on. */
ENGINE_INLINE _Bool seam_is_local(const struct packet *p)
{
	const struct native *n = native_current;

	return n->is_local && n->is_local(n->is_local_arg, p->src, p->ipv6);
}

ENGINE_INLINE void seam_emit(const struct event *event)
{
	seam_count(COUNTER_EVENTS_SENT);
	if (native_current->on_event)
		native_current->on_event(native_current->on_event_arg, event);
}

ENGINE_INLINE void seam_export(const struct flow_key *key, const struct flow *f,
			       const struct gauge *g)
{
	native_export(key, f, g);
}

#endif
