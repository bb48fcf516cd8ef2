// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/interfaces.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "userspace/complain.h"
#include "userspace/links.h"

struct interfaces {
	const char *names[OPTIONS_INTERFACES_MAX];
	char *room; /* IFNAMSIZ bytes for each name that a pattern gave */
	size_t n;
};

static int interfaces_add(struct interfaces *all, const struct links *links, const char *name)
{
	const struct link *link = links_named(links, name);

	for (size_t i = 0; i < all->n; i++) {
		/* An interface may have several names. */
		if (!strcmp(all->names[i], name) ||
		    (link && links_named(links, all->names[i]) == link))
			return 0;
	}
	if (all->n == OPTIONS_INTERFACES_MAX) {
		complain("more than %d interfaces", OPTIONS_INTERFACES_MAX);
		return -EINVAL;
	}
	all->names[all->n++] = name;
	return 0;
}

static int interfaces_match(struct interfaces *all, const struct links *links, const char *pattern)
{
	bool found = false;
	int err = 0;

	for (size_t i = 0; i < links->n && !err; i++) {
		const struct link *link = &links->list[i];
		char *name = all->room + all->n * sizeof(link->name);

		if (link->loopback || fnmatch(pattern, link->name, 0))
			continue;
		found = true;
		if (all->n < OPTIONS_INTERFACES_MAX) {
			memcpy(name, link->name, sizeof(link->name));
			err = interfaces_add(all, links, name);
		} else {
			err = interfaces_add(all, links, link->name);
		}
	}
	if (!found) {
		complain("no interface matches '%s'", pattern);
		err = -EINVAL;
	}
	return err;
}

int interfaces_expand(struct options *o)
{
	struct interfaces all = { .n = 0 };
	struct links links;
	int err = links_read(&links);

	if (err) {
		complain("cannot list the interfaces: %s", strerror(-err));
		return err;
	}
	all.room = calloc(OPTIONS_INTERFACES_MAX, sizeof(links.list->name));
	if (!all.room)
		err = -ENOMEM;
	for (size_t i = 0; i < o->interfaces_n && !err; i++) {
		const char *name = o->interfaces[i];

		err = strpbrk(name, "*?[") ? interfaces_match(&all, &links, name)
					   : interfaces_add(&all, &links, name);
	}
	links_free(&links);
	memcpy(o->interfaces, all.names, sizeof(all.names));
	o->interfaces_n = all.n;
	o->interface_names = all.room;
	return err;
}
