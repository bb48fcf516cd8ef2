/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * `wscope attach`: the part that needs privileges. It attaches, pins what it attached and the maps,
 * and stays to see that it stays so. What the programs find is read by another process, which has none.
 */
#ifndef USERSPACE_KEEPER_H
#define USERSPACE_KEEPER_H

#include "userspace/attachments.h"
#include "userspace/links.h"
#include "userspace/live_attach.h"
#include "userspace/locals.h"

struct keeper {
	const struct options *options;
	const char *dir; /* of the pins */
	struct loader *loader;
	struct locals *locals;
	struct live_attach attached; /* list[i] is what all.list[i] says */
	struct attachments all;
	__u64 tried_ns[ATTACHMENTS_MOST]; /* when attaching again was tried last, monotonic */
	int lock, signals;
	bool stop;
};

#define KEEPER_LINK_NAME 32

/* What an attachment's link is called among the pins. */
void keeper_link_name(char name[KEEPER_LINK_NAME], const struct attachment *one);

/* Attaches entry i again or first, pins a link, and writes the entry. 0, or -errno after a line. */
int keeper_attach(struct keeper *k, unsigned int i);

/* Looks whether all is as it should be, tells what is not, and mends it where that is safe. */
void keeper_check(struct keeper *k);

/* Takes away what `wscope detach -i` asks for, tells it, and answers. */
void keeper_asked(struct keeper *k);

/*
 * Takes away what the pinned maps say is attached, with its pins; maps: those, too. Also of a
 * keeper that was killed. Complains on stderr; 0 or the first -errno.
 */
int keeper_clear(const char *dir, bool maps);

/* The commands. Exit statuses. */
int keeper_run(const struct options *o);
int keeper_detach(const struct options *o);

#endif
