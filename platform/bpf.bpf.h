/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The seam in the kernel: tables are LRU maps, events go through a ring buffer,
 * counters are per CPU. Everything live is in maps, so that a program attached by
 * any loader works. Maps and cfg are weak: xdp.o and tc.o are linked into one
 * object and share them.
 */
#ifndef PLATFORM_BPF_BPF_H
#define PLATFORM_BPF_BPF_H

#include <linux/bpf.h>
#include <linux/errno.h>

#include <bpf/bpf_helpers.h>

#include "engine/engine.h"
#include "platform/live.h"

const volatile struct engine_config cfg __weak = {
	.tunnels = TUNNELS_ALL,
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, struct flow_key);
	__type(value, struct live_flow);
} flows __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, struct flow_key);
	__type(value, struct pending);
} pending __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct endpoint_key);
	__type(value, struct endpoint);
} endpoints __weak SEC(".maps");

/* Addresses of this host, for blame: struct local_key -> 1. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, struct local_key);
	__type(value, __u32);
} locals __weak SEC(".maps");

/* Link type of interfaces that are not Ethernet: ifindex -> LINKTYPE_. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, __u32);
} linktypes __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, COUNTER_SLOTS);
	__type(key, __u32);
	__type(value, __u64);
} counters __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, HOOKS);
	__type(key, __u32);
	__type(value, struct scratch);
} scratches __weak SEC(".maps");

/* The switch: struct live_control, one entry. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct live_control);
} control __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} events __weak SEC(".maps");

ENGINE_INLINE const volatile struct engine_config *seam_config(void)
{
	return &cfg;
}

ENGINE_INLINE void seam_count(enum counter counter)
{
	__u32 index = counter;
	__u64 *value = bpf_map_lookup_elem(&counters, &index);

	if (value)
		++*value;
}

ENGINE_INLINE void seam_tally(__u32 slot, __u64 n)
{
	__u64 *value = bpf_map_lookup_elem(&counters, &slot);

	if (value)
		*value += n;
}

ENGINE_INLINE void seam_add32(__u32 *counter, __u32 n)
{
	__sync_fetch_and_add(counter, n);
}

ENGINE_INLINE void seam_add64(__u64 *counter, __u64 n)
{
	__sync_fetch_and_add(counter, n);
}

ENGINE_INLINE struct flow *seam_flow_find(const struct flow_key *key)
{
	struct live_flow *l = bpf_map_lookup_elem(&flows, key);

	return l ? &l->flow : 0;
}

ENGINE_INLINE struct gauge *seam_gauges(struct flow *f)
{
	return ((struct live_flow *)f)->gauge;
}

ENGINE_INLINE void seam_flow_drop(const struct flow_key *key)
{
	if (!bpf_map_delete_elem(&flows, key))
		seam_count(COUNTER_FLOW_DELETES);
}

ENGINE_INLINE struct pending *seam_pending_find(const struct flow_key *key)
{
	return bpf_map_lookup_elem(&pending, key);
}

/* Counts how an insertion ended; two CPUs may meet at a new key. True when it is in. */
ENGINE_INLINE _Bool platform_inserted(long err, enum counter counter)
{
	if (err)
		seam_count(err == -EEXIST ? COUNTER_INSERTS_RACED : COUNTER_INSERTS_FAILED);
	else
		seam_count(counter);
	return !err;
}

ENGINE_INLINE void seam_pending_create(const struct flow_key *key, const struct pending *fresh)
{
	platform_inserted(bpf_map_update_elem(&pending, key, fresh, BPF_NOEXIST),
			  COUNTER_PENDING_INSERTS);
}

ENGINE_INLINE void seam_promote(struct scratch *s, const struct flow_key *key,
				const struct pending *e)
{
	struct live_flow *live = &s->promoted;

	__builtin_memcpy(&live->flow, &e->flow, sizeof(live->flow));
	if (!platform_inserted(bpf_map_update_elem(&flows, key, live, BPF_NOEXIST),
			       COUNTER_FLOW_INSERTS))
		return;
	if (!bpf_map_delete_elem(&pending, key))
		seam_count(COUNTER_PENDING_DELETES);
}

