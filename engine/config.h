/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the user may switch; set once before the programs are loaded. */
#ifndef ENGINE_CONFIG_H
#define ENGINE_CONFIG_H

#include "engine/types.h"

/* Encapsulations that can be opened: the names of `--tunnels`. */
enum tunnel_kind {
#define TUNNEL(id, name, what) TUNNEL_##id,
#include "engine/tunnels.def"
#undef TUNNEL
	TUNNEL_KINDS
};

#define TUNNELS_ALL ((1U << TUNNEL_KINDS) - 1U)

struct engine_config {
	__u32 tunnels;     /* bit per tunnel_kind: open it */
	__u32 replay;      /* 1: facts of the frame come from the test run's context */
	__u32 vlan_domain; /* 1: the VLAN id separates connections, like a VNI */
	__u32 pad;
};

/* What replay hands to a program beside each frame: XDP metadata, or cb[], mark and priority for TC. */
struct replay_meta {
	__u64 ns;       /* time of the capture, since the epoch */
	__u64 id;       /* packet_id_make() */
	__u32 wirelen;  /* length on the wire, bytes */
	__u16 caplen;   /* bytes that are really there, at most ENGINE_WINDOW */
	__u16 linktype; /* LINKTYPE_ value */
	__u32 ifindex;  /* the capture's number of the interface */
	__u32 pad;
};

_Static_assert(sizeof(struct replay_meta) == 32, "XDP metadata may be 32 bytes at most");

/* A packet's name: which file, and its number in it, from 1. 0 is no packet. */
#define PACKET_ID_NUMBER_BITS 40

ENGINE_INLINE __u64 packet_id_make(__u32 file, __u64 number)
{
	return (__u64)file << PACKET_ID_NUMBER_BITS | number;
}

ENGINE_INLINE __u32 packet_id_file(__u64 id)
{
	return (__u32)(id >> PACKET_ID_NUMBER_BITS);
}

ENGINE_INLINE __u64 packet_id_number(__u64 id)
{
	return id & ((1ULL << PACKET_ID_NUMBER_BITS) - 1);
}

#endif
