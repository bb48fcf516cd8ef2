/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The table of the `touch` program, as the bench reads it back. */
#ifndef BENCH_TOUCH_H
#define BENCH_TOUCH_H

#include <linux/types.h>

/* A connection, the smaller (address, port) first; of IPv6 addresses the four words XORed. */
struct touch_key {
	__u32 addr[2];
	__u16 port[2];
};

_Static_assert(sizeof(struct touch_key) == 12, "the key is hashed whole");

struct touch_half {
	__u64 packets;
	__u64 bytes;
	__u64 last_ns;
	__u32 seq_end;
	__u32 ack;
	__u32 window;
	__u32 pad;
};

struct touch_flow {
	struct touch_half half[2];
};

#endif
