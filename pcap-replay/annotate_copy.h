/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * --write for files: a second pass over what was analysed, when all findings are known. Packets
 * of connections with a finding of severity notice or above are copied, or all.
 */
#ifndef PCAP_REPLAY_ANNOTATE_COPY_H
#define PCAP_REPLAY_ANNOTATE_COPY_H

#include "pcap-replay/annotate_output.h"
#include "userspace/report.h"

/*
 * Reads the files of a report once more, by the same options. before: files of the streams before
 * this one. 0; -ESTALE, when the files have fewer packets than they had; or -errno. What failed
 * in writing is told by annotate_output_close().
 */
int annotate_copy(struct annotate_output *out, const struct report *r, const struct options *o,
		  const struct reader_options *ro, unsigned int before);

#endif
