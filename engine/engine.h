/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The engine's entry points. A hook fills the facts that only it knows (time, length,
 * interface, link type), offers the frame where it lies to engine_plain(), and only if
 * that declines gives it to engine_parse(), with its beginning in one piece of memory.
 * What either of them understood goes to track_packet().
 */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include "engine/fast.h"
#include "engine/track.h"
#include "engine/walk.h"

/*
 * Forgets the previous packet, as far as parsing does not overwrite it; the hook's facts
 * come next: ns, id, wirelen, ifindex, linktype, vlan_tci.
 */
ENGINE_INLINE void engine_begin(struct packet *p, enum hook hook)
{
	p->id = 0;
	p->domain = 0;
	p->vlan_tci = 0;
	p->vlan_tags = 0;
	p->encap = 0;
	p->hook = (__u8)hook;
}

/*
 * Counts a frame, and parses it if it is plain; false when it is anything else.
 * [frame, end) is what may be read; a replayed frame may be padded beyond `captured`, but
 * not above FAST_MIN.
 */
ENGINE_INLINE _Bool engine_plain(struct packet *p, __u32 captured, const __u8 *frame,
				 const __u8 *end)
{
	seam_count(COUNTER_PACKETS);
	if (captured < FAST_MIN || p->linktype != LINKTYPE_ETHERNET || p->vlan_tci)
		return 0;
	return fast_frame(p, frame, end);
}

/*
 * Parses any frame, of which `captured` bytes, at most ENGINE_WINDOW, are there. False
 * when it holds no segment that can be analysed; the reason has been counted then.
 */
ENGINE_INLINE _Bool engine_parse(struct walk *w, struct packet *p, const __u8 *frame,
				 __u32 captured)
{
	const volatile struct engine_config *cfg = seam_config();
	__u16 result;

	if (p->wirelen < captured)
		p->wirelen = captured;
	if (p->vlan_tci && cfg->vlan_domain)
		p->domain = DOMAIN_VLAN | (p->vlan_tci & 0xfff);
	result = walk_frame(w, p, frame, captured, cfg);
	if (result & LAYER_STOP) {
		seam_count((enum counter)(result & 0xff));
		return 0;
	}
	return 1;
}

#endif
