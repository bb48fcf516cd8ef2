/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which interfaces are meant by -i. */
#ifndef USERSPACE_INTERFACES_H
#define USERSPACE_INTERFACES_H

#include "userspace/options.h"

/*
 * Puts the interfaces that exist in place of patterns (fnmatch(3)) among o->interfaces, in the
 * order of their indices, and each interface once. Loopback matches no pattern. A name without *, ?
 * or [ stays as it is, whether it exists or not. 0, or -EINVAL after one line on stderr: a pattern
 * matches nothing, or there are too many.
 */
int interfaces_expand(struct options *o);

#endif
