/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * TC filters that outlived the process that attached them: before Linux 6.6 there are no links to
 * TC, and a filter stays when its process is killed. A program is wscope's by its name and its map
 * `control`; whose it is stands there. Filters of others, and of a wscope that runs, are let be.
 */
#ifndef USERSPACE_LEFTOVERS_H
#define USERSPACE_LEFTOVERS_H

#include <stdbool.h>

#include "engine/packet.h"

/*
 * Removes from one TC hook the filters of processes that are gone. Those whose map `control` is
 * pinned in the folder dir are kept, if ours is false; if it is true, the caller is the keeper of
 * dir, and they go, whatever is written there about whose they are. The clsact stays. Says so on
 * stderr when any went. 0 or -errno.
 */
int leftovers_remove(const char *interface, int ifindex, enum hook hook, const char *dir,
		     bool ours);

#endif
