/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the engine asks of its surroundings, in the engine's own nouns. Defined
 * once for the kernel (platform/bpf.bpf.h) and once natively (platform/native.h);
 * the engine itself includes neither.
 */
#ifndef ENGINE_SEAM_H
#define ENGINE_SEAM_H

#include "engine/config.h"
#include "engine/counters.h"
#include "engine/finding.h"
#include "engine/flow.h"
#include "engine/gauge.h"
#include "engine/walk.h"

/* Tallies of one packet, at most; a power of two, above what all detectors and facts make. */
#define SCRATCH_TALLIES 32

/* Room for one packet's work, one per hook and CPU: nothing of it outlives the packet. */
struct scratch {
	struct packet pkt;
	struct walk walk;
	struct endpoint_key endpoint_key;
	struct endpoint endpoint;
	struct event event;
	struct pending fresh;
	struct live_flow promoted; /* its gauges stay zero */
	__u32 captured;            /* bytes of the frame that can be read */
	__u32 tallies_n;           /* to be added at the end of the packet, tally.h; else 0 */
	__u32 ending; /* a direction ended: its half's bits before that, tally.h; else 0 */
	__u32 pad;
	__u64 tally_add[SCRATCH_TALLIES];
	__u32 tally_slot[SCRATCH_TALLIES];
	__u8 window[ENGINE_WINDOW + ENGINE_SLACK]; /* the kernel's copy of a frame's beginning */
};

/* Settings that do not change while the programs run. */
ENGINE_INLINE const volatile struct engine_config *seam_config(void);

/* Confirmed connections. find returns 0 when there is none. */
ENGINE_INLINE struct flow *seam_flow_find(const struct flow_key *key);
ENGINE_INLINE void seam_flow_drop(const struct flow_key *key);

/* The two gauges of a confirmed connection, of what seam_flow_find() found; never 0. */
ENGINE_INLINE struct gauge *seam_gauges(struct flow *f);

/* Unconfirmed ones. create stores a copy; promote moves the flow of e into the other table. */
ENGINE_INLINE struct pending *seam_pending_find(const struct flow_key *key);
ENGINE_INLINE void seam_pending_create(const struct flow_key *key, const struct pending *fresh);
ENGINE_INLINE void seam_promote(struct scratch *s, const struct flow_key *key,
				const struct pending *e);

/* The endpoint of the key; created from the second argument when new. 0 when there is no room. */
ENGINE_INLINE struct endpoint *seam_endpoint(const struct endpoint_key *key,
					     const struct endpoint *fresh);

/*
 * A connection that ends here but whose entry is about to be reused or dropped: a last
 * record. g are the gauges of a confirmed one, or 0.
 */
ENGINE_INLINE void seam_export(const struct flow_key *key, const struct flow *f,
			       const struct gauge *g);

/* Something to tell the reader at once. */
ENGINE_INLINE void seam_emit(const struct event *event);

ENGINE_INLINE void seam_count(enum counter counter);

/* Adds to a slot of tallies.def: the first of its array plus an index. */
ENGINE_INLINE void seam_tally(__u32 slot, __u64 n);

/* Whether the source address is one of this host's own; asked about SYNs that leave it. */
ENGINE_INLINE _Bool seam_is_local(const struct packet *p);

/* Adds to a counter that several CPUs may write. */
ENGINE_INLINE void seam_add32(__u32 *counter, __u32 n);
ENGINE_INLINE void seam_add64(__u64 *counter, __u64 n);

#endif
