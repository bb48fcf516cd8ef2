/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#include "platform/native.h"
#include "tests/unit/hook_runner.h"
#include "userspace/snapshot.h"
#include "wscope.skel.h"

/* The kernel refuses shorter frames of some kinds on the TC hook. */
#define SHORTEST 54U
#define ENTRIES  4096

struct hook_runner {
	struct wscope *skel;
	bool shared;               /* skel is somebody else's */
	struct scratch *scratches; /* one per CPU */
	int cpus;
	enum hook hook;
	int program;
	__u8 in[sizeof(struct replay_meta) + ENGINE_WINDOW];
	__u8 out[sizeof(struct replay_meta) + ENGINE_WINDOW];
};

static int quiet(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

/* Whatever else runs: the scratch that is read afterwards is this CPU's. */
static void stay_on_one_cpu(void)
{
	int cpu = sched_getcpu();
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)(cpu < 0 ? 0 : cpu), &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static int load(struct hook_runner *r, const struct engine_config *config, __u32 entries)
{
	struct bpf_program *programs[HOOKS];
	int err;

	libbpf_set_print(quiet);
	r->skel = wscope__open();
	if (!r->skel)
		return -errno;
	r->skel->rodata->cfg = *config;
	r->skel->rodata->cfg.replay = 1;
	programs[HOOK_XDP] = r->skel->progs.xdp_analyze;
	programs[HOOK_TC_INGRESS] = r->skel->progs.tc_ingress;
	programs[HOOK_TC_EGRESS] = r->skel->progs.tc_egress;
	for (unsigned int i = 0; i < HOOKS; i++)
		bpf_program__set_autoload(programs[i], i == r->hook);
	bpf_map__set_max_entries(r->skel->maps.flows, entries);
	bpf_map__set_max_entries(r->skel->maps.pending, entries);
	bpf_map__set_max_entries(r->skel->maps.endpoints, entries);
	err = wscope__load(r->skel);
	if (!err)
		r->program = bpf_program__fd(programs[r->hook]);
	return err;
}

int hook_runner_open(struct hook_runner **out, enum hook hook, const struct engine_config *config)
{
	return hook_runner_open_sized(out, hook, config, ENTRIES);
}

int hook_runner_open_sized(struct hook_runner **out, enum hook hook,
			   const struct engine_config *config, __u32 entries)
{
	struct hook_runner *r = calloc(1, sizeof(*r));
	int err = -ENOMEM;

	*out = NULL;
	if (!r)
		return err;
	r->hook = hook;
	r->cpus = libbpf_num_possible_cpus();
	if (r->cpus > 0)
		r->scratches = calloc((size_t)r->cpus, sizeof(*r->scratches));
	if (r->scratches)
		err = load(r, config, entries);
	if (err) {
		hook_runner_close(r);
		return err;
	}
	stay_on_one_cpu();
	*out = r;
	return 0;
}

int hook_runner_share(struct hook_runner **out, const struct hook_runner *of)
{
	struct hook_runner *r = calloc(1, sizeof(*r));

	*out = r;
	if (!r)
		return -ENOMEM;
	r->skel = of->skel;
	r->shared = true;
	r->hook = of->hook;
	r->program = of->program;
	return 0;
}

struct snapshot_maps hook_runner_maps(const struct hook_runner *r)
{
	return (struct snapshot_maps){
		.flows = bpf_map__fd(r->skel->maps.flows),
		.pending = bpf_map__fd(r->skel->maps.pending),
		.endpoints = bpf_map__fd(r->skel->maps.endpoints),
		.counters = bpf_map__fd(r->skel->maps.counters),
	};
}

static int run_xdp(struct hook_runner *r, __u32 len)
{
	struct xdp_md ctx = { .data = sizeof(struct replay_meta), .data_end = len };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = r->in, .data_size_in = len,
		    .data_out = r->out, .data_size_out = sizeof(r->out), .ctx_in = &ctx,
		    .ctx_size_in = sizeof(ctx));
	int err = bpf_prog_test_run_opts(r->program, &opts);

	if (err)
		return err;
	if (opts.retval != XDP_PASS)
		return -EPROTO;
	return opts.data_size_out == len && !memcmp(r->in, r->out, len) ? 0 : -EILSEQ;
}

