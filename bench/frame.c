// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <string.h>

#include "bench/frame.h"
#include "engine/packet.h"

static __u8 *put8(__u8 *p, __u32 v)
{
	*p = (__u8)v;
	return p + 1;
}

static __u8 *put16(__u8 *p, __u32 v)
{
	return put8(put8(p, v >> 8 & 0xff), v & 0xff);
}

static __u8 *put32(__u8 *p, __u32 v)
{
	return put16(put16(p, v >> 16), v & 0xffff);
}

static __u8 *put_bytes(__u8 *p, const void *bytes, size_t n)
{
	memcpy(p, bytes, n);
	return p + n;
}

static __u8 *frame_timestamps(const struct frame *f, __u8 *p)
{
	return put32(put32(put16(p, 0x080a), f->tsval), f->tsecr);
}

/* MSS, SACK permitted, timestamps, NOP, window scale: the order of a Linux SYN. */
static __u8 *frame_syn_options(const struct frame *f, __u8 *p)
{
	p = put16(put16(p, 0x0204), f->ipv6 ? 1440 : 1460);
	p = put16(p, 0x0402);
	p = frame_timestamps(f, p);
	if (f->wscale != FRAME_NO_WSCALE)
		p = put8(put16(put8(p, 1), 0x0303), f->wscale);
	return p;
}

static __u8 *frame_options(const struct frame *f, __u8 *p)
{
	if (f->flags & TCP_SYN)
		return frame_syn_options(f, p);
	p = frame_timestamps(f, put16(p, 0x0101));
	if (f->sack)
		p = put32(put32(put32(p, 0x0101050a), f->ack + 1448), f->ack + 2896);
	return p;
}

static size_t frame_tcp(const struct frame *f, __u8 *tcp)
{
	__u8 *end = frame_options(f, tcp + 20);
	__u8 *p = tcp;

	p = put16(put16(p, f->sport), f->dport);
	p = put32(put32(p, f->seq), f->ack);
	p = put8(put8(p, (__u32)(end - tcp) / 4 << 4), f->flags);
	put32(put16(p, f->window), 0);
	return (size_t)(end - tcp);
}

static void frame_ipv4(const struct frame *f, __u8 *ip, size_t tcp_len)
{
	__u32 sum = 0;
	__u8 *p = ip;

	p = put16(put16(p, 0x4500), 20 + (__u32)tcp_len + f->payload);
	p = put32(p, f->seq << 16 | 0x4000); /* some IP-ID, don't fragment */
	p = put32(p, 0x40060000);            /* TTL 64, TCP */
	put32(put32(p, f->src), f->dst);
	for (int i = 0; i < 20; i += 2)
		sum += (__u32)ip[i] << 8 | ip[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	put16(ip + 10, ~(sum + (sum >> 16)) & 0xffff);
}

static void frame_ipv6(const struct frame *f, __u8 *ip, size_t tcp_len)
{
	static const __u8 prefix[12] = { 0x20, 0x01, 0x0d, 0xb8 };
	__u8 *p = ip;

	p = put32(p, 0x60000000);
	p = put32(p, ((__u32)tcp_len + f->payload) << 16 | 0x0640); /* TCP, hop limit 64 */
	p = put32(put_bytes(p, prefix, sizeof(prefix)), f->src);
	put32(put_bytes(p, prefix, sizeof(prefix)), f->dst);
}

size_t frame_tcp_offset(const struct frame *f)
{
	return FRAME_ETHERNET + (f->ipv6 ? 40 : 20);
}

size_t frame_source_offset(const struct frame *f)
{
	return FRAME_ETHERNET + (f->ipv6 ? 8 + 14 : 12 + 2);
}

size_t frame_write(const struct frame *f, __u8 *out)
{
	/* Locally administered addresses. */
	static const __u8 macs[12] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1 };
	size_t off = frame_tcp_offset(f);
	size_t len = frame_tcp(f, out + off);
	__u8 *ip = put16(put_bytes(out, macs, sizeof(macs)), f->ipv6 ? 0x86dd : 0x0800);

	if (f->ipv6)
		frame_ipv6(f, ip, len);
	else
		frame_ipv4(f, ip, len);
	return off + len;
}
