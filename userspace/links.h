/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The interfaces of this network namespace and how they hang together, by rtnetlink (sysfs may
 * be another namespace's).
 */
#ifndef USERSPACE_LINKS_H
#define USERSPACE_LINKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <linux/if.h>
#include <linux/types.h>

struct link {
	int index;
	char name[IFNAMSIZ];
	char kind[16];  /* IFLA_INFO_KIND: "vlan", "bond", "veth"; "" for hardware */
	int lower;      /* index of the one it is made upon; 0: none */
	bool elsewhere; /* lower is of another network namespace */
	int master;     /* index of the bond, bridge, VRF or team it is a port of; 0: none */
	__u32 mtu;
	bool loopback, up;
};

struct links {
	struct link *list; /* in the order of the kernel's answer, by index */
	size_t n;
};

/* Asks the kernel. 0 or -errno; release with links_free(), also after an error. */
int links_read(struct links *out);
void links_free(struct links *l);

/* Takes in one message of type RTM_NEWLINK; others change nothing. 0 or -ENOMEM. */
struct nlmsghdr;
int links_take(struct links *l, const struct nlmsghdr *message);

/*
 * The attribute at p, of which left bytes are there; NULL: there is none that is whole. Then the one
 * behind it. RTA_OK() and RTA_NEXT() run over an end that is not aligned.
 */
struct rtattr;
const struct rtattr *links_attribute_at(const void *p, size_t left);
const struct rtattr *links_attribute_next(const struct rtattr *a, size_t *left);

/* An interface by name (one of its names) or index; NULL: there is none. */
const struct link *links_named(const struct links *l, const char *name);
const struct link *links_at(const struct links *l, int index);

#endif
