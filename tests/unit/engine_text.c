/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <arpa/inet.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "engine/transfer.h"
#include "platform/native.h"
#include "tests/unit/engine_text.h"
#include "userspace/names.h"

__attribute__((format(printf, 2, 3))) static void add(char *out, const char *format, ...)
{
	size_t n = strlen(out);
	va_list args;

	va_start(args, format);
	vsnprintf(out + n, ENGINE_TEXT_ROOM - n, format, args);
	va_end(args);
}

/* Letters or words of the bits that are set. */
static void add_bits(char *out, unsigned int bits, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (bits & 1U << i)
			add(out, " %s", names[i]);
}

static void add_address(char *out, const __u64 addr[2], bool ipv6, __u16 port)
{
	char text[INET6_ADDRSTRLEN];

	inet_ntop(ipv6 ? AF_INET6 : AF_INET, addr, text, sizeof(text));
	add(out, ipv6 ? "[%s]:%u" : "%s:%u", text, port);
}

static void add_domain(char *out, __u32 domain)
{
	if (domain & DOMAIN_VNI)
		add(out, " domain=vni:%u", domain & DOMAIN_NUMBER);
	else if (domain & DOMAIN_VLAN)
		add(out, " domain=vlan:%u.%u", (domain & DOMAIN_NUMBER) >> 12, domain & 0xfff);
	else
		add(out, " domain=none");
}

static void add_wscale(char *out, const char *who, __u8 state, __u8 shift)
{
	if (state == WSCALE_PRESENT)
		add(out, " %sW=%u", who, shift);
	else
		add(out, " %sW=%s", who, state == WSCALE_ABSENT ? "absent" : "unknown");
}

static void add_layout(char *out, __u32 layout)
{
	add(out, " layout=");
	for (; layout & 7; layout >>= 3)
		add(out, "%c", LAYOUT_LETTERS[layout & 7]);
}

static void add_option_bits(char *out, __u16 bits)
{
	static const char *const words[] = { "timestamps", "sack-permitted",
					     "mss",        "fast-open",
					     "cut",        "malformed",
					     "w-length",   "w-repeated" };

	add_bits(out, bits, words, sizeof(words) / sizeof(words[0]));
}

static void add_flags(char *out, __u8 flags)
{
	static const char letters[] = "FSRPAU";

	add(out, " flags=");
	for (unsigned int i = 0; letters[i]; i++)
		if (flags & 1U << i)
			add(out, "%c", letters[i]);
}

void engine_text_facts(char out[ENGINE_TEXT_ROOM], const struct engine_facts *f)
{
	const struct packet *p = &f->pkt;

	out[0] = '\0';
	if (f->skip) {
		add(out, "skip=%s", names_counters[f->skip].name);
		return;
	}
	add(out, "tcp %s ", p->ipv6 ? "v6" : "v4");
	add_address(out, p->src, p->ipv6, p->sport);
	add(out, ">");
	add_address(out, p->dst, p->ipv6, p->dport);
	add_flags(out, p->flags);
	add(out, " seq=%u ack=%u win=%u payload=%u header=%u ttl=%u id=%u encap=%u ifindex=%u",
	    p->seq, p->ack, p->window, p->payload, p->header_len, p->ttl, p->ipid, p->encap,
	    p->ifindex);
	add_domain(out, p->domain);
	add_wscale(out, "", p->wscale_state, p->wscale);
	add_layout(out, p->layout);
	add(out, " nops=%u mss=%u tsval=%u", p->nop_run, p->mss, p->tsval);
	add_option_bits(out, p->opt_bits);
}

