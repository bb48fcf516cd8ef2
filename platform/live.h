/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Layouts that the programs share with their loader and that are no facts of a flow. */
#ifndef PLATFORM_LIVE_H
#define PLATFORM_LIVE_H

#include <linux/types.h>

/* An address of this host; IPv4 in the first four bytes. */
struct local_key {
	__u64 addr[2];
	__u32 ipv6;
	__u32 pad;
};

/* Whose programs these are: not for the programs, but for whoever finds them left behind. */
struct live_owner {
	__u64 start;         /* of the process, clock ticks since boot, as /proc/PID/stat has it */
	__u64 pid_namespace; /* inode numbers of /proc/self/ns */
	__u64 net_namespace;
	__u32 pid; /* 0: no process, they are kept by pins */
	__u32 pad;
};

struct live_control {
	__u32 off;       /* 1: pass everything, look at nothing */
	__u32 linktypes; /* 1: some interface is not Ethernet, see the map of that name */
	struct live_owner owner;
};

#endif
