// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp") int canary_pass(struct xdp_md *ctx)
{
	return ctx ? XDP_PASS : XDP_ABORTED;
}
