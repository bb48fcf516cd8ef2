/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The SYN was answered without the option by a proxy in front of the server: with window 0,
 * which no listener sends, or by another way through the network than all that follows.
 * The NOPs in such a SYN-ACK are the proxy's own: nobody overwrote an option of the server.
 */
#ifndef ENGINE_DETECTORS_SYNPROXY_NO_WSCALE_H
#define ENGINE_DETECTORS_SYNPROXY_NO_WSCALE_H

#include "engine/transfer.h"

ENGINE_INLINE _Bool detect_synproxy_no_wscale(const struct transfer *t, __u8 dir,
					      struct finding *out)
{
	const struct flow *f = t->flow;
	const struct half *h = &f->half[dir & 1];
	const struct syn *s = &f->syn[dir & 1];
	__u8 hops = s->ttl > h->ttl_min ? s->ttl - h->ttl_min : h->ttl_min - s->ttl;
	_Bool elsewhere;

	if (dir == f->client || !syn_lacks(s) || !(s->bits & SYN_WITH_ACK) ||
	    !syn_offers(&f->syn[!dir]))
		return 0;
	elsewhere = h->packets >= PROXY_PACKETS && h->bits & HALF_WINDOW &&
		    h->ttl_min == h->ttl_max && hops >= PROXY_HOPS;
	if (s->window && !elsewhere)
		return 0;
	finding_set(out, FINDING_synproxy_no_wscale, SEVERITY_WARNING, SIDE_SERVER, BLAME_PROXY,
		    s->window ? CONFIDENCE_MEDIUM : CONFIDENCE_HIGH);
	out->replaces = FINDING_BIT(server_no_wscale) | FINDING_BIT(syncookie_no_wscale);
	if (h->other.kind != SYN_OTHER_SAME_PACKET)
		out->replaces |= FINDING_BIT(wscale_stripped);
	transfer_prove(t, out);
	return 1;
}

#endif
