// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "tests/unit/transfer_text.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/packet_text.h"
#include "userspace/names.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct field {
	const char *name;
	size_t at, size;
};

#define FIELD(type, member)                                                                \
	{                                                                                  \
#member, offsetof(struct type, member), sizeof(((struct type *)0)->member) \
	}

static const struct field half_fields[] = {
	FIELD(half, packets),         FIELD(half, last_ns),      FIELD(half, ack),
	FIELD(half, zero_since_ns),   FIELD(half, zero_ns),      FIELD(half, zero_spells),
	FIELD(half, zero_longest_us), FIELD(half, window_early), FIELD(half, window_rises),
	FIELD(half, other.id),
};

static const struct field syn_fields[] = {
	FIELD(syn, window),      FIELD(syn, id),       FIELD(syn, ttl),
	FIELD(syn, options_len), FIELD(syn, first_ns), FIELD(syn, first_acked),
};

static const struct field gauge_fields[] = {
	FIELD(gauge, sends),          FIELD(gauge, limited),     FIELD(gauge, limited_sum),
	FIELD(gauge, ack_rtt),        FIELD(gauge, shrinks),     FIELD(gauge, shrunk_most),
	FIELD(gauge, stuck_ns),       FIELD(gauge, stuck_ack),   FIELD(gauge, stuck_n),
	FIELD(gauge, overs),          FIELD(gauge, over_class),  FIELD(gauge, over_rounds),
	FIELD(gauge, probes_most),    FIELD(gauge, lost_rounds), FIELD(gauge, pauses_raw),
	FIELD(gauge, pauses_scaled),  FIELD(gauge, sent_ns),     FIELD(gauge, limited_ns),
	FIELD(gauge, across_arrived), FIELD(gauge, across_lost),
};

static const struct field listener_fields[] = {
	FIELD(endpoint, opportunities),
	FIELD(endpoint, offers),
	FIELD(endpoint, plain),
	FIELD(endpoint, plain_offers),
};

static const struct field flow_fields[] = {
	FIELD(flow, first_ns),
	FIELD(flow, rtt_us),
	FIELD(flow, emitted),
};

/* "60s+1" as a number; *rest is what stands behind it. */
static __u64 number(const char *text, const char **rest)
{
	static const struct {
		const char *name;
		__u64 ns;
	} units[] = { { "us", 1000 }, { "ms", 1000000 }, { "s", 1000000000 } };
	char *end;
	__u64 v = strtoull(text, &end, 10);

	if (end == text)
		packet_text_die("not a number", text);
	for (size_t i = 0; i < COUNT(units); i++) {
		size_t n = strlen(units[i].name);

		if (strncmp(end, units[i].name, n) != 0)
			continue;
		v *= units[i].ns;
		end += n;
		break;
	}
	if (*end == '+' || *end == '-')
		v += (__u64)strtoll(end, &end, 10);
	*rest = end;
	return v;
}

static __u64 whole_number(const char *text)
{
	const char *rest;
	__u64 v = number(text, &rest);

	if (*rest)
		packet_text_die("not a number", text);
	return v;
}

/* Sets the field that the word names; false when there is none of that name. */
static bool set_field(const struct field *fields, size_t n, void *base, const char *word)
{
	size_t length = strcspn(word, "=");

	for (size_t i = 0; i < n; i++) {
		const struct field *f = &fields[i];
		__u64 v;

		if (strlen(f->name) != length || strncmp(f->name, word, length) != 0)
			continue;
		v = whole_number(word + length + 1);
		if (f->size < 8 && v >> 8 * f->size)
			packet_text_die("too large", word);
		memcpy((char *)base + f->at, &v, f->size); /* little endian, as everywhere here */
		return true;
	}
	return false;
}

/* "name.N=V" into an array of classes. */
static bool set_class(__u8 classes[GAUGE_CLASSES], const char *name, const char *word)
{
	size_t n = strlen(name);
	const char *rest;
	__u64 class;

	if (strncmp(word, name, n) != 0 || word[n] != '.')
		return false;
	class = number(word + n + 1, &rest);
	if (class < GAUGE_CLASSES && *rest == '=')
		classes[class] = (__u8)whole_number(rest + 1);
	else
		packet_text_die("no such class", word);
	return true;
}

