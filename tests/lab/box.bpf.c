// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A middlebox that gets window scaling wrong, or only looks as if it did: box_c2s on the ingress
 * of the lab's in0, box_s2c on that of out0, so a capture on the interface where a segment came in
 * shows it as it came, and the one where it goes out as the box left it. What is wrong is in
 * `rules`, one a direction, and may be changed while segments pass; see enum box_act.
 * One segment is one frame (no TSO in the lab's bulk transfers); anything odd is passed.
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

#define KIND_NOP    1
#define KIND_WSCALE 3

/* Segments are counted from 1, per direction, SYNs left out. */
enum box_act {
	ACT_NONE,
	ACT_SHIFT,  /* SYNs: write shift `value` into the window-scale option */
	ACT_CUT,    /* SYNs of servers in the /24 `value`: cut the window-scale option off (IPv4) */
	ACT_CLAMP,  /* segments from..until: window at most `value` */
	ACT_DIVIDE, /* segments from..until: window >> `value` */
	ACT_FORGETFUL,   /* drop data that ends beyond the peer's ack + (window << `value`) */
	ACT_DROP_BURSTS, /* drop `value` data segments from number `from`, and from `until` */
	ACT_DROP_LARGE,  /* drop data segments with more than `value` bytes */
	ACT_DROP_RANDOM, /* drop `value` of 1,000 data segments, by a generator seeded with `from` */
	ACT_DROP_UNKNOWN, /* drop segments of connections that are not in `table` (IPv4) */
	ACT_TTL,          /* every other segment: TTL less one; the rest: one more (IPv4) */
};

enum box_direction { C2S, S2C };

struct box_rule {
	__u32 act;
	__u32 value;
	__u32 from;
	__u32 until;
};

struct box_state {
	__u32 segments;
	__u32 data;
	__u32 acted; /* segments changed or dropped */
	__u32 random;
	__u32 ack; /* of the newest segment that is no SYN */
	__u32 window;
};

struct box_connection {
	__u32 client_be;
	__u32 server_be;
	__u16 client_port_be;
	__u16 server_port_be;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct box_rule);
} rules SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct box_state);
} states SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct box_connection);
	__type(value, __u32);
} table SEC(".maps");

struct segment {
	struct __sk_buff *skb;
	struct box_connection connection;
	struct tcphdr tcp;
	__u32 at;      /* offset of the TCP header */
	__u32 options; /* their length */
	__u32 length;  /* of the payload */
	__u8 ttl;
	_Bool ipv4;
};

static __always_inline _Bool read_ipv4(struct segment *s)
{
	struct iphdr ip;

	if (bpf_skb_load_bytes(s->skb, ETH_HLEN, &ip, sizeof(ip)) || ip.ihl != 5 ||
	    ip.protocol != IPPROTO_TCP)
		return 0;
	s->ipv4 = 1;
	s->ttl = ip.ttl;
	s->connection.client_be = ip.saddr;
	s->connection.server_be = ip.daddr;
	s->at = ETH_HLEN + sizeof(ip);
	s->length = bpf_ntohs(ip.tot_len) - sizeof(ip);
	return 1;
}

static __always_inline _Bool read_ipv6(struct segment *s)
{
	struct ipv6hdr ip;

	if (bpf_skb_load_bytes(s->skb, ETH_HLEN, &ip, sizeof(ip)) || ip.nexthdr != IPPROTO_TCP)
		return 0;
	s->at = ETH_HLEN + sizeof(ip);
	s->length = bpf_ntohs(ip.payload_len);
	return 1;
}

/* The connection is written from the client's side, whoever sent the segment. */
static __always_inline void orient(struct box_connection *c, const struct tcphdr *tcp,
				   enum box_direction dir)
{
	__u32 client_be = c->client_be;

	c->client_port_be = dir == C2S ? tcp->source : tcp->dest;
	c->server_port_be = dir == C2S ? tcp->dest : tcp->source;
	if (dir == S2C) {
		c->client_be = c->server_be;
		c->server_be = client_be;
	}
}

