/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is known of a connection, in words, so that a table of detectors can be read:
 *
 *   "off rtt_us=20000 c.w=502,480,511 c.packets=8 s.syn.window=0 c.delivered.3=5"
 *
 * What is not said: both SYNs with the option (c.syn=W7, s.syn=W9) and the windows of Linux
 * (64240, 65160), packets 1 and 2; confirmed; 20 packets each way; no windows, no gauges, no
 * listener. A later word overrides an earlier one.
 *
 *   off            the SYN-ACK lacks the option
 *   c. and s.      the client's and the server's:
 *     syn=         W7, absent, unknown (cut) or unseen;  local, timestamps, mss, no-ack
 *     syn.X=       window, id, ttl, options_len, first_ns
 *     w=F,L,H      first, lowest and highest window; without it none was seen
 *     ttl=L,H      of segments that are no SYN
 *     other=W7     an earlier SYN of the same number;  other-no-window, other-same-packet, other.id=
 *     fin, rst, zero-open, and the other fields of struct half by name
 *     slope-early.N=, slope-late.N=, delivered.N=, lost.N=, and the fields of struct gauge by name:
 *                  any of them means that there are gauges
 *   listener.X=    fields of struct endpoint; without them the listener is not known
 *   first_ns=, rtt_us=, emitted=, unconfirmed; lost=N connections lost together
 *
 * Numbers may end in us, ms or s, all to be nanoseconds, and then in +N or -N.
 */
#ifndef TESTS_UNIT_TRANSFER_TEXT_H
#define TESTS_UNIT_TRANSFER_TEXT_H

#include <stddef.h>

#include "engine/diagnose.h"

struct transfer_facts {
	struct transfer transfer;
	struct flow flow;
	struct gauge gauge[2];
	struct endpoint listener;
};

/* client: the index of the client's half. Words that make no sense end the program. */
void transfer_text_make(struct transfer_facts *out, const char *words, __u8 client);

#define TRANSFER_TEXT_ROOM 256

/*
 * "code side blame confidence severity V,V,V @PACKET,PACKET replaces=code,code": as many values
 * as the code has; what there is none of is left out.
 */
void transfer_text_finding(char out[TRANSFER_TEXT_ROOM], const struct finding *f);

#endif
