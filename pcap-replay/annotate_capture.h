/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From what captures say of their interfaces to what the file of --write says. */
#ifndef PCAP_REPLAY_ANNOTATE_CAPTURE_H
#define PCAP_REPLAY_ANNOTATE_CAPTURE_H

#include "pcap-replay/annotate_output.h"

/*
 * The source of a packet, which is counted there; NULL: out of memory. The reader keeps what it
 * learns of interfaces. before: files of the streams before this one.
 */
struct annotate_source *annotate_capture_source(struct annotate_output *out,
						const struct reader *reader, const struct frame *p,
						unsigned int before);

/* At the end of a stream: the statistics that its files have. */
void annotate_capture_end(struct annotate_output *out, const struct reader *reader,
			  unsigned int before);

#endif
