/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where to attach on interfaces that are made upon others, or are ports of others: VLAN devices,
 * bonds, bridges and the like. From what rtnetlink says, never from names.
 */
#ifndef USERSPACE_INTERFACE_KIND_H
#define USERSPACE_INTERFACE_KIND_H

#include "userspace/links.h"
#include "userspace/options.h"

#define INTERFACE_ADVICE 400

/*
 * What is to be known before attaching the hooks of o to a link: one line, "" when there is
 * nothing. xdp: XDP is among the hooks; generic: in generic mode. Returns out.
 */
const char *interface_advice(char out[INTERFACE_ADVICE], const struct links *all,
			     const struct link *link, bool xdp, bool generic);

/*
 * Whether packets would be seen twice because both a and b are attached to: one is made upon the
 * other, or is its port.
 */
bool interface_overlaps(const struct link *a, const struct link *b);

/* Both of the above for all interfaces of o, each a line on stderr. */
void interface_notes(const struct links *all, const struct options *o);

#endif
