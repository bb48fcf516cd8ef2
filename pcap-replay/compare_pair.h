/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Two captures of the same traffic, laid side by side: connections with connections, packets with
 * packets, each at most once.
 *
 * A leg is a connection as one capture shows it, a pair is two legs that are one connection. Legs are
 * paired by addresses and ports, and otherwise by what address translation leaves alone. Packets
 * are paired by sequence number, acknowledgment, length and timestamps, after the distance between
 * the two captures' sequence numbers was taken off; what differs in a pair of packets is noted at
 * once. Only what has no partner yet is kept: a leg for each connection, and a node for each packet, of
 * those COMPARE_WAITING at most.
 */
#ifndef PCAP_REPLAY_COMPARE_PAIR_H
#define PCAP_REPLAY_COMPARE_PAIR_H

#include "pcap-replay/compare_segment.h"

#define COMPARE_BEFORE 0U
#define COMPARE_AFTER  1U
#define COMPARE_NOBODY 2 /* no direction */

/* Packets without a partner that are kept, of both captures. */
#define COMPARE_WAITING (1U << 22)
/* Leftovers of both legs of a pair from which on those that differ are paired, not only equal ones. */
#define COMPARE_SETTLE 512U
/* Clock differences kept for the median: of a pair and direction, and of all SYNs. */
#define COMPARE_DELAYS 15U
#define COMPARE_SYNS   4096U
/* Different differences noted for a pair. */
#define COMPARE_DIFFS 24U

/* What a pair of packets may differ in. */
enum compare_field {
	COMPARE_WINDOW,
	COMPARE_WSCALE,
	COMPARE_MSS,
	COMPARE_SACK,
	COMPARE_TIMESTAMPS,
	COMPARE_TSVALUE,
	COMPARE_OPTION, /* and the option's kind */
	COMPARE_TTL,
};

/* A difference, as often as it was met. value: BEFORE's and AFTER's, -1: absent. */
struct compare_diff {
	__u8 field; /* enum compare_field */
	__u8 dir;
	__u8 kind;
	__u8 pad[5];
	__s64 value[2];  /* of the first pair of packets */
	__u64 number[2]; /* its packets */
	__u64 packets;
};

/* A packet that waits for its partner. */
struct compare_node {
	struct compare_segment s;
	struct compare_node *next, *prev; /* of its leg and direction, in order */
	struct compare_node *chain;       /* of its bucket */
	struct compare_pair *pair;        /* whose book has it; 0: none yet */
	__u32 hash;
	__u32 side;
};

struct compare_list {
	struct compare_node *first, *last;
	__u64 n;
};

struct compare_leg {
	struct flow_key key;
	struct compare_leg *older;   /* the connection before, of the same addresses and ports */
	struct compare_leg *print;   /* of the same bucket of fingerprints */
	struct compare_pair *pair;   /* or 0 */
	struct compare_list list[2]; /* waiting, by direction */
	__u64 first_ns, last_ns;
	__u64 packets;
	struct compare_segment syn[2]; /* first SYN or SYN-ACK of each direction; number 0: none */
	struct compare_segment
		printed; /* its newest SYN, while it is in a bucket; number 0: is not */
	__u8 side;
	__u8 client; /* direction of the SYN, or COMPARE_NOBODY */
	__u8 closed; /* FIN of a direction 1, 2; RST 4 */
};

/* By direction of BEFORE's leg; what AFTER's leg calls direction d is d ^ flip. */
struct compare_pair {
	struct compare_leg *leg[2];
	__u32 delta[2];   /* AFTER's sequence numbers less BEFORE's */
	__u32 tsdelta[2]; /* the same of timestamp values, where it is not 0 */
	__u64 paired[2];  /* packets */
	__u64 data[2];    /* of them with payload */
	struct {
		__u64 packets, first; /* how many, and the number of the first */
	} gone[2][2]; /* by side and direction: live, given up, and the other side should have them */
	__u64 unclaimed;                /* live: given up, and nothing follows */
	__u64 folded[2];                /* segments of a side that the other has in other pieces */
	__s64 delay[2][COMPARE_DELAYS]; /* AFTER's time less BEFORE's, of some pairs of packets */
	__s16 ttl[2];                   /* AFTER's TTL less BEFORE's, of the first pair */
	__u8 ttl_known[2];
	__u8 delays[2];
	__u8 known[2]; /* delta is known */
	__u8 flip;
	__u8 translated; /* paired by fingerprint or votes */
	__u8 diffs_n;
	__u8 options_cut; /* a SYN's options could not be compared */
	struct compare_diff diffs[COMPARE_DIFFS];
};

