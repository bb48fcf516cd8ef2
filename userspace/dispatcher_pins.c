// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/dispatcher_pins.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sys/file.h>
#include <sys/stat.h>

#include <bpf/bpf.h>

#include "userspace/dispatcher.h"

#define PINS_PROGRAM "prog%u-prog"
#define PINS_LINK    "prog%u-link"
#define PINS_PATH    (PATH_MAX + 32)
#define PINS_AGE     2 /* seconds, of a clock that has whole ones */

struct pins_sweep {
	struct dispatcher now; /* what is on the hook */
	struct live_owner self;
	__u32 also;
	bool all;
	unsigned int found[2]; /* pins of a folder: of others, of ours */
};

const char *dispatcher_pins_root(void)
{
	const char *root = getenv("LIBXDP_BPFFS");

	return root ? root : "/sys/fs/bpf";
}

/* The program of a pin, which may be of its link; a file descriptor or -errno. */
static int pins_program(const char *path, bool link)
{
	struct bpf_link_info info = { 0 };
	__u32 size = sizeof(info);
	int fd = bpf_obj_get(path), err;

	if (fd < 0 || !link)
		return fd;
	err = bpf_obj_get_info_by_fd(fd, &info, &size);
	close(fd);
	return err ? err : bpf_prog_get_fd_by_id(info.prog_id);
}

/* Whether nobody misses this pin, of a dispatcher that is not attached. */
static bool pins_may_go(struct pins_sweep *s, const char *path, bool link)
{
	struct bpf_prog_info info = { 0 };
	__u32 size = sizeof(info);
	struct live_owner owner = { 0 };
	int fd = pins_program(path, link);
	bool mine = false, known;

	if (fd < 0)
		return false;
	known = !bpf_obj_get_info_by_fd(fd, &info, &size);
	if (known && !owner_of_program(&owner, NULL, fd) &&
	    owner.net_namespace == s->self.net_namespace)
		mine = s->all || info.id == s->also || owner_ask(&owner) == OWNER_GONE;
	close(fd);
	s->found[mine]++;
	return known && (mine || dispatcher_at(&s->now, info.id) >= 0);
}

static bool pins_folder_may_go(struct pins_sweep *s, const char *folder)
{
	char path[PINS_PATH];
	struct stat now;

	/* One that somebody is building: it is attached right after its pins were made. */
	if (stat(folder, &now) || time(NULL) - now.st_mtime < PINS_AGE)
		return false;
	s->found[0] = s->found[1] = 0;
	for (unsigned int i = 0; i < 2 * DISPATCHER_PROGRAMS; i++) {
		bool link = i % 2;

		snprintf(path, sizeof(path), link ? "%s/" PINS_LINK : "%s/" PINS_PROGRAM, folder,
			 i / 2);
		if (!access(path, F_OK) && !pins_may_go(s, path, link))
			return false;
	}
	/* An empty one is nobody's. */
	return s->found[1] || !s->found[0];
}

static int pins_remove(const char *folder)
{
	char path[PINS_PATH];

	for (unsigned int i = 0; i < DISPATCHER_PROGRAMS; i++) {
		snprintf(path, sizeof(path), "%s/" PINS_LINK, folder, i);
		unlink(path);
		snprintf(path, sizeof(path), "%s/" PINS_PROGRAM, folder, i);
		unlink(path);
	}
	return !rmdir(folder);
}

static int pins_walk(struct pins_sweep *s, const char *root, DIR *dir, int ifindex)
{
	char folder[PATH_MAX];
	struct dirent *entry;
	int removed = 0;

	while ((entry = readdir(dir))) {
		unsigned int id;
		int of, end = 0;

		if (sscanf(entry->d_name, "dispatch-%d-%u%n", &of, &id, &end) != 2 ||
		    entry->d_name[end] || of != ifindex)
			continue;
		if (s->now.there && s->now.hook.program == id)
			continue;
		snprintf(folder, sizeof(folder), "%s/xdp/%s", root, entry->d_name);
		if (pins_folder_may_go(s, folder))
			removed += pins_remove(folder);
	}
	return removed;
}

int dispatcher_pins_sweep(int ifindex, __u32 also, bool all)
{
	struct pins_sweep s = { .also = also, .all = all };
	char path[PATH_MAX];
	int removed = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/xdp", dispatcher_pins_root());
	dir = opendir(path);
	if (!dir)
		return 0;
	owner_self(&s.self);
	if (dispatcher_query(&s.now, ifindex))
		s.now.there = false; /* no such interface any more */
	/*
	 * libxdp's own lock, which it takes for its look-up as well: hence first the question. Who
	 * attaches in between brings a program that is neither dead nor on the hook as we saw it.
	 */
	if (!flock(dirfd(dir), LOCK_EX)) {
		removed = pins_walk(&s, dispatcher_pins_root(), dir, ifindex);
	}
	closedir(dir);
	return removed;
}
