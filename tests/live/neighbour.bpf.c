// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Somebody else's XDP program: counts what it sees, and drops TCP over IPv4 to port 81, so that who
 * runs before it and who runs behind it do not see the same.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/tcp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define NEIGHBOUR_PORT 81

struct neighbour_frame {
	struct ethhdr ethernet;
	struct iphdr ip;
	struct tcphdr tcp;
} __attribute__((packed));

/* Packets seen, packets dropped. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u64);
} seen SEC(".maps");

static __always_inline void neighbour_count(__u32 which)
{
	__u64 *n = bpf_map_lookup_elem(&seen, &which);

	if (n)
		__sync_fetch_and_add(n, 1);
}

SEC("xdp")
int neighbour(struct xdp_md *ctx)
{
	const struct neighbour_frame *f = (const void *)(long)ctx->data;

	neighbour_count(0);
	if ((const void *)(f + 1) > (const void *)(long)ctx->data_end)
		return XDP_PASS;
	if (f->ethernet.h_proto != bpf_htons(ETH_P_IP) || f->ip.ihl != 5 ||
	    f->ip.protocol != IPPROTO_TCP || f->tcp.dest != bpf_htons(NEIGHBOUR_PORT))
		return XDP_PASS;
	neighbour_count(1);
	return XDP_DROP;
}

char neighbour_license[] SEC("license") = "Dual BSD/GPL";