static __always_inline _Bool read_segment(struct segment *s, enum box_direction dir)
{
	__u32 header;

	if (s->skb->protocol == bpf_htons(ETH_P_IP)) {
		if (!read_ipv4(s))
			return 0;
	} else if (s->skb->protocol != bpf_htons(ETH_P_IPV6) || !read_ipv6(s)) {
		return 0;
	}
	if (bpf_skb_load_bytes(s->skb, s->at, &s->tcp, sizeof(s->tcp)))
		return 0;
	header = s->tcp.doff * 4U;
	if (header < sizeof(s->tcp) || s->length < header)
		return 0;
	s->options = header - sizeof(s->tcp);
	s->length -= header;
	orient(&s->connection, &s->tcp, dir);
	return 1;
}

/* Replace the 16 bits at `offset` of the TCP header, and what the checksum says of them. */
static __always_inline void put16(const struct segment *s, __u32 offset, __u16 old_be, __u16 new_be)
{
	bpf_l4_csum_replace(s->skb, s->at + offsetof(struct tcphdr, check), old_be, new_be, 2);
	bpf_skb_store_bytes(s->skb, s->at + offset, &new_be, sizeof(new_be), 0);
}

/* Linux ends its SYN with a NOP and the window-scale option: at `offset` then, for four bytes. */
static __always_inline _Bool ends_in_wscale(const struct segment *s, __u32 offset, __u8 last[4])
{
	return s->options >= 4 && !bpf_skb_load_bytes(s->skb, s->at + offset, last, 4) &&
	       last[0] == KIND_NOP && last[1] == KIND_WSCALE && last[2] == 3;
}

static __always_inline _Bool write_shift(const struct segment *s, __u8 shift)
{
	__u32 offset = sizeof(s->tcp) + s->options - 4;
	__u8 last[4];

	if (!ends_in_wscale(s, offset, last))
		return 0;
	put16(s, offset + 2, bpf_htons(last[2] << 8 | last[3]), bpf_htons(last[2] << 8 | shift));
	return 1;
}

/* The header gets four bytes shorter, and leaves no hole. */
static __always_inline _Bool cut_wscale(const struct segment *s)
{
	__u32 offset = sizeof(s->tcp) + s->options - 4;
	__u32 length = offset + 4, total = length + sizeof(struct iphdr);
	__u16 old_be, new_be;
	__u8 last[4];

	if (!s->ipv4 || s->length || !ends_in_wscale(s, offset, last) ||
	    bpf_skb_load_bytes(s->skb, s->at + 12, &old_be, 2))
		return 0;
	put16(s, offset, bpf_htons(last[0] << 8 | last[1]), 0);
	put16(s, offset + 2, bpf_htons(last[2] << 8 | last[3]), 0);
	put16(s, 12, old_be, bpf_htons(bpf_ntohs(old_be) - 0x1000));
	bpf_l4_csum_replace(s->skb, s->at + offsetof(struct tcphdr, check), bpf_htons(length),
			    bpf_htons(length - 4), BPF_F_PSEUDO_HDR | 2);
	old_be = bpf_htons(total);
	new_be = bpf_htons(total - 4);
	bpf_l3_csum_replace(s->skb, ETH_HLEN + offsetof(struct iphdr, check), old_be, new_be, 2);
	bpf_skb_store_bytes(s->skb, ETH_HLEN + offsetof(struct iphdr, tot_len), &new_be, 2, 0);
	bpf_skb_change_tail(s->skb, ETH_HLEN + total - 4, 0);
	return 1;
}

static __always_inline _Bool in_network(const struct segment *s, __u32 network)
{
	return s->ipv4 && (bpf_ntohl(s->connection.server_be) & 0xFFFFFF00) == network;
}

static __always_inline _Bool write_window(const struct segment *s, __u32 window)
{
	__u16 new_be = bpf_htons(window);

	if (s->tcp.window == new_be)
		return 0;
	put16(s, offsetof(struct tcphdr, window), s->tcp.window, new_be);
	return 1;
}

static __always_inline _Bool write_ttl(const struct segment *s, __u8 ttl)
{
	__u16 old_be, new_be;

	if (!s->ipv4)
		return 0;
	old_be = bpf_htons(s->ttl << 8 | IPPROTO_TCP);
	new_be = bpf_htons(ttl << 8 | IPPROTO_TCP);
	bpf_l3_csum_replace(s->skb, ETH_HLEN + offsetof(struct iphdr, check), old_be, new_be, 2);
	bpf_skb_store_bytes(s->skb, ETH_HLEN + offsetof(struct iphdr, ttl), &new_be, 2, 0);
	return 1;
}

