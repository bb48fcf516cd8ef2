/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Scaling from one direction alone (detectors: E7, the third ACK). A client whose
 * SYN offered shift s beside window W0 sends W0 >> s, rounded up, in its first
 * segment after the handshake when scaling was agreed, and W0 as it stands when not.
 * What is found so is labelled inferred, never reported as seen.
 */
#ifndef ENGINE_INFER_H
#define ENGINE_INFER_H

#include "engine/flow.h"

/* A smaller shift leaves too little between the two readings. */
#define INFER_MIN_SHIFT 2
/* User-mode stacks send this as a constant, scaled or not. */
#define INFER_CONSTANT_WINDOW 0xffff

ENGINE_INLINE enum scaling infer_scaling(const struct flow *f)
{
	const struct syn *c = &f->syn[f->client & 1];
	const struct syn *s = &f->syn[!f->client];
	const struct half *h = &f->half[f->client & 1];
	__u32 scaled;

	if (s->bits & SYN_SEEN) {
		/* Only an offer may be answered with the option (RFC 7323, 2.2). */
		if (!(c->bits & SYN_SEEN) && syn_offers(s))
			return SCALING_ON;
		return SCALING_UNKNOWN;
	}
	if (!syn_offers(c) || syn_shift(c) < INFER_MIN_SHIFT || !(h->bits & HALF_WINDOW) ||
	    !c->window)
		return SCALING_UNKNOWN;
	scaled = (c->window + (1U << syn_shift(c)) - 1) >> syn_shift(c);
	if (h->window_first == scaled || h->window_first == c->window >> syn_shift(c))
		return SCALING_ON;
	if (h->window_first == c->window && c->window != INFER_CONSTANT_WINDOW)
		return SCALING_OFF;
	return SCALING_UNKNOWN;
}

#endif
