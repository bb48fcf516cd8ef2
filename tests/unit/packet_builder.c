/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One function per kind of header; each is handed its words and appends its bytes. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/packet_builder.h"
#include "tests/unit/packet_text.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Who names what follows a header. */
enum space { SPACE_NONE, SPACE_ETHERTYPE, SPACE_PROTOCOL, SPACE_PORT, SPACE_PPP, SPACE_FAMILY };

struct length_field {
	__u32 at;   /* where it stands, 16 bits */
	__u32 from; /* the first byte it counts */
	__u32 add;
};

struct build {
	__u8 bytes[8192];
	__u32 len;
	__u32 next_at; /* the field that names the following header */
	enum space next_space;
	bool next_little; /* that field is in little-endian order */
	bool after_mpls;
	struct length_field lengths[32];
	unsigned int lengths_n;
	__u32 ip_end; /* where the packet ends and a trailer begins; 0: nowhere */
	__u32 caplen, wirelen, tcp_at;
	bool cut, wired;
	__u16 linktype;
};

/* The names of a header in the spaces above; 0 where it has none. */
struct header_kind {
	const char *name;
	void (*put)(struct build *b, struct packet_text *t);
	__u16 ethertype, protocol, port, ppp, family;
	__u16 linktype; /* + 1, of a frame that begins with it */
};

static __u8 *grow(struct build *b, __u32 n)
{
	__u8 *at = b->bytes + b->len;

	if (b->len + n > sizeof(b->bytes))
		packet_text_die("frame too long", "");
	b->len += n;
	memset(at, 0, n);
	return at;
}

static void put16(__u8 *p, __u32 v)
{
	p[0] = (__u8)(v >> 8);
	p[1] = (__u8)v;
}

static void put32(__u8 *p, __u32 v)
{
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
}

static void names_next(struct build *b, __u32 at, enum space space)
{
	b->next_at = at;
	b->next_space = space;
	b->next_little = false;
}

/* The next header is named at `at`, unless the text names it by this key. */
static void names_next_or(struct build *b, struct packet_text *t, const char *key, __u32 at,
			  enum space space)
{
	__u32 v;

	names_next(b, at, space);
	if (!packet_text_given(t, key, &v))
		return;
	b->next_space = SPACE_NONE;
	if (space == SPACE_PROTOCOL)
		b->bytes[at] = (__u8)v;
	else
		put16(b->bytes + at, v);
}

/* A 16-bit length at `at` that counts from `from` to the end of the packet. */
static void counts(struct build *b, struct packet_text *t, __u32 at, __u32 from)
{
	__u32 v;

	if (packet_text_given(t, "len", &v)) {
		put16(b->bytes + at, v);
		return;
	}
	if (b->lengths_n == COUNT(b->lengths))
		packet_text_die("too many lengths", "");
	b->lengths[b->lengths_n++] = (struct length_field){ .at = at, .from = from };
}

/* ---- link layers ---- */

static void put_eth(struct build *b, struct packet_text *t)
{
	__u32 at = b->len;
	__u8 *h = grow(b, 14);

	h[0] = h[6] = 2;
	h[5] = 2;
	h[11] = 1;
	names_next_or(b, t, "type", at + 12, SPACE_ETHERTYPE);
}

static void put_sll(struct build *b, struct packet_text *t)
{
	__u32 at = b->len;
	__u8 *h = grow(b, 16);

	put16(h + 2, 1);
	put16(h + 4, 6);
	names_next_or(b, t, "type", at + 14, SPACE_ETHERTYPE);
}

static void put_sll2(struct build *b, struct packet_text *t)
{
	__u32 at = b->len;
	__u8 *h = grow(b, 20);

	put32(h + 4, packet_text_number(t, "ifindex", 2));
	put16(h + 8, 1);
	h[11] = 6;
	names_next_or(b, t, "type", at, SPACE_ETHERTYPE);
}

static void put_raw(struct build *b, struct packet_text *t)
{
	(void)t;
	names_next(b, b->len, SPACE_NONE);
}

/* The family stands in the byte order of the capturing machine, or in network order. */
static void put_null(struct build *b, struct packet_text *t)
{
	bool big = packet_text_has(t, "be");

	names_next(b, b->len + (big ? 2 : 0), SPACE_FAMILY);
	b->next_little = !big;
	grow(b, 4);
}

static void put_chdlc(struct build *b, struct packet_text *t)
{
	__u32 at = b->len;

	grow(b, 4)[0] = 0x0f;
	names_next_or(b, t, "type", at + 2, SPACE_ETHERTYPE);
}

