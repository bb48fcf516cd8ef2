// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Taking away what is attached: all of it, or what `wscope detach -i` names. */
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "platform/clock.h"
#include "userspace/complain.h"
#include "userspace/exit_status.h"
#include "userspace/keeper.h"
#include "userspace/leftovers.h"
#include "userspace/names.h"
#include "userspace/pins.h"

/* How long a keeper has to answer: it looks once a second, and may be busy attaching. */
#define DETACH_PAUSE_NS 50000000
#define DETACH_PAUSES   200

/* A link goes some time after its last pin; detached, it is off its hook at once. */
static void detach_link(const char *dir, const char *name)
{
	int link = pins_get(dir, PINS_LINKS, name);

	if (link < 0)
		return;
	(void)bpf_link_detach(link); /* where its interface is gone, it is detached already */
	close(link);
}

/* A TC hook of which the folder's maps say that nothing is attached: what was not noted any more. */
static int detach_unnoted(const struct attachment *one, const char *dir)
{
	int err = leftovers_remove(one->interface, (int)one->ifindex, (enum hook)one->hook, dir,
				   true);

	if (!err)
		err = one->own_clsact ? attach_release_clsact((int)one->ifindex) : 0;
	return err == -ENODEV ? 0 : err;
}

static int detach_entry(const struct attachment *one, const char *dir)
{
	struct attach a = attachment_as_attach(one, -1);
	int err = 0;

	if (one->attached && a.how != ATTACH_LINK)
		err = attach_detach(&a);
	else if (!one->attached && one->ifindex && one->hook != HOOK_XDP)
		err = detach_unnoted(one, dir);
	if (err)
		complain("%s: cannot detach: %s", one->interface, strerror(-err));
	return err;
}

int keeper_clear(const char *dir, bool maps)
{
	struct attachments all;
	int unknown = attachments_open(&all, dir), first, err;

	first = pins_each(dir, PINS_LINKS, detach_link);
	if (!first)
		first = pins_clear(dir, PINS_LINKS);
	/* The newest first: a clsact goes with the filter that was the first in it. */
	for (__u32 i = unknown ? 0 : all.state.n; i; i--) {
		err = detach_entry(&all.list[i - 1], dir);
		first = first ? first : err;
	}
	attachments_close(&all);
	if (!maps)
		return first;
	err = pins_clear(dir, PINS_MAPS);
	if (!err)
		err = pins_end(dir);
	return first ? first : err;
}

/* ---- some of it ---- */

/*
 * Takes one away on purpose, with its pin, and notes that. a: as this process has it. 0, or -errno:
 * it is as it was.
 */
static int detach_one(const char *dir, struct attachments *all, unsigned int i, struct attach *a)
{
	struct attachment *one = &all->list[i];
	struct attach before = *a;
	char name[KEEPER_LINK_NAME];
	int err;

	keeper_link_name(name, one);
	if (a->how == ATTACH_LINK) {
		(void)bpf_link_detach(a->link);
		pins_remove(dir, PINS_LINKS, name);
	}
	err = attach_detach(a);
	if (err && before.how != ATTACH_LINK) {
		*a = before;
		return err;
	}
	one->attached = one->own_clsact = 0;
	one->how = ATTACH_NONE;
	one->released = 1;
	one->since_ns = clock_ns(CLOCK_REALTIME);
	return attachments_write(all, i);
}

/* Backwards, as detaching wants it: a clsact goes with the last filter in it. */
void keeper_asked(struct keeper *k)
{
	for (unsigned int i = k->all.state.n; i-- > 0;) {
		const struct attachment *one = &k->all.list[i];
		int err = 0;

		if (attachments_asked(&k->all, i) != ATTACHMENT_ASKED)
			continue;
		if (!one->released)
			err = detach_one(k->dir, &k->all, i, &k->attached.list[i]);
		complain("%s: %s: %s%s", one->interface, names_of(NAMES_HOOK, one->hook),
			 err ? "cannot be detached: " : "detached, as it was asked for",
			 err ? strerror(-err) : "");
		attachments_ask(&k->all, i, err);
	}
}

struct detach {
	const char *dir;
	struct attachments all;
	bool chosen[ATTACHMENTS_MOST];
};

/* Without a keeper: by this process. 0 or the first -errno, after a line for each. */
static int detach_here(struct detach *d)
{
	int first = attachments_read(&d->all);

	if (first)
		complain("cannot read the pins in '%s': %s", d->dir, strerror(-first));
	for (unsigned int i = d->all.state.n; i-- > 0;) {
		struct attachment *one = &d->all.list[i];
		struct attach a = attachment_as_attach(one, -1);
		char name[KEEPER_LINK_NAME];
		int err;

		if (!d->chosen[i] || one->released)
			continue;
		keeper_link_name(name, one);
		if (a.how == ATTACH_LINK)
			a.link = pins_get(d->dir, PINS_LINKS, name);
		if (a.how == ATTACH_LINK && a.link < 0)
			a.how = ATTACH_NONE; /* it went with its pin */
		err = detach_one(d->dir, &d->all, i, &a);
		if (err)
			complain("%s: %s: cannot be detached: %s", one->interface,
				 names_of(NAMES_HOOK, one->hook), strerror(-err));
		first = first ? first : err;
	}
	return first;
}

