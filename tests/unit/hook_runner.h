/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One frame at a time through a program of the kernel, by BPF_PROG_TEST_RUN. Root only. */
#ifndef WSCOPE_HOOK_RUNNER_H
#define WSCOPE_HOOK_RUNNER_H

#include "engine/config.h"
#include "engine/slots.h"
#include "tests/unit/engine_text.h"
#include "tests/unit/packet_builder.h"
#include "userspace/snapshot.h"

struct hook_runner;

/*
 * Loads the programs for replay, with small tables. 0, or -errno of the kernel (-EPERM without
 * privilege); *out is then NULL. Keeps the calling thread on one CPU.
 */
int hook_runner_open(struct hook_runner **out, enum hook hook, const struct engine_config *config);

/* The same with tables of that many entries each. */
int hook_runner_open_sized(struct hook_runner **out, enum hook hook,
			   const struct engine_config *config, __u32 entries);

/* Another one of the same programs and tables, for another thread; closed before the first. 0 or
 * -errno. */
int hook_runner_share(struct hook_runner **out, const struct hook_runner *of);

/* The tables, valid until the first one is closed. */
struct snapshot_maps hook_runner_maps(const struct hook_runner *r);

/*
 * Runs the first ENGINE_WINDOW bytes of the frame. 0; -errno of the kernel; -EPROTO when the
 * program returned anything but XDP_PASS or TC_ACT_UNSPEC; -EILSEQ when what came out is not,
 * byte by byte, what went in.
 */
int hook_runner_frame(struct hook_runner *r, const struct packet_builder_frame *f, __u64 ns,
		      __u64 id);

/* The same, and what the program made of the frame. */
int hook_runner_facts(struct hook_runner *r, const struct packet_builder_frame *f, __u64 ns,
		      __u64 id, struct engine_facts *facts);

/* Sums of the counters so far. 0 or -errno. */
int hook_runner_counters(struct hook_runner *r, __u64 sums[COUNTER_SLOTS]);

/* Accepts NULL. */
void hook_runner_close(struct hook_runner *r);

#endif
