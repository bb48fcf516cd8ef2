/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What only the TC hooks know, and how they read a frame. */
#ifndef PLATFORM_TC_BPF_H
#define PLATFORM_TC_BPF_H

#include "platform/bpf.bpf.h"

ENGINE_INLINE const __u8 *tc_frame(const struct __sk_buff *skb)
{
	return (const __u8 *)(long)skb->data;
}

ENGINE_INLINE const __u8 *tc_end(const struct __sk_buff *skb)
{
	return (const __u8 *)(long)skb->data_end;
}

/* In a test run replay_meta travels in cb[0..4], mark and priority. */
ENGINE_INLINE void tc_replay_facts(const struct __sk_buff *skb, struct scratch *s)
{
	struct replay_meta meta = {
		.ns = (__u64)skb->cb[1] << 32 | skb->cb[0],
		.id = (__u64)skb->cb[3] << 32 | skb->cb[2],
		.wirelen = skb->mark,
		.caplen = (__u16)skb->cb[4],
		.linktype = (__u16)(skb->cb[4] >> 16),
		.ifindex = skb->priority,
	};

	platform_replay_facts(s, &meta);
}

ENGINE_INLINE void tc_facts(struct __sk_buff *skb, struct scratch *s)
{
	if (cfg.replay) {
		tc_replay_facts(skb, s);
		return;
	}
	platform_live_facts(&s->pkt, skb->ifindex);
	s->captured = skb->len;
	s->pkt.wirelen = skb->len;
	if (skb->vlan_present)
		s->pkt.vlan_tci = (__u16)(skb->vlan_tci | 0x1000);
}

ENGINE_INLINE _Bool tc_window(struct __sk_buff *skb, struct scratch *s)
{
	if (!s->captured)
		return 1;
	return !bpf_skb_load_bytes(skb, 0, s->window, platform_window_length(s));
}

#endif
