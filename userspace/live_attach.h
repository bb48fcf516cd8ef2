/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* All attachments of a run of `wscope live`, and what is said about them. */
#ifndef USERSPACE_LIVE_ATTACH_H
#define USERSPACE_LIVE_ATTACH_H

#include "userspace/attach.h"
#include "userspace/loader.h"
#include "userspace/options.h"
#include "userspace/xdp_plan.h"

struct live_attach {
	struct attach list[OPTIONS_INTERFACES_MAX * HOOKS];
	size_t n;
	struct dispatcher_object *object; /* once a dispatcher is needed */
	struct xdp_probe probe;
	bool recorded; /* another process has attached them, and says what is: nothing is asked or undone */
};

/* Whether entry i is still on its hook; what cannot be asked is taken to be. */
bool live_attach_is_there(const struct live_attach *a, size_t i);

/* An interface's index by its name, 0: there is none. */
__u32 live_attach_ifindex(const char *interface);

/* Complains on stderr about the first interface that does not exist. 0 or -errno. */
int live_attach_check(const struct options *o);

/*
 * Attaches the loaded programs to every interface and says on stderr what the kernel then has.
 * The map of link types is filled first. 0, or -errno after one line on stderr; what had been
 * attached is then still to be given to live_attach_undo().
 */
int live_attach_all(struct live_attach *a, const struct options *o, struct loader *l);

/* Notes what the frames of an interface begin with, where that is not Ethernet. As above. */
int live_attach_linktype(struct loader *l, const char *interface);

/* One program to one hook, again or first, into an entry of all->list. As above. */
int live_attach_one(struct live_attach *all, struct attach *a, const char *interface,
		    enum hook hook, const struct options *o, struct loader *l);

/* Detaches, newest first, what was attached. Complains on stderr; 0 or the first -errno. */
int live_attach_undo(struct live_attach *a);

#endif
