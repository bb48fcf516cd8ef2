/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One analysis of a stream of packets: natively, or by the kernel's own programs
 * through BPF_PROG_TEST_RUN. Both end in the same kind of report.
 */
#ifndef PCAP_REPLAY_RUN_H
#define PCAP_REPLAY_RUN_H

#include "pcap-replay/reader.h"
#include "userspace/options.h"
#include "userspace/report.h"

struct run;
struct retired;
struct watch;

/* What an engine is to this module; see run_native.c and run_testrun.c. */
struct run_engine {
	int (*open)(void **state, const struct options *o, char *err, size_t err_len);
	/*
	 * From here to the next reset every segment is shown, watch.h. 0 where the engine cannot:
	 * options.c refuses a series then, and a page has no plots.
	 */
	void (*watch)(void *state, struct watch *watch);
	/*
	 * From here to the next reset idle connections are retired, as `retired` says, and handed to
	 * it. 0 or -errno. 0 where the engine cannot, as above.
	 */
	int (*retire)(void *state, struct retired *retired);
	/* n <= READER_BATCH packets, in order. 0 or -errno. */
	int (*feed)(void *state, const struct frame *packets, unsigned int n);
	/* Fills flows, endpoints, counters and evictions; valid until close. 0 or -errno. */
	int (*report)(void *state, struct report *r);
	/* Forgets everything that was fed and reported; as if just opened. 0 or -errno. */
	int (*reset)(void *state);
	void (*close)(void *state); /* accepts NULL */
};

/* Who looks on while packets are fed: called after each batch, with the packets so far. */
struct run_watcher {
	void (*batch)(void *arg, const struct reader *reader, const struct frame *packets,
		      unsigned int n, __u64 so_far);
	void *arg;
};

/*
 * Feeds all that the reader has, and notes in the report when it began. watcher may be NULL.
 * 0, -EBADMSG when an input was damaged, or the engine's error.
 */
int run_feed(const struct run_engine *engine, void *state, struct reader *reader, struct report *r,
	     const struct run_watcher *watcher);

extern const struct run_engine run_native;
extern const struct run_engine run_testrun;

#endif
