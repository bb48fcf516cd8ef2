/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A proxy answered the SYN with its own shift P, and the server behind it uses B: the client
 * reads every window of the server wrong by 2^(P - B). Seen when the server's own SYN-ACK
 * comes through as well, or by the slope of its windows (detectors: E2): one below P cannot
 * be otherwise, one above may be a server that reads as data arrive.
 */
#ifndef ENGINE_DETECTORS_SYNPROXY_MISMATCH_H
#define ENGINE_DETECTORS_SYNPROXY_MISMATCH_H

#include "engine/transfer.h"

ENGINE_INLINE _Bool detect_synproxy_mismatch(const struct transfer *t, __u8 dir,
					     struct finding *out)
{
	const struct flow *f = t->flow;
	const struct syn *s = &f->syn[dir & 1];
	const struct syn_other *o = &f->half[dir & 1].other;
	enum confidence confidence;
	__u8 proxy, server, apart;
	_Bool both;

	if (dir == f->client || !(s->bits & SYN_WITH_ACK) || !syn_offers(s))
		return 0;
	both = o->kind == SYN_OTHER_EARLIER && o->wscale_state == WSCALE_PRESENT &&
	       o->bits & SYN_OTHER_NO_WINDOW;
	if (!both && s->window)
		return 0;
	proxy = both ? o->wscale : syn_shift(s);
	server = both ? syn_shift(s) : transfer_slope_shift(t, dir);
	if (proxy > 14 || server == SHIFT_UNKNOWN)
		return 0;
	apart = proxy > server ? proxy - server : server - proxy;
	if (!apart || (!both && apart < E2_MIN_DIFFERENCE))
		return 0;
	if (!both && server > proxy && transfer_slope_shows(t, dir, proxy))
		return 0;
	confidence = both ? CONFIDENCE_HIGH : server < proxy ? CONFIDENCE_MEDIUM : CONFIDENCE_LOW;
	finding_set(out, FINDING_synproxy_mismatch,
		    confidence == CONFIDENCE_LOW ? SEVERITY_NOTICE : SEVERITY_WARNING, SIDE_SERVER,
		    BLAME_PROXY, confidence);
	out->value[0] = proxy;
	out->value[1] = server;
	out->value[2] = transfer_factor(apart);
	out->packets[0] = both ? o->id : f->syn[!dir].id;
	out->packets[1] = s->id;
	if (confidence != CONFIDENCE_LOW)
		out->replaces = FINDING_BIT(wscale_changed) | FINDING_BIT(window_shrunk) |
				FINDING_BIT(window_limited);
	return 1;
}

#endif
