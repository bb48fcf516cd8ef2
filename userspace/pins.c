// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/pins.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <bpf/bpf.h>
#include <linux/magic.h>
#include <linux/types.h>

static int pins_path(char *path, const char *dir, const char *sub, const char *name)
{
	int n = snprintf(path, PINS_PATH, "%s%s%s%s%s", dir, *sub ? "/" : "", sub, *name ? "/" : "",
			 name);

	return n < 0 || n >= PINS_PATH ? -ENAMETOOLONG : 0;
}

/* One folder; whoever may read the maps is decided by the file system's own owner and mode. */
static int pins_folder(const char *dir, const char *sub)
{
	char path[PINS_PATH];
	int err = pins_path(path, dir, sub, "");

	if (err)
		return err;
	return mkdir(path, 0700) && errno != EEXIST ? -errno : 0;
}

int pins_prepare(const char *dir)
{
	struct statfs fs;
	int err = pins_folder(dir, "");

	if (!err && statfs(dir, &fs))
		err = -errno;
	if (!err && (__u32)fs.f_type != BPF_FS_MAGIC)
		err = -EMEDIUMTYPE;
	if (err == -EMEDIUMTYPE)
		rmdir(dir);
	if (!err)
		err = pins_folder(dir, PINS_MAPS);
	if (!err)
		err = pins_folder(dir, PINS_LINKS);
	return err;
}

int pins_lock(const char *dir, const char *sub)
{
	char path[PINS_PATH];
	int err = pins_path(path, dir, sub, ""), fd;

	if (err)
		return err;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (!flock(fd, LOCK_EX | LOCK_NB))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

int pins_get(const char *dir, const char *sub, const char *name)
{
	char path[PINS_PATH];
	int err = pins_path(path, dir, sub, name);

	return err ? err : bpf_obj_get(path);
}

int pins_put(const char *dir, const char *sub, const char *name, int object)
{
	char path[PINS_PATH];
	int err = pins_path(path, dir, sub, name);

	if (!err && unlink(path) && errno != ENOENT)
		err = -errno;
	return err ? err : bpf_obj_pin(object, path);
}

int pins_has(const char *dir, const char *sub, const char *name)
{
	char path[PINS_PATH];

	return !pins_path(path, dir, sub, name) && !access(path, F_OK);
}

int pins_remove(const char *dir, const char *sub, const char *name)
{
	char path[PINS_PATH];
	int err = pins_path(path, dir, sub, name);

	if (!err && unlink(path) && errno != ENOENT)
		err = -errno;
	return err;
}

static int pins_walk(const char *dir, const char *sub, void (*each)(const char *, const char *))
{
	char path[PINS_PATH];
	int err = pins_path(path, dir, sub, ""), first = 0;
	struct dirent *e;
	DIR *d;

	if (err)
		return err;
	d = opendir(path);
	if (!d)
		return errno == ENOENT ? 0 : -errno;
	while ((e = readdir(d))) {
		if (*e->d_name == '.')
			continue;
		if (each)
			each(dir, e->d_name);
		else
			err = pins_remove(dir, sub, e->d_name);
		first = first ? first : err;
	}
	closedir(d);
	return first;
}

int pins_each(const char *dir, const char *sub, void (*each)(const char *dir, const char *name))
{
	return pins_walk(dir, sub, each);
}

int pins_clear(const char *dir, const char *sub)
{
	return pins_walk(dir, sub, NULL);
}

static int pins_rmdir(const char *dir, const char *sub)
{
	char path[PINS_PATH];
	int err = pins_path(path, dir, sub, "");

	if (!err && rmdir(path) && errno != ENOENT)
		err = -errno;
	return err;
}

int pins_end(const char *dir)
{
	int err = pins_rmdir(dir, PINS_MAPS);

	if (!err)
		err = pins_rmdir(dir, PINS_LINKS);
	return err ? err : pins_rmdir(dir, "");
}
