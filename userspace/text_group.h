/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From thousands of findings to a few culprits: findings of the same code, side and culprit
 * in one group, and what all connections together say. Nothing is printed.
 */
#ifndef USERSPACE_TEXT_GROUP_H
#define USERSPACE_TEXT_GROUP_H

#include <stdbool.h>
#include <stddef.h>

#include "userspace/record.h"

/* Findings that accuse the same. Those that blame the path accuse no address. */
struct text_group {
	struct finding finding;           /* the worst and surest of them */
	const struct flow_entry *example; /* its connection; 0 for endpoints */
	__u64 addr[2]; /* the culprit's; of the first of them when the path is blamed */
	__u32 domain;  /* as in the keys; DOMAIN_IPV6 tells the family */
	__u16 port;    /* the server's, when it is the same everywhere; else 0 */
	bool several_ports;
	bool several_hosts; /* addr is one of several: only when the path is blamed */
	bool of_endpoint;
	size_t count; /* connections; of an endpoint: refusals */
	__u64 first_ns;
	__u64 waited_ns; /* of its connections, for each other's windows */
	__u64 bytes;     /* payload they carried */
};

struct text_groups {
	struct text_group *list; /* worst first: severity, then count, then time */
	size_t n;
	size_t room;
	size_t *slots; /* hash table of indices + 1 while the list is made */
	size_t slots_n;
	const struct flow_entry **slow; /* unscaled connections whose round trip is known */
	size_t slow_n;
	size_t slow_room;
};

void text_groups_free(struct text_groups *groups);

/* Why scaling is unknown for a connection. */
enum text_unknown {
	TEXT_UNKNOWN_NO_SYN,     /* its SYN was not seen */
	TEXT_UNKNOWN_UNANSWERED, /* a SYN, and nothing came of it */
	TEXT_UNKNOWN_ONE_SIDED,  /* only one direction is visible here */
	TEXT_UNKNOWN_OPTIONS,    /* options cut or malformed */
	TEXT_UNKNOWN_COPIES,     /* copies of the SYN differ, which one was answered is not known */
	TEXT_UNKNOWNS,
};

/* All connections, judged or not. */
struct text_judged {
	size_t on, off, unknown;
	size_t off_unoffered; /* off, by an answer whose SYN was not seen: nobody can be blamed */
	size_t inferred_on, inferred_off; /* of the unknown ones */
	size_t why[TEXT_UNKNOWNS];
	size_t windows[3]; /* by enum limited: of what either side sent */
	struct record_slowed slowed;
	__s64 first, last; /* times of the first and the last packet, ns since the epoch */
};

/*
 * Goes through all connections once: what was found, grouped, and what was judged.
 * 0 or -ENOMEM; text_groups_free() in either case.
 */
int text_groups_make(struct text_groups *groups, struct text_judged *judged,
		     const struct report *r);
const char *text_why_name(enum text_unknown why);

/* What the unscaled connections of a culprit have in common. */
struct text_slow {
	__u64 rtt_us; /* median of their handshakes; 0: not known */
	__u8 offer;   /* the largest shift that one of their ends offered; SHIFT_UNKNOWN */
};

void text_slow(struct text_slow *out, const struct text_groups *groups, const struct text_group *g);

#endif
