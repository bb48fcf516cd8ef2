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

/* What is told of one connection of a group. */
struct text_example {
	struct flow_key key;
	__u8 client; /* index of the client's end */
	bool known;  /* there is one: endpoints have none */
	bool unscaled;
};

/* Findings that accuse the same. Those that blame the path accuse no address. */
struct text_group {
	struct finding finding;          /* the worst and surest of them */
	struct text_example example;     /* its connection */
	const struct flow_entry *source; /* while it is added: the example is yet to be made of it */
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

/* An unscaled connection whose round trip is known. */
struct text_sample {
	__u64 addr[2][2];
	__u32 domain;
	__u32 rtt_us;
	__u8 offer; /* the larger shift of its ends; SHIFT_UNKNOWN */
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
	struct text_sample *samples; /* the same of connections that are gone, or some of them */
	size_t samples_n;
	size_t samples_room;
	__u64 sampled;                  /* the connections that the samples stand for */
	const struct text_groups *gone; /* where they are; or 0 */
};

void text_groups_free(struct text_groups *groups);

/* Adds to the group that accuses the same, or as a new one. 0 or -ENOMEM. */
int text_groups_add(struct text_groups *groups, const struct text_group *g);

/* Adds to one group, which accuses the same, or is empty. */
void text_group_add(struct text_group *to, const struct text_group *g);

/* More of what text_groups_sample() was given for than this is kept by chance. */
#define TEXT_SAMPLES 65536U

/* Notes an unscaled connection that will not be there at the end. 0 or -ENOMEM. */
int text_groups_sample(struct text_groups *groups, const struct flow_entry *e);

void text_example(struct text_example *out, const struct flow_entry *e);

/* One finding of one connection. */
void text_group_of(struct text_group *g, const struct flow_entry *entry,
		   const struct finding *finding, __u64 waited_ns);

/* Why scaling is unknown for a connection. */
enum text_unknown {
	TEXT_UNKNOWN_NO_SYN,     /* its SYN was not seen */
	TEXT_UNKNOWN_UNANSWERED, /* a SYN, and nothing came of it */
	TEXT_UNKNOWN_ONE_SIDED,  /* only one direction is visible here */
	TEXT_UNKNOWN_OPTIONS,    /* options cut or malformed */
	TEXT_UNKNOWN_CONTINUED,  /* it was retired, and continued */
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

/* No connection yet; and one more. */
void text_judged_start(struct text_judged *out);
void text_judge(struct text_judged *out, const struct report *r, const struct transfer *t);

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
