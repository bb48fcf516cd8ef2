// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/live_attach.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <net/if.h>

#include <bpf/bpf.h>

#include "engine/layer.h"
#include "userspace/interface_kind.h"
#include "userspace/leftovers.h"
#include "userspace/names.h"
#include "userspace/owner.h"

#define LIVE_ATTACH_TC_ONLY "--hooks tc-ingress,tc-egress"

/* Three seconds, at most. */
#define LIVE_ATTACH_PAUSE_NS 20000000
#define LIVE_ATTACH_PAUSES   150

__u32 live_attach_ifindex(const char *interface)
{
	return if_nametoindex(interface);
}

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

/* What is refused before it is tried, or by the kernel: what is in the way, and what to do. */
static void live_attach_refused(const char *interface, const struct xdp_plan *plan)
{
	fprintf(stderr,
		"wscope: cannot attach XDP to '%s': %s; %s if you take " LIVE_ATTACH_TC_ONLY "\n",
		interface, plan->why, plan->there.there ? "it stays" : "TC is possible");
}

static void live_attach_complain(const char *interface, const struct options *o,
				 const struct attach *a, int err)
{
	if (a->hook == HOOK_XDP && !o->generic && err != -EPERM && err != -ENODEV)
		fprintf(stderr,
			"wscope: cannot attach XDP to '%s' in native mode: %s; try --mode generic "
			"or " LIVE_ATTACH_TC_ONLY "\n",
			interface, strerror(-err));
	else
		fprintf(stderr, "wscope: cannot attach %s to '%s': %s\n",
			names_of(NAMES_HOOK, a->hook), interface, strerror(-err));
}

/* Who runs before and after program, as the kernel has it; -ENOENT: it is not there. */
static int live_attach_tell_place(const struct dispatcher *now, __u32 program)
{
	int at = dispatcher_at(now, program);

	if (at < 0)
		return at;
	fprintf(stderr, ", in a dispatcher (id %u) at priority %u", now->hook.program,
		now->programs[at].priority);
	for (int i = 0; i < (int)now->n; i++) {
		if (i != at)
			fprintf(stderr, ", %s '%s' (priority %u)", i < at ? "behind" : "before",
				now->programs[i].name, now->programs[i].priority);
	}
	return 0;
}

/* Not what was asked for, but what the kernel has. */
static int live_attach_tell_xdp(const char *interface, const struct attach *a,
				const struct xdp_plan *plan)
{
	struct dispatcher now;
	int err = dispatcher_query(&now, a->ifindex);

	if (!err && a->how == ATTACH_LINK && now.hook.program != a->program)
		err = -ENOENT;
	if (err) {
		fprintf(stderr,
			"wscope: attached XDP to '%s', but the kernel does not show it: %s\n",
			interface, strerror(-err));
		return err;
	}
	fprintf(stderr, "wscope: %s: xdp attached, %s mode (program %u)", interface,
		names_of(NAMES_MODE, now.hook.mode), a->program);
	if (a->how == ATTACH_DISPATCHER)
		err = live_attach_tell_place(&now, a->program);
	else
		fprintf(stderr, ", alone on the hook: %s", plan->why);
	fprintf(stderr, "%s\n", err ? ", but the dispatcher does not show it" : "");
	return err;
}

/* Programs that a run left in a dispatcher when it was killed. */
static void live_attach_clean(const char *interface, int ifindex)
{
	int removed = dispatcher_clean(ifindex, false);

	if (removed > 0)
		fprintf(stderr,
			"wscope: %s: removed what a run that was killed had left in a "
			"dispatcher\n",
			interface);
	else if (removed < 0)
		fprintf(stderr,
			"wscope: %s: cannot remove what a run that was killed has left: %s\n",
			interface, strerror(-removed));
}

static int live_attach_dispatcher(struct live_attach *all, struct attach *a, int ifindex,
				  const struct options *o, const struct loader *l)
{
	int err = 0;

	if (!all->object)
		err = dispatcher_open(&all->object, l, o);
	if (!err)
		err = dispatcher_attach(a, all->object, ifindex, o->generic);
	return err;
}

/* Whether the program on the hook is one of wscope's that nobody holds any more, or this process. */
static bool live_attach_is_leaving(int ifindex)
{
	struct live_owner owner;
	struct attach_xdp x;
	int program, ours;

	if (attach_query_xdp(&x, ifindex) || !x.program)
		return false;
	program = bpf_prog_get_fd_by_id(x.program);
	if (program < 0)
		return program == -ENOENT;
	ours = !owner_of_program(&owner, NULL, program);
	close(program);
	return ours && (owner_ask(&owner) != OWNER_RUNS || owner.pid == (__u32)getpid());
}

/* The kernel takes a link away some time after its last holder is gone. */
static void live_attach_settle(int ifindex)
{
	const struct timespec pause = { .tv_nsec = LIVE_ATTACH_PAUSE_NS };

	for (int i = 0; i < LIVE_ATTACH_PAUSES && live_attach_is_leaving(ifindex); i++)
		nanosleep(&pause, NULL);
}

