// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/snapshot_walk.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#define WALK_BATCH 1024U

struct walk_state {
	int fd;
	__u32 key_size, value_size;
	int (*entry)(void *arg, const void *key, const void *value);
	void *arg;
	__u64 n;
	__u32 room; /* entries that keys and values hold */
	char *keys, *values;
};

static int walk_room(struct walk_state *w, __u32 room)
{
	free(w->keys);
	free(w->values);
	w->keys = calloc(room, w->key_size);
	w->values = calloc(room, w->value_size);
	w->room = room;
	return w->keys && w->values ? 0 : -ENOMEM;
}

static int walk_deliver(struct walk_state *w, __u32 count)
{
	int err = 0;

	for (__u32 i = 0; i < count && !err; i++) {
		w->n++;
		err = w->entry(w->arg, w->keys + (size_t)i * w->key_size,
			       w->values + (size_t)i * w->value_size);
	}
	return err;
}

/*
 * By bpf_map_lookup_batch(): -ENOENT marks the last batch, -ENOSPC a hash bucket that
 * holds more than there is room for. Anything else before the first entry: not supported.
 */
static int walk_batches(struct walk_state *w)
{
	__u32 position = 0, count;
	void *from = NULL;
	int err, stop;

	do {
		count = w->room;
		err = bpf_map_lookup_batch(w->fd, from, &position, w->keys, w->values, &count,
					   NULL);
		if (err == -ENOSPC) {
			err = walk_room(w, w->room * 2);
			if (err)
				return err;
			continue;
		}
		if (err && err != -ENOENT)
			return err;
		stop = walk_deliver(w, count);
		if (stop)
			return stop;
		from = &position;
	} while (err != -ENOENT);
	return 0;
}

/*
 * Key by key, for kernels without batches. An entry that vanishes under the walk sends it
 * back to the start, so the number of steps is bounded.
 */
static int walk_keys(struct walk_state *w, __u64 steps)
{
	char *next = w->keys + w->key_size;
	void *from = NULL;
	int err = 0;

	while (steps-- && !(err = bpf_map_get_next_key(w->fd, from, next))) {
		memcpy(w->keys, next, w->key_size);
		from = w->keys;
		if (!bpf_map_lookup_elem(w->fd, w->keys, w->values))
			err = walk_deliver(w, 1);
		if (err)
			return err;
	}
	return err == -ENOENT ? 0 : err;
}

static __u64 walk_max_entries(int fd)
{
	struct bpf_map_info info = { 0 };
	__u32 size = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &size) ? UINT32_MAX : info.max_entries;
}

int snapshot_walk(int fd, __u32 key_size, __u32 value_size,
		  int (*entry)(void *arg, const void *key, const void *value), void *arg, __u64 *n)
{
	struct walk_state w = { fd, key_size, value_size, entry, arg, 0, 0, NULL, NULL };
	int err = walk_room(&w, WALK_BATCH);

	if (!err)
		err = walk_batches(&w);
	if (err && err != -ENOMEM && !w.n)
		err = walk_keys(&w, 2 * walk_max_entries(fd));
	free(w.keys);
	free(w.values);
	if (n)
		*n = w.n;
	return err;
}
