/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * XDP through libxdp's dispatcher: one program on the hook that calls up to ten others one after
 * another, in the order of their priorities. It takes freplace and a bpffs, where libxdp pins
 * the programs; so what is attached stays when the process is killed, and has to be looked for
 * by the next one. What libxdp returns is not believed: dispatcher_query() asks the kernel.
 */
#ifndef USERSPACE_DISPATCHER_H
#define USERSPACE_DISPATCHER_H

#include "userspace/attach.h"
#include "userspace/loader.h"
#include "userspace/owner.h"

#define DISPATCHER_PROGRAMS 10 /* of libxdp's protocol */
#define DISPATCHER_WHY      160

/* Before programs that say nothing (libxdp's default is 50) and those that say they are first. */
#define DISPATCHER_PRIORITY 5U

struct dispatcher_program {
	__u32 id;
	char name[16];
	unsigned int priority;
	bool ours;              /* wscope's, of any run */
	enum owner_state owner; /* if ours */
};

/* What is on the XDP hook of an interface. */
struct dispatcher {
	bool there;         /* some program is */
	bool is_dispatcher; /* it is a dispatcher that can be read, and programs is what it calls */
	struct attach_xdp hook;
	struct dispatcher_program programs[DISPATCHER_PROGRAMS]; /* in their order */
	unsigned int n;
};

/* The program as it is loaded for dispatchers; one for all interfaces of a run. */
struct dispatcher_object;

/* Asks the kernel and the pins. 0 or -errno. */
int dispatcher_query(struct dispatcher *out, int ifindex);

/* The place of a program among those that were found, or -ENOENT. */
int dispatcher_at(const struct dispatcher *d, __u32 program);

/*
 * Whether a dispatcher can be had here: is there a bpffs, does the kernel let a program replace
 * a function of another; tried with libxdp's own programs, attached to nothing. 0, or -errno
 * with the reason in why (DISPATCHER_WHY bytes).
 */
int dispatcher_probe(char *why);

/*
 * Makes the object from the loaded programs, whose maps it shares, to be loaded on the first
 * dispatcher_attach(). frags: frames in several buffers are welcome. 0 or -errno. Release with
 * dispatcher_close(), which takes NULL and detaches nothing.
 */
int dispatcher_open(struct dispatcher_object **out, const struct loader *l,
		    const struct options *o);
void dispatcher_close(struct dispatcher_object *d);

/*
 * Attaches through a dispatcher, a new one or the one that is there, first by its priority; a
 * packet that it passes goes to the next program. 0, or -errno with nothing attached: -EBUSY a
 * program is there that is no dispatcher, or one in another mode; -EOPNOTSUPP no dispatcher. a is
 * filled on success, for attach_detach().
 */
int dispatcher_attach(struct attach *a, struct dispatcher_object *d, int ifindex, bool generic);

/* Whether the dispatcher of its interface still has it; true where that cannot be asked. */
bool dispatcher_has(const struct attach *a);

/*
 * Takes one program out of the dispatcher of an interface; the others stay, and if there are
 * none the dispatcher goes, too, with its pins. Nothing when it is not there any more. 0 or -errno.
 */
int dispatcher_remove(int ifindex, __u32 program);

/*
 * Removes programs of wscope from the dispatcher of an interface, and pins of dispatchers that
 * never came to be attached. all: of every run, also of one that goes on (to detach by
 * force); otherwise only of runs that are over: their process is gone, and pid of the owner in
 * `control` was not set to 0 to say that pins keep them. Programs of others are not touched.
 * Returns how many it removed, or -errno.
 */
int dispatcher_clean(int ifindex, bool all);

#endif