/* What the keeper has said so far: 0, the first -errno, or -EAGAIN: not all of it. */
static int detach_answers(struct detach *d)
{
	int first = 0;

	for (unsigned int i = 0; i < d->all.state.n; i++) {
		int answer = d->chosen[i] ? attachments_asked(&d->all, i) : 0;

		if (answer == ATTACHMENT_ASKED)
			return -EAGAIN;
		if (answer && !first)
			first = answer;
	}
	return first;
}

/* By the keeper, or by this process where there is none, or no more. 0, or -errno after a line. */
static int detach_chosen(struct detach *d)
{
	const struct timespec pause = { .tv_nsec = DETACH_PAUSE_NS };
	int err = -EAGAIN, lock;

	for (unsigned int i = 0; i < d->all.state.n; i++) {
		if (d->chosen[i])
			attachments_ask(&d->all, i, ATTACHMENT_ASKED);
	}
	for (int i = 0; i < DETACH_PAUSES && err == -EAGAIN; i++) {
		lock = pins_lock(d->dir, "");
		if (lock == -ENOENT) /* it has ended, and detached all */
			return 0;
		if (lock >= 0) {
			err = detach_here(d);
			close(lock);
			return err;
		}
		if (d->all.asked_map < 0) {
			complain(
				"the `wscope attach` that runs is of an older version, and cannot be asked");
			return -EOPNOTSUPP;
		}
		nanosleep(&pause, NULL);
		err = detach_answers(d);
	}
	if (err == -EAGAIN)
		complain("`wscope attach` runs, and does not answer: nothing may be detached yet");
	else if (err)
		complain("`wscope attach` cannot detach: %s", strerror(-err));
	return err;
}

/* Whether -i WORD means it: a pattern, its name, or another name of the interface of its name. */
static bool detach_means(const char *word, const struct links *links, const struct attachment *one)
{
	const struct link *link = links_named(links, word);

	if (strpbrk(word, "*?["))
		return !fnmatch(word, one->interface, 0);
	return !strcmp(word, one->interface) || (link && !strcmp(link->name, one->interface));
}

/* What -i names, as far as it is attached. An exit status, after a line. */
static int detach_choose(struct detach *d, const struct options *o)
{
	struct links links;
	int err = links_read(&links);

	if (err)
		complain("cannot list the interfaces: %s", strerror(-err));
	for (size_t i = 0; i < o->interfaces_n && !err; i++) {
		bool found = false;

		for (unsigned int j = 0; j < d->all.state.n; j++) {
			if (!detach_means(o->interfaces[i], &links, &d->all.list[j]))
				continue;
			d->chosen[j] = found = true;
		}
		if (found)
			continue;
		complain("nothing is attached to '%s'", o->interfaces[i]);
		links_free(&links);
		return EXIT_USAGE;
	}
	links_free(&links);
	return err ? EXIT_PRIVILEGE : EXIT_NOTHING;
}

static int detach_nothing(const char *dir)
{
	fprintf(stderr, "wscope: nothing is attached: there is no '%s'\n", dir);
	return EXIT_NOTHING;
}

static int detach_some(const struct options *o)
{
	struct detach d = { .dir = o->pin };
	int err = attachments_open(&d.all, o->pin), status = EXIT_PRIVILEGE;

	if (err == -ENOENT)
		status = detach_nothing(o->pin);
	else if (err == -ESTALE)
		complain("the pins in '%s' are another version's", o->pin);
	else if (err)
		complain("cannot open the pins in '%s': %s", o->pin, strerror(-err));
	else
		status = detach_choose(&d, o);
	if (!err && status == EXIT_NOTHING && detach_chosen(&d))
		status = EXIT_PRIVILEGE;
	attachments_close(&d.all);
	return status;
}

/* ---- all of it ---- */

static int detach_all(const struct options *o)
{
	int lock = pins_lock(o->pin, ""), err;

	if (lock == -ENOENT)
		return detach_nothing(o->pin);
	if (lock == -EWOULDBLOCK)
		complain(
			"`wscope attach` runs and would attach again: end it first, and it detaches by "
			"itself; -i IF detaches from some interfaces");
	else if (lock < 0)
		complain("cannot open '%s': %s", o->pin, strerror(-lock));
	if (lock < 0)
		return EXIT_PRIVILEGE;
	err = keeper_clear(o->pin, true);
	close(lock);
	if (!err)
		return EXIT_NOTHING;
	complain("cannot take away all of '%s': %s", o->pin, strerror(-err));
	return EXIT_PRIVILEGE;
}

int keeper_detach(const struct options *o)
{
	return o->interfaces_n ? detach_some(o) : detach_all(o);
}
