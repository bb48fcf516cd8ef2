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
	struct wscope
		*skeleton; /* NULL: the maps are pinned ones, and the programs another process's */
	int programs[HOOKS]; /* file descriptors; -1: not among the chosen hooks */
	struct snapshot_maps tables;
	int locals, linktypes, control, events;
	struct live_control switches;    /* as the programs see it */
	__u32 flows, pending, endpoints; /* entries the tables got */
	__u64 layout;                    /* layout_of() the programs; 0 without them */
	bool reused;                     /* the maps were there before */
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

/*
 * The same with the maps that are pinned in a folder, as far as they are what is asked for: of the
 * same layout (a number of layout_of()) and sizes. Otherwise with new ones; l->reused says which.
 */
int loader_open_over(struct loader **out, const struct options *o, const char *dir, __u64 layout);

/* Pins the maps, in place of others. 0 or -errno. */
int loader_pin(const struct loader *l, const char *dir);

/* Whether they are all pinned there. */
bool loader_is_pinned(const char *dir);

/* layout_of() the programs of this build; loads nothing. 0: out of memory. */
__u64 loader_layout(void);

/* The pinned maps alone, for who reads what the programs of another process do. 0 or -errno. */
int loader_open_pinned(struct loader **out, const char *dir);

/* Accepts NULL. Programs stay attached for as long as links or filters hold them. */
void loader_close(struct loader *l);

/* The switch: off makes the programs pass everything and look at nothing. 0 or -errno. */
int loader_switch(struct loader *l, bool off);

/* Tells the programs that an interface is not Ethernet. 0 or -errno. */
int loader_linktype(struct loader *l, __u32 ifindex, __u32 linktype);

/* The last lines of the log, at most n of them; "" when it is empty. */
const char *loader_log_tail(const struct loader *l, unsigned int n);

#endif
