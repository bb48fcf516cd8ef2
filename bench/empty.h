/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The yardstick of the offline figures: libpcap reads a capture, nobody looks at the packets. */
#ifndef BENCH_EMPTY_H
#define BENCH_EMPTY_H

/* An empty pcap_loop over the file. 0, or -1 with one line on stderr. */
int empty_loop(const char *path);

#endif
