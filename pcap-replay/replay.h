/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* `wscope replay`: captures in, a report out. */
#ifndef PCAP_REPLAY_REPLAY_H
#define PCAP_REPLAY_REPLAY_H

#include "userspace/options.h"

/* Reads, analyses and prints to stdout; complaints go to stderr. Returns an exit status. */
int replay_run(const struct options *o);

#endif
