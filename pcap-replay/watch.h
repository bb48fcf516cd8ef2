/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Everybody who is shown each segment while the packets pass. */
#ifndef PCAP_REPLAY_WATCH_H
#define PCAP_REPLAY_WATCH_H

#include "pcap-replay/plots.h"
#include "pcap-replay/series.h"

struct watch {
	struct series *series; /* or 0 */
	struct plots *plots;   /* or 0 */
};

/* One segment, for struct native's on_segment; arg is the watch. Its points are made once. */
void watch_segment(void *arg, const struct native_segment *segment);

#endif