/* Numerical Recipes' generator; the high bits are the random ones. */
static __always_inline _Bool lucky(struct box_state *state, const struct box_rule *rule)
{
	if (!state->random)
		state->random = rule->from;
	state->random = state->random * 1664525U + 1013904223U;
	return (state->random >> 8) % 1000 < rule->value;
}

static __always_inline _Bool drops(const struct segment *s, const struct box_rule *rule,
				   struct box_state *state, const struct box_state *other)
{
	__u32 value = rule->value, end;

	if (rule->act == ACT_DROP_UNKNOWN)
		return s->ipv4 && !bpf_map_lookup_elem(&table, &s->connection);
	if (!s->length)
		return 0;
	switch (rule->act) {
	case ACT_FORGETFUL:
		end = bpf_ntohl(s->tcp.seq) + s->length;
		return other->segments &&
		       (__s32)(end - (other->ack + (other->window << value))) > 0;
	case ACT_DROP_BURSTS:
		return state->data - rule->from < value || state->data - rule->until < value;
	case ACT_DROP_LARGE:
		return s->length > value;
	case ACT_DROP_RANDOM:
		return lucky(state, rule);
	}
	return 0;
}

static __always_inline _Bool changes(const struct segment *s, const struct box_rule *rule,
				     const struct box_state *state)
{
	__u32 window = bpf_ntohs(s->tcp.window), value = rule->value & 31;
	_Bool now = state->segments >= rule->from && state->segments < rule->until;

	switch (rule->act) {
	case ACT_SHIFT:
		return s->tcp.syn && write_shift(s, value);
	case ACT_CUT:
		return s->tcp.syn && in_network(s, rule->value) && cut_wscale(s);
	case ACT_CLAMP:
		return now && !s->tcp.syn && window > rule->value && write_window(s, rule->value);
	case ACT_DIVIDE:
		return now && !s->tcp.syn && write_window(s, window >> value);
	case ACT_TTL:
		return write_ttl(s, state->segments & 1 ? s->ttl + 1 : s->ttl - 1);
	}
	return 0;
}

static __always_inline void note(const struct segment *s, struct box_state *state)
{
	__u32 yes = 1;

	if (s->tcp.syn) {
		if (!s->tcp.ack)
			bpf_map_update_elem(&table, &s->connection, &yes, BPF_ANY);
		return;
	}
	state->segments++;
	state->data += s->length > 0;
	if (s->tcp.ack && !s->tcp.rst) {
		state->ack = bpf_ntohl(s->tcp.ack_seq);
		state->window = bpf_ntohs(s->tcp.window);
	}
}

static __always_inline int box(struct __sk_buff *skb, enum box_direction dir)
{
	struct segment s = { .skb = skb };
	__u32 key = dir, other_key = !dir;
	struct box_state *state = bpf_map_lookup_elem(&states, &key);
	const struct box_state *other = bpf_map_lookup_elem(&states, &other_key);
	const struct box_rule *rule = bpf_map_lookup_elem(&rules, &key);

	if (!state || !other || !rule || !read_segment(&s, dir))
		return TC_ACT_OK;
	note(&s, state);
	if (drops(&s, rule, state, other)) {
		state->acted++;
		return TC_ACT_SHOT;
	}
	if (changes(&s, rule, state))
		state->acted++;
	return TC_ACT_OK;
}

/* On the egress of in0, for what the box itself says: a SYN-ACK there has a window. */
SEC("tc")
int box_answer(struct __sk_buff *skb)
{
	struct segment s = { .skb = skb };

	if (read_segment(&s, S2C) && s.tcp.syn && s.tcp.ack && !s.tcp.window)
		write_window(&s, 65160);
	return TC_ACT_OK;
}

SEC("tc")
int box_c2s(struct __sk_buff *skb)
{
	return box(skb, C2S);
}

SEC("tc")
int box_s2c(struct __sk_buff *skb)
{
	return box(skb, S2C);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
