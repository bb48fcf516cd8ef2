// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Ingress: after GRO, so equal segments may have been merged; the outer VLAN tag may
 * be beside the frame. Egress: before segmentation; this is where this host's own
 * SYN-ACKs are seen. Always TC_ACT_UNSPEC, so that other filters decide; no byte is
 * changed.
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_helpers.h>

#include "platform/tc.bpf.h"

static __always_inline int tc_analyze(struct __sk_buff *skb, enum hook hook)
{
	struct scratch *s = platform_scratch(hook);

	if (!s)
		return TC_ACT_UNSPEC;
	engine_begin(&s->pkt, hook);
	tc_facts(skb, s);
	if (engine_plain(&s->pkt, s->captured, tc_frame(skb), tc_end(skb)) ||
	    (tc_window(skb, s) && engine_parse(&s->walk, &s->pkt, s->window, s->captured)))
		track_packet(s);
	return TC_ACT_UNSPEC;
}

SEC("tc")
int tc_ingress(struct __sk_buff *skb)
{
	return tc_analyze(skb, HOOK_TC_INGRESS);
}

SEC("tc")
int tc_egress(struct __sk_buff *skb)
{
	return tc_analyze(skb, HOOK_TC_EGRESS);
}

char LICENSE[] SEC("license") __weak = "Dual BSD/GPL";
