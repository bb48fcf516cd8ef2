// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/leftovers.h"

#include <stdio.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "userspace/attach.h"
#include "userspace/names.h"
#include "userspace/owner.h"
#include "userspace/pins.h"

/* The id of the map `control` that is pinned in a folder, or 0. */
static __u32 leftovers_control(const char *dir)
{
	struct bpf_map_info info = { 0 };
	__u32 size = sizeof(info);
	int map = pins_get(dir, PINS_MAPS, "control"), err;

	if (map < 0)
		return 0;
	err = bpf_obj_get_info_by_fd(map, &info, &size);
	close(map);
	return err ? 0 : info.id;
}

static bool leftovers_is_one(__u32 id, __u32 pinned, bool ours)
{
	int program = bpf_prog_get_fd_by_id(id), err;
	struct live_owner owner;
	__u32 control;

	if (program < 0)
		return false;
	err = owner_of_program(&owner, &control, program);
	close(program);
	if (err)
		return false;
	return control == pinned ? ours : owner_ask(&owner) == OWNER_GONE;
}

int leftovers_remove(const char *interface, int ifindex, enum hook hook, const char *dir, bool ours)
{
	struct attach_filters there;
	__u32 pinned = leftovers_control(dir);
	int err = attach_filters(ifindex, hook, &there), removed = 0;

	if (err < 0)
		return err;
	err = 0;
	for (int i = 0; i < there.n && !err; i++) {
		const struct attach_filter *f = &there.list[i];
		struct attach a = { .how = ATTACH_FILTER,
				    .hook = hook,
				    .ifindex = ifindex,
				    .link = -1,
				    .program = f->program,
				    .handle = f->handle,
				    .priority = f->priority };

		if (!leftovers_is_one(f->program, pinned, ours))
			continue;
		err = attach_detach(&a);
		removed += !err;
	}
	if (removed)
		fprintf(stderr,
			"wscope: %s: removed %s filters that a run that was killed had left\n",
			interface, names_of(NAMES_HOOK, hook));
	return err;
}
