/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The programs in the kernel, by BPF_PROG_TEST_RUN, against two small ones (pass, touch). */
#ifndef BENCH_KERNEL_H
#define BENCH_KERNEL_H

#include <stdbool.h>

struct kernel_bench;

/*
 * Loads the product's programs and the bench's own. 0 or -errno; *out is to be closed with
 * kernel_close() and NULL on failure. -EPERM: no privilege.
 */
int kernel_open(struct kernel_bench **out);

/*
 * Measures every frame on every hook and reports r = (wscope - pass) / (touch - pass) for each.
 * 0, or -errno with one line on stderr when a program did not do what is measured.
 */
int kernel_run(struct kernel_bench *b, bool quick);

/* Reports what an entry of the kernel's tables costs. 0 or -errno. */
int kernel_memory(const struct kernel_bench *b);

/* Accepts NULL. */
void kernel_close(struct kernel_bench *b);

#endif