static void put_ppp(struct build *b, struct packet_text *t)
{
	if (packet_text_has(t, "hdlc"))
		put16(grow(b, 2), 0xff03);
	grow(b, 2);
	names_next_or(b, t, "type", b->len - 2, SPACE_PPP);
}

static void put_linktype(struct build *b, struct packet_text *t)
{
	b->linktype = (__u16)packet_text_number(t, "", 0);
	names_next(b, b->len, SPACE_NONE);
}

static void put_vlan(struct build *b, struct packet_text *t)
{
	__u32 at = b->len;

	put16(grow(b, 4), packet_text_number(t, "", 1));
	names_next_or(b, t, "type", at + 2, SPACE_ETHERTYPE);
}

/* ---- IP ---- */

static void put_ipv4(struct build *b, struct packet_text *t)
{
	__u32 at = b->len, ihl = packet_text_number(t, "ihl", 5);
	__u32 size = ihl < 5 ? 20 : ihl * 4, net = packet_text_number(t, "net", 0) << 8;
	bool rev = packet_text_has(t, "rev");
	__u8 *h = grow(b, size);

	memset(h + 20, 1, size - 20);
	h[0] = (__u8)(packet_text_number(t, "ver", 4) << 4 | ihl);
	put16(h + 4, packet_text_number(t, "id", 1));
	put16(h + 6, (packet_text_has(t, "mf") ? 0x2000 : 0) | packet_text_number(t, "frag", 0));
	h[8] = (__u8)packet_text_number(t, "ttl", 64);
	put32(h + 12, 0x0a000000 + net + (rev ? 2 : 1));
	put32(h + 16, 0x0a000000 + net + (rev ? 1 : 2));
	names_next_or(b, t, "proto", at + 9, SPACE_PROTOCOL);
	counts(b, t, at + 2, at);
}

static void put_ipv6(struct build *b, struct packet_text *t)
{
	__u32 at = b->len;
	bool rev = packet_text_has(t, "rev");
	__u8 *h = grow(b, 40);

	h[0] = (__u8)(packet_text_number(t, "ver", 6) << 4);
	h[7] = (__u8)packet_text_number(t, "hlim", 64);
	put32(h + 8, 0x20010db8);
	put32(h + 12, packet_text_number(t, "net", 0));
	memcpy(h + 24, h + 8, 8);
	h[23] = rev ? 2 : 1;
	h[39] = rev ? 1 : 2;
	names_next_or(b, t, "next", at + 6, SPACE_PROTOCOL);
	counts(b, t, at + 4, at + 40);
}

static void put_extension(struct build *b, struct packet_text *t)
{
	__u32 at = b->len, units = packet_text_number(t, "units", 0);
	__u8 *h = grow(b, 8 + units * 8);

	h[1] = (__u8)units;
	names_next_or(b, t, "next", at, SPACE_PROTOCOL);
}

static void put_fragment(struct build *b, struct packet_text *t)
{
	__u32 at = b->len;
	__u8 *h = grow(b, 8);

	put16(h + 2, packet_text_number(t, "frag", 0) << 3 | packet_text_has(t, "mf"));
	put32(h + 4, 77);
	names_next_or(b, t, "next", at, SPACE_PROTOCOL);
}

/* The length is in 4-byte units less two; 12 bytes of integrity check by default. */
static void put_ah(struct build *b, struct packet_text *t)
{
	__u32 at = b->len, units = packet_text_number(t, "units", 4);
	__u8 *h = grow(b, units < 1 ? 12 : (units + 2) * 4);

	h[1] = (__u8)units;
	names_next_or(b, t, "next", at, SPACE_PROTOCOL);
}

/* ---- tunnels ---- */

static void put_udp(struct build *b, struct packet_text *t)
{
	__u32 at = b->len, port;
	__u8 *h = grow(b, 8);

	put16(h, packet_text_number(t, "sport", 50000));
	names_next(b, at + 2, SPACE_PORT);
	if (packet_text_given(t, "", &port)) {
		put16(h + 2, port);
		b->next_space = SPACE_NONE;
	}
	counts(b, t, at + 4, at);
}