ENGINE_INLINE struct endpoint *seam_endpoint(const struct endpoint_key *key,
					     const struct endpoint *fresh)
{
	struct endpoint *e = bpf_map_lookup_elem(&endpoints, key);

	if (e)
		return e;
	platform_inserted(bpf_map_update_elem(&endpoints, key, fresh, BPF_NOEXIST),
			  COUNTER_ENDPOINT_INSERTS);
	return bpf_map_lookup_elem(&endpoints, key);
}

ENGINE_INLINE void seam_emit(const struct event *event)
{
	if (bpf_ringbuf_output(&events, (void *)event, sizeof(*event), 0))
		seam_count(COUNTER_EVENTS_LOST);
	else
		seam_count(COUNTER_EVENTS_SENT);
}

ENGINE_INLINE void seam_export(const struct flow_key *key, const struct flow *f,
			       const struct gauge *g)
{
	struct event_ended *ended = bpf_ringbuf_reserve(&events, sizeof(*ended), 0);

	if (!ended) {
		seam_count(COUNTER_EVENTS_LOST);
		return;
	}
	ended->ns = 0;
	ended->kind = EVENT_FLOW_ENDED;
	ended->pad = 0;
	ended->key = *key;
	__builtin_memcpy(&ended->live.flow, f, sizeof(*f));
	if (g)
		__builtin_memcpy(ended->live.gauge, g, sizeof(ended->live.gauge));
	else
		__builtin_memset(ended->live.gauge, 0, sizeof(ended->live.gauge));
	bpf_ringbuf_submit(ended, 0);
	seam_count(COUNTER_EVENTS_SENT);
}

ENGINE_INLINE _Bool seam_is_local(const struct packet *p)
{
	struct local_key key = { .addr = { p->src[0], p->src[1] }, .ipv6 = p->ipv6 };

	return bpf_map_lookup_elem(&locals, &key) != 0;
}

/* The hook's scratch, or 0 when the work is switched off. */
ENGINE_INLINE struct scratch *platform_scratch(enum hook hook)
{
	__u32 zero = 0, index = hook;
	struct live_control *c = bpf_map_lookup_elem(&control, &zero);

	if (!c || c->off)
		return 0;
	return bpf_map_lookup_elem(&scratches, &index);
}

/* The link type of an interface; a look-up only where one is not Ethernet. */
ENGINE_INLINE __u16 platform_linktype(__u32 ifindex)
{
	__u32 zero = 0;
	struct live_control *c = bpf_map_lookup_elem(&control, &zero);
	__u32 *linktype;

	if (!c || !c->linktypes)
		return LINKTYPE_ETHERNET;
	linktype = bpf_map_lookup_elem(&linktypes, &ifindex);
	return linktype ? (__u16)*linktype : LINKTYPE_ETHERNET;
}

/* Facts that every live hook has: the present, the interface, its link type. */
ENGINE_INLINE void platform_live_facts(struct packet *p, __u32 ifindex)
{
	p->ns = bpf_ktime_get_ns();
	p->ifindex = ifindex;
	p->linktype = platform_linktype(ifindex);
}

ENGINE_INLINE void platform_replay_facts(struct scratch *s, const struct replay_meta *meta)
{
	s->pkt.ns = meta->ns;
	s->pkt.id = meta->id;
	s->pkt.wirelen = meta->wirelen;
	s->pkt.linktype = meta->linktype;
	s->pkt.ifindex = meta->ifindex;
	s->captured = meta->caplen;
}

/*
 * How much of the frame to copy: 1 .. ENGINE_WINDOW, in a form whose lower bound
 * Linux 6.1 can follow. A captured length of 0 needs no copy, see the callers.
 */
ENGINE_INLINE __u32 platform_window_length(struct scratch *s)
{
	__u32 last = s->captured - 1;

	engine_opaque(last);
	if (last >= ENGINE_WINDOW)
		last = ENGINE_WINDOW - 1;
	engine_opaque(last);
	last &= ENGINE_WINDOW - 1;
	s->captured = last + 1;
	return last + 1;
}

#endif
