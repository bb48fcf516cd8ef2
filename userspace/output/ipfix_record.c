// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#ifdef WSCOPE_IPFIX
#include "userspace/output/ipfix_record.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "engine/tcpopt.h"
#include "userspace/names.h"
#include "userspace/output/writer.h"

/* Seconds from 1900, where dateTimeNanoseconds begin (RFC 7011, 6.1.10), to 1970. */
#define NTP_EPOCH_S 2208988800ULL
#define NS_PER_S    1000000000LL

/* In a message: before a text, and before a list (RFC 7011, 7; RFC 6313, 4.5.2). */
#define TEXT_HEAD 3
#define LIST_HEAD (3 + 3)

/* Semantics of a structured list: all entries are properties of the record (RFC 6313, 4.4). */
#define LIST_ALL_OF 3
/* biflowDirection, as the IANA has it. */
#define BIFLOW_ARBITRARY 0
#define BIFLOW_INITIATOR 1
/* boolean (RFC 7011, 6.1.5) */
#define IPFIX_TRUE  1
#define IPFIX_FALSE 2

/* ---- values ---- */

/* 0: empty. What is no UTF-8 becomes U+FFFD, as in JSON (RFC 7011, 6.1.6: strings are UTF-8). */
static fbVarfield_t text(struct ipfix_room *room, const char *s)
{
	fbVarfield_t out = { .len = s ? strlen(s) : 0, .buf = (uint8_t *)(s ? s : "") };
	GString *copy;

	room->bytes += TEXT_HEAD + out.len;
	if (!s || g_utf8_validate(s, -1, NULL))
		return out;
	copy = g_string_new(NULL);
	while (*s) {
		size_t n = writer_utf8(s);

		if (n)
			g_string_append_len(copy, s, (gssize)n);
		else
			g_string_append(copy, "\xef\xbf\xbd");
		s += n ? n : 1;
	}
	room->bytes += copy->len - out.len;
	out.len = copy->len;
	out.buf = (uint8_t *)g_string_chunk_insert_len(room->texts, copy->str, (gssize)copy->len);
	g_string_free(copy, TRUE);
	return out;
}

/* Rounded up, so that going back to whole nanoseconds gives the same one. */
static __u64 ntp(__s64 ns)
{
	__s64 s = ns / NS_PER_S, rest = ns % NS_PER_S;

	if (rest < 0) {
		rest += NS_PER_S;
		s--;
	}
	return ((__u64)s + NTP_EPOCH_S) << 32 |
	       (((__u64)rest << 32) + NS_PER_S - 1) / (__u64)NS_PER_S;
}

static __u32 ipv4(const __u64 addr[2])
{
	__u32 be;

	memcpy(&be, addr, sizeof(be));
	return ntohl(be);
}

/* Beside texts and lists an entry has one number at most. */
static void list(fbSubTemplateList_t *out, struct ipfix_room *room, enum ipfix_list of,
		 void *entries, size_t n, size_t size)
{
	room->bytes += LIST_HEAD + n * sizeof(__u64);
	fbSubTemplateListInitWithOwnBuffer(out, LIST_ALL_OF, room->template_id[of],
					   room->template[of], (__u16)n, (__u16)(n * size),
					   entries);
}

/* ---- findings ---- */

static fbVarfield_t codes(struct ipfix_room *room, __u32 set)
{
	GString *joined = g_string_new(NULL);
	fbVarfield_t out;

	for (unsigned int i = 0; i < FINDING_CODES; i++) {
		if (set & 1U << i)
			g_string_append_printf(joined, "%s%s", joined->len ? "," : "",
					       names_detector((__u8)i)->code);
	}
	room->bytes += TEXT_HEAD + joined->len;
	out.len = joined->len;
	out.buf =
		(uint8_t *)g_string_chunk_insert_len(room->texts, joined->str, (gssize)joined->len);
	g_string_free(joined, TRUE);
	return out;
}