static void gre(struct build *b, struct packet_text *t, bool keyed, __u32 key)
{
	bool csum = packet_text_has(t, "csum"), seq = packet_text_has(t, "seq");
	__u32 at = b->len;
	__u8 *h = grow(b, 4 + 4U * csum + 4U * keyed + 4U * seq);

	put16(h, (csum ? 0x8000 : 0) | (keyed ? 0x2000 : 0) | (seq ? 0x1000 : 0) |
			 (packet_text_has(t, "routing") ? 0x4000 : 0) |
			 packet_text_number(t, "ver", 0));
	if (keyed)
		put32(h + 4 + 4 * csum, key);
	names_next_or(b, t, "proto", at + 2, SPACE_ETHERTYPE);
}

static void put_gre(struct build *b, struct packet_text *t)
{
	__u32 key = 0;
	bool keyed = packet_text_given(t, "key", &key);

	gre(b, t, keyed, key);
}

/* RFC 7637: a key of 24 bits of network and 8 of flow. */
static void put_nvgre(struct build *b, struct packet_text *t)
{
	gre(b, t, true, packet_text_number(t, "", 1) << 8 | 0x5a);
}

static void put_erspan1(struct build *b, struct packet_text *t)
{
	(void)t;
	names_next(b, b->len, SPACE_NONE);
}

static void put_erspan2(struct build *b, struct packet_text *t)
{
	__u8 *h = grow(b, 8);

	h[0] = (__u8)(packet_text_number(t, "ver", 1) << 4);
	h[3] = 9;
	names_next(b, b->len, SPACE_NONE);
}

static void put_vxlan(struct build *b, struct packet_text *t)
{
	__u8 *h = grow(b, 8);

	h[0] = packet_text_has(t, "noflag") ? 0 : 8;
	put32(h + 4, packet_text_number(t, "", 1) << 8);
	names_next(b, b->len, SPACE_NONE);
}

static void put_geneve(struct build *b, struct packet_text *t)
{
	__u32 at = b->len, words = packet_text_number(t, "words", 0);
	__u8 *h = grow(b, 8 + 4 * words);

	h[0] = (__u8)(packet_text_number(t, "ver", 0) << 6 | words);
	put32(h + 4, packet_text_number(t, "", 1) << 8);
	names_next_or(b, t, "proto", at + 2, SPACE_ETHERTYPE);
}

static void put_gue(struct build *b, struct packet_text *t)
{
	__u32 at = b->len, words = packet_text_number(t, "words", 0);
	__u8 *h = grow(b, 4 + 4 * words);

	h[0] = (__u8)(packet_text_number(t, "ver", 0) << 6 |
		      (packet_text_has(t, "control") ? 0x20U : 0) | words);
	names_next_or(b, t, "proto", at + 1, SPACE_PROTOCOL);
}

/* 3GPP TS 29.281, 5.1: any of the flags S, PN and E adds four bytes, the last of them a type. */
static void put_gtpu(struct build *b, struct packet_text *t)
{
	bool seq = packet_text_has(t, "seq"), ext = packet_text_has(t, "ext");
	__u32 at = b->len;
	__u8 *h = grow(b, seq || ext ? 12 : 8);

	h[0] = (__u8)(packet_text_number(t, "ver", 1) << 5 | 0x10 | (ext ? 4 : 0) | (seq ? 2 : 0));
	h[1] = (__u8)packet_text_number(t, "type", 0xff);
	put32(h + 4, 0x1234);
	if (ext)
		h[11] = 0x85;
	names_next(b, b->len, SPACE_NONE);
	counts(b, t, at + 2, at + 8);
}

/* A PDU session container, or what stands for one; `last` says that none follows. */
static void put_gtpext(struct build *b, struct packet_text *t)
{
	__u32 words = packet_text_number(t, "words", 1);
	__u32 size = words ? words * 4 : 4;
	__u8 *h = grow(b, size);

	h[0] = (__u8)words;
	h[size - 1] = packet_text_has(t, "last") ? 0 : 0x85;
}

static void put_mpls(struct build *b, struct packet_text *t)
{
	__u8 *h = grow(b, 4);

	if (b->after_mpls)
		h[-2] &= 0xfe;
	put32(h, packet_text_number(t, "", 16) << 12 | 64 |
			 (packet_text_has(t, "nobottom") ? 0 : 0x100));
	names_next(b, b->len, SPACE_NONE);
}

static void put_cw(struct build *b, struct packet_text *t)
{
	(void)t;
	grow(b, 4);
}

