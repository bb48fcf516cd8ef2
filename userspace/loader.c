// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/loader.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "platform/live.h"
#include "userspace/owner.h"
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

static void loader_descriptors(struct loader *l, unsigned int hooks)
{
	const struct wscope *w = l->skeleton;

	for (unsigned int hook = 0; hook < HOOKS; hook++) {
		if (hooks & 1U << hook)
			l->programs[hook] = bpf_program__fd(loader_program(l, hook));
	}
	l->tables.flows = bpf_map__fd(w->maps.flows);
	l->tables.pending = bpf_map__fd(w->maps.pending);
	l->tables.endpoints = bpf_map__fd(w->maps.endpoints);
	l->tables.counters = bpf_map__fd(w->maps.counters);
	l->locals = bpf_map__fd(w->maps.locals);
	l->linktypes = bpf_map__fd(w->maps.linktypes);
	l->control = bpf_map__fd(w->maps.control);
	l->events = bpf_map__fd(w->maps.events);
}

static int loader_control(const struct loader *l)
{
	__u32 zero = 0;

	return bpf_map_update_elem(l->control, &zero, &l->switches, BPF_ANY);
}

static int loader_load(struct loader *l, const struct options *o)
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
	err = loader_load(l, o);
	libbpf_set_print(before);
	if (loader_log)
		fclose(loader_log);
	loader_log = NULL;
	return err;
}

void loader_close(struct loader *l)
{
	if (!l)
		return;
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
