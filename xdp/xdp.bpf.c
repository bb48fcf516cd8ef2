// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Receive side, before anything was merged: every frame as it came off the wire.
 * Multi-buffer frames are welcome, their headers are copied into one piece; it is the
 * loader that says so, see loader_frames().
 * Always XDP_PASS; no byte is changed.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "platform/xdp.bpf.h"

SEC("xdp")
int xdp_analyze(struct xdp_md *ctx)
{
	struct scratch *s = platform_scratch(HOOK_XDP);

	if (!s)
		return XDP_PASS;
	engine_begin(&s->pkt, HOOK_XDP);
	xdp_facts(ctx, s);
	if (engine_plain(&s->pkt, s->captured, xdp_frame(ctx), xdp_end(ctx)) ||
	    (xdp_window(ctx, s) && engine_parse(&s->walk, &s->pkt, s->window, s->captured)))
		track_packet(s);
	return XDP_PASS;
}

char LICENSE[] SEC("license") __weak = "Dual BSD/GPL";
