// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "pcap-replay/run.h"

#include "pcap-replay/progress.h"

int run_feed(const struct run_engine *engine, void *state, struct reader *reader, struct report *r,
	     struct progress *progress)
{
	struct reader_packet batch[READER_BATCH];
	__u64 packets = 0;
	int n, err;

	while ((n = reader_next_batch(reader, batch, READER_BATCH)) > 0) {
		if (!packets)
			r->started_ns = batch[0].ns;
		packets += (unsigned int)n;
		err = engine->feed(state, batch, (unsigned int)n);
		if (err)
			return err;
		if (progress)
			progress_show(progress, reader, packets);
	}
	return n;
}
