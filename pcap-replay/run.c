// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "pcap-replay/run.h"

int run_feed(const struct run_engine *engine, void *state, struct reader *reader, struct report *r,
	     const struct run_watcher *watcher)
{
	struct frame batch[READER_BATCH];
	__u64 packets = 0;
	int n, err;

	while ((n = reader_next_batch(reader, batch, READER_BATCH)) > 0) {
		if (!packets)
			r->started_ns = batch[0].ns;
		packets += (unsigned int)n;
		err = engine->feed(state, batch, (unsigned int)n);
		if (err)
			return err;
		if (watcher)
			watcher->batch(watcher->arg, reader, batch, (unsigned int)n, packets);
	}
	return n;
}
