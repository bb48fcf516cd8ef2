/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* `wscope live --compare`: what the box between two interfaces of this host changes, while it runs. */
#ifndef PCAP_REPLAY_COMPARE_LIVE_H
#define PCAP_REPLAY_COMPARE_LIVE_H

#include "userspace/options.h"

/*
 * Captures on the two interfaces of o, by packet sockets, until it is interrupted or the time is
 * over, and says what lies between: at intervals and at the end. Returns an exit status.
 */
int compare_live(const struct options *o);

#endif
