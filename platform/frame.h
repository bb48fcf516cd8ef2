/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One captured frame: what readers and sockets give, and every user-space build of the engine takes. */
#ifndef PLATFORM_FRAME_H
#define PLATFORM_FRAME_H

#include <linux/types.h>

#include "engine/config.h"

struct frame {
	__u64 ns;     /* since the epoch; 0 where the capture has no time (simple packet block) */
	__u64 number; /* 1-based per file, as tshark counts frames; a filter does not renumber */
	const __u8 *data; /* caplen bytes, as long as whoever gave it says */
	__u32 file;       /* index into the captures of the run */
	__u32 caplen;     /* bytes at data */
	__u32 wirelen;    /* bytes on the wire, as the capture states it */
	__u32 linktype;   /* LINKTYPE_ value (the registry's, so raw IP is always 101) */
	__u32 ifindex;    /* pcapng interface id within its section; 0 elsewhere and from libpcap */
	__u8 hook;        /* enum hook, HOOK_XDP where nobody knows */
};

static inline __u64 frame_id(const struct frame *f)
{
	return packet_id_make(f->file, f->number);
}

/* As the engine has it, which knows none that big. */
static inline __u16 frame_linktype(const struct frame *f)
{
	return f->linktype > 0xffff ? 0xffff : (__u16)f->linktype;
}

#endif
