// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Programs that tests/vm/run has to judge rightly: one that every verifier accepts in a few steps, one
 * whose cost depends on a constant in .rodata, and one that no verifier accepts. A gate that lets the
 * last one pass is no gate.
 */
#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_helpers.h>

struct canary_config {
	__u64 pad;
	__u32 costly;
};

const volatile struct canary_config cfg = {};

/* Larger than the loader's cap, so that the cap is exercised. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1 << 20);
	__type(key, __u32);
	__type(value, __u64);
} canaries SEC(".maps");

SEC("xdp")
int canary_small(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_PASS;
}

SEC("xdp")
int canary_costly(struct xdp_md *ctx)
{
	__u32 key = ctx->rx_queue_index, left = 500;
	__u64 *value;

	if (!cfg.costly)
		return XDP_PASS;
	do {
		value = bpf_map_lookup_elem(&canaries, &key);
		key = value ? (__u32)*value : 0;
	} while (--left);
	return XDP_PASS;
}

/* Reads the packet without comparing it with its end. */
SEC("tc")
int canary_refused(struct __sk_buff *skb)
{
	return *(volatile __u8 *)(unsigned long)skb->data;
}

char canary_license[] SEC("license") = "Dual BSD/GPL";