/* Names as in JSON, but times are in nanoseconds, and named so. */
static size_t fill_numbers(struct ipfix_number *out, struct ipfix_room *room,
			   const struct record_numbers *numbers)
{
	const struct finding f = { .code = numbers->code };
	size_t n = 0;

	for (; n < FINDING_VALUES; n++) {
		char key[RECORD_VALUE_ROOM + 1];
		enum record_unit unit = record_value_key(key, &f, (unsigned int)n);

		if (!*key)
			break;
		if (unit == RECORD_UNIT_NS)
			strcpy(key + strlen(key) - 1, "ns");
		out[n].name.len = strlen(key);
		out[n].name.buf = (uint8_t *)g_string_chunk_insert_const(room->texts, key);
		out[n].value = numbers->value[n];
		room->bytes += TEXT_HEAD + out[n].name.len;
	}
	return n;
}

static void fill_finding(struct ipfix_finding *out, struct ipfix_room *room, size_t i,
			 const struct record_finding *f)
{
	struct ipfix_packet *packets = room->packets[i];
	struct ipfix_number *numbers = room->numbers[i];

	out->code = text(room, f->code);
	out->severity = text(room, f->severity);
	out->side = text(room, f->side);
	out->blame = text(room, f->blame);
	out->confidence = text(room, f->confidence);
	out->text = text(room, f->text.text);
	out->settled_by = text(room, f->settled_by);
	out->replaces = codes(room, f->replaces);
	list(&out->numbers, room, IPFIX_LIST_NUMBER, numbers,
	     fill_numbers(numbers, room, &f->numbers), sizeof(*numbers));
	for (size_t n = 0; n < f->packets.n; n++) {
		packets[n].file = text(room, f->packets.list[n].file);
		packets[n].number = f->packets.list[n].number;
	}
	list(&out->packets, room, IPFIX_LIST_PACKET, packets, f->packets.n, sizeof(*packets));
}

static void fill_findings(fbSubTemplateList_t *out, struct ipfix_room *room,
			  const struct record_findings *findings)
{
	for (size_t i = 0; i < findings->n; i++)
		fill_finding(&room->findings[i], room, i, &findings->list[i]);
	list(out, room, IPFIX_LIST_FINDING, room->findings, findings->n, sizeof(*room->findings));
}

/* ---- flow ---- */

/*
 * Kinds of the options of a SYN, a bit each. False where some of them are not known: cut,
 * malformed, more than are remembered, or of a kind that is not told apart.
 */
static bool syn_kinds(const struct syn *s, __u64 *kinds)
{
	static const __u8 kind[] = {
		[LAYOUT_E] = TCPOPT_EOL,        [LAYOUT_N] = TCPOPT_NOP,
		[LAYOUT_M] = TCPOPT_MSS,        [LAYOUT_W] = TCPOPT_WSCALE,
		[LAYOUT_T] = TCPOPT_TIMESTAMPS, [LAYOUT_S] = TCPOPT_SACK_PERMITTED,
		[LAYOUT_X] = TCPOPT_FAST_OPEN
	};
	unsigned int others = 0;

	*kinds = 0;
	if (!(s->bits & SYN_SEEN) || s->opt_bits & (OPT_CUT | OPT_MALFORMED))
		return false;
	for (unsigned int i = 0; i < LAYOUT_SLOTS; i++) {
		unsigned int letter = s->layout >> (3 * i) & 7;

		if (letter == LAYOUT_NONE)
			return others == (s->opt_bits & OPT_FAST_OPEN ? 1 : 0);
		others += letter == LAYOUT_X;
		*kinds |= 1ULL << kind[letter];
	}
	return false;
}

/* One side, of which ipfix_flow() takes the members. */
struct ipfix_side {
#define IPFIX_SIDE(kind, member, element, reverse, when) IPFIX_HOLDS_##kind member;
#include "userspace/output/ipfix.def"
};

