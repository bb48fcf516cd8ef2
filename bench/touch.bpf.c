// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The least that a program must do to know anything about a connection: find the TCP
 * header (Ethernet, IPv4 or IPv6), look the connection up once by a 12-byte key, make it
 * when it is missing, and write down one segment in the half of its direction.
 * Everything is in plain sight: no options, no tunnels, no atomics, no scratch memory.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>
#include <linux/tcp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "bench/touch.h"

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, struct touch_key);
	__type(value, struct touch_flow);
} touched SEC(".maps");

/* What was parsed: where the segment is, how long, and between whom. */
struct segment {
	const struct tcphdr *tcp;
	__u32 length;
	__u32 src;
	__u32 dst;
};

static __always_inline _Bool touch_ipv4(struct segment *s, const void *data, const void *end)
{
	const struct iphdr *ip = data;
	__u32 header;

	if ((const void *)(ip + 1) > end || ip->version != 4 || ip->ihl < 5)
		return 0;
	if (ip->protocol != IPPROTO_TCP || ip->frag_off & bpf_htons(0x3fff))
		return 0;
	header = ip->ihl * 4U;
	s->length = bpf_ntohs(ip->tot_len) - header;
	s->src = ip->saddr;
	s->dst = ip->daddr;
	s->tcp = data + header;
	return 1;
}

static __always_inline __u32 touch_fold(const struct in6_addr *a)
{
	return a->in6_u.u6_addr32[0] ^ a->in6_u.u6_addr32[1] ^ a->in6_u.u6_addr32[2] ^
	       a->in6_u.u6_addr32[3];
}

static __always_inline _Bool touch_ipv6(struct segment *s, const void *data, const void *end)
{
	const struct ipv6hdr *ip = data;

	if ((const void *)(ip + 1) > end || ip->version != 6 || ip->nexthdr != IPPROTO_TCP)
		return 0;
	s->length = bpf_ntohs(ip->payload_len);
	s->src = touch_fold(&ip->saddr);
	s->dst = touch_fold(&ip->daddr);
	s->tcp = (const void *)(ip + 1);
	return 1;
}

static __always_inline _Bool touch_parse(struct segment *s, const void *data, const void *end)
{
	const struct ethhdr *eth = data;

	if ((const void *)(eth + 1) > end)
		return 0;
	if (eth->h_proto == bpf_htons(ETH_P_IP)) {
		if (!touch_ipv4(s, eth + 1, end))
			return 0;
	} else if (eth->h_proto == bpf_htons(ETH_P_IPV6)) {
		if (!touch_ipv6(s, eth + 1, end))
			return 0;
	} else {
		return 0;
	}
	return (const void *)(s->tcp + 1) <= end && s->tcp->doff >= 5;
}

static __always_inline void touch_update(struct touch_half *half, const struct segment *s)
{
	const struct tcphdr *tcp = s->tcp;
	__u32 payload = s->length - tcp->doff * 4U;

	half->packets++;
	half->bytes += payload;
	half->last_ns = bpf_ktime_get_ns();
	half->seq_end = bpf_ntohl(tcp->seq) + payload;
	half->ack = bpf_ntohl(tcp->ack_seq);
	half->window = bpf_ntohs(tcp->window);
}

static __always_inline void touch_insert(const struct touch_key *key, const struct segment *s,
					 _Bool swap)
{
	struct touch_flow fresh = {};

	touch_update(swap ? &fresh.half[1] : &fresh.half[0], s);
	bpf_map_update_elem(&touched, key, &fresh, BPF_NOEXIST);
}

static __always_inline void touch_frame(const void *data, const void *end)
{
	struct segment s;
	struct touch_key key;
	struct touch_flow *flow;
	_Bool swap;

	if (!touch_parse(&s, data, end))
		return;
	swap = s.src != s.dst ? s.src > s.dst : s.tcp->source > s.tcp->dest;
	key.addr[0] = swap ? s.dst : s.src;
	key.addr[1] = swap ? s.src : s.dst;
	key.port[0] = swap ? s.tcp->dest : s.tcp->source;
	key.port[1] = swap ? s.tcp->source : s.tcp->dest;
	flow = bpf_map_lookup_elem(&touched, &key);
	if (flow)
		touch_update(swap ? &flow->half[1] : &flow->half[0], &s);
	else
		touch_insert(&key, &s, swap);
}

SEC("xdp.frags")
int xdp_touch(struct xdp_md *ctx)
{
	touch_frame((const void *)(long)ctx->data, (const void *)(long)ctx->data_end);
	return XDP_PASS;
}

SEC("tc")
int tc_touch(struct __sk_buff *skb)
{
	touch_frame((const void *)(long)skb->data, (const void *)(long)skb->data_end);
	return TC_ACT_UNSPEC;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
