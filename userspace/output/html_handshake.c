// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A handshake for drawing: what each segment of it carried, what is missing, what is not known. */
#include "engine/tcpopt.h"
#include "userspace/names.h"
#include "userspace/output/html.h"
#include "userspace/record.h"

void html_packet(struct writer *w, const struct report *r, __u64 id)
{
	const char *name;
	__u64 number;

	writer_key(w, "packet");
	if (!report_packet(r, id, &name, &number)) {
		writer_null(w);
		return;
	}
	writer_unsigned(w, number);
	if (r->files_n > 1) {
		writer_key(w, "file");
		writer_unsigned(w, packet_id_file(id));
	}
}

static void put_options(struct writer *w, const struct syn *s)
{
	static const char *const names[] = {
		[LAYOUT_NONE] = "",        [LAYOUT_E] = "end",    [LAYOUT_N] = "nop",
		[LAYOUT_M] = "mss",        [LAYOUT_W] = "wscale", [LAYOUT_S] = "sack-permitted",
		[LAYOUT_T] = "timestamps", [LAYOUT_X] = "other",
	};

	writer_key(w, "options");
	writer_open(w, '[');
	for (unsigned int i = 0; i < LAYOUT_SLOTS; i++) {
		unsigned int letter = s->layout >> 3 * i & 7;

		if (letter != LAYOUT_NONE)
			writer_string(w, names[letter]);
	}
	writer_close(w, ']');
}

/* What is odd about a segment's options, in words. */
static void put_notes(struct writer *w, const struct syn *s)
{
	static const struct {
		__u16 bit;
		const char *note;
	} notes[] = {
		{ OPT_CUT, "options cut" },
		{ OPT_MALFORMED, "options malformed" },
		{ OPT_W_LENGTH, "window scale of a wrong length" },
		{ OPT_W_REPEATED, "window scale repeated" },
		{ OPT_FAST_OPEN, "Fast Open" },
	};

	writer_key(w, "notes");
	writer_open(w, '[');
	for (size_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++) {
		if (s->opt_bits & notes[i].bit)
			writer_string(w, notes[i].note);
	}
	if (syn_has_hole(s))
		writer_string(w, "a run of NOPs: an option was overwritten");
	writer_close(w, ']');
}

static void put_wscale(struct writer *w, __u8 state, __u8 wscale)
{
	writer_key(w, "wscale_state");
	writer_string(w, names_of(NAMES_WSCALE_STATE, state));
	writer_key(w, "wscale");
	if (state == WSCALE_PRESENT)
		writer_unsigned(w, wscale);
	else
		writer_null(w);
}

/* Another copy of the same SYN, which had other options. */
static void put_other(struct writer *w, const struct report *r, const struct syn_other *o)
{
	writer_key(w, "other");
	if (o->kind == SYN_OTHER_NONE) {
		writer_null(w);
		return;
	}
	writer_open(w, '{');
	writer_key(w, "same_packet");
	writer_bool(w, o->kind == SYN_OTHER_SAME_PACKET);
	put_wscale(w, o->wscale_state, o->wscale);
	writer_key(w, "gap_s");
	writer_seconds(w, (__s64)o->gap_us * 1000);
	html_packet(w, r, o->id);
	writer_close(w, '}');
}

/* The newest SYN or SYN-ACK of a side; null: none was seen. */
static void put_syn(struct writer *w, const char *key, const struct report *r, const struct flow *f,
		    unsigned int dir)
{
	const struct syn *s = &f->syn[dir & 1];

	writer_key(w, key);
	if (!(s->bits & SYN_SEEN)) {
		writer_null(w);
		return;
	}
	writer_open(w, '{');
	writer_key(w, "at_s");
	writer_seconds(w, (__s64)(s->first_ns - f->first_ns));
	html_packet(w, r, s->id);
	writer_key(w, "ack");
	writer_bool(w, s->bits & SYN_WITH_ACK);
	writer_key(w, "window");
	writer_unsigned(w, s->window);
	writer_key(w, "mss");
	if (s->opt_bits & OPT_MSS)
		writer_unsigned(w, s->mss);
	else
		writer_null(w);
	put_wscale(w, s->wscale_state, s->wscale);
	put_options(w, s);
	put_notes(w, s);
	writer_key(w, "payload");
	writer_unsigned(w, s->payload);
	writer_key(w, "copies");
	writer_unsigned(w, s->copies);
	put_other(w, r, &f->half[dir & 1].other);
	writer_close(w, '}');
}

void html_handshake(struct writer *w, const struct report *r, const struct flow_entry *e)
{
	const struct flow *f = &e->flow;
	const struct syn *c = &f->syn[f->client & 1];

	writer_open(w, '{');
	put_syn(w, "syn", r, f, f->client);
	put_syn(w, "answer", r, f, !f->client);
	/* The round trip says when the client acknowledged, as long as nothing was sent again. */
	writer_key(w, "ack_s");
	if (c->bits & SYN_SEEN && f->rtt_us)
		writer_seconds(w, (__s64)(c->first_ns - f->first_ns + f->rtt_us * 1000ULL));
	else
		writer_null(w);
	/* Whether it ever got that far. */
	writer_key(w, "confirmed");
	writer_bool(w, f->bits & FLOW_CONFIRMED);
	writer_close(w, '}');
}