/* "slope-early.7=8": eight samples of class 7, besides those that are there. */
static bool set_slope(__u64 *samples, __u8 *n, const char *name, const char *word)
{
	__u8 classes[GAUGE_CLASSES] = { 0 };

	if (!set_class(classes, name, word))
		return false;
	for (__u8 class = 0; class < GAUGE_CLASSES; class ++) {
		for (; classes[class]; classes[class]--) {
			if (++*n > GAUGE_SLOPE_SAMPLES)
				packet_text_die("more samples than are kept", word);
			*samples = *samples << 4 | class;
		}
	}
	return true;
}

static void set_option(__u8 *state, __u8 *shift, const char *text)
{
	*shift = 0;
	if (*text == 'W') {
		*state = WSCALE_PRESENT;
		*shift = (__u8)whole_number(text + 1);
	} else if (!strcmp(text, "absent")) {
		*state = WSCALE_ABSENT;
	} else if (!strcmp(text, "unknown")) {
		*state = WSCALE_UNKNOWN;
	} else {
		packet_text_die("no such option", text);
	}
}

static bool set_syn(struct syn *s, const char *word)
{
	if (!strcmp(word, "syn=unseen"))
		memset(s, 0, sizeof(*s));
	else if (!strncmp(word, "syn=", 4))
		set_option(&s->wscale_state, &s->wscale, word + 4);
	else if (!strcmp(word, "local"))
		s->bits |= SYN_EGRESS_LOCAL;
	else if (!strcmp(word, "no-ack"))
		s->bits &= (__u16)~SYN_WITH_ACK;
	else if (!strcmp(word, "timestamps"))
		s->opt_bits |= OPT_TIMESTAMPS;
	else if (!strcmp(word, "mss"))
		s->opt_bits |= OPT_MSS;
	else
		return !strncmp(word, "syn.", 4) &&
		       set_field(syn_fields, COUNT(syn_fields), s, word + 4);
	return true;
}

static bool set_windows(struct half *h, const char *word)
{
	const char *rest;

	if (strncmp(word, "w=", 2) != 0)
		return false;
	h->bits |= HALF_WINDOW;
	h->window_first = h->window_early = (__u16)number(word + 2, &rest);
	h->window_min = (__u16)number(rest + 1, &rest);
	h->window_max = h->window_last = (__u16)number(rest + 1, &rest);
	return true;
}

static bool set_half(struct half *h, const char *word)
{
	if (set_windows(h, word))
		return true;
	if (!strncmp(word, "other=", 6)) {
		h->other.kind = SYN_OTHER_EARLIER;
		set_option(&h->other.wscale_state, &h->other.wscale, word + 6);
	} else if (!strcmp(word, "other-same-packet")) {
		h->other.kind = SYN_OTHER_SAME_PACKET;
	} else if (!strcmp(word, "other-no-window")) {
		h->other.bits |= SYN_OTHER_NO_WINDOW;
	} else if (!strncmp(word, "ttl=", 4)) {
		const char *rest;

		h->ttl_min = (__u8)number(word + 4, &rest);
		h->ttl_max = (__u8)number(rest + 1, &rest);
	} else if (!strcmp(word, "rst")) {
		h->bits |= HALF_RST;
	} else if (!strcmp(word, "fin")) {
		h->bits |= HALF_FIN;
	} else if (!strcmp(word, "zero-open")) {
		h->bits |= HALF_ZERO;
	} else {
		return set_field(half_fields, COUNT(half_fields), h, word);
	}
	return true;
}

static bool set_gauge(struct gauge *g, const char *word)
{
	if (!strncmp(word, "ack_rtt=", 8))
		g->bits |= GAUGE_RTT;
	return set_slope(&g->early, &g->slope_early_n, "slope-early", word) ||
	       set_slope(&g->late, &g->slope_late_n, "slope-late", word) ||
	       set_class(g->delivered, "delivered", word) || set_class(g->lost, "lost", word) ||
	       set_field(gauge_fields, COUNT(gauge_fields), g, word);
}

