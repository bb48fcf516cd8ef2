// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/dispatcher.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <xdp/libxdp.h>

#include "userspace/dispatcher_pins.h"
#include "wscope.skel.h"

#define DISPATCHER_PROGRAM "xdp_analyze"

struct dispatcher_object {
	struct wscope *skeleton;
	struct xdp_program *program;
};

/* What libxdp and libbpf say is said by us, where it matters. */
struct dispatcher_silence {
	libbpf_print_fn_t libbpf;
	libxdp_print_fn_t libxdp;
};

static int dispatcher_say_nothing(enum libxdp_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

static void dispatcher_silence_begin(struct dispatcher_silence *s)
{
	s->libbpf = libbpf_set_print(NULL);
	s->libxdp = libxdp_set_print(dispatcher_say_nothing);
}

static void dispatcher_silence_end(const struct dispatcher_silence *s)
{
	libbpf_set_print(s->libbpf);
	libxdp_set_print(s->libxdp);
}

static enum xdp_attach_mode dispatcher_mode(bool generic)
{
	return generic ? XDP_MODE_SKB : XDP_MODE_NATIVE;
}

static void dispatcher_read_program(struct dispatcher_program *out, const struct xdp_program *p)
{
	const char *name = xdp_program__name(p);
	struct live_owner owner;

	memset(out, 0, sizeof(*out));
	out->id = xdp_program__id(p);
	if (name)
		strncpy(out->name, name, sizeof(out->name) - 1);
	out->priority = xdp_program__run_prio(p);
	out->ours = !owner_of_program(&owner, NULL, xdp_program__fd(p));
	if (out->ours)
		out->owner = owner_ask(&owner);
}

static int dispatcher_read(struct dispatcher *out, int ifindex)
{
	struct xdp_multiprog *all = xdp_multiprog__get_from_ifindex(ifindex);
	const struct xdp_program *p = NULL;
	long err = libxdp_get_error(all);

	if (err)
		return (int)err;
	out->is_dispatcher = !xdp_multiprog__is_legacy(all);
	while (out->is_dispatcher && out->n < DISPATCHER_PROGRAMS &&
	       (p = xdp_multiprog__next_prog(p, all)))
		dispatcher_read_program(&out->programs[out->n++], p);
	xdp_multiprog__close(all);
	return 0;
}

int dispatcher_query(struct dispatcher *out, int ifindex)
{
	struct dispatcher_silence silence;
	int err;

	memset(out, 0, sizeof(*out));
	err = attach_query_xdp(&out->hook, ifindex);
	out->there = !err && out->hook.program;
	if (err || !out->there || out->hook.mode == ATTACH_MODE_OFFLOADED)
		return err;
	dispatcher_silence_begin(&silence);
	/* A dispatcher whose pins are gone cannot be read: it is then some program like another. */
	if (dispatcher_read(out, ifindex))
		out->is_dispatcher = false;
	dispatcher_silence_end(&silence);
	return 0;
}

int dispatcher_at(const struct dispatcher *d, __u32 program)
{
	for (unsigned int i = 0; i < d->n; i++) {
		if (d->programs[i].id == program)
			return (int)i;
	}
	return -ENOENT;
}

static int dispatcher_share_maps(const struct wscope *to, const struct wscope *from)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, from->obj) {
		struct bpf_map *same = bpf_object__find_map_by_name(to->obj, bpf_map__name(map));
		int err;

		if (bpf_map__is_internal(map)) /* cfg: constants, of each object its own */
			continue;
		err = same ? bpf_map__reuse_fd(same, bpf_map__fd(map)) : -ENOENT;
		if (err)
			return err;
	}
	return 0;
}

static int dispatcher_only(const struct bpf_object *object, const struct bpf_program *wanted)
{
	struct bpf_program *p;
	int err = 0;

	bpf_object__for_each_program(p, object) {
		err = bpf_program__set_autoload(p, p == wanted);
		if (err)
			break;
	}
	return err;
}

static int dispatcher_make(struct dispatcher_object *d, bool frags)
{
	DECLARE_LIBXDP_OPTS(xdp_program_opts, opts, .obj = d->skeleton->obj,
			    .prog_name = DISPATCHER_PROGRAM);
	long err;

	d->program = xdp_program__create(&opts);
	err = libxdp_get_error(d->program);
	if (err) {
		d->program = NULL;
		return (int)err;
	}
	err = xdp_program__set_run_prio(d->program, DISPATCHER_PRIORITY);
	for (unsigned int action = XDP_ABORTED; action <= XDP_REDIRECT && !err; action++)
		err = xdp_program__set_chain_call_enabled(d->program, action, action == XDP_PASS);
	if (!err)
		err = xdp_program__set_xdp_frags_support(d->program, frags);
	return (int)err;
}