static void add_half(char *out, char who, const struct flow *f, unsigned int i)
{
	const struct half *h = &f->half[i];
	const struct syn *s = &f->syn[i];
	char name[3] = { who, ':', '\0' };

	add(out, " %spackets=%llu %sbytes=%llu", name, h->packets, name, h->bytes);
	if (s->bits & SYN_SEEN) {
		add_wscale(out, name, s->wscale_state, s->wscale);
		add(out, " %scopies=%u %sisn=%u", name, s->copies, name, s->isn);
	} else {
		add(out, " %sW=unseen", name);
	}
	if (h->bits & HALF_WINDOW)
		add(out, " %swin=%u-%u %sfirst_acked=%u", name, h->window_min, h->window_max, name,
		    s->first_acked);
	else
		add(out, " %swin=none", name);
	add(out, " %szero=%u %sspells=%u %szero_ms=%llu %szero_longest_us=%u", name,
	    h->zero_windows, name, h->zero_spells, name, h->zero_ns / ENGINE_NS_PER_MS, name,
	    h->zero_longest_us);
	add(out, " %sretransmits=%u %sdup=%u", name, h->retransmits, name, h->duplicates);
	if (h->bits & HALF_ZERO)
		add(out, " %szero-open", name);
	if (h->bits & HALF_FIN)
		add(out, " %sfin", name);
	if (h->bits & HALF_RST)
		add(out, " %srst", name);
}

/* "7x3,9x1": three samples of class 7 and one of 9. */
static void add_classes(char *out, const char *who, const char *name,
			const __u8 classes[GAUGE_CLASSES])
{
	bool any = false;

	add(out, " %s%s=", who, name);
	for (unsigned int i = 0; i < GAUGE_CLASSES; i++) {
		if (!classes[i])
			continue;
		add(out, "%s%ux%u", any ? "," : "", i, classes[i]);
		any = true;
	}
	if (!any)
		add(out, "none");
}

static void add_slope(char *out, const char *who, const char *name, __u64 samples, __u32 n)
{
	__u8 classes[GAUGE_CLASSES] = { 0 };

	transfer_slope_count(samples, n, classes);
	add_classes(out, who, name, classes);
}

static void add_sending(char *out, const char *name, const struct flow *f, const struct gauge *g)
{
	add(out,
	    " %ssends=%u %slimited=%u %slimited_ns=%llu %slimited_sum=%llu %sflight=%u "
	    "%sflight_most=%u %smss=%u",
	    name, g->sends, name, g->limited, name, g->limited_ns, name, g->limited_sum, name,
	    g->flight, name, g->flight_most, name, g->mss);
	add(out, " %sovers=%u %sover_rounds=%u %sover_class=%u", name, g->overs, name,
	    g->over_rounds, name, g->over_class);
	add(out, " %spauses=%u %spauses_raw=%u %spauses_scaled=%u %sprobes=%u %sprobes_most=%u",
	    name, g->pauses, name, g->pauses_raw, name, g->pauses_scaled, name, g->probes, name,
	    g->probes_most);
	add(out, " %slost_rounds=%u %sstuck=%u", name, g->lost_rounds, name, g->stuck_n);
	add(out, " %sacross=%u,%u %salert=%u", name, g->across_arrived, g->across_lost, name,
	    g->alert);
	if (g->stuck_n)
		add(out, " %sstuck_ack=%u %sstuck_us=%llu", name, g->stuck_ack, name,
		    (g->stuck_ns - f->first_ns) / ENGINE_NS_PER_US);
}

/* What is not valid yet is "none". */
static void add_windows(char *out, const char *name, const struct gauge *g)
{
	char edge[16] = "none", rtt[16] = "none";

	if (g->bits & GAUGE_EDGE)
		snprintf(edge, sizeof(edge), "%u", g->edge);
	if (g->bits & GAUGE_RTT)
		snprintf(rtt, sizeof(rtt), "%u", g->ack_rtt);
	add(out, " %sedge=%s %sshrinks=%u %sshrunk_most=%u %sack_rtt=%s", name, edge, name,
	    g->shrinks, name, g->shrunk_most, name, rtt);
}

