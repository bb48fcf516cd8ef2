/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Ethernet frames with one TCP segment, as a Linux host sends them. */
#ifndef BENCH_FRAME_H
#define BENCH_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#define FRAME_ETHERNET 14U
/* Ethernet, IPv6, TCP with 20 bytes of options. */
#define FRAME_HEADERS_MAX (FRAME_ETHERNET + 40U + 40U)

/* wscale of a SYN without the option. */
#define FRAME_NO_WSCALE 0xff

struct frame {
	__u32 src; /* IPv4 address, host order; for IPv6 the last 32 bits of an address in 2001:db8::/32 */
	__u32 dst;
	__u32 seq;
	__u32 ack;
	__u32 tsval;
	__u32 tsecr;
	__u16 sport;
	__u16 dport;
	__u16 window;
	__u16 payload; /* bytes that follow the headers */
	__u8 flags;    /* enum tcp_flag of engine/packet.h */
	__u8 wscale;   /* of a SYN: shift count, or FRAME_NO_WSCALE */
	bool ipv6;
	bool sack; /* one SACK block behind the timestamps; not in a SYN */
};

/*
 * Writes the headers, at most FRAME_HEADERS_MAX bytes; returns their length. The frame on the wire
 * is f->payload bytes longer. The TCP checksum is left 0, as a sender with offloads hands it down.
 */
size_t frame_write(const struct frame *f, __u8 *out);

/* Offset of the TCP header. */
size_t frame_tcp_offset(const struct frame *f);

/* Offset of the last two bytes of the source address. */
size_t frame_source_offset(const struct frame *f);

#endif
