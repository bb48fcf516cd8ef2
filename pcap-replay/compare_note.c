// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What two copies of one packet differ in. */
#include "pcap-replay/compare_pair.h"

#define ABSENT (-1)

/* SACK permitted in a SYN, the blocks everywhere else. */
#define SACK_KINDS (1ULL << SEGMENT_SACK_OK | 1ULL << SEGMENT_SACK)
/* What has a field of its own. */
#define KNOWN_KINDS \
	(SACK_KINDS | 1ULL << TCPOPT_MSS | 1ULL << SEGMENT_WSCALE | 1ULL << SEGMENT_TIMESTAMPS)

bool compare_in_handshake(const struct compare_leg *leg, const struct compare_segment *s)
{
	const struct compare_segment *own = &leg->syn[s->dir], *peer = &leg->syn[!s->dir];

	if (s->flags & TCP_SYN)
		return true;
	return !s->len && own->number && s->seq == own->seq + 1 + own->len &&
	       (!peer->number || s->ack == peer->seq + 1 + peer->len);
}

static void note(struct compare_pair *p, unsigned int dir, enum compare_field field,
		 const struct compare_diff *what)
{
	struct compare_diff *d = p->diffs, *end = p->diffs + p->diffs_n;

	while (d < end && (d->field != field || d->dir != dir || d->kind != what->kind ||
			   (d->value[0] < 0) != (what->value[0] < 0) ||
			   (d->value[1] < 0) != (what->value[1] < 0)))
		d++;
	if (d < end) {
		d->packets++;
		return;
	}
	if (p->diffs_n == COMPARE_DIFFS)
		return;
	*d = *what;
	d->field = (__u8)field;
	d->dir = (__u8)dir;
	d->packets = 1;
	p->diffs_n++;
}

static void note_options(struct compare_pair *p, unsigned int dir, struct compare_diff *what,
			 const struct compare_segment *before, const struct compare_segment *after)
{
	const struct compare_segment *s[2] = { before, after };
	__u64 differ = before->kinds ^ after->kinds;
	bool syn = before->flags & TCP_SYN;

	for (int i = 0; i < 2; i++)
		what->value[i] = s[i]->kinds >> SEGMENT_WSCALE & 1 ? s[i]->wscale : ABSENT;
	if (syn && what->value[0] != what->value[1])
		note(p, dir, COMPARE_WSCALE, what);
	for (int i = 0; i < 2; i++)
		what->value[i] = s[i]->kinds >> TCPOPT_MSS & 1 ? s[i]->mss : ABSENT;
	if (syn && what->value[0] != what->value[1])
		note(p, dir, COMPARE_MSS, what);
	for (int i = 0; i < 2; i++)
		what->value[i] = s[i]->kinds & SACK_KINDS ? 1 : ABSENT;
	if (differ & SACK_KINDS)
		note(p, dir, COMPARE_SACK, what);
	for (int i = 0; i < 2; i++)
		what->value[i] = compare_stamped(s[i]) ? 1 : ABSENT;
	if (what->value[0] != what->value[1])
		note(p, dir, COMPARE_TIMESTAMPS, what);
	differ &= ~KNOWN_KINDS;
	for (__u8 kind = 2; differ && kind < 64; kind++) {
		if (!(differ >> kind & 1))
			continue;
		what->kind = kind;
		for (int i = 0; i < 2; i++)
			what->value[i] = s[i]->kinds >> kind & 1 ? kind : ABSENT;
		note(p, dir, COMPARE_OPTION, what);
	}
	what->kind = 0;
}

static void note_ttl(struct compare_pair *p, unsigned int dir, struct compare_diff *what,
		     const struct compare_segment *before, const struct compare_segment *after)
{
	__s16 differ = (__s16)(after->ttl - before->ttl);

	if (!p->ttl_known[dir]) {
		p->ttl_known[dir] = 1;
		p->ttl[dir] = differ;
		return;
	}
	if (p->ttl[dir] == differ)
		return;
	what->value[0] = before->ttl;
	what->value[1] = after->ttl;
	note(p, dir, COMPARE_TTL, what);
}

void compare_note(struct compare *c, struct compare_pair *p, unsigned int dir,
		  const struct compare_segment *before, const struct compare_segment *after)
{
	struct compare_diff what = { .number = { before->number, after->number } };
	bool handshake = compare_in_handshake(p->leg[0], before);

	(void)c;
	what.value[0] = before->window;
	what.value[1] = after->window;
	/* A proxy's handshakes are two, with windows of their own. */
	if (before->window != after->window && !(handshake && (p->delta[0] || p->delta[1])))
		note(p, dir, COMPARE_WINDOW, &what);
	if (!handshake)
		note_ttl(p, dir, &what, before, after);
	if (!before->complete || !after->complete) {
		p->options_cut |= before->flags & TCP_SYN;
		return;
	}
	note_options(p, dir, &what, before, after);
	what.value[0] = before->tsval;
	what.value[1] = after->tsval;
	if (compare_stamped(before) && compare_stamped(after) && before->tsval != after->tsval)
		note(p, dir, COMPARE_TSVALUE, &what);
}
