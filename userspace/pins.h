/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The folder in the bpffs that keeps maps and links beyond the process that made them: DIR/maps
 * and DIR/links. A keeper holds a lock on DIR, a reader one on DIR/maps: of each there is one.
 */
#ifndef USERSPACE_PINS_H
#define USERSPACE_PINS_H

#define PINS_DIR   "/sys/fs/bpf/wscope"
#define PINS_MAPS  "maps"
#define PINS_LINKS "links"
#define PINS_PATH  512

/*
 * Makes the folders where they are missing. 0; -EMEDIUMTYPE: DIR is not in a bpffs, or none is
 * mounted; or another -errno.
 */
int pins_prepare(const char *dir);

/* A lock for as long as the descriptor is open; sub: "" or PINS_MAPS. -EWOULDBLOCK: taken. -errno. */
int pins_lock(const char *dir, const char *sub);

/* The object of that name: its descriptor, or -errno. */
int pins_get(const char *dir, const char *sub, const char *name);

/* Pins an object, in place of one of that name. 0 or -errno. */
int pins_put(const char *dir, const char *sub, const char *name, int object);

/* Whether it is there. */
int pins_has(const char *dir, const char *sub, const char *name);

/* Calls each for all names in a folder; none there is fine. 0 or -errno. */
int pins_each(const char *dir, const char *sub, void (*each)(const char *dir, const char *name));

/* Removes one object, or all of a folder; none there is fine. 0 or -errno. */
int pins_remove(const char *dir, const char *sub, const char *name);
int pins_clear(const char *dir, const char *sub);

/* Removes the folders, which are empty. 0 or -errno; none there is fine. */
int pins_end(const char *dir);

#endif
