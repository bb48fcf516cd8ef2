// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/xdp_plan.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "userspace/names.h"

static void plan_is(struct xdp_plan *out, enum xdp_way way, const char *why)
{
	out->way = way;
	snprintf(out->why, sizeof(out->why), "%s", why);
}

static int plan_probe(struct xdp_probe *probe)
{
	if (!probe->asked)
		probe->err = dispatcher_probe(probe->why);
	probe->asked = true;
	return probe->err;
}

/* Programs that are there to stay: those that a dead run left are removed before attaching. */
static unsigned int plan_staying(const struct dispatcher *there)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < there->n; i++)
		n += !there->programs[i].ours || there->programs[i].owner != OWNER_GONE;
	/* An empty one is somebody's, too. */
	return there->n ? n : 1;
}

/* Somebody's dispatcher: join it, if that can be. */
static void plan_join(struct xdp_plan *out, struct xdp_probe *probe, const struct options *o)
{
	const struct attach_xdp *hook = &out->there.hook;
	bool generic = hook->mode == ATTACH_MODE_GENERIC;
	const char *why = NULL;
	char head[96];

	if (o->xdp_single)
		why = "--xdp-single would not join it";
	else if (out->there.n == DISPATCHER_PROGRAMS)
		why = "it is full";
	else if (generic != o->generic)
		why = generic ? "it is in generic mode: --mode generic joins it"
			      : "it is in native mode: --mode native joins it";
	else if (plan_probe(probe))
		why = probe->why;
	if (!why) {
		plan_is(out, XDP_DISPATCHER, "");
		return;
	}
	snprintf(head, sizeof(head), "a dispatcher (id %u, %s) with %u program%s is there already",
		 hook->program, names_of(NAMES_MODE, hook->mode), out->there.n,
		 out->there.n == 1 ? "" : "s");
	out->way = XDP_REFUSED;
	snprintf(out->why, sizeof(out->why), "%s, and %s", head, why);
}

static void plan_occupied(struct xdp_plan *out)
{
	const struct attach_xdp *hook = &out->there.hook;

	out->way = XDP_REFUSED;
	if (!*hook->name)
		snprintf(out->why, sizeof(out->why), "another program is there already");
	else
		snprintf(out->why, sizeof(out->why), "program '%s' (id %u, %s) is there already",
			 hook->name, hook->program, names_of(NAMES_MODE, hook->mode));
}

/* Whether a driver takes programs into its hardware, tried with one that passes everything. */
static int plan_probe_offload(int ifindex)
{
	const struct bpf_insn pass[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .prog_ifindex = (__u32)ifindex);
	int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "offload_probe", "Dual BSD/GPL", pass,
			       sizeof(pass) / sizeof(pass[0]), &opts);

	if (fd < 0)
		return fd == -EINVAL ? -EOPNOTSUPP : fd;
	close(fd);
	return 0;
}

/* The kernel lets programs in hardware have arrays and hashes only: bpf_map_offload_map_alloc(). */
static void plan_offload(struct xdp_plan *out, int ifindex)
{
	int err = plan_probe_offload(ifindex);

	out->way = XDP_REFUSED;
	if (err)
		snprintf(out->why, sizeof(out->why), "its driver offloads no XDP programs (%s)",
			 strerror(-err));
	else
		plan_is(out, XDP_REFUSED,
			"its driver offloads XDP programs, but the kernel none that have LRU maps "
			"and a ring buffer, as wscope's do");
}

int xdp_plan(struct xdp_plan *out, struct xdp_probe *probe, int ifindex, const struct options *o)
{
	int err;

	memset(out, 0, sizeof(*out));
	err = dispatcher_query(&out->there, ifindex);
	if (err)
		return err;
	if (out->there.is_dispatcher && plan_staying(&out->there))
		plan_join(out, probe, o);
	else if (out->there.there && !out->there.is_dispatcher)
		plan_occupied(out);
	else if (o->offload)
		plan_offload(out, ifindex);
	else if (o->xdp_single)
		plan_is(out, XDP_SINGLE, "--xdp-single");
	else if (plan_probe(probe))
		plan_is(out, XDP_SINGLE, probe->why);
	else
		plan_is(out, XDP_DISPATCHER, "");
	return 0;
}
