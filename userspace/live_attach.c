// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/live_attach.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <net/if.h>

#include <bpf/bpf.h>

#include "engine/layer.h"
#include "userspace/names.h"

#define LIVE_ATTACH_TC_ONLY "--hooks tc-ingress,tc-egress"

static const char *const live_attach_modes[] = {
	[ATTACH_MODE_NONE] = "not attached",
	[ATTACH_MODE_GENERIC] = "generic",
	[ATTACH_MODE_NATIVE] = "native",
	[ATTACH_MODE_OFFLOADED] = "offloaded",
};

int live_attach_check(const struct options *o)
{
	for (size_t i = 0; i < o->interfaces_n; i++) {
		if (if_nametoindex(o->interfaces[i]))
			continue;
		fprintf(stderr, "wscope: cannot attach to '%s': %s\n", o->interfaces[i],
			strerror(errno));
		return -errno;
	}
	return 0;
}

/* Somebody has the XDP hook: who, and what to do. */
static void live_attach_occupied(const char *interface, int ifindex)
{
	struct attach_xdp x;

	if (attach_query_xdp(&x, ifindex) || !x.program) {
		fprintf(stderr,
			"wscope: cannot attach XDP to '%s': another program is there already; "
			"it stays if you take " LIVE_ATTACH_TC_ONLY "\n",
			interface);
		return;
	}
	fprintf(stderr,
		"wscope: cannot attach XDP to '%s': program '%s' (id %u, %s) is there already; "
		"it stays if you take " LIVE_ATTACH_TC_ONLY "\n",
		interface, x.name, x.program, live_attach_modes[x.mode]);
}

static void live_attach_complain(const char *interface, const struct options *o,
				 const struct attach *a, int err)
{
	if (a->hook == HOOK_XDP && (err == -EBUSY || err == -EEXIST))
		live_attach_occupied(interface, a->ifindex);
	else if (a->hook == HOOK_XDP && !o->generic && err != -EPERM && err != -ENODEV)
		fprintf(stderr,
			"wscope: cannot attach XDP to '%s' in native mode: %s; try --mode generic "
			"or " LIVE_ATTACH_TC_ONLY "\n",
			interface, strerror(-err));
	else
		fprintf(stderr, "wscope: cannot attach %s to '%s': %s\n",
			names_of(NAMES_HOOK, a->hook), interface, strerror(-err));
}

/* Not what was asked for, but what the kernel has. */
static int live_attach_tell_xdp(const char *interface, const struct attach *a)
{
	struct attach_xdp x;
	int err = attach_query_xdp(&x, a->ifindex);

	if (!err && x.program != a->program)
		err = -ENOENT;
	if (err) {
		fprintf(stderr,
			"wscope: attached XDP to '%s', but the kernel does not show it: %s\n",
			interface, strerror(-err));
		return err;
	}
	fprintf(stderr, "wscope: %s: xdp attached, %s mode (program %u)\n", interface,
		live_attach_modes[x.mode], x.program);
	return 0;
}

static int live_attach_tell(const char *interface, const struct attach *a)
{
	if (a->hook == HOOK_XDP)
		return live_attach_tell_xdp(interface, a);
	fprintf(stderr, "wscope: %s: %s attached, %s (program %u)\n", interface,
		names_of(NAMES_HOOK, a->hook), a->how == ATTACH_LINK ? "link" : "clsact filter",
		a->program);
	return 0;
}

static int live_attach_hook(struct live_attach *all, const char *interface, enum hook hook,
			    const struct options *o, const struct loader *l)
{
	struct attach *a = &all->list[all->n++];
	int ifindex = (int)if_nametoindex(interface), err;

	if (hook == HOOK_XDP && !o->generic)
		fprintf(stderr,
			"wscope: %s: attaching native XDP; a driver may reset its queues and turn "
			"LRO off for it\n",
			interface);
	if (hook == HOOK_XDP)
		err = attach_xdp(a, ifindex, l->programs[hook], o->generic);
	else
		err = attach_tc(a, ifindex, l->programs[hook], hook, true);
	if (err) {
		live_attach_complain(interface, o, a, err);
		return err;
	}
	return live_attach_tell(interface, a);
}

static int live_attach_interface(struct live_attach *all, const char *interface,
				 const struct options *o, struct loader *l)
{
	__u32 ifindex = if_nametoindex(interface);
	__u32 linktype = attach_linktype(interface);
	int err = 0;

	if (linktype != LINKTYPE_ETHERNET)
		err = loader_linktype(l, ifindex, linktype);
	if (err)
		fprintf(stderr, "wscope: cannot note the link type of '%s': %s\n", interface,
			strerror(-err));
	for (unsigned int hook = 0; hook < HOOKS && !err; hook++) {
		if (o->hooks & 1U << hook)
			err = live_attach_hook(all, interface, (enum hook)hook, o, l);
	}
	return err;
}

/* The same interface named before. */
static bool live_attach_is_repeated(const struct options *o, size_t i)
{
	for (size_t j = 0; j < i; j++) {
		if (if_nametoindex(o->interfaces[j]) == if_nametoindex(o->interfaces[i]))
			return true;
	}
	return false;
}

int live_attach_all(struct live_attach *a, const struct options *o, struct loader *l)
{
	int err = 0;

	a->n = 0;
	for (size_t i = 0; i < o->interfaces_n && !err; i++) {
		if (!live_attach_is_repeated(o, i))
			err = live_attach_interface(a, o->interfaces[i], o, l);
	}
	return err;
}

int live_attach_undo(struct live_attach *a)
{
	int first = 0;

	while (a->n) {
		struct attach *one = &a->list[--a->n];
		int err = attach_detach(one);

		if (err)
			fprintf(stderr, "wscope: cannot detach %s from interface %d: %s\n",
				names_of(NAMES_HOOK, one->hook), one->ifindex, strerror(-err));
		if (!first)
			first = err;
	}
	return first;
}
