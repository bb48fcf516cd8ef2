/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whether two builds of wscope mean the same by the bytes in their maps. */
#ifndef USERSPACE_LAYOUT_H
#define USERSPACE_LAYOUT_H

#include <linux/types.h>

struct btf;

/*
 * A number of everything that is in the maps and goes through the ring: names, places and sizes of
 * all members, by the types that the object has (BTF). Equal numbers: one may go on with the maps
 * of the other. 0: the object has no such types.
 */
__u64 layout_of(const struct btf *btf);

#endif
