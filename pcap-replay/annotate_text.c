// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "pcap-replay/annotate_text.h"

#include <stdio.h>

#include "userspace/text_culprit.h"

static const char *annotate_text(char *out, const struct report *r, const struct finding *f,
				 const struct record_names *names)
{
	const struct names_detector *d = names_detector(f->code);
	const char *side = names_of(NAMES_SIDE, f->side), *settled = record_settled_by(f);
	char packets[TEXT_PACKETS_ROOM];
	struct record_sentence text, advice;

	record_sentence(&text, d->text, names, f);
	record_sentence(&advice, d->advice, names, f);
	text_packets(packets, r, f->packets);
	snprintf(out, ANNOTATE_TEXT_ROOM,
		 "%s %s: %s; %s (side %s, blame %s, confidence %s%s%s%s%s)",
		 names_of(NAMES_SEVERITY, f->severity), d->code, text.text, advice.text,
		 side ? side : "none", names_of(NAMES_BLAME, f->blame),
		 names_of(NAMES_CONFIDENCE, f->confidence), settled ? "; settled by " : "",
		 settled ? settled : "", *packets ? "; " : "", packets);
	return out;
}

const char *annotate_text_flow(char out[ANNOTATE_TEXT_ROOM], const struct report *r,
			       const struct flow_key *key, unsigned int client,
			       const struct finding *f)
{
	bool ipv6 = key->domain & DOMAIN_IPV6;
	struct record_address from, to;
	struct record_names names = { .client = from.text, .server = to.text };

	record_address(&from, key->addr[client & 1], ipv6);
	record_address(&to, key->addr[!(client & 1)], ipv6);
	return annotate_text(out, r, f, &names);
}

const char *annotate_text_endpoint(char out[ANNOTATE_TEXT_ROOM], const struct report *r,
				   const struct endpoint_key *key, const struct finding *f)
{
	struct record_address host;
	struct record_names names = { .host = host.text };

	record_address(&host, key->addr, key->domain & DOMAIN_IPV6);
	return annotate_text(out, r, f, &names);
}
