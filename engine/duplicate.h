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
/* recent[]: signature in the high half, place, then time in units of 2^16 ns. */
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

ENGINE_INLINE _Bool duplicate_is_recent(const struct half *h, __u64 entry)
{
	for (__u32 i = 0; i < HALF_RECENT; i++) {
		__u64 old = h->recent[i];

		if (old >> 32 == entry >> 32 && (__u16)(old >> 16) != (__u16)(entry >> 16) &&
		    (__u16)((__u16)entry - (__u16)old) <= DUPLICATE_TICKS)
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

/* True when the segment is a copy; remembers it otherwise. */
ENGINE_INLINE _Bool duplicate_check(struct half *h, const struct packet *p)
{
	__u16 place = duplicate_place(p);
	__u64 entry = (__u64)duplicate_signature(p) << 32 | (__u64)place << 16 |
		      (__u16)(p->ns >> DUPLICATE_TICK_BITS);

	if (ENGINE_UNLIKELY(place != h->home)) {
		if (h->packets && duplicate_is_recent(h, entry)) {
			h->mirrored = 1;
			return 1;
		}
		if (h->mirrored && !duplicate_is_news(h, p))
			return 1;
		h->home = place;
	}
	h->recent[h->next_recent & (HALF_RECENT - 1)] = entry;
	h->next_recent++;
	return 0;
}

#endif
