// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/attachments.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "userspace/pins.h"

#define ATTACHMENTS_STATE "keeper"
#define ATTACHMENTS_LIST  "attachments"
#define ATTACHMENTS_ASKED "asked"

static int attachments_map(const char *name, __u32 value, __u32 entries)
{
	return bpf_map_create(BPF_MAP_TYPE_ARRAY, name, sizeof(__u32), value, entries, NULL);
}

void attachments_none(struct attachments *a)
{
	memset(a, 0, sizeof(*a));
	a->state_map = a->list_map = a->asked_map = -1;
}

int attachments_create(struct attachments *a)
{
	attachments_none(a);
	a->state_map = attachments_map(ATTACHMENTS_STATE, sizeof(a->state), 1);
	if (a->state_map < 0)
		return a->state_map;
	a->list_map = attachments_map(ATTACHMENTS_LIST, sizeof(a->list[0]), ATTACHMENTS_MOST);
	if (a->list_map < 0)
		return a->list_map;
	a->asked_map = attachments_map(ATTACHMENTS_ASKED, sizeof(__s32), ATTACHMENTS_MOST);
	return a->asked_map < 0 ? a->asked_map : 0;
}

/* A pinned map, if its values are as this program knows them. Descriptor or -errno. */
static int attachments_get(const char *dir, const char *name, __u32 value)
{
	struct bpf_map_info info = { 0 };
	__u32 size = sizeof(info);
	int map = pins_get(dir, PINS_MAPS, name), err;

	if (map < 0)
		return map;
	err = bpf_obj_get_info_by_fd(map, &info, &size);
	if (!err && info.value_size == value)
		return map;
	close(map);
	return err ? err : -ESTALE;
}

int attachments_open(struct attachments *a, const char *dir)
{
	attachments_none(a);
	a->state_map = attachments_get(dir, ATTACHMENTS_STATE, sizeof(a->state));
	if (a->state_map < 0)
		return a->state_map;
	a->list_map = attachments_get(dir, ATTACHMENTS_LIST, sizeof(a->list[0]));
	if (a->list_map < 0)
		return a->list_map;
	a->asked_map = attachments_get(dir, ATTACHMENTS_ASKED, sizeof(__s32));
	return attachments_read(a);
}

int attachments_pin(const struct attachments *a, const char *dir)
{
	int err = pins_put(dir, PINS_MAPS, ATTACHMENTS_STATE, a->state_map);

	if (!err)
		err = pins_put(dir, PINS_MAPS, ATTACHMENTS_LIST, a->list_map);
	return err ? err : pins_put(dir, PINS_MAPS, ATTACHMENTS_ASKED, a->asked_map);
}

void attachments_close(struct attachments *a)
{
	if (a->state_map >= 0)
		close(a->state_map);
	if (a->list_map >= 0)
		close(a->list_map);
	if (a->asked_map >= 0)
		close(a->asked_map);
	a->state_map = a->list_map = a->asked_map = -1;
}

int attachments_write_state(const struct attachments *a)
{
	__u32 zero = 0;

	return bpf_map_update_elem(a->state_map, &zero, &a->state, BPF_ANY);
}

int attachments_write(const struct attachments *a, unsigned int i)
{
	return bpf_map_update_elem(a->list_map, &i, &a->list[i], BPF_ANY);
}

int attachments_read(struct attachments *a)
{
	__u32 zero = 0;
	int err = bpf_map_lookup_elem(a->state_map, &zero, &a->state);

	if (a->state.n > ATTACHMENTS_MOST)
		a->state.n = ATTACHMENTS_MOST;
	for (__u32 i = 0; i < a->state.n && !err; i++)
		err = bpf_map_lookup_elem(a->list_map, &i, &a->list[i]);
	return err;
}

int attachments_asked(const struct attachments *a, unsigned int i)
{
	__s32 what = 0;

	if (a->asked_map < 0 || bpf_map_lookup_elem(a->asked_map, &i, &what))
		return 0;
	return what;
}

int attachments_ask(const struct attachments *a, unsigned int i, int what)
{
	__s32 value = what;

	return a->asked_map < 0 ? -EOPNOTSUPP
				: bpf_map_update_elem(a->asked_map, &i, &value, BPF_ANY);
}

const char *attachment_fault_text(__u8 fault)
{
	static const char *const texts[FAULTS] = {
		[FAULT_NONE] = "",
		[FAULT_REPLACED] = "another program is on the hook, and ours is not",
		[FAULT_DETACHED] = "our program is not on the hook any more",
		[FAULT_UNPINNED] = "the pins were removed",
		[FAULT_GONE] = "the interface is gone",
		[FAULT_BACK] = "the interface is there again",
		[FAULT_RENAMED] = "the interface was renamed",
		[FAULT_DOWN] = "the interface is down",
		[FAULT_UP] = "the interface is up",
		[FAULT_MTU] = "the MTU was changed",
	};

	return fault < FAULTS ? texts[fault] : "";
}

struct attach attachment_as_attach(const struct attachment *one, int link)
{
	return (struct attach){
		.how = one->attached ? (enum attach_how)one->how : ATTACH_NONE,
		.hook = (enum hook)one->hook,
		.ifindex = (int)one->ifindex,
		.link = link,
		.program = one->program,
		.handle = one->handle,
		.priority = one->priority,
		.own_clsact = one->attached && one->own_clsact,
		.released = one->released,
	};
}
