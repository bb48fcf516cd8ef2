/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The engine's two entry points. A hook fills the facts that only it knows (time,
 * length, interface, link type), offers the frame where it lies to engine_fast(),
 * and only if that declines gives it to engine_walk(), with its beginning in one
 * piece of memory.
 */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include "engine/fast.h"
#include "engine/track.h"
#include "engine/walk.h"

/* Forgets the previous packet; the hook's facts come next. */
ENGINE_INLINE struct packet *engine_begin(struct scratch *s, enum hook hook)
{
	__builtin_memset(&s->pkt, 0, sizeof(s->pkt));
	s->pkt.hook = (__u8)hook;
	return &s->pkt;
}

/*
 * True when the frame was plain and is done with. [frame, end) is what may be read; a
 * replayed frame may be padded beyond s->captured, but not above FAST_MIN.
 */
ENGINE_INLINE _Bool engine_fast(struct scratch *s, const __u8 *frame, const __u8 *end)
{
	if (s->captured < FAST_MIN || s->pkt.linktype != LINKTYPE_ETHERNET || s->pkt.vlan_tci)
		return 0;
	if (!fast_frame(&s->pkt, frame, end))
		return 0;
	seam_count(COUNTER_PACKETS);
	track_packet(s);
	return 1;
}

/* Any frame; frame holds its first `captured` bytes, at most ENGINE_WINDOW. */
ENGINE_INLINE void engine_walk(struct scratch *s, const __u8 *frame, __u32 captured)
{
	const volatile struct engine_config *cfg = seam_config();
	__u16 result;

	seam_count(COUNTER_PACKETS);
	if (s->pkt.wirelen < captured)
		s->pkt.wirelen = captured;
	if (s->pkt.vlan_tci && cfg->vlan_domain)
		s->pkt.domain = DOMAIN_VLAN | (s->pkt.vlan_tci & 0xfff);
	result = walk_frame(&s->walk, &s->pkt, frame, captured, cfg);
	if (result & LAYER_STOP) {
		seam_count((enum counter)(result & 0xff));
		return;
	}
	track_packet(s);
}

#endif
