/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The command `wscope compare`. */
#ifndef PCAP_REPLAY_COMPARE_H
#define PCAP_REPLAY_COMPARE_H

#include "userspace/options.h"

/* Compares the two captures of o->files and prints what lies between; returns an exit status. */
int compare_run(const struct options *o);

#endif
