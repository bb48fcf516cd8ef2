/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From pairs of packets to what the box does. */
#ifndef PCAP_REPLAY_COMPARE_JUDGE_H
#define PCAP_REPLAY_COMPARE_JUDGE_H

#include "pcap-replay/compare_pair.h"
#include "userspace/compare_report.h"

/*
 * Fills flows, changes and numbers of a report whose files and counters are set, from a comparison
 * that is finished. 0 or -ENOMEM; release with compare_judge_free(), also after an error.
 */
int compare_judge(struct compare_report *r, const struct compare *c);

/*
 * Adds what a report found to one of several, which is empty at first and has no connections in it, but
 * their number. 0 or -ENOMEM.
 */
int compare_judge_add(struct compare_report *to, const struct compare_report *r);
void compare_judge_free(struct compare_report *r);

#endif
