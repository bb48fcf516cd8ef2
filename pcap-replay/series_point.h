/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What one segment changes in the two directions of its connection: the points of a series. */
#ifndef PCAP_REPLAY_SERIES_POINT_H
#define PCAP_REPLAY_SERIES_POINT_H

#include "platform/native.h"
#include "userspace/record.h"

/* What is not known of a point: null. */
#define SERIES_UNKNOWN RECORD_NO_NUMBER

/* A direction of data, and the window of who receives it. */
struct series_point {
	__u64 ns;   /* of the packet, since the epoch */
	__u64 id;   /* packet_id_make() */
	__u64 flow; /* packet_id_make() of the connection's first packet */
	struct flow_key key;
	__s64 effective; /* bytes; this and the next three: or SERIES_UNKNOWN */
	__s64 in_flight; /* bytes */
	__s64 edge;      /* bytes */
	__s32 window;    /* raw */
	__u8 sender;     /* of the data: its end in the key */
	__u8 client;     /* likewise */
	__u8 scaling;    /* enum scaling */
	__u8 pad;
};

/*
 * The points of a segment that was just taken in, 0 to 2 of them: the direction it travels in,
 * where it carries what was not sent before; the other one, where its acknowledgment or its
 * window is news. A SYN is none: its window is never scaled (RFC 7323, 2.2); nor is a RST.
 *
 * in_flight is SND.NXT less SND.UNA (RFC 9293, 3.3.1) as seen from here; SYN and FIN count for
 * one. It is unknown while data is acknowledged that was not seen.
 * edge is SND.UNA + SND.WND, counted from the initial sequence number, or where no SYN was seen
 * from the first number met less one, so that the first byte of data is 1 in both cases.
 * Call it for every segment: what it counts from, it keeps in the connection (SYN_BASE).
 */
unsigned int series_points(struct series_point out[2], const struct native_segment *segment);

/* Puts another point of the same direction into one: the smaller window, the larger flight. */
void series_point_merge(struct series_point *into, const struct series_point *other);

#endif
