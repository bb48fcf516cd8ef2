// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/text_culprit.h"

#include <ctype.h>
#include <string.h>

#include "engine/detectors/endpoint_off.h"
#include "userspace/baseline.h"

#define UNSCALED_MOST 65535U
#define EXAMPLE_RTT   100000U /* us */
#define PORTS_SHOWN   4U
#define SINCE_ROOM    160

enum text_color text_severity_color(unsigned int severity)
{
	switch (severity) {
	case SEVERITY_CRITICAL:
		return TEXT_RED;
	case SEVERITY_WARNING:
		return TEXT_YELLOW;
	default:
		return TEXT_CYAN;
	}
}

static const char *side_name(const struct finding *f)
{
	const char *side = names_of(NAMES_SIDE, f->side);

	return side ? side : "path";
}

const char *text_who(char out[TEXT_WHO_ROOM], const struct text_group *g)
{
	bool ipv6 = g->domain & DOMAIN_IPV6;
	__u16 port = g->finding.side == SIDE_SERVER ? g->port : 0;
	char address[RECORD_ENDPOINT_ROOM];

	record_address_port(address, g->addr, ipv6, port);
	if (g->finding.blame != BLAME_PATH)
		snprintf(out, TEXT_WHO_ROOM, "%s as %s", address, side_name(&g->finding));
	else if (g->several_hosts)
		snprintf(out, TEXT_WHO_ROOM, "path from several %ss", side_name(&g->finding));
	else
		snprintf(out, TEXT_WHO_ROOM, "path from %s %s", side_name(&g->finding), address);
	return out;
}

/* The file's name as it is printed. */
static const char *file_named(char safe[TEXT_FILE_ROOM], const char *file)
{
	if (!strcmp(file, "-"))
		return "standard input";
	return text_safe(safe, TEXT_FILE_ROOM, text_base(file));
}

const char *text_packets(char out[TEXT_PACKETS_ROOM], const struct report *r,
			 const __u64 packets[FINDING_PACKETS])
{
	const size_t room = TEXT_PACKETS_ROOM;
	const char *file, *last = NULL;
	char safe[TEXT_FILE_ROOM];
	size_t at = 0, n = 0;
	__u64 number;

	out[0] = '\0';
	for (size_t i = 0; i < FINDING_PACKETS; i++)
		n += report_packet(r, packets[i], &file, &number);
	if (!n)
		return out;
	at = (size_t)snprintf(out, room, "packet%s ", n == 1 ? "" : "s");
	for (size_t i = 0; i < FINDING_PACKETS && at < room; i++) {
		if (!report_packet(r, packets[i], &file, &number))
			continue;
		if (last && last != file)
			at += (size_t)snprintf(out + at, room - at, " of %s",
					       file_named(safe, last));
		if (at < room)
			at += (size_t)snprintf(out + at, room - at, "%s%llu", last ? ", " : "",
					       (unsigned long long)number);
		last = file;
	}
	if (at < room)
		snprintf(out + at, room - at, " of %s", file_named(safe, last));
	return out;
}

/* ---- an endpoint's history ---- */

/* From when on the endpoint leaves the option out; an acceptance before proves that it once did not. */
static const char *since(char out[SINCE_ROOM], const struct report *r, const struct endpoint *e)
{
	char first[TEXT_TIME_ROOM], last[TEXT_TIME_ROOM];

	if (e->run && e->bits & ENDPOINT_OFFERED)
		snprintf(out, SINCE_ROOM, "since %s",
			 text_time(first, record_time(r, e->run_since_ns)));
	else if (!(e->bits & ENDPOINT_OFFERED) && r->live)
		snprintf(out, SINCE_ROOM, "since before the attach at %s",
			 text_time(first, (__s64)r->started_ns));
	else if (!(e->bits & ENDPOINT_OFFERED))
		snprintf(out, SINCE_ROOM, "since before the capture began, first seen %s",
			 text_time(first, record_time(r, e->first_refusal_ns)));
	else
		snprintf(out, SINCE_ROOM, "first %s, last %s",
			 text_time(first, record_time(r, e->first_refusal_ns)),
			 text_time(last, record_time(r, e->last_refusal_ns)));
	return out;
}

/* "; on in the baseline of 2026-01-02 ...", where that is so. */
static const char *on_before(char out[SINCE_ROOM], const struct report *r,
			     const struct endpoint_key *key)
{
	const struct baseline_endpoint *before = baseline_find(r->baseline, key);
	char when[TEXT_TIME_ROOM];

	out[0] = '\0';
	if (before && endpoint_was_on(before->opportunities, before->offers))
		snprintf(out, SINCE_ROOM, "; on in the baseline of %s",
			 text_time(when, before->last_ns));
	return out;
}