static int live_attach_xdp(struct live_attach *all, struct attach *a, const char *interface,
			   const struct options *o, const struct loader *l)
{
	int ifindex = (int)if_nametoindex(interface), err;
	struct xdp_plan plan;

	*a = (struct attach){ .hook = HOOK_XDP, .ifindex = ifindex, .link = -1 };
	live_attach_clean(interface, ifindex);
	live_attach_settle(ifindex);
	err = xdp_plan(&plan, &all->probe, ifindex, o);
	if (!err && plan.way == XDP_REFUSED) {
		live_attach_refused(interface, &plan);
		return -EBUSY;
	}
	if (!err && !o->generic)
		fprintf(stderr,
			"wscope: %s: attaching native XDP; a driver may reset its queues and turn "
			"LRO off for it\n",
			interface);
	if (!err && plan.way == XDP_DISPATCHER)
		err = live_attach_dispatcher(all, a, ifindex, o, l);
	else if (!err)
		err = attach_xdp(a, ifindex, l->programs[HOOK_XDP], o->generic);
	if (!err)
		return live_attach_tell_xdp(interface, a, &plan);
	live_attach_complain(interface, o, a, err);
	return err;
}

/* Filters that a run left when it was killed; not those that are kept by pins, of which a keeper
 * knows. */
static void live_attach_clean_tc(const char *interface, int ifindex, enum hook hook,
				 const char *pins)
{
	int err = leftovers_remove(interface, ifindex, hook, pins, false);

	if (err)
		fprintf(stderr,
			"wscope: %s: cannot remove filters that a run that was killed has left: "
			"%s\n",
			interface, strerror(-err));
}

static int live_attach_tc(struct attach *a, const char *interface, enum hook hook,
			  const struct options *o, const struct loader *l)
{
	int ifindex = (int)if_nametoindex(interface), err;

	live_attach_clean_tc(interface, ifindex, hook, o->pin);
	err = attach_tc(a, ifindex, l->programs[hook], hook, true);
	if (err) {
		live_attach_complain(interface, o, a, err);
		return err;
	}
	fprintf(stderr, "wscope: %s: %s attached, %s (program %u)\n", interface,
		names_of(NAMES_HOOK, hook), a->how == ATTACH_LINK ? "link" : "clsact filter",
		a->program);
	return 0;
}

int live_attach_one(struct live_attach *all, struct attach *a, const char *interface,
		    enum hook hook, const struct options *o, struct loader *l)
{
	return hook == HOOK_XDP ? live_attach_xdp(all, a, interface, o, l)
				: live_attach_tc(a, interface, hook, o, l);
}

int live_attach_linktype(struct loader *l, const char *interface)
{
	__u32 linktype = attach_linktype(interface);
	int err = 0;

	if (linktype != LINKTYPE_ETHERNET)
		err = loader_linktype(l, if_nametoindex(interface), linktype);
	if (err)
		fprintf(stderr, "wscope: cannot note the link type of '%s': %s\n", interface,
			strerror(-err));
	return err;
}

static int live_attach_interface(struct live_attach *all, const char *interface,
				 const struct options *o, struct loader *l)
{
	int err = live_attach_linktype(l, interface);

	for (unsigned int hook = 0; hook < HOOKS && !err; hook++) {
		if (o->hooks & 1U << hook)
			err = live_attach_one(all, &all->list[all->n++], interface, (enum hook)hook,
					      o, l);
	}
	return err;
}

/* What the interfaces are made of matters; that it cannot be asked does not stop anything. */
static void live_attach_notes(const struct options *o)
{
	struct links links;

	if (!links_read(&links))
		interface_notes(&links, o);
	links_free(&links);
}

int live_attach_all(struct live_attach *a, const struct options *o, struct loader *l)
{
	int err = 0;

	a->n = 0;
	live_attach_notes(o);
	for (size_t i = 0; i < o->interfaces_n && !err; i++)
		err = live_attach_interface(a, o->interfaces[i], o, l);
	return err;
}

bool live_attach_is_there(const struct live_attach *all, size_t i)
{
	const struct attach *a = &all->list[i];

	return all->recorded ? a->how != ATTACH_NONE : attach_is_there(a) != 0;
}

int live_attach_undo(struct live_attach *a)
{
	int first = 0;

	if (a->recorded)
		a->n = 0;
	while (a->n) {
		struct attach *one = &a->list[--a->n];
		int err = attach_detach(one);

		if (err)
			fprintf(stderr, "wscope: cannot detach %s from interface %d: %s\n",
				names_of(NAMES_HOOK, one->hook), one->ifindex, strerror(-err));
		if (!first)
			first = err;
	}
	dispatcher_close(a->object);
	a->object = NULL;
	return first;
}