static void add_gauge(char *out, char who, const struct flow *f, const struct gauge *g)
{
	char name[3] = { who, ':', '\0' };

	add_sending(out, name, f, g);
	add_windows(out, name, g);
	add_slope(out, name, "early", g->early, g->slope_early_n);
	add_slope(out, name, "late", g->late, g->slope_late_n);
	add_classes(out, name, "delivered", g->delivered);
	add_classes(out, name, "lost", g->lost);
}

static void add_finding(char *out, const struct finding *x)
{
	const char *code = names_detector(x->code)->code, *side = names_of(NAMES_SIDE, x->side);

	add(out, " !%s !%s/%s/%s/%s/%s !%s@%llu", code, code, side ? side : "-",
	    names_of(NAMES_BLAME, x->blame), names_of(NAMES_CONFIDENCE, x->confidence),
	    names_of(NAMES_SEVERITY, x->severity), code, packet_id_number(x->packets[0]));
	for (unsigned int i = 1; i < FINDING_PACKETS && x->packets[i]; i++)
		add(out, ",%llu", packet_id_number(x->packets[i]));
}

void engine_text_endpoint(char out[ENGINE_TEXT_ROOM], const struct endpoint_entry *e, _Bool larger)
{
	const __u8 *last = (const __u8 *)e->key.addr + (e->key.domain & DOMAIN_IPV6 ? 15 : 3);
	struct finding findings[VERDICT_MAX];
	__u32 n = verdict_endpoint_findings(&e->key, &e->endpoint, findings);

	out[0] = '\0';
	add(out,
	    "endpoint %c %s opportunities=%llu offers=%llu refusals=%llu stripped=%llu run=%llu",
	    *last == 1 + larger ? 'c' : 's', names_of(NAMES_ROLE, e->key.role),
	    e->endpoint.opportunities, e->endpoint.offers, e->endpoint.refusals, e->endpoint.by_box,
	    e->endpoint.run);
	for (__u32 i = 0; i < n; i++)
		add_finding(out, &findings[i]);
}

void engine_text_flow(char out[ENGINE_TEXT_ROOM], const struct flow *f, const struct gauge *g,
		      int c)
{
	struct finding findings[VERDICT_MAX];
	__u32 n = verdict_flow_findings(f, findings);
	const char *inferred = names_of(NAMES_SCALING_INFERRED, infer_scaling(f));

	out[0] = '\0';
	add(out, "%s client=%c role=%s scaling=%s inferred=%s encap=%u rtt_us=%u%s",
	    f->bits & FLOW_CONFIRMED ? "confirmed" : "unconfirmed",
	    (f->client & 1) == c ? 'c' : 's', names_of(NAMES_ROLE_SOURCE, f->role_source),
	    names_of(NAMES_SCALING, flow_scaling(f)), inferred ? inferred : "null", f->encap,
	    f->rtt_us, f->bits & FLOW_ANSWERED ? " answered" : "");
	add_half(out, 'c', f, (unsigned int)c);
	add_half(out, 's', f, (unsigned int)!c);
	add(out, g ? " gauged" : " ungauged");
	if (g) {
		add_gauge(out, 'c', f, &g[c]);
		add_gauge(out, 's', f, &g[!c]);
	}
	for (__u32 i = 0; i < n; i++)
		add_finding(out, &findings[i]);
}

static bool has_word(const char *have, const char *word, size_t n, bool prefix)
{
	for (const char *h = have; *h; h += strspn(h, " ")) {
		size_t length = strcspn(h, " ");

		if ((prefix ? length > n : length == n) && !strncmp(h, word, n))
			return true;
		h += length;
	}
	return false;
}

const char *engine_text_missing(const char *have, const char *want)
{
	for (const char *w = want + strspn(want, " "); *w; w += strspn(w, " ")) {
		size_t n = strcspn(w, " ");
		bool absent = *w == '-';
		bool any = absent && n == 2 && w[1] == '!';

		if (has_word(have, w + absent, n - absent, any) == absent)
			return w;
		w += n;
	}
	return NULL;
}
