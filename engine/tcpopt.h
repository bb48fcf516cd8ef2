/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The TCP option walk (RFC 9293, 3.1 and 3.2; RFC 7323, 2.2): unknown kinds are
 * skipped, a length below 2 or past the header ends the walk, and an option area
 * that was not all captured proves nothing.
 */
#ifndef ENGINE_TCPOPT_H
#define ENGINE_TCPOPT_H

#include "engine/packet.h"

#define TCPOPT_AREA_MAX 40

enum tcpopt_kind {
	TCPOPT_EOL = 0,
	TCPOPT_NOP = 1,
	TCPOPT_MSS = 2,
	TCPOPT_WSCALE = 3,
	TCPOPT_SACK_PERMITTED = 4,
	TCPOPT_TIMESTAMPS = 8,
	TCPOPT_FAST_OPEN = 34,
};

/*
 * The order of the options, three bits each, the first in the lowest bits, up to
 * ten of them: enough to tell stacks apart (Linux MSTNW, Windows MNWNNS).
 */
enum tcpopt_letter {
	LAYOUT_NONE,
	LAYOUT_E,
	LAYOUT_N,
	LAYOUT_M,
	LAYOUT_W,
	LAYOUT_S,
	LAYOUT_T,
	LAYOUT_X,
};

#define LAYOUT_LETTERS ".ENMWSTX"
#define LAYOUT_SLOTS   10

/* The walk's state; in memory, for the verifier's sake, see walk.h. */
struct tcpopt_walk {
	__u32 pos;  /* offset in the frame */
	__u32 end;  /* where the captured option area ends */
	__u32 stop; /* where the data offset says it ends */
	__u8 shift; /* of the next letter in the layout */
	__u8 nops;  /* in a row, up to here */
	__u8 wscales;
	__u8 pad;
};

ENGINE_INLINE void tcpopt_note(struct tcpopt_walk *w, struct packet *p, enum tcpopt_letter letter)
{
	if (w->shift < 3 * LAYOUT_SLOTS) {
		p->layout |= (__u32)letter << (w->shift & 31);
		w->shift += 3;
	}
	if (letter != LAYOUT_N) {
		w->nops = 0;
		return;
	}
	w->nops++;
	if (w->nops > p->nop_run)
		p->nop_run = w->nops;
}

/* The option at pos; its first ENGINE_SLACK bytes are memory, if not always captured. */
ENGINE_INLINE const __u8 *tcpopt_at(const __u8 *frame, __u32 pos)
{
	engine_opaque(pos);
	return pos >= ENGINE_WINDOW ? 0 : frame + pos;
}

/* A window-scale option is valid with length 3; the last valid one counts, as in Linux. */
ENGINE_INLINE void tcpopt_wscale(struct tcpopt_walk *w, struct packet *p, const __u8 *o)
{
	tcpopt_note(w, p, LAYOUT_W);
	if (o[1] != 3) {
		p->opt_bits |= OPT_W_LENGTH;
		return;
	}
	if (w->wscales++)
		p->opt_bits |= OPT_W_REPEATED;
	p->wscale = o[2];
}

/* One option with a length, all of it inside the captured area when it is of a kind we read. */
ENGINE_INLINE void tcpopt_read(struct tcpopt_walk *w, struct packet *p, const __u8 *frame,
			       __u8 kind, __u8 length)
{
	const __u8 *o = tcpopt_at(frame, w->pos);

	if (!o)
		return;
	switch (kind) {
	case TCPOPT_WSCALE:
		tcpopt_wscale(w, p, o);
		break;
	case TCPOPT_MSS:
		tcpopt_note(w, p, LAYOUT_M);
		if (length == 4) {
			p->opt_bits |= OPT_MSS;
			p->mss = load_be16(o + 2);
		}
		break;
	case TCPOPT_SACK_PERMITTED:
		tcpopt_note(w, p, LAYOUT_S);
		p->opt_bits |= OPT_SACK_PERMITTED;
		break;
	case TCPOPT_TIMESTAMPS:
		tcpopt_note(w, p, LAYOUT_T);
		if (length == 10) {
			p->opt_bits |= OPT_TIMESTAMPS;
			p->tsval = load_be32(o + 2);
		}
		break;
	case TCPOPT_FAST_OPEN:
		p->opt_bits |= OPT_FAST_OPEN;
		tcpopt_note(w, p, LAYOUT_X);
		break;
	default:
		tcpopt_note(w, p, LAYOUT_X);
	}
}

/* One step; true while there is more to walk. */
ENGINE_INLINE _Bool tcpopt_step(struct tcpopt_walk *w, struct packet *p, const __u8 *frame)
{
	const __u8 *o;
	__u8 kind, length;

	if (w->pos >= w->stop)
		return 0;
	o = tcpopt_at(frame, w->pos);
	if (w->pos >= w->end || !o) {
		p->opt_bits |= OPT_CUT;
		return 0;
	}
	kind = o[0];
	if (kind == TCPOPT_EOL) {
		tcpopt_note(w, p, LAYOUT_E);
		return 0;
	}
	if (kind == TCPOPT_NOP) {
		tcpopt_note(w, p, LAYOUT_N);
		w->pos++;
		return 1;
	}
	if (w->pos + 1 >= w->end) {
		p->opt_bits |= w->end < w->stop ? OPT_CUT : OPT_MALFORMED;
		return 0;
	}
	length = o[1];
	if (length < 2 || w->pos + length > w->stop) {
		p->opt_bits |= OPT_MALFORMED;
		return 0;
	}
	if (w->pos + length > w->end) {
		p->opt_bits |= OPT_CUT;
		return 0;
	}
	tcpopt_read(w, p, frame, kind, length);
	w->pos += length;
	return 1;
}

/*
 * The verdict of a walk. A W that was met counts even if something later was cut;
 * none met proves absence only when everything was readable.
 */
ENGINE_INLINE __u8 tcpopt_wscale_state(const struct tcpopt_walk *w, const struct packet *p)
{
	if (w->wscales)
		return WSCALE_PRESENT;
	if (p->opt_bits & (OPT_CUT | OPT_MALFORMED | OPT_W_LENGTH))
		return WSCALE_UNKNOWN;
	return WSCALE_ABSENT;
}

/*
 * Walks the options of the segment whose option area is [pos, stop) of the frame,
 * captured up to end.
 */
ENGINE_INLINE void tcpopt_parse(struct tcpopt_walk *w, struct packet *p, const __u8 *frame,
				__u32 pos, __u32 stop, __u32 end)
{
	p->opt_bits = 0;
	p->layout = 0;
	p->tsval = 0;
	p->mss = 0;
	p->wscale = 0;
	p->nop_run = 0;
	w->pos = pos;
	w->stop = stop;
	w->end = end < stop ? end : stop;
	w->shift = 0;
	w->nops = 0;
	w->wscales = 0;
	for (int i = 0; i < TCPOPT_AREA_MAX; i++) {
		engine_barrier();
		if (!tcpopt_step(w, p, frame))
			break;
	}
	p->wscale_state = tcpopt_wscale_state(w, p);
}

#endif
