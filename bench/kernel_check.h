/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* That the measured programs did their work: a program that gives up early would look fast. */
#ifndef BENCH_KERNEL_CHECK_H
#define BENCH_KERNEL_CHECK_H

#include "bench/trial.h"

/* Descriptors of the maps. */
struct kernel_tables {
	int flows;
	int pending;
	int counters;
	int touched;
};

struct kernel_before {
	__u64 inserts; /* into `pending` */
};

/* Empties the tables of connections. 0 or -errno. */
int kernel_check_clear(const struct kernel_tables *t);

/* The same, and remembers what the counters say. */
int kernel_check_begin(const struct kernel_tables *t, struct kernel_before *before);

/*
 * Data: one connection, confirmed, with every segment counted and none taken for a retransmission.
 * SYN: as many entries made as SYNs were sent. 0, -EBADMSG when it is not so, or -errno.
 */
int kernel_check_end(const struct kernel_tables *t, const struct kernel_before *before, bool syn,
		     const struct trial *touch, const struct trial *wscope);

/* Reports an entry's size, and what one takes in the kernel's memory all told. 0 or -errno. */
int kernel_check_entry(const char *name, int map_fd);

#endif
