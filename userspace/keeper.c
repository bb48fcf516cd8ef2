// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/keeper.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <bpf/bpf.h>

#include "platform/clock.h"
#include "userspace/complain.h"
#include "userspace/exit_status.h"
#include "userspace/owner.h"
#include "userspace/pins.h"

#define KEEPER_PERIOD_MS 1000 /* a fault is noticed within five seconds */
#define KEEPER_LOG_LINES 20

/* The service manager's protocol: sd_notify(3). Nobody listens outside of one. */
static void keeper_notify(const char *text)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t n = path ? strlen(path) : 0;
	int fd;

	if (!n || n >= sizeof(to.sun_path))
		return;
	memcpy(to.sun_path, path, n);
	if (*path == '@')
		to.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	(void)!sendto(fd, text, strlen(text), MSG_NOSIGNAL, (const struct sockaddr *)&to,
		      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n));
	close(fd);
}

void keeper_link_name(char name[KEEPER_LINK_NAME], const struct attachment *one)
{
	snprintf(name, KEEPER_LINK_NAME, "%u-%u", one->ifindex, one->hook);
}

/*
 * Noted before it is done: where this process may have left a filter, should it be killed before it
 * can note that, and whether the clsact there is its own. 0 or -errno.
 */
static int keeper_announce(struct keeper *k, unsigned int i)
{
	struct attachment *one = &k->all.list[i];

	one->ifindex = live_attach_ifindex(one->interface);
	one->own_clsact = one->hook != HOOK_XDP &&
			  attach_tcx_count((int)one->ifindex, (enum hook)one->hook) == -EINVAL &&
			  !attach_has_clsact((int)one->ifindex);
	return attachments_write(&k->all, i);
}

int keeper_attach(struct keeper *k, unsigned int i)
{
	struct attachment *one = &k->all.list[i];
	struct attach *a = &k->attached.list[i];
	struct attach_xdp x;
	char name[KEEPER_LINK_NAME];
	int err = keeper_announce(k, i);

	if (!err)
		err = live_attach_one(&k->attached, a, one->interface, (enum hook)one->hook,
				      k->options, k->loader);
	if (err)
		return err;
	one->ifindex = (__u32)a->ifindex;
	one->program = a->program;
	one->how = (__u8)a->how;
	one->handle = a->handle;
	one->priority = a->priority;
	one->own_clsact = a->own_clsact;
	one->attached = 1;
	one->since_ns = clock_ns(CLOCK_REALTIME);
	if (a->hook == HOOK_XDP && !attach_query_xdp(&x, a->ifindex))
		one->mode = (__u8)x.mode;
	keeper_link_name(name, one);
	if (a->how == ATTACH_LINK)
		err = pins_put(k->dir, PINS_LINKS, name, a->link);
	if (!err)
		err = attachments_write(&k->all, i);
	if (err)
		complain("%s: cannot pin what was attached: %s", one->interface, strerror(-err));
	return err;
}

/* ---- starting ---- */

static int keeper_folder(struct keeper *k)
{
	int err = pins_prepare(k->dir);

	if (err == -EMEDIUMTYPE)
		complain("'%s' is not in a bpffs: mount -t bpf bpf /sys/fs/bpf", k->dir);
	else if (err)
		complain("cannot make '%s': %s", k->dir, strerror(-err));
	if (err)
		return err;
	k->lock = pins_lock(k->dir, "");
	if (k->lock >= 0)
		return 0;
	if (k->lock == -EWOULDBLOCK)
		complain("another `wscope attach` keeps '%s'", k->dir);
	else
		complain("cannot lock '%s': %s", k->dir, strerror(-k->lock));
	return k->lock;
}

/* The programs, with the maps that are there if they are of the same kind. */
static int keeper_load(struct keeper *k)
{
	struct attachments before;
	int there = attachments_open(&before, k->dir);
	int err = loader_open_over(&k->loader, k->options, k->dir, there ? 0 : before.state.layout);

	if (err) {
		complain("cannot load the programs: %s", strerror(-err));
		if (k->options->verbose)
			fprintf(stderr, "%s", loader_log_tail(k->loader, KEEPER_LOG_LINES));
		attachments_close(&before);
		return err;
	}
	if (!there && !k->loader->reused)
		complain("the maps in '%s' have another layout or size: what was in them is lost, "
			 "and counted from here on",
			 k->dir);
	if (k->loader->reused)
		fprintf(stderr, "wscope: goes on with the maps that are pinned in '%s'\n", k->dir);
	err = attachments_create(&k->all);
	if (!err) {
		k->all.state.layout = k->loader->layout;
		k->all.state.started_ns = k->loader->reused && !there ? before.state.started_ns
								      : clock_ns(CLOCK_REALTIME);
		owner_self(&k->all.state.keeper);
	}
	attachments_close(&before);
	return err;
}

