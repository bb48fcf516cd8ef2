/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What `compare` found, ready to be shown; outputs read this and nothing else. */
#ifndef USERSPACE_COMPARE_REPORT_H
#define USERSPACE_COMPARE_REPORT_H

#include "engine/counters.h"
#include "userspace/change.h"
#include "userspace/options.h"

/* Where a capture has a connection's two ends: client, server. */
struct compare_ends {
	__u64 addr[2][2];
	__u16 port[2];
	bool ipv6;
};

/* One connection that both captures have. */
struct compare_flow {
	struct compare_ends ends[2]; /* BEFORE's, AFTER's */
	struct change *changes;      /* sorted; owned by the report */
	size_t changes_n;
	__s64 first_ns;   /* of BEFORE */
	__u64 packets;    /* found in both */
	__u64 folded[2];  /* segments that the other capture has in other pieces */
	__u64 only[2];    /* without a partner, in BEFORE and in AFTER */
	__u64 unclaimed;  /* of them at the captures' ends, where nothing can be concluded */
	__u8 client_side; /* the capture nearer the client: 0, 1; 2: times do not tell */
	bool translated;  /* paired by its packets, not by its addresses */
	bool options_cut; /* options of a SYN or SYN-ACK could not be compared */
};

struct compare_report {
	const char *file[2];        /* as it was named */
	size_t files[2];            /* captures that this is */
	struct compare_flow *flows; /* by first packet; NULL: only their number is known */
	size_t flows_n;
	size_t flows_only[2];   /* connections that only one capture has */
	struct change *changes; /* of all connections together, sorted */
	size_t changes_n;
	__u64 segments[2]; /* that were read */
	__u64 packets;     /* found in both */
	__u64 folded[2];   /* segments that the other capture has in other pieces */
	__u64 unclaimed;
	size_t options_cut; /* connections */
	size_t unmatched;   /* connections of both captures without one packet in both */
	bool clocked;
	__s64 offset_ns; /* AFTER's clock less BEFORE's */
	__u64 counters[COUNTERS];
	__u64 lost;      /* live: packets the kernel had no room for */
	__u64 refused;   /* live: segments of connections that were not taken */
	bool live;       /* the two files are interfaces */
	bool incomplete; /* memory, or the bound on waiting packets */
};

#define COMPARE_VERDICT_ROOM 2048

/* What the box does, in one sentence without its end. Returns out. */
const char *compare_verdict(char out[COMPARE_VERDICT_ROOM], const struct compare_report *r);

/* Shown as the options ask. 0 or -errno (write failed). */
int compare_json(FILE *to, const struct compare_report *r);
int compare_text(FILE *to, const struct compare_report *r, const struct options *o);

#endif
