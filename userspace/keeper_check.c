// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The watchdog: what happened to what was attached. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "platform/clock.h"
#include "userspace/complain.h"
#include "userspace/keeper.h"
#include "userspace/names.h"
#include "userspace/pins.h"

#define KEEPER_AGAIN_NS 10000000000ULL /* between attempts to attach to a hook that is not free */

/* Counts a fault, and tells it with what is known besides. */
static void check_fault(struct keeper *k, unsigned int i, enum attachment_fault fault,
			const char *more)
{
	struct attachment *one = &k->all.list[i];

	one->fault = (__u8)fault;
	one->fault_ns = clock_ns(CLOCK_REALTIME);
	one->faults++;
	complain("%s: %s: %s%s", one->interface, names_of(NAMES_HOOK, one->hook),
		 attachment_fault_text((__u8)fault), more);
}

/* What was attached there is no more: nothing may be done to what has taken its place. */
static void check_forget(struct keeper *k, unsigned int i)
{
	struct attachment *one = &k->all.list[i];
	char name[KEEPER_LINK_NAME];

	keeper_link_name(name, one);
	pins_remove(k->dir, PINS_LINKS, name);
	attach_detach(&k->attached.list[i]);
	one->attached = one->own_clsact = 0;
	one->how = ATTACH_NONE;
}

/* Whether ours could be there without pushing somebody else's out. */
static bool check_is_free(const struct attachment *one)
{
	struct dispatcher now;

	if (one->hook != HOOK_XDP)
		return true;
	return !dispatcher_query(&now, (int)one->ifindex) && (!now.there || now.is_dispatcher);
}

static void check_again(struct keeper *k, unsigned int i)
{
	struct attachment *one = &k->all.list[i];
	__u64 now = clock_ns(CLOCK_MONOTONIC);

	if (k->tried_ns[i] && now - k->tried_ns[i] < KEEPER_AGAIN_NS)
		return;
	k->tried_ns[i] = now;
	if (!check_is_free(one) || live_attach_linktype(k->loader, one->interface) ||
	    keeper_attach(k, i))
		return;
	one->reattached++;
	k->tried_ns[i] = 0;
	attachments_write(&k->all, i);
}

/* Whether our program is on its hook; who else is goes into more. */
static bool check_is_there(const struct attach *a, char *more, size_t room, bool *other)
{
	struct dispatcher now;
	int there;

	*more = '\0';
	*other = false;
	if (a->hook != HOOK_XDP) {
		there = attach_is_there(a);
		return there; /* what cannot be asked is not called gone */
	}
	if (dispatcher_query(&now, a->ifindex))
		return true;
	if (dispatcher_at(&now, a->program) >= 0 || (now.there && now.hook.program == a->program))
		return true;
	*other = now.there;
	if (now.there)
		snprintf(more, room, ": '%s' (id %u) is there", now.hook.name, now.hook.program);
	return false;
}

static void check_hook(struct keeper *k, unsigned int i)
{
	struct attachment *one = &k->all.list[i];
	char more[96];
	bool other;

	if (one->attached && check_is_there(&k->attached.list[i], more, sizeof(more), &other))
		return;
	if (one->attached) {
		check_forget(k, i);
		check_fault(k, i, other ? FAULT_REPLACED : FAULT_DETACHED, more);
		attachments_write(&k->all, i);
	}
	check_again(k, i);
}

/* The interface itself: 1 when it is there, and the hook may be looked at. */
static bool check_interface(struct keeper *k, unsigned int i, const struct links *links)
{
	struct attachment *one = &k->all.list[i];
	const struct link *l = one->gone ? NULL : links_at(links, (int)one->ifindex);
	char more[48] = "";

	if (!l && !one->gone) {
		check_forget(k, i);
		one->gone = 1;
		check_fault(k, i, FAULT_GONE, "");
		attachments_write(&k->all, i);
	}
	if (!l) {
		l = links_named(links, one->interface);
		if (!l)
			return false;
		one->ifindex = (__u32)l->index;
		one->gone = 0;
		k->attached.list[i].ifindex = l->index;
		k->tried_ns[i] = 0;
		check_fault(k, i, FAULT_BACK, "");
	}
	if (strcmp(l->name, one->interface) != 0) {
		snprintf(more, sizeof(more), " to '%s'", l->name);
		check_fault(k, i, FAULT_RENAMED, more);
		snprintf(one->interface, sizeof(one->interface), "%s", l->name);
	}
	if (one->mtu && one->mtu != l->mtu) {
		snprintf(more, sizeof(more), " from %u to %u", one->mtu, l->mtu);
		check_fault(k, i, FAULT_MTU, more);
	}
	if (one->mtu && one->down == l->up)
		check_fault(k, i, l->up ? FAULT_UP : FAULT_DOWN, "");
	if (one->mtu != l->mtu || one->down == l->up || *more) {
		one->mtu = l->mtu;
		one->down = !l->up;
		attachments_write(&k->all, i);
	}
	return true;
}

/* What was unpinned is still attached as long as this process lives; it is pinned again. */
static void check_pins(struct keeper *k)
{
	bool all = loader_is_pinned(k->dir);
	int err = 0;

	for (unsigned int i = 0; i < k->all.state.n; i++) {
		char name[KEEPER_LINK_NAME];

		keeper_link_name(name, &k->all.list[i]);
		if (k->all.list[i].attached && k->all.list[i].how == ATTACH_LINK)
			all &= pins_has(k->dir, PINS_LINKS, name);
	}
	if (all)
		return;
	err = pins_prepare(k->dir);
	if (!err)
		err = loader_pin(k->loader, k->dir);
	if (!err)
		err = attachments_pin(&k->all, k->dir);
	for (unsigned int i = 0; i < k->all.state.n; i++) {
		char name[KEEPER_LINK_NAME];

		if (k->all.list[i].released)
			continue;
		keeper_link_name(name, &k->all.list[i]);
		if (!err && k->all.list[i].attached && k->all.list[i].how == ATTACH_LINK)
			err = pins_put(k->dir, PINS_LINKS, name, k->attached.list[i].link);
		check_fault(k, i, FAULT_UNPINNED,
			    err ? ", and cannot be made again" : ", and made again");
		attachments_write(&k->all, i);
	}
}

void keeper_check(struct keeper *k)
{
	struct links links;

	check_pins(k);
	if (!links_read(&links)) {
		for (unsigned int i = 0; i < k->all.state.n; i++) {
			if (!k->all.list[i].released && check_interface(k, i, &links))
				check_hook(k, i);
		}
	}
	links_free(&links);
}
