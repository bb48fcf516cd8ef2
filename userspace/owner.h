/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which process loaded programs that are found in the kernel, and whether it still runs. A
 * program that a libxdp dispatcher has stays when its process is killed; its map `control`
 * says whose it was (struct live_owner).
 */
#ifndef USERSPACE_OWNER_H
#define USERSPACE_OWNER_H

#include "platform/live.h"

enum owner_state {
	OWNER_RUNS,
	OWNER_GONE,
	OWNER_PINS,   /* no process: kept by pins, on purpose */
	OWNER_UNKNOWN /* of another PID namespace, or it cannot be asked: let it be */
};

/* This process. */
void owner_self(struct live_owner *out);

/* Whether the process still runs; another one that has its number meanwhile is not taken for it. */
enum owner_state owner_ask(const struct live_owner *owner);

/*
 * Whether a program is wscope's, by its name and its map `control`, and whose; control, unless it
 * is NULL, becomes the id of that map. 0; -ENOENT: it is not ours; or -errno. Takes CAP_SYS_ADMIN.
 */
int owner_of_program(struct live_owner *out, __u32 *control, int program);

#endif
