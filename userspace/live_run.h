/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One run of `wscope live`: what live_setup.c opens, and live.c goes round with. */
#ifndef USERSPACE_LIVE_RUN_H
#define USERSPACE_LIVE_RUN_H

#include <poll.h>

#include "pcap-replay/sniff.h"
#include "userspace/attachments.h"
#include "userspace/live.h"
#include "userspace/live_attach.h"
#include "userspace/live_events.h"
#include "userspace/local_cause.h"
#include "userspace/locals.h"
#include "userspace/metrics.h"
#include "userspace/publish.h"
#include "userspace/output/output.h"

#define LIVE_SOURCES_MOST 8

struct live {
	const struct options *options;
	const struct output *output;
	FILE *to;                         /* where the report goes */
	struct sniff *sniff;              /* of --write, or 0 */
	const struct live_screen *screen; /* of `wscope top`, or 0 */
	struct loader *loader;
	struct locals *locals;
	struct metrics *metrics; /* or 0 */
	struct publish *publish; /* or 0 */
	struct baseline *baseline;
	struct live_attach attached;
	struct live_events events;
	struct local_cause cause;
	struct report times; /* epoch, start: what every report of this run begins with */
	/* What is waited for, and what is done when it is readable; in the order of live_watch(). */
	struct pollfd sources[LIVE_SOURCES_MOST];
	void (*ready[LIVE_SOURCES_MOST])(struct live *v);
	unsigned int sources_n;
	int signals;
	int reading;               /* lock of the pins, --pinned */
	struct attachments pinned; /* --pinned: what its keeper says */
	int refused;               /* exit status of a setup that failed */
	bool stop, off;
	bool local_news; /* a host was found at fault since the last look at our own part */
	__u64 started, next_second, next_summary; /* monotonic, ns */
};

/*
 * Everything up to the first packet; with --pinned privileges are given up at the end of it. 0, or
 * -errno after one line on stderr; v->refused is then the exit status.
 */
int live_setup(struct live *v);

/* With --pinned: what the keeper says of its attachments now. */
void live_attached(struct live *v);

#endif