static __u32 fill_windows(struct ipfix_side *out, const struct record_direction *d,
			  const struct flow *f, __u8 dir)
{
	__u32 has = 0;

	if (d->wscale != RECORD_NO_NUMBER) {
		out->wscale = (__u8)d->wscale;
		has |= IPFIX_SHIFT;
	}
	if (d->syn_window != RECORD_NO_NUMBER) {
		out->syn_window = (__u16)d->syn_window;
		has |= IPFIX_SYN;
	}
	if (d->window_max != RECORD_NO_NUMBER) {
		out->window_min = (__u16)d->window_min;
		out->window_max = (__u16)d->window_max;
		has |= IPFIX_WINDOW;
	}
	if (d->effective_max != RECORD_NO_NUMBER) {
		out->effective_max = (__u32)d->effective_max;
		out->shift_in_use = flow_scaling(f) == SCALING_ON ? flow_shift_on(f, dir) : 0;
		has |= IPFIX_EFFECTIVE;
	}
	return has;
}

static __u32 fill_side(struct ipfix_side *out, struct ipfix_room *room,
		       const struct record_direction *d, const struct flow *f, __u8 dir)
{
	__u32 has = fill_windows(out, d, f, dir);

	out->packets = d->packets;
	out->bytes = d->bytes;
	out->wscale_state = text(room, d->wscale_state);
	out->limited = text(room, d->limited);
	out->limited_s = d->limited_s;
	out->zero_windows = (__u32)d->zero_windows;
	out->zero_window_spells = (__u32)d->zero_window_spells;
	out->zero_window_s = d->zero_window_s;
	out->zero_window_open = d->zero_window_open ? IPFIX_TRUE : IPFIX_FALSE;
	out->zero_window_longest_s = d->zero_window_longest_s;
	out->zero_window_probes = (__u16)d->zero_window_probes;
	out->retransmits = (__u32)d->retransmits;
	out->duplicates = (__u32)d->duplicates;
	if (syn_kinds(&f->syn[dir & 1], &out->tcp_options))
		has |= IPFIX_OPTIONS;
	if (d->window_shrinks != RECORD_NO_NUMBER) {
		out->window_shrinks = (__u16)d->window_shrinks;
		has |= IPFIX_SHRINKS;
	}
	if (d->flight_max != RECORD_NO_NUMBER) {
		out->flight_max = (__u32)d->flight_max;
		has |= IPFIX_FLIGHT;
	}
	if (d->ceiling_bps != RECORD_NO_NUMBER) {
		out->ceiling_bps = (__u64)d->ceiling_bps;
		has |= IPFIX_CEILING;
	}
	return has;
}

/* Ends of the connection, the client as the source. Returns IPFIX_IPV4 or IPFIX_IPV6. */
static __u32 fill_ends(struct ipfix_flow *out, const struct flow_key *key, unsigned int client)
{
	out->client_port = key->port[client];
	out->server_port = key->port[!client];
	if (!(key->domain & DOMAIN_IPV6)) {
		out->client4 = ipv4(key->addr[client]);
		out->server4 = ipv4(key->addr[!client]);
		return IPFIX_IPV4;
	}
	memcpy(&out->client6, key->addr[client], sizeof(out->client6));
	memcpy(&out->server6, key->addr[!client], sizeof(out->server6));
	return IPFIX_IPV6;
}

static __u32 fill_sides(struct ipfix_flow *out, struct ipfix_room *room,
			const struct record_flow *record, const struct flow *f)
{
	struct ipfix_side client = { 0 }, server = { 0 };
	__u8 from = f->client & 1;
	__u32 has = fill_side(&client, room, &record->c2s, f, from);

	has |= fill_side(&server, room, &record->s2c, f, !from) << IPFIX_SERVER_SHIFT;
#define IPFIX_SIDE(kind, member, element, reverse, when) \
	out->c_##member = client.member;                 \
	out->s_##member = server.member;
#include "userspace/output/ipfix.def"
	return has;
}