/* "its last 25 handshakes" or "3 of 40 handshakes" */
static const char *how_many(char out[SINCE_ROOM], const struct endpoint *e)
{
	char n[TEXT_NUMBER_ROOM], all[TEXT_NUMBER_ROOM], run[TEXT_NUMBER_ROOM];

	text_number(n, e->refusals);
	text_number(all, e->opportunities);
	if (e->opportunities == 1)
		snprintf(out, SINCE_ROOM, "its only handshake here is without window scaling");
	else if (e->run > 1 && e->bits & ENDPOINT_OFFERED)
		snprintf(out, SINCE_ROOM,
			 "its last %s handshakes without window scaling (%s of %s in all)",
			 text_number(run, e->run), n, all);
	else
		snprintf(out, SINCE_ROOM, "%s of %s handshakes without window scaling", n, all);
	return out;
}

static bool is_host_of(const struct text_group *g, const struct endpoint_entry *e,
		       unsigned int role)
{
	return e->key.role == role && e->key.domain == g->domain && e->key.addr[0] == g->addr[0] &&
	       e->key.addr[1] == g->addr[1] && e->endpoint.refusals;
}

/* A line for each port of a server that refused, one for a client. False when there is none. */
static bool put_endpoints(const struct text *t, const struct report *r, const struct text_group *g)
{
	bool server = g->finding.side == SIDE_SERVER;
	char many[SINCE_ROOM], when[SINCE_ROOM], before[SINCE_ROOM], port[16];
	size_t shown = 0, more = 0;

	for (size_t i = 0; i < r->endpoints_n; i++) {
		const struct endpoint_entry *e = &r->endpoints[i];

		if (!is_host_of(g, e, server ? ENDPOINT_SERVER : ENDPOINT_CLIENT))
			continue;
		if (shown == PORTS_SHOWN) {
			more++;
			continue;
		}
		snprintf(port, sizeof(port), "port %u: ", e->key.port);
		text_field(t,
			   shown++  ? ""
			   : server ? "as server"
				    : "as client",
			   "%s%s, %s%s", server ? port : "", how_many(many, &e->endpoint),
			   since(when, r, &e->endpoint), on_before(before, r, &e->key));
	}
	if (more)
		text_field(t, "", "and on %zu more port%s", more, more == 1 ? "" : "s");
	return shown;
}

/* ---- the block ---- */

static bool turns_scaling_off(const struct text_group *g)
{
	return g->of_endpoint || (g->example.known && g->example.unscaled);
}

static void put_seen(const struct text *t, const struct report *r, const struct text_group *g)
{
	char many[TEXT_COUNTED_ROOM], when[TEXT_TIME_ROOM];

	text_field(t, "seen", "in %s, first at %s", text_counted(many, g->count, "connection"),
		   text_time(when, record_time(r, g->first_ns)));
}

/* The sentence of the detector, for one connection. */
static void put_sentence(const struct text *t, const struct text_group *g)
{
	unsigned int client = g->example.client;
	bool ipv6 = g->example.key.domain & DOMAIN_IPV6;
	struct record_address from, to;
	struct record_names names = { .client = from.text, .server = to.text };
	struct record_sentence sentence;

	record_address(&from, g->example.key.addr[client], ipv6);
	record_address(&to, g->example.key.addr[!client], ipv6);
	record_sentence(&sentence, names_detector(g->finding.code)->text, &names, &g->finding);
	text_field(t, "what", "%s%s", g->count > 1 ? "for example: " : "", sentence.text);
}

static void put_advice(const struct text *t, const struct text_group *g)
{
	struct record_address from, to, host;
	struct record_names names = { .client = from.text, .server = to.text, .host = host.text };
	struct record_sentence sentence;
	bool ipv6 = g->domain & DOMAIN_IPV6;

	record_address(&host, g->addr, ipv6);
	from = to = host;
	if (g->example.known) {
		unsigned int client = g->example.client;

		record_address(&from, g->example.key.addr[client], ipv6);
		record_address(&to, g->example.key.addr[!client], ipv6);
	}
	record_sentence(&sentence, names_detector(g->finding.code)->advice, &names, &g->finding);
	text_field(t, "advice", "%s", sentence.text);
}