struct compare {
	struct table keys[2]; /* flow_key -> newest leg */
	struct compare_leg **legs;
	size_t legs_n, legs_room;
	struct compare_pair **pairs;
	size_t pairs_n, pairs_room;
	struct compare_node **book;
	__u32 book_mask;
	__u32 booked;
	struct compare_leg **prints; /* legs with a SYN and without a partner */
	__u32 prints_mask;
	struct compare_node *spare;
	void *slabs; /* of nodes, chained through their first word */
	__u64 waiting;
	__u64 segments[2];
	__u64 matched;         /* pairs of packets */
	__u64 paired_first[2]; /* number of the first and the last packet that has a partner */
	__u64 paired_last[2];
	__s64 syn_delay[COMPARE_SYNS];
	__u32 syn_delays;
	bool nat;            /* fingerprints go before addresses */
	bool ipid_rewritten; /* equal packets had different IP-IDs */
	__u64 young_ns; /* live: what is not older still has time to find its partner; 0: all had */
	__u64 refused;  /* segments of connections that were not taken */
	bool only_new;  /* connections are taken from their SYN on only */
	bool lossy;     /* packets were lost on the way here: that one is missing means nothing */
	bool overflow;  /* more than COMPARE_WAITING: the result is incomplete */
	bool out_of_memory;
};

/* nat: addresses are not trusted. 0 or -ENOMEM; release with compare_free(), also after an error. */
int compare_init(struct compare *c, bool nat);
void compare_free(struct compare *c);

/* Takes a segment of one side, in the order of its capture. */
void compare_add(struct compare *c, unsigned int side, const struct compare_segment *s,
		 const struct flow_key *key);

/* Pairs what is left, now that there is no more to come. */
void compare_finish(struct compare *c);

/*
 * In the middle, live: the same of what is older than a time, then gives up what of it has no partner.
 * Packets of before that time must have been added; young_ns is set to it.
 */
void compare_expire(struct compare *c, __u64 young_ns);

/* ---- between the parts of this module ---- */

/* The newest leg of a side on these addresses and ports; 0: none. */
struct compare_leg *compare_newest(const struct compare *c, unsigned int side,
				   const struct flow_key *key);

struct compare_pair *compare_join(struct compare *c, struct compare_leg *before,
				  struct compare_leg *after, unsigned int flip);

/* Everything of a pair that waits, paired anew after its deltas have changed. */
void compare_refresh(struct compare *c, struct compare_pair *p);

/* Pairs leftovers that differ in their window, all but the newest `keep` of each direction. */
void compare_settle(struct compare *c, struct compare_pair *p, __u64 keep);

/* Learns the distance of sequence numbers from packets that wait on both sides. */
void compare_learn(struct compare *c, struct compare_pair *p);

/* A leg without a partner: tries its addresses, or its SYN's fingerprint. */
void compare_link(struct compare *c, struct compare_leg *leg, const struct compare_segment *syn);

/* All legs that are still without: by votes of their packets. */
void compare_link_rest(struct compare *c);

/*
 * Pairs segments that wait with those of the other side that have the same bytes in other pieces. last:
 * also where some of the pieces are missing, which then wait in place of the whole.
 */
void compare_fold(struct compare *c, struct compare_pair *p, bool last);

/* Takes a node out for good; keeps a segment of a leg. */
void compare_drop(struct compare *c, struct compare_leg *leg, struct compare_node *node);
struct compare_node *compare_keep(struct compare *c, struct compare_leg *leg,
				  const struct compare_segment *s);

/* A segment's numbers as BEFORE has them. */
struct compare_spot {
	__u32 seq, ack;
	unsigned int dir;
};

struct compare_spot compare_spot(const struct compare_pair *p, unsigned int side,
				 const struct compare_segment *s);

/* Whether two segments can be one. exact: nothing may differ but what routers change. */
bool compare_partners(const struct compare *c, const struct compare_pair *p,
		      const struct compare_segment *before, const struct compare_segment *after,
		      unsigned int dir, bool exact);

/* One pair of packets: what differs is noted, and neither is kept. */
void compare_pair_up(struct compare *c, struct compare_pair *p,
		     const struct compare_segment *before, const struct compare_segment *after);

/* A packet of a side has its partner. */
void compare_seen(struct compare *c, unsigned int side, __u64 number);

/* The same of two that overlap and do not begin with the same byte. dir: BEFORE's. */
void compare_pair_part(struct compare *c, struct compare_pair *p, unsigned int dir,
		       const struct compare_segment *before, const struct compare_segment *after);

/* Notes what differs in a pair of packets, dir being BEFORE's. */
void compare_note(struct compare *c, struct compare_pair *p, unsigned int dir,
		  const struct compare_segment *before, const struct compare_segment *after);

/* Part of a handshake: a SYN, or the bare segment that follows it. */
bool compare_in_handshake(const struct compare_leg *leg, const struct compare_segment *s);

static inline bool compare_is_syn(const struct compare_segment *s)
{
	return (s->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
}

static inline bool compare_is_synack(const struct compare_segment *s)
{
	return (s->flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK);
}

#endif
