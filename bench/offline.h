/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* `wscope replay` on generated captures: time against libpcap and other tools, and memory. */
#ifndef BENCH_OFFLINE_H
#define BENCH_OFFLINE_H

#include <stdbool.h>

/* What to run and where to keep the captures. */
struct offline {
	const char *wscope;
	const char *self; /* this program, for the empty loop in a process of its own */
	const char *dir;
	bool quick;
};

/* Each makes the captures it needs first. 0, or -errno with one line on stderr. */
int offline_time(const struct offline *o);
int offline_tools(const struct offline *o);
int offline_memory(const struct offline *o);

#endif