/* What scaling would allow, by the larger of the shifts that the ends offered themselves. */
static void put_offer(const struct text *t, const struct text_slow *slow)
{
	char bytes[TEXT_NUMBER_ROOM], rate[TEXT_RATE_ROOM];
	__u64 most;

	if (slow->offer == SHIFT_UNKNOWN || !slow->offer ||
	    (slow->rtt_us && slow->rtt_us < NEAR_US))
		return;
	most = (__u64)UNSCALED_MOST << slow->offer;
	text_field(t, "", "the shift of %u that was offered allows %s bytes: %s", slow->offer,
		   text_number(bytes, most),
		   text_rate(rate, most, slow->rtt_us ? slow->rtt_us : EXAMPLE_RTT));
}

/* The most that the culprit's connections may have in flight, bytes; 0: that is not the matter. */
static __u64 most_in_flight(const struct text_group *g)
{
	switch (g->finding.code) {
	case FINDING_phantom_scaling:
		return g->finding.value[1];
	case FINDING_window_limited:
		return g->finding.value[0];
	default:
		return turns_scaling_off(g) ? UNSCALED_MOST : 0;
	}
}

static void put_cap(const struct text *t, const struct text_groups *groups,
		    const struct text_group *g, __u64 most)
{
	char rate[TEXT_RATE_ROOM], rate_here[TEXT_RATE_ROOM], us[TEXT_NUMBER_ROOM];
	char here[TEXT_RATE_ROOM + TEXT_NUMBER_ROOM + 32] = "", bytes[TEXT_NUMBER_ROOM];
	struct text_slow slow;

	text_slow(&slow, groups, g);
	text_rate(rate, most, EXAMPLE_RTT);
	if (slow.rtt_us)
		snprintf(here, sizeof(here), " (here: %s at %s)",
			 text_rate(rate_here, most, slow.rtt_us), text_us(us, slow.rtt_us));
	text_field(t, "cost",
		   "at most %s bytes in flight per connection: %s at a round trip of 100 ms%s",
		   text_number(bytes, most), rate, here);
	put_offer(t, &slow);
}

/* What it cost: the ceiling of what may be in flight, and the time that was waited. */
static void put_cost(const struct text *t, const struct text_groups *groups,
		     const struct text_group *g)
{
	char count[TEXT_COUNTED_ROOM], bytes[TEXT_NUMBER_ROOM];
	__u64 most = most_in_flight(g);

	if (most)
		put_cap(t, groups, g, most);
	if (g->waited_ns < STALL_MIN_NS)
		return;
	text_field(t, most ? "" : "cost", "%s waited %.1f s for a window, carrying %s bytes",
		   text_counted(count, g->count, "connection"), (double)g->waited_ns / 1e9,
		   text_number(bytes, g->bytes));
}

static void put_blame(const struct text *t, const struct finding *f)
{
	static const char *const words[] = {
		[BLAME_UNKNOWN] = "cannot be told from here",
		[BLAME_HOST] = "the host itself",
		[BLAME_PATH] = "a box in the path, not the host",
		[BLAME_HOST_OR_PATH] = "the host, or a box between it and this point",
		[BLAME_PROXY] = "a proxy that answers for the host",
	};
	bool inferred = f->confidence == CONFIDENCE_INFERRED;

	text_field(t, "blame", "%s (%s%s)", words[f->blame], inferred ? "" : "confidence ",
		   inferred ? "inferred from one direction alone"
			    : names_of(NAMES_CONFIDENCE, f->confidence));
}

/* All that is found of one host, whatever the code, is told once. */
static bool same_block(const struct text_group *a, const struct text_group *b)
{
	return a->of_endpoint && b->of_endpoint && a->domain == b->domain &&
	       a->addr[0] == b->addr[0] && a->addr[1] == b->addr[1];
}

/* SEVERITY  WHO: TITLE */
static void put_headline(const struct text *t, const struct text_group *g, const char *who)
{
	const char *severity = names_of(NAMES_SEVERITY, g->finding.severity);
	const char *title = names_detector(g->finding.code)->title;
	char level[16], whom[TEXT_WHO_ROOM + 16];
	size_t i;

	snprintf(whom, sizeof(whom), "%s%s", who,
		 g->finding.confidence == CONFIDENCE_INFERRED ? " (inferred)" : "");
	if (t->sink) {
		t->sink->headline(t->sink->arg, severity, whom, title);
		return;
	}
	snprintf(level, sizeof(level), "%s", severity);
	for (i = 0; level[i]; i++)
		level[i] = (char)toupper((unsigned char)level[i]);
	text_put(t, text_severity_color(g->finding.severity), "%s", level);
	text_put(t, TEXT_BOLD, "  %s", who);
	fprintf(t->to, "%s: %s\n", whom + strlen(who), title);
}

static void put_settled_by(const struct text *t, const struct finding *f)
{
	const char *how = record_settled_by(f);

	if (how)
		text_field(t, "settled by", "%s", how);
}

