/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What libxdp keeps of dispatchers in the bpffs: a folder dispatch-IFINDEX-ID for each. */
#ifndef USERSPACE_DISPATCHER_PINS_H
#define USERSPACE_DISPATCHER_PINS_H

#include <stdbool.h>
#include <linux/types.h>

/* Where the bpffs is for libxdp. */
const char *dispatcher_pins_root(void);

/*
 * Removes folders of dispatchers that are not on the hook of this interface, and in which there
 * are only programs of wscope that were attached in this network namespace by a run that is over
 * (all: by any; also: this one), besides such as the dispatcher that is on the hook has, too; and
 * empty ones. What others may still need stays, and so does what is younger than two seconds:
 * somebody may be building it. Returns how many folders it removed.
 */
int dispatcher_pins_sweep(int ifindex, __u32 also, bool all);

#endif
