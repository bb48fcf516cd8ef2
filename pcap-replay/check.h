/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* `wscope check`: captures and expectations in, what holds out. */
#ifndef PCAP_REPLAY_CHECK_H
#define PCAP_REPLAY_CHECK_H

#include "userspace/options.h"

/* Reads, judges and prints to stdout; complaints go to stderr. Returns an exit status. */
int check_run(const struct options *o);

#endif
