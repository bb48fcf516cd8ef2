/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What can be drawn of a connection's direction: the window of who receives its data, what is in
 * flight, and when it had to wait. Whoever watches segments provides it; outputs draw it.
 */
#ifndef USERSPACE_PLOT_H
#define USERSPACE_PLOT_H

#include <stdbool.h>
#include <stddef.h>

#include <linux/types.h>

#define PLOT_UNKNOWN 0xffffffffU /* bytes that are not known; more than any window or flight */
#define PLOT_NO_EDGE (-1)

struct plot_point {
	__u64 ns;        /* of the packet, since the epoch */
	__u64 id;        /* packet_id_make() */
	__s64 edge;      /* right edge of the window, as in a sample; or PLOT_NO_EDGE */
	__u32 effective; /* window in bytes, or PLOT_UNKNOWN */
	__u32 in_flight; /* bytes, or PLOT_UNKNOWN */
};

enum plot_wait_kind {
	PLOT_CLOSED, /* the window was 0 */
	PLOT_FULL,   /* a send filled the window, until the next send */
};

struct plot_wait {
	__u64 from_ns, to_ns;
};

struct plot_waits {
	const struct plot_wait *list; /* in the order of time */
	size_t n;
	__u64 short_n, short_ns; /* shorter ones that are not in the list */
};

struct plot {
	const struct plot_point *points; /* in the order of their packets */
	size_t n;
	/*
	 * 0: every change. Otherwise of each interval of so many ns (since the epoch) one point: the
	 * smallest window, with the most bytes in flight.
	 */
	__u64 interval_ns;
	bool late;                  /* there were earlier changes, which were not kept */
	struct plot_waits waits[2]; /* by enum plot_wait_kind */
};

/* Where plots come from. */
struct plot_source {
	/*
	 * That of a direction, borrowed: of the flow by its first_id, and the sender's end in its key.
	 * A window that is closed at the end was so until end_ns. False: nothing was kept.
	 */
	bool (*find)(void *arg, __u64 flow, __u8 sender, __u64 end_ns, struct plot *out);
	void *arg;
};

#endif
