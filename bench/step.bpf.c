// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Moves a frame on and hands it to the program under test. A test run repeats the same
 * frame; unchanged, every data segment but the first would be a retransmission, and
 * every SYN but the first a known connection. What is written here stays in the frame
 * from one repetition to the next (the bench checks it).
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

/* Where the fields are, and by how much the sequence number grows; 0: count ports up instead. */
__u32 step_bytes;
__u32 step_seq;
__u32 step_port;
__u32 step_address;

/* The longest header the offsets may point into. */
#define STEP_HEADERS 128U

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} xdp_subject SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} tc_subject SEC(".maps");

/* A two-byte field counted up; returns its new value. */
static __always_inline __u16 step_count(void *data, void *end, __u32 offset)
{
	__be16 *field = data + offset;

	if (offset > STEP_HEADERS || (void *)(field + 1) > end)
		return 1;
	*field = bpf_htons(bpf_ntohs(*field) + 1);
	return bpf_ntohs(*field);
}

static __always_inline void step_frame(void *data, void *end)
{
	__u32 offset = step_seq;
	__be32 *seq = data + offset;

	if (!step_bytes) {
		if (!step_count(data, end, step_port))
			step_count(data, end, step_address);
		return;
	}
	if (offset > STEP_HEADERS || (void *)(seq + 1) > end)
		return;
	*seq = bpf_htonl(bpf_ntohl(*seq) + step_bytes);
}

SEC("xdp.frags")
int xdp_step(struct xdp_md *ctx)
{
	step_frame((void *)(long)ctx->data, (void *)(long)ctx->data_end);
	bpf_tail_call(ctx, &xdp_subject, 0);
	return XDP_ABORTED;
}

SEC("tc")
int tc_step(struct __sk_buff *skb)
{
	step_frame((void *)(long)skb->data, (void *)(long)skb->data_end);
	bpf_tail_call(skb, &tc_subject, 0);
	return TC_ACT_SHOT;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
