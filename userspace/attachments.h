/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What `wscope attach` has attached, in two pinned maps: for `status`, for the reader, and for
 * whoever has to take it away after the keeper was killed.
 */
#ifndef USERSPACE_ATTACHMENTS_H
#define USERSPACE_ATTACHMENTS_H

#include <linux/types.h>

#include "platform/live.h"
#include "userspace/attach.h"
#include "userspace/options.h"

#define ATTACHMENTS_MOST (OPTIONS_INTERFACES_MAX * HOOKS)

/* What the watchdog notices. */
enum attachment_fault {
	FAULT_NONE,
	FAULT_REPLACED, /* another program is on the hook, ours is not */
	FAULT_DETACHED, /* ours is not on the hook */
	FAULT_UNPINNED, /* the pins were removed */
	FAULT_GONE,     /* the interface is not there any more */
	FAULT_BACK,     /* it is there again */
	FAULT_RENAMED,
	FAULT_DOWN,
	FAULT_UP,
	FAULT_MTU,
	FAULTS
};

struct attachment {
	__u64 since_ns; /* since the epoch: when it was attached last; 0: the entry is not used */
	__u64 fault_ns; /* when the last fault was noticed, or 0 */
	__u32 ifindex;
	__u32 program;          /* id */
	__u32 handle, priority; /* of a clsact filter */
	__u32 mtu;
	__u32 faults, reattached; /* so far */
	char interface[16];
	__u8 hook;  /* enum hook */
	__u8 how;   /* enum attach_how */
	__u8 mode;  /* enum attach_mode, of XDP */
	__u8 fault; /* enum attachment_fault, the last one */
	__u8 attached, own_clsact, down;
	/* Bytes that were padding, and 0, before: what older builds have pinned reads as neither. */
	__u8 gone;     /* the interface is not there */
	__u8 released; /* taken away on purpose: since_ns says when */
	__u8 pad[3];
};

_Static_assert(sizeof(struct attachment) == 72,
	       "what is pinned keeps its size, and zeros in its padding");

/* About all of them. */
struct attachments_state {
	struct live_owner keeper; /* pid 0: none, `attach --once` */
	__u64 layout;             /* layout_of() of the maps */
	__u64 started_ns;         /* since the epoch: since when the maps gather */
	__u32 n;                  /* entries in use */
	__u32 pad;
};

struct attachments {
	int state_map, list_map;
	int asked_map; /* what `detach -i` asks the keeper for; -1: one of an older build has none */
	struct attachments_state state;
	struct attachment list[ATTACHMENTS_MOST];
};

/* Without maps: safe to close. */
void attachments_none(struct attachments *a);

/* New maps, empty. 0 or -errno; close with attachments_close() either way. */
int attachments_create(struct attachments *a);

/* Those that are pinned in a folder, and what they say. 0 or -errno: -ENOENT there are none. */
int attachments_open(struct attachments *a, const char *dir);
int attachments_pin(const struct attachments *a, const char *dir);
void attachments_close(struct attachments *a);

/* Writes the state, or one entry, as it is in a, to the map. 0 or -errno. */
int attachments_write_state(const struct attachments *a);
int attachments_write(const struct attachments *a, unsigned int i);

/* Reads both again. 0 or -errno. */
int attachments_read(struct attachments *a);

/* What is said of a fault; "" of FAULT_NONE and of what this program does not know. */
const char *attachment_fault_text(__u8 fault);

/*
 * What is asked of the keeper about entry i. ATTACHMENT_ASKED: to take it away and leave it so; the
 * keeper puts its answer in place of it, 0 or -errno. attachments_asked() returns what is there, 0
 * where there is no map.
 */
#define ATTACHMENT_ASKED 1
int attachments_asked(const struct attachments *a, unsigned int i);
int attachments_ask(const struct attachments *a, unsigned int i, int what);

/* An attachment as attach_detach() wants it, ATTACH_NONE if it is not attached; link: its
 * descriptor, or -1. */
struct attach attachment_as_attach(const struct attachment *one, int link);

#endif
