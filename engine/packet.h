/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the parser makes of a frame, and where it stands while it does. */
#ifndef ENGINE_PACKET_H
#define ENGINE_PACKET_H

#include "engine/types.h"

/* Where a frame was met. */
enum hook { HOOK_XDP, HOOK_TC_INGRESS, HOOK_TC_EGRESS, HOOKS };

/* TCP flags as they stand in byte 13 of the header (RFC 9293, 3.1). */
enum tcp_flag {
	TCP_FIN = 0x01,
	TCP_SYN = 0x02,
	TCP_RST = 0x04,
	TCP_PSH = 0x08,
	TCP_ACK = 0x10,
};

/*
 * What is known of the window-scale option of a segment. Only WSCALE_ABSENT,
 * proven by a complete walk over the options, disables scaling.
 */
enum wscale_state { WSCALE_UNKNOWN, WSCALE_ABSENT, WSCALE_PRESENT };

/* What the option walk met. */
enum option_bit {
	OPT_TIMESTAMPS = 1 << 0,
	OPT_SACK_PERMITTED = 1 << 1,
	OPT_MSS = 1 << 2,
	OPT_FAST_OPEN = 1 << 3,
	OPT_CUT = 1 << 4,        /* the option area was not all there */
	OPT_MALFORMED = 1 << 5,  /* a length below 2 or past the header's end */
	OPT_W_LENGTH = 1 << 6,   /* a window-scale option whose length is not 3 */
	OPT_W_REPEATED = 1 << 7, /* more than one valid window-scale option */
};

/*
 * A domain keeps overlapping address spaces apart: the innermost virtual network,
 * or VLAN ids when asked for. 24 bits of number, a kind, and the address family.
 */
#define DOMAIN_NUMBER 0x00ffffffU
#define DOMAIN_VNI    0x01000000U
#define DOMAIN_VLAN   0x02000000U
#define DOMAIN_IPV6   0x80000000U

/* A connection, whichever side speaks: the smaller (address, port) first. */
struct flow_key {
	__u64 addr[2][2]; /* IPv4 in the first four bytes */
	__u16 port[2];
	__u32 domain; /* DOMAIN_* */
};

_Static_assert(sizeof(struct flow_key) == 40, "the key is hashed whole");

struct packet {
	__u64 ns;     /* time: since the epoch (replay) or boot (live) */
	__u64 id;     /* packet_id_make(), 0 when live */
	__u64 src[2]; /* addresses as on the wire; IPv4 in the first four bytes */
	__u64 dst[2];
	struct flow_key key; /* flow_key_canon() */
	__u32 wirelen;       /* bytes on the wire */
	__u32 ifindex;
	__u32 domain; /* flow_key.domain, without the family */
	__u32 seq;
	__u32 ack;
	__u32 payload; /* TCP payload bytes, by the IP length */
	__u32 tsval;   /* timestamp value, 0 without the option */
	__u32 layout;  /* order of the options, see tcpopt.h */
	__u16 linktype;
	__u16 sport;
	__u16 dport;
	__u16 window; /* advertised, raw */
	__u16 ipid;   /* IPv4 identification, 0 for IPv6 */
	__u16 mss;
	__u16 vlan_tci; /* VLAN tag that the hook holds beside the frame */
	__u16 opt_bits; /* enum option_bit */
	__u8 hook;
	__u8 vlan_tags; /* tags met so far on this level */
	__u8 ipv6;
	__u8 encap;      /* tunnel headers above the segment */
	__u8 ttl;        /* or hop limit */
	__u8 flags;      /* enum tcp_flag */
	__u8 header_len; /* TCP header, bytes */
	__u8 wscale;     /* last valid shift count, as on the wire */
	__u8 wscale_state;
	__u8 nop_run; /* longest run of NOPs among the options */
	__u8 pad[6];
};

_Static_assert(sizeof(struct packet) == 152, "struct packet has no hidden padding");

/* The walk's position. All of it lives in memory, see walk.h. */
struct cursor {
	__u32 off;      /* next byte to read */
	__u32 end;      /* bytes that may be read: captured, and inside the IP packet */
	__u32 wire_end; /* where the current packet ends by its own headers */
	__u16 layer;    /* enum layer: what stands at off */
	__u16 pad;
};

/*
 * The n bytes at the cursor, or 0 when they are not there.
 * The constant bound is for the verifier, the other one is the truth.
 */
ENGINE_INLINE const __u8 *cursor_peek(const struct cursor *c, const __u8 *frame, __u32 n)
{
	__u32 off = c->off;

	engine_opaque(off);
	if (off > ENGINE_WINDOW - n)
		return 0;
	if (off + n > c->end)
		return 0;
	return frame + off;
}

/* An inner packet says how long it is: nothing past that is part of it. */
ENGINE_INLINE void cursor_narrow(struct cursor *c, __u32 length)
{
	__u32 stop = c->off + length;

	c->wire_end = stop;
	if (stop < c->end)
		c->end = stop;
}

#endif