int dispatcher_open(struct dispatcher_object **out, const struct loader *l, const struct options *o)
{
	struct dispatcher_object *d = calloc(1, sizeof(*d));
	struct dispatcher_silence silence;
	int err;

	*out = d;
	if (!d)
		return -ENOMEM;
	dispatcher_silence_begin(&silence);
	d->skeleton = wscope__open();
	err = d->skeleton ? 0 : -errno;
	if (!err) {
		d->skeleton->rodata->cfg = o->config;
		err = dispatcher_share_maps(d->skeleton, l->skeleton);
	}
	if (!err)
		err = dispatcher_only(d->skeleton->obj, d->skeleton->progs.xdp_analyze);
	if (!err)
		err = dispatcher_make(d, !o->generic);
	dispatcher_silence_end(&silence);
	return err;
}

void dispatcher_close(struct dispatcher_object *d)
{
	if (!d)
		return;
	xdp_program__close(d->program);
	wscope__destroy(d->skeleton);
	free(d);
}

/* libxdp says that it is done: is it a dispatcher that the kernel has, and are we in it? */
static int dispatcher_confirm(int ifindex, __u32 program)
{
	struct dispatcher now;
	int err = dispatcher_query(&now, ifindex);

	if (err)
		return err;
	if (!now.is_dispatcher)
		return -EOPNOTSUPP;
	return dispatcher_at(&now, program) < 0 ? -ENOENT : 0;
}

int dispatcher_attach(struct attach *a, struct dispatcher_object *d, int ifindex, bool generic)
{
	enum xdp_attach_mode mode = dispatcher_mode(generic);
	struct dispatcher_silence silence;
	int err;

	memset(a, 0, sizeof(*a));
	a->hook = HOOK_XDP;
	a->ifindex = ifindex;
	a->link = -1;
	dispatcher_silence_begin(&silence);
	err = xdp_program__attach(d->program, ifindex, mode, 0);
	if (!err) {
		a->program = xdp_program__id(d->program);
		err = dispatcher_confirm(ifindex, a->program);
		if (err) /* it fell back, and is alone on the hook, or nowhere */
			xdp_program__detach(d->program, ifindex, mode, 0);
	}
	dispatcher_silence_end(&silence);
	if (!err)
		a->how = ATTACH_DISPATCHER;
	return err;
}

static int dispatcher_take_out(int ifindex, __u32 program, enum attach_mode mode)
{
	struct xdp_program *p = xdp_program__from_id(program);
	long err = libxdp_get_error(p);

	if (err)
		return (int)err;
	err = xdp_program__detach(p, ifindex, dispatcher_mode(mode == ATTACH_MODE_GENERIC), 0);
	xdp_program__close(p);
	return (int)err;
}

bool dispatcher_has(const struct attach *a)
{
	struct dispatcher now;
	int err = dispatcher_query(&now, a->ifindex);

	return err ? err != -ENODEV : dispatcher_at(&now, a->program) >= 0;
}

int dispatcher_remove(int ifindex, __u32 program)
{
	struct dispatcher_silence silence;
	struct dispatcher now;
	int err = dispatcher_query(&now, ifindex);

	dispatcher_silence_begin(&silence);
	if (!err && dispatcher_at(&now, program) >= 0)
		err = dispatcher_take_out(ifindex, program, now.hook.mode);
	dispatcher_silence_end(&silence);
	/* Where the interface is gone, or the dispatcher by force, the pins are still there. */
	if (!err || err == -ENODEV)
		dispatcher_pins_sweep(ifindex, program, false);
	return err == -ENODEV ? 0 : err;
}

int dispatcher_clean(int ifindex, bool all)
{
	struct dispatcher now;
	int removed = 0, err = dispatcher_query(&now, ifindex);

	for (unsigned int i = 0; !err && i < now.n; i++) {
		const struct dispatcher_program *p = &now.programs[i];

		if (!p->ours || (!all && p->owner != OWNER_GONE))
			continue;
		err = dispatcher_remove(ifindex, p->id);
		removed += !err;
	}
	if (!err)
		removed += dispatcher_pins_sweep(ifindex, 0, all);
	return err ? err : removed;
}