static bool set_side(struct transfer_facts *out, __u8 dir, const char *word)
{
	if (set_syn(&out->flow.syn[dir], word) || set_half(&out->flow.half[dir], word))
		return true;
	if (!set_gauge(&out->gauge[dir], word))
		return false;
	out->transfer.gauge = out->gauge;
	out->flow.bits |= FLOW_GAUGED;
	return true;
}

static void set_word(struct transfer_facts *out, __u8 c, const char *word)
{
	bool known = true;

	if (!strncmp(word, "c.", 2)) {
		known = set_side(out, c, word + 2);
	} else if (!strncmp(word, "s.", 2)) {
		known = set_side(out, !c, word + 2);
	} else if (!strncmp(word, "listener.", 9)) {
		known = set_field(listener_fields, COUNT(listener_fields), &out->listener,
				  word + 9);
		out->transfer.listener = &out->listener;
	} else if (!strcmp(word, "off")) {
		set_option(&out->flow.syn[!c].wscale_state, &out->flow.syn[!c].wscale, "absent");
	} else if (!strcmp(word, "unconfirmed")) {
		out->flow.bits &= (__u8)~FLOW_CONFIRMED;
	} else if (!strncmp(word, "lost=", 5)) {
		out->transfer.lost_together = (__u32)whole_number(word + 5);
	} else {
		known = set_field(flow_fields, COUNT(flow_fields), &out->flow, word);
	}
	if (!known)
		packet_text_die("word not understood", word);
}

void transfer_text_make(struct transfer_facts *out, const char *words, __u8 client)
{
	char *copy = strdup(words), *save = NULL;
	struct flow *f = &out->flow;
	struct syn *c = &f->syn[client], *s = &f->syn[!client];

	memset(out, 0, sizeof(*out));
	f->client = client;
	f->bits = FLOW_ANSWERED | FLOW_CONFIRMED;
	*c = (struct syn){ .bits = SYN_SEEN, .window = 64240, .id = 1, .copies = 1 };
	*s = (struct syn){ .bits = SYN_SEEN | SYN_WITH_ACK, .window = 65160, .id = 2, .copies = 1 };
	set_option(&c->wscale_state, &c->wscale, "W7");
	set_option(&s->wscale_state, &s->wscale, "W9");
	f->half[0].packets = f->half[1].packets = 20;
	for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save))
		set_word(out, client, w);
	free(copy);
	flow_set_shifts(f);
	out->transfer.flow = f;
	out->transfer.scaling = flow_scaling(f);
}

static void add_packets(char *out, const struct finding *f)
{
	for (size_t i = 0; i < FINDING_PACKETS && f->packets[i]; i++)
		sprintf(out + strlen(out), "%s%llu", i ? "," : " @", f->packets[i]);
}

void transfer_text_finding(char out[TRANSFER_TEXT_ROOM], const struct finding *f)
{
	const struct names_detector *d = names_detector(f->code);
	const char *name = d->values, *between = " replaces=";
	const char *side = names_of(NAMES_SIDE, f->side);

	snprintf(out, TRANSFER_TEXT_ROOM, "%s %s %s %s %s", d->code, side ? side : "-",
		 names_of(NAMES_BLAME, f->blame), names_of(NAMES_CONFIDENCE, f->confidence),
		 names_of(NAMES_SEVERITY, f->severity));
	for (size_t i = 0; i < FINDING_VALUES; i++) {
		if (!*name && !f->value[i])
			continue;
		sprintf(out + strlen(out), "%s%llu", i ? "," : " ", f->value[i]);
		name += strcspn(name, " ");
		name += *name == ' ';
	}
	add_packets(out, f);
	for (unsigned int i = 0; i < FINDING_CODES; i++) {
		if (!(f->replaces & 1U << i))
			continue;
		sprintf(out + strlen(out), "%s%s", between, names_detector(i)->code);
		between = ",";
	}
}
