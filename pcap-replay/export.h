/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The IPFIX file of --ipfix. What is wrong with it is said here. */
#ifndef PCAP_REPLAY_EXPORT_H
#define PCAP_REPLAY_EXPORT_H

#include "userspace/options.h"
#include "userspace/report.h"

struct export;

/* Opens the file that the options name. An exit status; *out is set if it is EXIT_NOTHING. */
int export_open(struct export **out, const struct options *o);

/* Adds a report; whether that failed, the end tells. */
void export_report(struct export *e, const struct report *r);

/* Ends the file. An exit status. e may be 0. */
int export_close(struct export *e, const struct options *o);

#endif
