/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * --write for what passes only once: a pipe, or live packets. They go through an engine of their
 * own, wait a moment (annotate_hold.h), and are written when their connection has a finding of
 * severity notice or above by then, or when all are asked for.
 *
 * What a handshake shows is found at once. What has to be weighed is looked for when a connection
 * has 4, 8, 16 ... packets and when it is closed. A comment goes on the packets that prove the
 * finding and are still held; if none is, on the packet with which it stood.
 */
#ifndef PCAP_REPLAY_ANNOTATE_STREAM_H
#define PCAP_REPLAY_ANNOTATE_STREAM_H

#include "pcap-replay/annotate_output.h"
#include "platform/native.h"
#include "userspace/report.h"

struct annotate_stream;

/*
 * texts: files and epoch for what comments say, borrowed; live: headers only are written, and
 * connections that are over or idle are forgotten. NULL: out of memory.
 */
struct annotate_stream *annotate_stream_open(struct annotate_output *out, const struct options *o,
					     const struct report *texts);

/* Whether an address is this host's own, for frames of HOOK_TC_EGRESS. */
void annotate_stream_locals(struct annotate_stream *s,
			    _Bool (*is_local)(void *arg, const __u64 addr[2], _Bool ipv6),
			    void *arg);

/*
 * n <= NATIVE_BATCH packets in order, their ids all different, each with its source; the sources
 * live as long as the output. 0 or -ENOMEM.
 */
int annotate_stream_packets(struct annotate_stream *s, const struct frame *frames,
			    struct annotate_source *const *sources, unsigned int n);

/* Writes, or forgets, what has waited long enough at that time; 0: by the newest packet's time. */
void annotate_stream_release(struct annotate_stream *s, __u64 now_ns);

/*
 * Everything that waits. Returns how many findings of severity notice or above stood only now,
 * when the packets that they could be a comment of had passed.
 */
__u64 annotate_stream_finish(struct annotate_stream *s);

/* Accepts NULL. */
void annotate_stream_close(struct annotate_stream *s);

#endif
