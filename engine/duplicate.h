/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The same segment met twice: both NICs of a forwarding box, a tunnel device and
 * its carrier, a bond and its slave. It is the same flow and direction, the same
 * numbers, at another place (interface, hook or TTL), within 5 ms.
 *
 * Each direction remembers its last few segments. Bursts outrun so short a memory:
 * once a second point has been recognised, whatever it shows that brings nothing
 * new is taken for a copy, too; what does bring something new never is.
 */
#ifndef ENGINE_DUPLICATE_H
#define ENGINE_DUPLICATE_H

#include "engine/flow.h"

#define DUPLICATE_NS (5 * ENGINE_NS_PER_MS)
/* Times of recent segments, in units of 2^16 ns. */
#define DUPLICATE_TICK_BITS 16
#define DUPLICATE_TICKS     (DUPLICATE_NS >> DUPLICATE_TICK_BITS)

ENGINE_INLINE __u16 duplicate_place(const struct packet *p)
{
	return (__u16)((p->ifindex & 0x3f) << 10 | (__u32)p->hook << 8 | p->ttl);
}

/* Mixes what makes a segment this segment; window and IP-ID may be rewritten in the path. */
ENGINE_INLINE __u32 duplicate_signature(const struct packet *p)
{
	__u64 h = (__u64)p->seq << 32 | p->ack;

	h ^= (__u64)p->tsval << 24 ^ (__u64)p->payload << 8 ^ p->flags;
	h *= 0x9e3779b97f4a7c15ULL;
	return (__u32)(h >> 32);
}

/* Whether this segment was seen at home a moment ago. */
ENGINE_INLINE _Bool duplicate_is_recent(const struct half *h, __u32 signature, __u16 tick)
{
	__u32 seen = h->next_recent & HALF_RECENT_FULL ? HALF_RECENT : h->next_recent;

	for (__u32 i = 0; i < HALF_RECENT; i++) {
		if (i < seen && h->recent[i] == signature &&
		    (__u16)(tick - h->recent_tick[i]) <= DUPLICATE_TICKS)
			return 1;
	}
	return 0;
}

/* Whether the segment tells anything that this direction has not shown yet. */
ENGINE_INLINE _Bool duplicate_is_news(const struct half *h, const struct packet *p)
{
	return !(h->bits & HALF_SEQ) || seq_after(p->seq + p->payload, h->seq_end) ||
	       seq_after(p->ack, h->ack) || p->ns - h->last_ns > DUPLICATE_NS;
}

/* The segment came another way than the ones before it. */
ENGINE_INLINE void duplicate_move(struct half *h, __u16 place, __u8 ttl)
{
	h->home = place;
	h->next_recent = 0;
	if (ttl < h->ttl_min)
		h->ttl_min = ttl;
	if (ttl > h->ttl_max)
		h->ttl_max = ttl;
}

/*
 * True when the segment is a copy; remembers it otherwise. What is remembered was seen
 * at home, so what is met elsewhere begins a new memory when it is no copy.
 */
ENGINE_INLINE _Bool duplicate_check(struct half *h, const struct packet *p)
{
	__u16 place = duplicate_place(p), tick = (__u16)(p->ns >> DUPLICATE_TICK_BITS);
	__u32 signature = duplicate_signature(p), slot;

	if (ENGINE_UNLIKELY(place != h->home)) {
		if (h->packets && duplicate_is_recent(h, signature, tick)) {
			h->mirrored = 1;
			return 1;
		}
		if (h->mirrored && !duplicate_is_news(h, p))
			return 1;
		duplicate_move(h, place, p->ttl);
	}
	slot = h->next_recent & (HALF_RECENT - 1);
	h->recent[slot] = signature;
	h->recent_tick[slot] = tick;
	h->next_recent = (__u8)((slot + 1) | (h->next_recent & HALF_RECENT_FULL));
	return 0;
}

#endif