static void put_pppoe(struct build *b, struct packet_text *t)
{
	__u32 at = b->len;
	__u8 *h = grow(b, 6);

	h[0] = (__u8)(packet_text_number(t, "ver", 1) << 4 | 1);
	h[1] = (__u8)packet_text_number(t, "code", 0);
	put16(h + 2, 7);
	names_next(b, b->len, SPACE_NONE);
	counts(b, t, at + 4, at + 6);
}

/* ---- TCP, and what ends a frame ---- */

static void put_tcp(struct build *b, struct packet_text *t)
{
	__u8 options[1024];
	__u32 n = packet_text_options(t, options, sizeof(options));
	__u32 sport = 40000, dport = 443, at = b->len;
	__u8 *h = grow(b, 20 + (n + 3) / 4 * 4);

	b->tcp_at = at;
	packet_text_ports(t, &sport, &dport);
	put16(h, packet_text_has(t, "rev") ? dport : sport);
	put16(h + 2, packet_text_has(t, "rev") ? sport : dport);
	put32(h + 4, packet_text_number(t, "seq", 1000));
	put32(h + 8, packet_text_number(t, "ack", 0));
	h[12] = (__u8)(packet_text_number(t, "doff", (b->len - at) / 4) << 4);
	h[13] = packet_text_flags(t);
	put16(h + 14, packet_text_number(t, "win", 64240));
	memcpy(h + 20, options, n);
}

static void put_data(struct build *b, struct packet_text *t)
{
	__u32 n = packet_text_number(t, "", 0);

	memset(grow(b, n), 'd', n);
}

static void put_hex(struct build *b, struct packet_text *t)
{
	__u8 bytes[256];
	__u32 n = packet_text_hex(t, bytes, sizeof(bytes));

	memcpy(grow(b, n), bytes, n);
}

static void put_trailer(struct build *b, struct packet_text *t)
{
	__u32 n = packet_text_number(t, "", 0);

	b->ip_end = b->len;
	memset(grow(b, n), 0xee, n);
}

static void put_cut(struct build *b, struct packet_text *t)
{
	b->cut = true;
	b->caplen = packet_text_number(t, "", 0);
}

static void put_wire(struct build *b, struct packet_text *t)
{
	b->wired = true;
	b->wirelen = packet_text_number(t, "", 0);
}

/* name, function, ethertype, IP protocol, UDP port, PPP protocol, BSD family, link type + 1 */
static const struct header_kind kinds[] = {
	{ "eth", put_eth, 0x6558, 0, 0, 0, 0, 1 + 1 },
	{ "sll", put_sll, 0, 0, 0, 0, 0, 113 + 1 },
	{ "sll2", put_sll2, 0, 0, 0, 0, 0, 276 + 1 },
	{ "raw", put_raw, 0, 0, 0, 0, 0, 101 + 1 },
	{ "null", put_null, 0, 0, 0, 0, 0, 0 + 1 },
	{ "chdlc", put_chdlc, 0, 0, 0, 0, 0, 104 + 1 },
	{ "linktype", put_linktype, 0, 0, 0, 0, 0, 1 },
	{ "ppp", put_ppp, 0x880b, 0, 0, 0, 0, 9 + 1 },
	{ "vlan", put_vlan, 0x8100, 0, 0, 0, 0, 0 },
	{ "qinq", put_vlan, 0x88a8, 0, 0, 0, 0, 0 },
	{ "oldqinq", put_vlan, 0x9100, 0, 0, 0, 0, 0 },
	{ "ipv4", put_ipv4, 0x0800, 4, 0, 0x0021, 2, 0 },
	{ "ipv6", put_ipv6, 0x86dd, 41, 0, 0x0057, 30, 0 },
	{ "hop", put_extension, 0, 0, 0, 0, 0, 0 },
	{ "routing", put_extension, 0, 43, 0, 0, 0, 0 },
	{ "dest", put_extension, 0, 60, 0, 0, 0, 0 },
	{ "fragment", put_fragment, 0, 44, 0, 0, 0, 0 },
	{ "ah", put_ah, 0, 51, 0, 0, 0, 0 },
	{ "udp", put_udp, 0, 17, 0, 0, 0, 0 },
	{ "gre", put_gre, 0, 47, 0, 0, 0, 0 },
	{ "nvgre", put_nvgre, 0, 47, 0, 0, 0, 0 },
	{ "erspan1", put_erspan1, 0x88be, 0, 0, 0, 0, 0 },
	{ "erspan2", put_erspan2, 0x88be, 0, 0, 0, 0, 0 },
	{ "erspan3", put_erspan2, 0x22eb, 0, 0, 0, 0, 0 },
	{ "vxlan", put_vxlan, 0, 0, 4789, 0, 0, 0 },
	{ "geneve", put_geneve, 0, 0, 6081, 0, 0, 0 },
	{ "gue", put_gue, 0, 0, 6080, 0, 0, 0 },
	{ "gue1", put_raw, 0, 0, 6080, 0, 0, 0 },
	{ "gtpu", put_gtpu, 0, 0, 2152, 0, 0, 0 },
	{ "gtpext", put_gtpext, 0, 0, 0, 0, 0, 0 },
	{ "mpls", put_mpls, 0x8847, 137, 0, 0x0281, 0, 0 },
	{ "cw", put_cw, 0, 0, 0, 0, 0, 0 },
	{ "pppoe", put_pppoe, 0x8864, 0, 0, 0, 0, 0 },
	{ "tcp", put_tcp, 0, 6, 0, 0, 0, 0 },
	{ "data", put_data, 0, 0, 0, 0, 0, 0 },
	{ "hex", put_hex, 0, 0, 0, 0, 0, 0 },
	{ "trailer", put_trailer, 0, 0, 0, 0, 0, 0 },
	{ "cut", put_cut, 0, 0, 0, 0, 0, 0 },
	{ "wire", put_wire, 0, 0, 0, 0, 0, 0 },
};

