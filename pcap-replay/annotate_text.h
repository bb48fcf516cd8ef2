/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A finding as the comment of a packet: the words of the report, in one line. */
#ifndef PCAP_REPLAY_ANNOTATE_TEXT_H
#define PCAP_REPLAY_ANNOTATE_TEXT_H

#include "userspace/record.h"

#define ANNOTATE_TEXT_ROOM 2560

/*
 * "SEVERITY CODE: SENTENCE; ADVICE (side, blame, confidence; what would settle it; packets)". Of a
 * connection, whose client's end of the key is given; and of an endpoint. Returns out.
 */
const char *annotate_text_flow(char out[ANNOTATE_TEXT_ROOM], const struct report *r,
			       const struct flow_key *key, unsigned int client,
			       const struct finding *f);
const char *annotate_text_endpoint(char out[ANNOTATE_TEXT_ROOM], const struct report *r,
				   const struct endpoint_key *key, const struct finding *f);

#endif
