/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The programs and their maps, in the kernel but not yet attached. */
#ifndef USERSPACE_LOADER_H
#define USERSPACE_LOADER_H

#include "engine/packet.h"
#include "userspace/options.h"
#include "platform/live.h"
#include "userspace/snapshot.h"

struct wscope;

struct loader {
	struct wscope *skeleton;
	int programs[HOOKS]; /* file descriptors; -1: not among the chosen hooks */
	struct snapshot_maps tables;
	int locals, linktypes, control, events;
	struct live_control switches;    /* as the programs see it */
	__u32 flows, pending, endpoints; /* entries the tables got */
	char *log;                       /* what libbpf and the verifier said, or NULL */
	size_t log_size;
};

/*
 * Loads the programs of o->hooks with o->config and the table sizes of the options; a size
 * below 256 entries per CPU is raised to that (a small LRU map starves on many CPUs).
 * *out is set even on failure, so that its log can be shown, and is to be closed with
 * loader_close(); it is NULL only on -ENOMEM. 0 or -errno: -EPERM no privilege, -EACCES or
 * -E2BIG refused by the verifier.
 */
int loader_open(struct loader **out, const struct options *o);

/* Accepts NULL. Programs stay attached for as long as links or filters hold them. */
void loader_close(struct loader *l);

/* The switch: off makes the programs pass everything and look at nothing. 0 or -errno. */
int loader_switch(struct loader *l, bool off);

/* Tells the programs that an interface is not Ethernet. 0 or -errno. */
int loader_linktype(struct loader *l, __u32 ifindex, __u32 linktype);

/* The last lines of the log, at most n of them; "" when it is empty. */
const char *loader_log_tail(const struct loader *l, unsigned int n);

#endif
