/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Conversations written down a packet a line, run through each build of the engine as `wscope
 * replay` does it, and the records that come out of them.
 *
 * A line of a script: SECONDS HOST[@INTERFACE] [words of the IP header] : words of the TCP header
 *
 *   "0.010 s@2 ttl=63 : SA seq=900 ack=101 win=65160 [M1460 S T2 N W9] / data 10"
 *
 * Host c is the client's by its port, 40000 (10.x.x.1); s (10.x.x.2) has port 443. Words are
 * those of packet_builder.h, and gre or vxlan=N for a packet in a tunnel.
 */
#ifndef WSCOPE_ENGINE_STREAM_H
#define WSCOPE_ENGINE_STREAM_H

#include <stddef.h>

/*
 * want: a line per record of a connection, in the order of their first packets, each with words
 * of engine_text_flow(); then, if it says anything of endpoints, a line "endpoint ..." for each,
 * in any order, with words of engine_text_endpoint(). An empty line stands for any record, a
 * line "*" for any number of them.
 */
struct engine_stream_case {
	const char *name;
	const char *script;
	const char *want;
	const char *only; /* "v4": it is about what IPv6 does not have; else NULL */
};

/*
 * Runs each case, over each kind of frame: Ethernet with IPv4 and IPv6 (the short way through the
 * parser) and raw IPv4 (the walk), and with c's address the larger one. Returns the number of
 * failures.
 */
int engine_stream_run(const struct engine_stream_case *cases, size_t n);

#endif
