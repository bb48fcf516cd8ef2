// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * pass, touch and wscope take turns on the same frame, many short runs each; the smallest duration
 * of each counts. All three are reached through the same step program, whose cost is therefore in
 * pass, and taken off by the ratio. The touch of an IPv6 frame is the one that parses IPv6 and folds
 * the addresses into its 12-byte key.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/kernel.h"
#include "bench/kernel_check.h"
#include "bench/report.h"
#include "bench/trial.h"
#include "engine/config.h"
#include "engine/packet.h"

#include "bench/pass.skel.h"
#include "bench/step.skel.h"
#include "bench/touch.skel.h"
#include "wscope.skel.h"

enum subject { SUBJECT_PASS, SUBJECT_TOUCH, SUBJECT_WSCOPE, SUBJECTS };

static const char *const subject_names[SUBJECTS] = { "pass", "touch", "wscope" };

enum kernel_hook { KERNEL_XDP, KERNEL_TC_INGRESS, KERNEL_TC_EGRESS, KERNEL_HOOKS };

static const char *const hook_names[KERNEL_HOOKS] = { "xdp", "tc-ingress", "tc-egress" };

struct kernel_bench {
	struct pass *pass;
	struct step *step;
	struct touch *touch;
	struct wscope *wscope;
	struct trial_hook hooks[KERNEL_HOOKS];
	int subjects[KERNEL_HOOKS][SUBJECTS];
	struct trial trials[SUBJECTS];
};

/* Smallest durations of a packet, in ns, over all passes. */
struct kernel_best {
	__u32 ns[SUBJECTS];
};

/* Frames by what they are; target 0: only told, not judged. */
struct kernel_case {
	const char *name;
	double target;
	bool ipv6;
	bool syn;
	bool full; /* SYN: the tables are full, each one evicts another */
	bool sack;
};

static const struct kernel_case cases[] = {
	{ .name = "data-ipv4", .target = 2.3 },
	{ .name = "data-ipv6", .target = 2.7, .ipv6 = true },
	{ .name = "syn-ipv4", .target = 4, .syn = true },
	{ .name = "syn-ipv6", .target = 4, .syn = true, .ipv6 = true },
	{ .name = "syn-ipv4-full", .target = 4, .syn = true, .full = true },
	{ .name = "data-ipv4-sack", .sack = true },
};

#define CASES (sizeof(cases) / sizeof(cases[0]))

/*
 * A pass measures every case in rounds, in which the subjects take turns for a few ms. Short runs
 * find an undisturbed moment; several passes outlast a disturbance of seconds. Each test run of an
 * XDP program costs some 20 ms of waiting beside it (for RCU, twice), which bounds the rounds.
 */
struct kernel_effort {
	__u32 passes;
	__u32 data_rounds;
	__u32 syn_rounds;
};

static const struct kernel_effort effort_full = { 3, 40, 10 }, effort_quick = { 2, 12, 3 };

/*
 * Packets a run. SYNs: enough entries that they are not in the cache from the last run, which none
 * is when connections come and go in earnest, and fewer than a table holds.
 */
#define REPEAT 20000U
/* Packets before the measurement, and SYNs that fill every table. */
#define WARM_UP 1000U
#define FILL    140000U

#define CLIENT_ISN 1000000U
#define SERVER_ISN 5000000U

static int kernel_load(struct kernel_bench *b)
{
	b->wscope = wscope__open();
	if (!b->wscope)
		return -errno;
	b->wscope->rodata->cfg.replay = 0;
	/* As native XDP has it; a tail call wants all of one kind. */
	if (bpf_program__set_flags(b->wscope->progs.xdp_analyze, BPF_F_XDP_HAS_FRAGS) ||
	    wscope__load(b->wscope))
		return -errno;
	b->pass = pass__open_and_load();
	b->step = b->pass ? step__open_and_load() : NULL;
	b->touch = b->step ? touch__open() : NULL;
	if (!b->touch)
		return -errno;
	/* A table as large as the product's, so that both miss the caches alike. */
	bpf_map__set_max_entries(b->touch->maps.touched,
				 bpf_map__max_entries(b->wscope->maps.pending));
	return touch__load(b->touch) ? -errno : 0;
}