static int run_tc(struct hook_runner *r, const struct replay_meta *meta, __u32 len)
{
	const __u8 *frame = r->in + sizeof(*meta);
	struct __sk_buff ctx = {
		.mark = meta->wirelen,
		.priority = meta->ifindex,
		.cb = { (__u32)meta->ns, (__u32)(meta->ns >> 32), (__u32)meta->id,
			(__u32)(meta->id >> 32), (__u32)meta->linktype << 16 | meta->caplen },
	};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = len,
		    .data_out = r->out, .data_size_out = sizeof(r->out), .ctx_in = &ctx,
		    .ctx_size_in = sizeof(ctx));
	int err = bpf_prog_test_run_opts(r->program, &opts);

	if (err)
		return err;
	if ((int)opts.retval != TC_ACT_UNSPEC)
		return -EPROTO;
	return opts.data_size_out == len && !memcmp(frame, r->out, len) ? 0 : -EILSEQ;
}

int hook_runner_frame(struct hook_runner *r, const struct packet_builder_frame *f, __u64 ns,
		      __u64 id)
{
	__u32 captured = f->caplen < ENGINE_WINDOW ? f->caplen : ENGINE_WINDOW;
	__u32 len = captured < SHORTEST ? SHORTEST : captured;
	struct replay_meta meta = {
		.ns = ns,
		.id = id,
		.wirelen = f->wirelen,
		.caplen = (__u16)captured,
		.linktype = f->linktype,
	};

	memcpy(r->in, &meta, sizeof(meta));
	if (captured)
		memcpy(r->in + sizeof(meta), f->bytes, captured);
	memset(r->in + sizeof(meta) + captured, 0, len - captured);
	if (r->hook == HOOK_XDP)
		return run_xdp(r, (__u32)sizeof(meta) + len);
	return run_tc(r, &meta, len);
}

int hook_runner_counters(struct hook_runner *r, __u64 sums[COUNTER_SLOTS])
{
	return snapshot_counters(bpf_map__fd(r->skel->maps.counters), sums);
}

/* Which counter of a skip reason went up; 0 if none. */
static __u32 skipped(const __u64 before[COUNTER_SLOTS], const __u64 after[COUNTER_SLOTS])
{
	for (__u32 i = COUNTER_FIRST_SKIP; i < COUNTERS; i++)
		if (after[i] != before[i])
			return i;
	return 0;
}

int hook_runner_facts(struct hook_runner *r, const struct packet_builder_frame *f, __u64 ns,
		      __u64 id, struct engine_facts *facts)
{
	__u64 before[COUNTER_SLOTS], after[COUNTER_SLOTS];
	__u32 index = r->hook;
	int err;

	memset(facts, 0, sizeof(*facts));
	err = hook_runner_counters(r, before);
	if (!err)
		err = hook_runner_frame(r, f, ns, id);
	if (!err)
		err = hook_runner_counters(r, after);
	if (!err)
		err = bpf_map_lookup_elem(bpf_map__fd(r->skel->maps.scratches), &index,
					  r->scratches);
	if (err)
		return err;
	facts->skip = skipped(before, after);
	for (int i = 0; i < r->cpus; i++) {
		if (r->scratches[i].pkt.id != id)
			continue;
		facts->pkt = r->scratches[i].pkt;
		return 0;
	}
	return -ENODATA;
}

void hook_runner_close(struct hook_runner *r)
{
	if (!r)
		return;
	if (!r->shared)
		wscope__destroy(r->skel);
	free(r->scratches);
	free(r);
}
