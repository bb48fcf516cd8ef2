/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A listener under SYN cookies remembers the client's options in its timestamp; to a client
 * without timestamps it can promise nothing but a segment size. Told from a refusing host
 * by the listener's other handshakes: with timestamps the option is there.
 */
#ifndef ENGINE_DETECTORS_SYNCOOKIE_NO_WSCALE_H
#define ENGINE_DETECTORS_SYNCOOKIE_NO_WSCALE_H

#include "engine/transfer.h"

/* Whether a listener's handshakes, with timestamps and without, look like cookies. */
ENGINE_INLINE _Bool syncookie_listener(const struct endpoint *e)
{
	__u64 with = e->opportunities - e->plain, offers = e->offers - e->plain_offers;

	return with >= COOKIE_HANDSHAKES && e->plain >= COOKIE_HANDSHAKES &&
	       offers * 100 >= with * COOKIE_WITH_PERCENT &&
	       (__u64)e->plain_offers * 100 <= (__u64)e->plain * COOKIE_WITHOUT_PERCENT;
}

ENGINE_INLINE _Bool detect_syncookie_no_wscale(const struct transfer *t, __u8 dir,
					       struct finding *out)
{
	const struct flow *f = t->flow;
	const struct syn *s = &f->syn[dir & 1], *c = &f->syn[!dir];

	if (dir == f->client || !t->listener || !syn_lacks(s) || !(s->bits & SYN_WITH_ACK) ||
	    !syn_offers(c) || c->opt_bits & OPT_TIMESTAMPS || s->options_len != 4 ||
	    !(s->opt_bits & OPT_MSS) || !syncookie_listener(t->listener))
		return 0;
	finding_set(out, FINDING_syncookie_no_wscale, SEVERITY_WARNING, SIDE_SERVER,
		    transfer_blame(t, dir), CONFIDENCE_HIGH);
	out->value[0] = t->listener->plain;
	out->value[1] = t->listener->opportunities - t->listener->plain;
	out->replaces = FINDING_BIT(server_no_wscale);
	transfer_prove(t, out);
	return 1;
}

#endif
