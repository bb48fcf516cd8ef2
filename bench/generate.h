/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Captures for the bench: classic pcap, microseconds, 96-byte snap. TCP connections as Linux hosts
 * have them, many at a time, the next packet always of a random one. The same shape always gives
 * the same file.
 */
#ifndef BENCH_GENERATE_H
#define BENCH_GENERATE_H

#include <stdbool.h>
#include <linux/types.h>

#define GENERATE_SNAP 96U

struct generate_shape {
	const char *name;
	__u64 packets; /* in all; a connection has packets / flows of them on average */
	__u32 flows;
	__u32 interleaved; /* open at a time */
	bool stay_open;    /* handshake only, no connection ends */
};

/* Writes the shape's first `limit` packets (0: all) to path, in full or not at all. 0 or -errno. */
int generate_capture(const struct generate_shape *shape, __u64 limit, const char *path);

#endif