static void put_proof(const struct text *t, const struct report *r, const struct text_group *g)
{
	char packets[TEXT_PACKETS_ROOM];

	if (*text_packets(packets, r, g->finding.packets))
		text_field(t, "proof", "%s", packets);
}

/* With its port and side, or of several groups with all that they have in common. */
static void put_host_headline(const struct text *t, const struct text_groups *groups, size_t index)
{
	const struct text_group *g = &groups->list[index];
	bool alone = true, both = false;
	char who[TEXT_WHO_ROOM];
	struct record_address host;

	for (size_t i = index + 1; i < groups->n; i++) {
		if (!same_block(g, &groups->list[i]))
			continue;
		alone = false;
		both |= groups->list[i].finding.side != g->finding.side;
	}
	record_address(&host, g->addr, g->domain & DOMAIN_IPV6);
	if (alone)
		text_who(who, g);
	else
		snprintf(who, sizeof(who), "%s as %s", host.text,
			 both ? "server and client" : side_name(&g->finding));
	put_headline(t, g, who);
}

/* The server's side first: it is the one that others meet. */
static void put_host(const struct text *t, const struct report *r, const struct text_groups *groups,
		     size_t index)
{
	static const __u8 sides[] = { SIDE_SERVER, SIDE_CLIENT };
	const struct text_group *g = &groups->list[index];

	put_host_headline(t, groups, index);
	put_cost(t, groups, g);
	for (size_t k = 0; k < sizeof(sides); k++) {
		size_t i = index;

		while (i < groups->n && (groups->list[i].finding.side != sides[k] ||
					 !same_block(g, &groups->list[i])))
			i++;
		if (i < groups->n)
			put_endpoints(t, r, &groups->list[i]);
	}
}

bool text_culprit_told(const struct text_groups *groups, size_t index)
{
	for (size_t i = 0; i < index; i++) {
		if (same_block(&groups->list[i], &groups->list[index]))
			return true;
	}
	return false;
}

void text_culprit(const struct text *t, const struct report *r, const struct text_groups *groups,
		  size_t index)
{
	const struct text_group *g = &groups->list[index];
	char who[TEXT_WHO_ROOM];

	if (g->of_endpoint) {
		put_host(t, r, groups, index);
	} else {
		put_headline(t, g, text_who(who, g));
		put_cost(t, groups, g);
		put_sentence(t, g);
		if (g->finding.blame == BLAME_PATH || !turns_scaling_off(g) ||
		    !put_endpoints(t, r, g))
			put_seen(t, r, g);
	}
	put_blame(t, &g->finding);
	put_advice(t, g);
	put_settled_by(t, &g->finding);
	put_proof(t, r, g);
}

/* ---- events ---- */

/* The sentence: of an endpoint with its count and since, of a connection with its two ends. */
static void event_body(char *out, size_t room, const struct report *r, const struct event *e,
		       const struct record_event *record)
{
	char many[SINCE_ROOM], when[SINCE_ROOM], rate[TEXT_RATE_ROOM];
	size_t at;

	at = (size_t)snprintf(out, room, "%s", record->finding.text.text);
	if (e->kind != EVENT_ENDPOINT_FINDING || at >= room)
		return;
	at += (size_t)snprintf(out + at, room - at, ": %s, %s", how_many(many, &e->stats),
			       since(when, r, &e->stats));
	if (at < room)
		snprintf(out + at, room - at,
			 "; at most 65,535 bytes in flight (%s at a round trip of 100 ms)",
			 text_rate(rate, UNSCALED_MOST, EXAMPLE_RTT));
}

void text_culprit_event(const struct text *t, const struct report *r, const struct event *e,
			const char *interface)
{
	struct record_event record;
	char when[TEXT_TIME_ROOM], body[2 * RECORD_SENTENCE_ROOM], place[64] = "";

	record_event(&record, r, e, interface);
	event_body(body, sizeof(body), r, e, &record);
	if (interface)
		snprintf(place, sizeof(place), ", %s on %s", record.hook, interface);
	text_put(t, TEXT_DIM, "%s ", text_clock(when, record.time));
	text_put(t, text_severity_color(e->finding.severity), "%s", record.finding.severity);
	text_put(t, TEXT_BOLD, " %s", record.finding.code);
	fprintf(t->to, ": %s", body);
	/* A host is told once, a connection may come often. */
	if (e->kind == EVENT_ENDPOINT_FINDING)
		fprintf(t->to, "; %s", record.finding.advice.text);
	fprintf(t->to, " (blame %s, %s%s)\n", record.finding.blame, record.finding.confidence,
		place);
}
