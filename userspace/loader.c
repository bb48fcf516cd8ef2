// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/loader.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "platform/live.h"
#include "userspace/layout.h"
#include "userspace/owner.h"
#include "userspace/pins.h"
#include "wscope.skel.h"

#define LOADER_ENTRIES_PER_CPU 256U

/* libbpf's print callback has no argument of its own. */
static FILE *loader_log;

static int loader_print(enum libbpf_print_level level, const char *format, va_list args)
{
	if (!loader_log || level > LIBBPF_WARN)
		return 0;
	return vfprintf(loader_log, format, args);
}

static __u32 loader_entries(__u32 wanted)
{
	int cpus = libbpf_num_possible_cpus();
	__u32 least = LOADER_ENTRIES_PER_CPU * (cpus > 0 ? (__u32)cpus : 1);

	return wanted < least ? least : wanted;
}

static int loader_sizes(struct loader *l, const struct options *o)
{
	struct wscope *w = l->skeleton;
	int err;

	l->flows = loader_entries(o->flows);
	l->pending = loader_entries(o->pending);
	l->endpoints = loader_entries(o->endpoints);
	err = bpf_map__set_max_entries(w->maps.flows, l->flows);
	if (!err)
		err = bpf_map__set_max_entries(w->maps.pending, l->pending);
	if (!err)
		err = bpf_map__set_max_entries(w->maps.endpoints, l->endpoints);
	return err;
}

/* The programs by hook, as the skeleton names them. */
static struct bpf_program *loader_program(const struct loader *l, enum hook hook)
{
	switch (hook) {
	case HOOK_XDP:
		return l->skeleton->progs.xdp_analyze;
	case HOOK_TC_INGRESS:
		return l->skeleton->progs.tc_ingress;
	case HOOK_TC_EGRESS:
		return l->skeleton->progs.tc_egress;
	default:
		return NULL;
	}
}

static int loader_choose(struct loader *l, unsigned int hooks)
{
	int err = 0;

	for (unsigned int hook = 0; hook < HOOKS && !err; hook++)
		err = bpf_program__set_autoload(loader_program(l, hook), hooks & 1U << hook);
	return err;
}

/*
 * Native XDP meets frames of several buffers where the MTU is large, and has to say that it
 * can. Generic XDP is given whole frames if it does not say so; if it does, some kernels (6.18
 * does) hand frames to the TC filters behind it, ours and others', that have their link header
 * not where they begin.
 */
static int loader_frames(struct loader *l, const struct options *o)
{
	return bpf_program__set_flags(l->skeleton->progs.xdp_analyze,
				      o->generic ? 0 : BPF_F_XDP_HAS_FRAGS);
}

/* The maps that say something beyond one packet: their names, and where their descriptors are kept. */
static const struct loader_map {
	const char *name;
	size_t at;
} loader_maps[] = {
	{ "flows", offsetof(struct loader, tables.flows) },
	{ "pending", offsetof(struct loader, tables.pending) },
	{ "endpoints", offsetof(struct loader, tables.endpoints) },
	{ "counters", offsetof(struct loader, tables.counters) },
	{ "locals", offsetof(struct loader, locals) },
	{ "linktypes", offsetof(struct loader, linktypes) },
	{ "control", offsetof(struct loader, control) },
	{ "events", offsetof(struct loader, events) },
};

#define LOADER_MAPS (sizeof(loader_maps) / sizeof(loader_maps[0]))

static int *loader_descriptor(struct loader *l, size_t i)
{
	return (int *)((char *)l + loader_maps[i].at);
}

static void loader_descriptors(struct loader *l, unsigned int hooks)
{
	for (unsigned int hook = 0; hook < HOOKS; hook++) {
		if (hooks & 1U << hook)
			l->programs[hook] = bpf_program__fd(loader_program(l, hook));
	}
	for (size_t i = 0; i < LOADER_MAPS; i++)
		*loader_descriptor(l, i) =
			bpf_object__find_map_fd_by_name(l->skeleton->obj, loader_maps[i].name);
}

/* Whether a pinned map can stand for one that is about to be made. */
static bool loader_fits(const struct bpf_map *map, int pinned)
{
	struct bpf_map_info info = { 0 };
	__u32 size = sizeof(info);

	return !bpf_obj_get_info_by_fd(pinned, &info, &size) && info.type == bpf_map__type(map) &&
	       info.key_size == bpf_map__key_size(map) &&
	       info.value_size == bpf_map__value_size(map) &&
	       info.max_entries == bpf_map__max_entries(map);
}

/* The pinned maps in place of new ones, all or none. 0 or -errno; none: l->reused is false. */
static int loader_reuse(struct loader *l, const char *dir)
{
	int pinned[LOADER_MAPS], err = 0;
	size_t n = 0;

	for (; n < LOADER_MAPS; n++) {
		pinned[n] = pins_get(dir, PINS_MAPS, loader_maps[n].name);
		if (pinned[n] < 0)
			break;
		if (!loader_fits(bpf_object__find_map_by_name(l->skeleton->obj,
							      loader_maps[n].name),
				 pinned[n])) {
			close(pinned[n]);
			break;
		}
	}
	l->reused = n == LOADER_MAPS;
	for (size_t i = 0; i < n; i++) {
		if (l->reused && !err)
			err = bpf_map__reuse_fd(bpf_object__find_map_by_name(l->skeleton->obj,
									     loader_maps[i].name),
						pinned[i]);
		close(pinned[i]);
	}
	return err;
}