/* Writes the name of k where the header before wants it. */
static void name_header(struct build *b, const struct header_kind *k)
{
	const __u16 names[] = { [SPACE_NONE] = 0,
				[SPACE_ETHERTYPE] = k->ethertype,
				[SPACE_PROTOCOL] = k->protocol,
				[SPACE_PORT] = k->port,
				[SPACE_PPP] = k->ppp,
				[SPACE_FAMILY] = k->family };
	__u16 name = names[b->next_space];

	if (b->next_space == SPACE_PROTOCOL || (b->next_space != SPACE_NONE && b->next_little))
		b->bytes[b->next_at] = (__u8)name;
	else if (b->next_space != SPACE_NONE)
		put16(b->bytes + b->next_at, name);
	b->next_space = SPACE_NONE;
}

static void add_header(struct build *b, struct packet_text *t, bool first)
{
	for (size_t i = 0; i < COUNT(kinds); i++) {
		const struct header_kind *k = &kinds[i];

		if (strcmp(k->name, t->words[0]))
			continue;
		if (first && !k->linktype)
			packet_text_die("a frame cannot begin with", k->name);
		if (first)
			b->linktype = (__u16)(k->linktype - 1);
		name_header(b, k);
		k->put(b, t);
		packet_text_check(t);
		b->after_mpls = k->put == put_mpls;
		return;
	}
	packet_text_die("no such header", t->words[0]);
}

static void finish_lengths(struct build *b)
{
	__u32 end = b->ip_end ? b->ip_end : b->len;

	for (unsigned int i = 0; i < b->lengths_n; i++)
		put16(b->bytes + b->lengths[i].at, end - b->lengths[i].from);
}

void packet_builder_make(struct packet_builder_frame *f, const char *text)
{
	struct build *b = calloc(1, sizeof(*b));
	struct packet_builder_frame whole;
	struct packet_text t;
	const char *rest = text;

	if (!b)
		packet_text_die("out of memory", "");
	for (bool first = true; packet_text_next(&t, &rest); first = false)
		add_header(b, &t, first);
	finish_lengths(b);
	if (!b->cut)
		b->caplen = b->len;
	else if ((__s32)b->caplen < 0)
		b->caplen += b->len;
	if (b->caplen > b->len)
		packet_text_die("cut behind the end", text);
	whole = (struct packet_builder_frame){
		.bytes = b->bytes,
		.wirelen = b->wired ? b->wirelen : b->len,
		.linktype = b->linktype,
		.tcp_at = b->tcp_at,
	};
	packet_builder_cut(f, &whole, b->caplen);
	free(b);
}

void packet_builder_cut(struct packet_builder_frame *out, const struct packet_builder_frame *f,
			__u32 caplen)
{
	*out = *f;
	out->caplen = caplen;
	out->bytes = malloc(caplen);
	if (!out->bytes && caplen)
		packet_text_die("out of memory", "");
	if (caplen)
		memcpy(out->bytes, f->bytes, caplen);
}

void packet_builder_free(struct packet_builder_frame *f)
{
	free(f->bytes);
	memset(f, 0, sizeof(*f));
}