__u32 ipfix_flow(struct ipfix_flow *out, struct ipfix_room *room, const struct report *r,
		 const struct flow_entry *e)
{
	struct record_flow *record = &room->record.flow;
	const struct flow *f = &e->flow;
	bool opened = f->role_source == ROLE_SYN || f->role_source == ROLE_SYNACK;
	__u32 has;

	memset(out, 0, sizeof(*out));
	room->bytes = sizeof(*out);
	record_flow(record, r, e);
	has = fill_ends(out, &e->key, f->client & 1) | fill_sides(out, room, record, f);
	out->protocol = IPPROTO_TCP;
	out->biflow = opened ? BIFLOW_INITIATOR : BIFLOW_ARBITRARY;
	out->first = ntp(record->first);
	out->last = ntp(record->last);
	out->domain = (__u32)record->domain;
	out->scaling = text(room, record->scaling);
	out->scaling_inferred = text(room, record->scaling_inferred);
	has |= record->scaling_inferred ? IPFIX_INFERRED : 0;
	out->visibility = text(room, record->visibility);
	out->file = text(room, record->file);
	has |= record->file ? IPFIX_FILE : 0;
	if (record->rtt_us != RECORD_NO_NUMBER) {
		out->rtt_us = (__u32)record->rtt_us;
		has |= IPFIX_RTT;
	}
	fill_findings(&out->findings, room, &record->findings);
	return has;
}

/* ---- endpoint, summary ---- */

__u32 ipfix_endpoint(struct ipfix_endpoint *out, struct ipfix_room *room, const struct report *r,
		     const struct endpoint_entry *e)
{
	struct record_endpoint *record = &room->record.endpoint;
	bool ipv6 = e->key.domain & DOMAIN_IPV6;
	__u32 has = ipv6 ? IPFIX_IPV6 : IPFIX_IPV4;

	memset(out, 0, sizeof(*out));
	room->bytes = sizeof(*out);
	record_endpoint(record, r, e);
	if (ipv6)
		memcpy(&out->address6, e->key.addr, sizeof(out->address6));
	else
		out->address4 = ipv4(e->key.addr);
	out->port = e->key.port;
	has |= e->key.port ? IPFIX_PORT : 0;
	out->domain = e->key.domain & DOMAIN_NUMBER;
	out->role = text(room, record->role);
	out->opportunities = record->opportunities;
	out->offers = record->offers;
	out->refusals = record->refusals;
	if (record->first_refusal != RECORD_NO_TIME) {
		out->first_refusal = ntp(record->first_refusal);
		out->last_refusal = ntp(record->last_refusal);
		has |= IPFIX_REFUSED;
	}
	if (record->refused_since != RECORD_NO_TIME) {
		out->refused_since = ntp(record->refused_since);
		has |= IPFIX_SINCE;
	}
	if (record->baseline_last != RECORD_NO_TIME) {
		out->baseline_opportunities = (__u64)record->baseline_opportunities;
		out->baseline_offers = (__u64)record->baseline_offers;
		out->baseline_last = ntp(record->baseline_last);
		has |= IPFIX_BASELINE;
	}
	fill_findings(&out->findings, room, &record->findings);
	return has;
}

void ipfix_summary(struct ipfix_summary *out, struct ipfix_room *room, const struct report *r)
{
	struct record_summary *record = &room->record.summary;

	record_summary(record, r);
	memset(out, 0, sizeof(*out));
	room->bytes = sizeof(*out);
	out->files = (__u32)record->files;
	out->packets = record->packets;
	out->ignored = record_skipped(r);
	out->flows = record->flows;
	out->handshakes = record->handshakes;
	out->lost = record->lost.packets;
	out->evictions = record->evictions;
}
#endif
