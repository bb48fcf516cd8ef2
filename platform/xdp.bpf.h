/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What only the XDP hook knows, and how it reads a frame. */
#ifndef PLATFORM_XDP_BPF_H
#define PLATFORM_XDP_BPF_H

#include "platform/bpf.bpf.h"

ENGINE_INLINE const __u8 *xdp_frame(const struct xdp_md *ctx)
{
	return (const __u8 *)(long)ctx->data;
}

ENGINE_INLINE const __u8 *xdp_end(const struct xdp_md *ctx)
{
	return (const __u8 *)(long)ctx->data_end;
}

ENGINE_INLINE void xdp_facts(struct xdp_md *ctx, struct scratch *s)
{
	if (!cfg.replay) {
		platform_live_facts(&s->pkt, ctx->ingress_ifindex);
		s->captured = (__u32)bpf_xdp_get_buff_len(ctx);
		s->pkt.wirelen = s->captured;
		return;
	}
	const struct replay_meta *meta = (const void *)(long)ctx->data_meta;

	if ((const void *)(meta + 1) <= (const void *)(long)ctx->data)
		platform_replay_facts(s, meta);
}

/* Copies the frame's beginning into the scratch; false when it cannot be read. */
ENGINE_INLINE _Bool xdp_window(struct xdp_md *ctx, struct scratch *s)
{
	if (!s->captured)
		return 1;
	return !bpf_xdp_load_bytes(ctx, 0, s->window, platform_window_length(s));
}

#endif
