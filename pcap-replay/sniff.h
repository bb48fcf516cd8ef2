/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * --write from interfaces: packet sockets (by libpcap) beside whatever else watches them. Two for
 * an interface, what comes in and what goes out, so that it is known which packets leave this host;
 * put back in order by time, and given to annotate_stream.h. Only the first bytes of a packet are
 * taken, and of these only what goes up to the end of the TCP header is written.
 */
#ifndef PCAP_REPLAY_SNIFF_H
#define PCAP_REPLAY_SNIFF_H

#include "userspace/options.h"

struct locals;
struct sniff;

/* Bytes of a packet that are looked at: tunnels, IPv6 and all TCP options fit. */
#define SNIFF_SNAPLEN 256

/* How long sniff_take() may be put off while nothing is readable, milliseconds. */
#define SNIFF_PATIENCE_MS 200

/*
 * Opens the interfaces of o, then o->write, by annotate_output_open(). o->filter: a tcpdump
 * expression for what is looked at, or 0. locals is borrowed. 0 or -errno (-EPERM, -EACCES:
 * privileges; -EINVAL: the filter; -EEXIST: the file) and one line in err.
 */
int sniff_open(struct sniff **out, const struct options *o, const struct locals *locals, char *err,
	       size_t err_len);

/* Readable when there are packets. */
int sniff_fd(const struct sniff *s);

/* Takes what is there, and writes what has waited long enough. 0 or -errno. */
int sniff_take(struct sniff *s);

/* What the file does not have. */
struct sniff_missing {
	__u64 packets;  /* for which the kernel had no room */
	__u64 findings; /* annotate_stream_finish() */
};

/* Takes the rest and closes the file. 0 or -errno of the first failure. Accepts NULL. */
int sniff_close(struct sniff *s, struct sniff_missing *missing);

#endif
