/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Facts of the engine as words, so that a test's table can say what it expects in words. */
#ifndef WSCOPE_ENGINE_TEXT_H
#define WSCOPE_ENGINE_TEXT_H

#include "engine/counters.h"
#include "engine/gauge.h"
#include "engine/packet.h"

#define ENGINE_TEXT_ROOM 4096

/* What became of one frame. */
struct engine_facts {
	struct packet pkt; /* valid when skip is 0 */
	__u32 skip;        /* enum counter: why it was not analysed; 0: it was */
	__u32 pad;
};

/*
 * "skip=REASON", or
 * "tcp v4 10.0.0.1:40000>10.0.0.2:443 flags=S seq=1 ack=0 win=1 payload=0 header=20 ttl=64 id=1
 *  encap=0 domain=none|vni:N|vlan:N ifindex=0 W=7|absent|unknown layout=MSTNW nops=1 mss=1460
 *  tsval=0" and the words of option_bit that are set:
 * cut malformed w-length w-repeated sack-permitted timestamps mss fast-open.
 */
void engine_text_facts(char out[ENGINE_TEXT_ROOM], const struct engine_facts *f);

/*
 * One connection: "confirmed|unconfirmed client=c|s role=syn|synack|port|first
 * scaling=on|off|unknown inferred=on|off|null encap=N rtt_us=N [answered]"; for each of its ends,
 * c and s: "c:packets=N", likewise bytes, W (or unseen), copies, isn, win (min-max, or none), zero,
 * spells, zero_ms, zero_longest_us, retransmits, dup, and the words c:zero-open, c:fin, c:rst.
 *
 * Then "ungauged", or "gauged" and for each end the fields of struct gauge by name, "c:sends=N";
 * edge and ack_rtt may be none, stuck is stuck_n and stuck_us its time since the first packet;
 * early, late, delivered and lost are none or "CLASSxSAMPLES,...".
 *
 * Then for each finding "!code", "!code/side/blame/confidence/severity" and "!code@N,N", the numbers
 * of the packets that prove it. c is the number of the half of c: 1 if it has the larger address.
 * g: the gauges, or NULL.
 */
void engine_text_flow(char out[ENGINE_TEXT_ROOM], const struct flow *f, const struct gauge *g,
		      int c);

/*
 * "endpoint c|s client|server opportunities=N offers=N refusals=N stripped=N run=N" and findings.
 * c is the host whose address ends in 1, or, if it is the larger one, in 2.
 */
void engine_text_endpoint(char out[ENGINE_TEXT_ROOM], const struct endpoint_entry *e, _Bool larger);

/*
 * The first word of `want` that is not among the words of `have`, or NULL. A word "-x" asks
 * for the absence of x; "-!" for that of any word that begins with "!".
 */
const char *engine_text_missing(const char *have, const char *want);

#endif