static int loader_control(const struct loader *l)
{
	__u32 zero = 0;

	return bpf_map_update_elem(l->control, &zero, &l->switches, BPF_ANY);
}

/* over: a folder of pinned maps of that layout, or 0. */
static int loader_load(struct loader *l, const struct options *o, const char *over, __u64 layout)
{
	int err;

	l->skeleton = wscope__open();
	if (!l->skeleton)
		return -errno;
	l->skeleton->rodata->cfg = o->config;
	err = loader_sizes(l, o);
	if (!err)
		err = loader_choose(l, o->hooks);
	if (!err)
		err = loader_frames(l, o);
	l->layout = layout_of(bpf_object__btf(l->skeleton->obj));
	if (!err && over && layout && layout == l->layout)
		err = loader_reuse(l, over);
	if (!err)
		err = wscope__load(l->skeleton);
	if (err)
		return err;
	loader_descriptors(l, o->hooks);
	owner_self(&l->switches.owner);
	return loader_control(l);
}

int loader_open(struct loader **out, const struct options *o)
{
	return loader_open_over(out, o, NULL, 0);
}

int loader_open_over(struct loader **out, const struct options *o, const char *dir, __u64 layout)
{
	struct loader *l = calloc(1, sizeof(*l));
	libbpf_print_fn_t before;
	int err;

	*out = l;
	if (!l)
		return -ENOMEM;
	for (unsigned int hook = 0; hook < HOOKS; hook++)
		l->programs[hook] = -1;
	loader_log = open_memstream(&l->log, &l->log_size);
	before = libbpf_set_print(loader_print);
	err = loader_load(l, o, dir, layout);
	libbpf_set_print(before);
	if (loader_log)
		fclose(loader_log);
	loader_log = NULL;
	return err;
}

int loader_pin(const struct loader *l, const char *dir)
{
	int err = 0;

	for (size_t i = 0; i < LOADER_MAPS && !err; i++)
		err = pins_put(dir, PINS_MAPS, loader_maps[i].name,
			       *loader_descriptor((struct loader *)l, i));
	return err;
}

bool loader_is_pinned(const char *dir)
{
	bool all = true;

	for (size_t i = 0; i < LOADER_MAPS; i++)
		all &= pins_has(dir, PINS_MAPS, loader_maps[i].name);
	return all;
}

__u64 loader_layout(void)
{
	struct wscope *w = wscope__open();
	__u64 layout = w ? layout_of(bpf_object__btf(w->obj)) : 0;

	wscope__destroy(w);
	return layout;
}

static __u32 loader_size_of(int map)
{
	struct bpf_map_info info = { 0 };
	__u32 size = sizeof(info);

	return bpf_obj_get_info_by_fd(map, &info, &size) ? 0 : info.max_entries;
}

int loader_open_pinned(struct loader **out, const char *dir)
{
	struct loader *l = calloc(1, sizeof(*l));
	__u32 zero = 0;
	int err = 0;

	*out = l;
	if (!l)
		return -ENOMEM;
	for (unsigned int hook = 0; hook < HOOKS; hook++)
		l->programs[hook] = -1;
	for (size_t i = 0; i < LOADER_MAPS; i++)
		*loader_descriptor(l, i) = -1;
	for (size_t i = 0; i < LOADER_MAPS && !err; i++) {
		*loader_descriptor(l, i) = pins_get(dir, PINS_MAPS, loader_maps[i].name);
		err = *loader_descriptor(l, i) < 0 ? *loader_descriptor(l, i) : 0;
	}
	if (!err)
		err = bpf_map_lookup_elem(l->control, &zero, &l->switches);
	if (err)
		return err;
	l->flows = loader_size_of(l->tables.flows);
	l->pending = loader_size_of(l->tables.pending);
	l->endpoints = loader_size_of(l->tables.endpoints);
	return 0;
}

void loader_close(struct loader *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < LOADER_MAPS && !l->skeleton; i++) {
		if (*loader_descriptor(l, i) > 0)
			close(*loader_descriptor(l, i));
	}
	wscope__destroy(l->skeleton);
	free(l->log);
	free(l);
}

int loader_switch(struct loader *l, bool off)
{
	l->switches.off = off;
	return loader_control(l);
}

int loader_linktype(struct loader *l, __u32 ifindex, __u32 linktype)
{
	int err = bpf_map_update_elem(l->linktypes, &ifindex, &linktype, BPF_ANY);

	if (err)
		return err;
	l->switches.linktypes = 1;
	return loader_control(l);
}

const char *loader_log_tail(const struct loader *l, unsigned int n)
{
	const char *p;

	if (!l || !l->log || !l->log_size)
		return "";
	p = l->log + l->log_size;
	if (p[-1] == '\n')
		p--;
	while (p > l->log) {
		if (p[-1] == '\n' && !--n)
			break;
		p--;
	}
	return p;
}
