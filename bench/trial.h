/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One program under test with its own frame, which every run moves on from where the last one ended. */
#ifndef BENCH_TRIAL_H
#define BENCH_TRIAL_H

#include "bench/frame.h"

#define TRIAL_FRAME_MAX 2048

/* The step programs of one hook and what the kernel returns for a frame that passed. */
struct trial_hook {
	int step_fd;    /* program that moves the frame and calls the subject */
	int subject_fd; /* program array with the subject in slot 0 */
	__u32 verdict;
};

struct trial {
	const struct trial_hook *hook;
	int prog_fd;
	struct frame start;
	__u8 bytes[TRIAL_FRAME_MAX];
	__u32 len;
	__u64 runs;    /* packets seen by the program so far, step by step */
	__u32 best_ns; /* smallest duration of a packet that trial_run() met */
};

/* How the frame moves: the values that the step programs are given. */
struct trial_step {
	__u32 bytes; /* added to the sequence number; 0: the port counts up, then the address */
	__u32 seq;   /* offsets */
	__u32 port;
	__u32 address;
};

/* The step that suits a frame: data moves by its payload, a SYN by its port. */
void trial_step_of(const struct frame *f, struct trial_step *step);

void trial_start(struct trial *t, const struct trial_hook *hook, int prog_fd,
		 const struct frame *f);

/*
 * Runs the program on `repeat` consecutive frames. 0, or -errno: -EBADMSG when the verdict was not
 * to pass, or the frame afterwards is not where so many steps lead.
 */
int trial_run(struct trial *t, __u32 repeat);

/* Runs the program itself, without a step, on one frame. As above. */
int trial_once(const struct trial_hook *hook, int prog_fd, const struct frame *f);

#endif
