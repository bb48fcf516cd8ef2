/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One program on one hook of one interface. Links where the kernel has them: they vanish
 * with the process, however it ends. Nothing that was there before is replaced. Dispatchers are
 * attached to in dispatcher.h.
 */
#ifndef USERSPACE_ATTACH_H
#define USERSPACE_ATTACH_H

#include <stdbool.h>
#include <linux/types.h>

#include "engine/packet.h"

enum attach_how {
	ATTACH_NONE,
	ATTACH_LINK,       /* an XDP or TCX link */
	ATTACH_FILTER,     /* a clsact filter, before Linux 6.6 */
	ATTACH_DISPATCHER, /* XDP through libxdp's dispatcher; stays when the process is killed */
};

struct attach {
	enum attach_how how;
	enum hook hook;
	int ifindex;
	int link;        /* file descriptor, ATTACH_LINK */
	__u32 program;   /* id */
	__u32 handle;    /* ATTACH_FILTER */
	__u32 priority;  /* ATTACH_FILTER */
	bool own_clsact; /* it was not there before */
	bool released;   /* taken away on purpose, by `wscope detach -i` */
};

/* Who has the XDP hook of an interface. */
enum attach_mode {
	ATTACH_MODE_NONE,
	ATTACH_MODE_GENERIC,
	ATTACH_MODE_NATIVE,
	ATTACH_MODE_OFFLOADED
};

struct attach_xdp {
	__u32 program; /* id, 0: none */
	enum attach_mode mode;
	char name[16]; /* of the program, "" when it may not be asked */
};

/*
 * Attaches by a link, alone on the hook. 0 or -errno: -EBUSY (a program is there), -EOPNOTSUPP or
 * another when the driver refuses the mode. a is filled either way and safe to give to
 * attach_detach().
 */
int attach_xdp(struct attach *a, int ifindex, int program, bool generic);

/*
 * Attaches to TC ingress or egress, behind whatever is there: by a TCX link, and where the
 * kernel has none (before Linux 6.6), or links is false, by a clsact filter. 0 or -errno.
 */
int attach_tc(struct attach *a, int ifindex, int program, enum hook hook, bool links);

/*
 * Takes away what attach_xdp(), attach_tc() or dispatcher_attach() put there, and nothing else: a
 * filter only while it is still ours; a clsact we made only when nobody else has put a filter into
 * it. Detach in the reverse order of attaching. 0 or -errno; nothing when a is detached already.
 */
int attach_detach(struct attach *a);

/* Asks the kernel what is on the XDP hook. 0 or -errno. */
int attach_query_xdp(struct attach_xdp *out, int ifindex);

/*
 * Whether what was attached is still on its hook: 1, 0, or -errno when it cannot be asked; of a
 * dispatcher that cannot be asked 1.
 */
int attach_is_there(const struct attach *a);

/* How many TCX programs are on a TC hook, or -errno: -EINVAL before Linux 6.6. */
int attach_tcx_count(int ifindex, enum hook hook);

/* LINKTYPE_ of the frames of an interface; Ethernet when it cannot be asked. */
__u32 attach_linktype(const char *interface);

/* A filter that runs a BPF program. */
struct attach_filter {
	__u32 program; /* id */
	__u32 handle, priority;
};

#define ATTACH_FILTERS_MOST 256 /* of those on one hook, the others are only counted */

struct attach_filters {
	int n;
	struct attach_filter list[ATTACH_FILTERS_MOST];
};

/*
 * How many filters of all kinds there are in a clsact for TC ingress or egress, or -errno; bpf,
 * unless it is NULL, becomes the list of those that run BPF programs.
 */
int attach_filters(int ifindex, enum hook hook, struct attach_filters *bpf);

/* Whether an interface has a clsact: 1, 0, or -errno. */
int attach_has_clsact(int ifindex);

/* Takes a clsact away that attach_tc() made, if it is there and no filters are in it. 0 or -errno. */
int attach_release_clsact(int ifindex);

#endif