static void kernel_hooks(struct kernel_bench *b)
{
	for (int i = 0; i < KERNEL_HOOKS; i++) {
		bool xdp = i == KERNEL_XDP;
		struct bpf_program *wscope = xdp                      ? b->wscope->progs.xdp_analyze
					     : i == KERNEL_TC_INGRESS ? b->wscope->progs.tc_ingress
								      : b->wscope->progs.tc_egress;

		b->hooks[i].step_fd =
			bpf_program__fd(xdp ? b->step->progs.xdp_step : b->step->progs.tc_step);
		b->hooks[i].subject_fd =
			bpf_map__fd(xdp ? b->step->maps.xdp_subject : b->step->maps.tc_subject);
		b->hooks[i].verdict = xdp ? XDP_PASS : (__u32)-1 /* TC_ACT_UNSPEC */;
		b->subjects[i][SUBJECT_PASS] =
			bpf_program__fd(xdp ? b->pass->progs.xdp_pass : b->pass->progs.tc_pass);
		b->subjects[i][SUBJECT_TOUCH] =
			bpf_program__fd(xdp ? b->touch->progs.xdp_touch : b->touch->progs.tc_touch);
		b->subjects[i][SUBJECT_WSCOPE] = bpf_program__fd(wscope);
	}
}

int kernel_open(struct kernel_bench **out)
{
	struct kernel_bench *b = calloc(1, sizeof(*b));
	int err;

	*out = NULL;
	if (!b)
		return -ENOMEM;
	err = kernel_load(b);
	if (err) {
		kernel_close(b);
		return err;
	}
	kernel_hooks(b);
	*out = b;
	return 0;
}

void kernel_close(struct kernel_bench *b)
{
	if (!b)
		return;
	touch__destroy(b->touch);
	step__destroy(b->step);
	pass__destroy(b->pass);
	wscope__destroy(b->wscope);
	free(b);
}

/* The frame of a case; each case and hook has its own client network. */
static struct frame kernel_frame(const struct kernel_case *c, __u32 network)
{
	struct frame f = {
		.src = 0x0a000000 | network << 16,
		.dst = 0xc0000201, /* 192.0.2.1 */
		.sport = 40000,
		.dport = 443,
		.seq = CLIENT_ISN,
		.tsval = 100000,
		.window = 64240,
		.flags = TCP_SYN,
		.wscale = 7,
		.ipv6 = c->ipv6,
	};

	if (c->syn)
		return f;
	f.seq = CLIENT_ISN + 1;
	f.ack = SERVER_ISN + 1;
	f.tsecr = 200000;
	f.window = 502;
	f.flags = TCP_ACK;
	f.payload = 1400;
	f.sack = c->sack;
	return f;
}

/* SYN, SYN-ACK and ACK of the connection that the data belongs to. */
static int kernel_establish(const struct trial_hook *hook, int prog_fd, const struct frame *data)
{
	struct frame f = *data;
	int err;

	f.payload = 0;
	f.sack = false;
	f.wscale = 7;
	f.flags = TCP_SYN;
	f.seq = CLIENT_ISN;
	f.ack = 0;
	err = trial_once(hook, prog_fd, &f);
	if (err)
		return err;
	f.flags = TCP_SYN | TCP_ACK;
	f.seq = SERVER_ISN;
	f.ack = CLIENT_ISN + 1;
	f.src = data->dst;
	f.dst = data->src;
	f.sport = data->dport;
	f.dport = data->sport;
	err = trial_once(hook, prog_fd, &f);
	if (err)
		return err;
	f = *data;
	f.payload = 0;
	f.sack = false;
	return trial_once(hook, prog_fd, &f);
}

/* Turns of all subjects; afterwards best_ns of each trial is the best of them. */
static int kernel_rounds(struct kernel_bench *b, const struct kernel_case *c,
			 const struct kernel_tables *tables, __u32 rounds)
{
	__u32 warm_up = c->full ? FILL : WARM_UP;

	for (__u32 round = 0; round <= rounds; round++) {
		int err = c->syn && !c->full ? kernel_check_clear(tables) : 0;

		if (err)
			return err;
		for (int s = 0; s < SUBJECTS; s++) {
			err = trial_run(&b->trials[s], round ? REPEAT : warm_up);
			if (err) {
				fprintf(stderr, "bench: %s on %s: %s\n", subject_names[s], c->name,
					err == -EBADMSG ? "the frame did not pass unchanged"
							: strerror(-err));
				return err;
			}
			if (!round)
				b->trials[s].best_ns = ~0U;
		}
	}
	return 0;
}

