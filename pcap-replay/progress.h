/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How far a long run is, in a line on the terminal that goes away at the end. */
#ifndef PCAP_REPLAY_PROGRESS_H
#define PCAP_REPLAY_PROGRESS_H

#include "pcap-replay/reader.h"

struct progress {
	bool on, shown;
	__u64 began_ns, due_ns; /* monotonic */
};

/* On where both standard error and standard output are terminals; a program reads nothing there. */
void progress_start(struct progress *p);

/* After each batch; writes only when it is time. packets: so far. */
void progress_show(struct progress *p, const struct reader *reader, __u64 packets);

/* The same as a run_feed() watcher, run.h; arg is a struct progress. */
void progress_batch(void *arg, const struct reader *reader, const struct frame *packets,
		    unsigned int n, __u64 so_far);

/* Takes the line away. */
void progress_end(struct progress *p);

/*
 * The line itself: part, packets, packets a second, and the time that is left at this rate. total 0:
 * not known, as of a pipe; then without part and time left.
 */
#define PROGRESS_ROOM 96
void progress_line(char out[PROGRESS_ROOM], __u64 elapsed_ns, __u64 done, __u64 total,
		   __u64 packets);

#endif
