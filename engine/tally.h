/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Totals by role, code, shift and window, in slots behind the counters. Noted without a branch
 * while a packet is worked on and added up behind it: each branch in the middle would make a
 * verifier go through all the rest twice.
 */
#ifndef ENGINE_TALLY_H
#define ENGINE_TALLY_H

#include "engine/seam.h"
#include "engine/slots.h"

#define TALLY_NO_SHIFT  (TALLY_N_SHIFTS - 1)
#define TALLY_NO_WINDOW (TALLY_N_CLASSES - 1)

/* Of scratch.ending: beside the bits of the half. */
#define TALLY_ENDING (1U << 8)

/* Whether a bit of a mask is set, as a number, and without a branch. */
#define TALLY_BIT(bits, bit) ((__u32)((bits) / (bit)) & 1)

/* Notes that n is to be added to a slot; 0 is harmless. */
ENGINE_INLINE void tally_note(struct scratch *s, __u32 slot, __u64 n)
{
	__u32 at = s->tallies_n & (SCRATCH_TALLIES - 1);

	s->tally_slot[at] = slot;
	s->tally_add[at] = n;
	s->tallies_n = at + 1;
}

/* Adds up what was noted. */
ENGINE_INLINE void tally_flush(struct scratch *s)
{
	for (int i = 0; i < SCRATCH_TALLIES; i++) {
		__u32 at;

		engine_barrier();
		at = s->tallies_n - 1;
		engine_opaque(at);
		if (at >= SCRATCH_TALLIES)
			break;
		s->tallies_n = at;
		seam_tally(s->tally_slot[at], s->tally_add[at]);
	}
	s->tallies_n = 0;
}

ENGINE_INLINE void tally_handshake(struct scratch *s, const struct packet *p)
{
	tally_note(s, TALLY_HANDSHAKES + (p->ipv6 & 1), 1);
}

/* At a verdict that is reported at once. */
ENGINE_INLINE void tally_finding(struct scratch *s, const struct finding *f)
{
	tally_note(s,
		   TALLY_FINDINGS + (__u32)f->code * TALLY_N_SIDES +
			   (f->side & (TALLY_N_SIDES - 1)),
		   1);
}

/* One opportunity of a side to offer the option, taken or not. */
ENGINE_INLINE void tally_opportunity(struct scratch *s, enum endpoint_role role, _Bool offered)
{
	tally_note(s, TALLY_OPPORTUNITIES + role, 1);
	tally_note(s, TALLY_OFFERS + role, offered);
}

/* enum endpoint_role of a direction. */
ENGINE_INLINE __u32 tally_role(const struct flow *f, __u8 dir)
{
	return (dir ^ f->client) & 1;
}

_Static_assert(ENDPOINT_CLIENT == 0 && ENDPOINT_SERVER == 1, "a role is a difference");

/* What a confirmed connection's SYN or SYN-ACK offers; what is not known is not counted. */
ENGINE_INLINE void tally_shift(struct scratch *s, const struct flow *f, __u8 dir)
{
	const struct syn *syn = &f->syn[dir & 1];
	__u32 shift = TALLY_NO_SHIFT;

	if (syn_offers(syn))
		shift = syn_shift(syn);
	else if (!syn_lacks(syn))
		return;
	tally_note(s, TALLY_SHIFTS + tally_role(f, dir) * TALLY_N_SHIFTS + (shift & 15), 1);
}

/* The least c with bytes < 2^c. */
ENGINE_INLINE __u32 tally_class(__u32 bytes)
{
	return gauge_log2(bytes) + 1; /* of 0: -1 + 1 */
}

/*
 * A direction of a confirmed connection has ended, perhaps not for the first time: the
 * largest window that it advertised.
 */
ENGINE_INLINE void tally_window(struct scratch *s, const struct flow *f, __u8 dir)
{
	const struct half *h = &f->half[dir & 1];
	__u32 role = tally_role(f, dir), unknown = h->shift / (SHIFT_UNKNOWN / 2 + 1);
	__u32 bytes = (__u32)h->window_max << (h->shift & 15);
	__u32 again = TALLY_BIT(s->ending, HALF_FIN) | TALLY_BIT(s->ending, HALF_RST);
	__u32 first = (__u32)(f->bits / FLOW_CONFIRMED) & (__u32)(h->bits / HALF_WINDOW) & 1 &
		      ~again;
	__u32 class = tally_class(bytes) | unknown * TALLY_NO_WINDOW;

	tally_note(s, TALLY_WINDOWS + role * TALLY_N_CLASSES + (class & (TALLY_N_CLASSES - 1)),
		   first);
	tally_note(s, TALLY_WINDOW_BYTES + role, (__u64)bytes * (first & ~unknown));
}

ENGINE_INLINE void tally_stall(struct scratch *s, __u32 role, __u64 ns)
{
	tally_note(s, TALLY_STALL_NS + role, ns);
}

#endif