static void kernel_report(const struct kernel_best *best, const char *hook,
			  const struct kernel_case *c)
{
	double pass = best->ns[SUBJECT_PASS];
	double touch = best->ns[SUBJECT_TOUCH];
	double wscope = best->ns[SUBJECT_WSCOPE];
	char name[64];

	snprintf(name, sizeof(name), "%s-%s", hook, c->name);
	if (c->target != 0)
		report_ratio(name, (wscope - pass) / (touch - pass), c->target);
	else
		report_figure(name, (wscope - pass) / (touch - pass), "times touch");
	for (int s = 0; s < SUBJECTS; s++) {
		snprintf(name, sizeof(name), "%s-%s-%s", hook, c->name, subject_names[s]);
		report_figure(name, best->ns[s], "ns/packet");
	}
}

static void kernel_set_step(struct step *step, const struct frame *f)
{
	struct trial_step fields;

	trial_step_of(f, &fields);
	step->bss->step_bytes = fields.bytes;
	step->bss->step_seq = fields.seq;
	step->bss->step_port = fields.port;
	step->bss->step_address = fields.address;
}

static int kernel_case(struct kernel_bench *b, int hook, const struct kernel_case *c,
		       const struct kernel_effort *effort, struct kernel_best *best)
{
	struct frame f = kernel_frame(c, (__u32)(hook * (int)CASES + (int)(c - cases)) + 1);
	const struct kernel_tables tables = {
		.flows = bpf_map__fd(b->wscope->maps.flows),
		.pending = bpf_map__fd(b->wscope->maps.pending),
		.counters = bpf_map__fd(b->wscope->maps.counters),
		.touched = bpf_map__fd(b->touch->maps.touched),
	};
	struct kernel_before before;
	int err;

	err = kernel_check_begin(&tables, &before);
	if (!err && !c->syn)
		err = kernel_establish(&b->hooks[hook], b->subjects[hook][SUBJECT_WSCOPE], &f);
	if (err)
		return err;
	for (int s = 0; s < SUBJECTS; s++)
		trial_start(&b->trials[s], &b->hooks[hook], b->subjects[hook][s], &f);
	kernel_set_step(b->step, &f);
	err = kernel_rounds(b, c, &tables, c->syn ? effort->syn_rounds : effort->data_rounds);
	if (err)
		return err;
	err = kernel_check_end(&tables, &before, c->syn, &b->trials[SUBJECT_TOUCH],
			       &b->trials[SUBJECT_WSCOPE]);
	if (err)
		fprintf(stderr, "bench: %s-%s: the tables do not hold what was sent\n",
			hook_names[hook], c->name);
	for (int s = 0; s < SUBJECTS; s++)
		if (b->trials[s].best_ns < best->ns[s])
			best->ns[s] = b->trials[s].best_ns;
	return err;
}

static int kernel_passes(struct kernel_bench *b, const struct kernel_effort *effort)
{
	struct kernel_best best[KERNEL_HOOKS][CASES];
	int err = 0;

	memset(best, 0xff, sizeof(best));
	for (__u32 pass = 0; pass < effort->passes; pass++)
		for (int hook = 0; hook < KERNEL_HOOKS; hook++)
			for (size_t i = 0; i < CASES && !err; i++)
				err = kernel_case(b, hook, &cases[i], effort, &best[hook][i]);
	if (err)
		return err;
	for (int hook = 0; hook < KERNEL_HOOKS; hook++)
		for (size_t i = 0; i < CASES; i++)
			kernel_report(&best[hook][i], hook_names[hook], &cases[i]);
	return 0;
}

int kernel_run(struct kernel_bench *b, bool quick)
{
	cpu_set_t before, one;
	int cpu = sched_getcpu(), err;

	/* One CPU: the tables' free lists and the scratch are per CPU. */
	CPU_ZERO(&one);
	CPU_SET(cpu < 0 ? 0 : (size_t)cpu, &one);
	if (sched_getaffinity(0, sizeof(before), &before) ||
	    sched_setaffinity(0, sizeof(one), &one))
		return -errno;
	err = kernel_passes(b, quick ? &effort_quick : &effort_full);
	sched_setaffinity(0, sizeof(before), &before);
	return err;
}

int kernel_memory(const struct kernel_bench *b)
{
	int err = kernel_check_entry("flows", bpf_map__fd(b->wscope->maps.flows));

	if (!err)
		err = kernel_check_entry("pending", bpf_map__fd(b->wscope->maps.pending));
	return err ? err : kernel_check_entry("endpoints", bpf_map__fd(b->wscope->maps.endpoints));
}