/* What a keeper before this one has left, and our maps in place of its. */
static int keeper_take_over(struct keeper *k)
{
	int err = keeper_clear(k->dir, false);

	if (!err)
		err = attachments_write_state(&k->all);
	if (!err)
		err = loader_pin(k->loader, k->dir);
	if (!err)
		err = attachments_pin(&k->all, k->dir);
	if (err)
		complain("cannot pin in '%s': %s", k->dir, strerror(-err));
	return err;
}

/* An entry for each hook of each interface. */
static int keeper_list(struct keeper *k)
{
	const struct options *o = k->options;
	struct attachments_state *s = &k->all.state;

	for (size_t i = 0; i < o->interfaces_n; i++) {
		int err = live_attach_linktype(k->loader, o->interfaces[i]);

		if (err)
			return err;
		for (unsigned int hook = 0; hook < HOOKS; hook++) {
			struct attachment *one = &k->all.list[s->n];

			if (!(o->hooks & 1U << hook))
				continue;
			memset(one, 0, sizeof(*one));
			one->hook = (__u8)hook;
			snprintf(one->interface, sizeof(one->interface), "%s", o->interfaces[i]);
			s->n++;
		}
	}
	k->attached.n = s->n;
	return attachments_write_state(&k->all);
}

static int keeper_signals(struct keeper *k)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -errno;
	k->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return k->signals < 0 ? -errno : 0;
}

static int keeper_start(struct keeper *k)
{
	int err = live_attach_check(k->options);

	if (!err)
		err = keeper_folder(k);
	if (!err)
		err = keeper_signals(k);
	if (!err)
		err = keeper_load(k);
	if (!err)
		err = keeper_take_over(k);
	if (err)
		return err;
	err = locals_open(&k->locals, k->loader->locals);
	if (err && err != -E2BIG) {
		complain("cannot read this host's addresses: %s", strerror(-err));
		return err;
	}
	err = keeper_list(k);
	for (unsigned int i = 0; i < k->all.state.n && !err; i++)
		err = keeper_attach(k, i);
	return err;
}

/* ---- staying, and the end ---- */

static void keeper_stay(struct keeper *k)
{
	struct pollfd fds[] = {
		{ .fd = k->signals, .events = POLLIN },
		{ .fd = k->locals ? locals_fd(k->locals) : -1, .events = POLLIN },
	};

	while (!k->stop) {
		if (poll(fds, 2, KEEPER_PERIOD_MS) < 0 && errno != EINTR)
			return;
		if (fds[0].revents)
			k->stop = true;
		if (fds[1].revents)
			locals_refresh(k->locals);
		if (!k->stop) {
			keeper_asked(k);
			keeper_check(k);
		}
		keeper_notify("WATCHDOG=1");
	}
}

/* What is attached goes on without this process. */
static int keeper_leave(struct keeper *k)
{
	struct live_control *control = &k->loader->switches;
	int err;

	memset(&k->all.state.keeper, 0, sizeof(k->all.state.keeper));
	memset(&control->owner, 0, sizeof(control->owner));
	err = loader_switch(k->loader, control->off);
	return err ? err : attachments_write_state(&k->all);
}

/* Detaches, and removes the pins; after a failed start the maps that were there before stay. */
static int keeper_undo(struct keeper *k, bool maps)
{
	int err = live_attach_undo(&k->attached), cleared;

	if (k->lock < 0)
		return err;
	cleared = keeper_clear(k->dir, maps);
	return err ? err : cleared;
}

static void keeper_close(struct keeper *k)
{
	locals_close(k->locals);
	attachments_close(&k->all);
	loader_close(k->loader);
	if (k->signals >= 0)
		close(k->signals);
	if (k->lock >= 0)
		close(k->lock);
	free(k);
}

int keeper_run(const struct options *o)
{
	struct keeper *k = calloc(1, sizeof(*k));
	int err;

	if (!k) {
		complain("out of memory");
		return EXIT_INCOMPLETE;
	}
	k->options = o;
	k->dir = o->pin;
	k->lock = k->signals = -1;
	attachments_none(&k->all);
	err = keeper_start(k);
	if (err) {
		keeper_undo(k, !k->loader || !k->loader->reused);
		keeper_close(k);
		return EXIT_PRIVILEGE;
	}
	keeper_check(k); /* what is to be compared with from here on */
	fprintf(stderr, "wscope: attached; pins are in '%s'\n", k->dir);
	if (!o->once) {
		keeper_notify("READY=1");
		keeper_stay(k);
		keeper_notify("STOPPING=1");
	}
	err = o->once || o->keep ? keeper_leave(k) : keeper_undo(k, true);
	if (err)
		complain("cannot end as it should: %s", strerror(-err));
	keeper_close(k);
	return err ? EXIT_INCOMPLETE : EXIT_NOTHING;
}
