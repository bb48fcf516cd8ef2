// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "pcap-replay/annotate_hold.h"

#include <errno.h>
#include <stdlib.h>

#include "engine/diagnose.h"

/* Comments that one packet is written with; it never has so many findings. */
#define HOLD_COMMENTS 128U

struct hold_id {
	__u64 id;
	struct held *held;
};

static __u32 hold_hash(__u64 id)
{
	return (__u32)table_mix(0, id);
}

int hold_init(struct hold *h)
{
	memset(h, 0, sizeof(*h));
	return table_init(&h->ids, sizeof(struct hold_id), sizeof(__u64), false);
}

void hold_drop(struct held *p)
{
	while (p->comments) {
		struct hold_comment *c = p->comments;

		p->comments = c->next;
		free(c);
	}
	free(p);
}

void hold_free(struct hold *h)
{
	while (h->first) {
		struct held *p = h->first;

		h->first = p->next;
		hold_drop(p);
	}
	table_free(&h->ids);
}

struct held *hold_packet(struct hold *h, const struct frame *frame, __u32 caplen)
{
	struct held *p = calloc(1, sizeof(*p) + caplen);
	__u64 id = frame_id(frame);
	struct hold_id *entry;

	entry = p ? table_insert(&h->ids, &id, hold_hash(id)) : NULL;
	if (!entry) {
		free(p);
		return NULL;
	}
	entry->held = p;
	p->id = id;
	p->ns = frame->ns;
	p->caplen = caplen;
	p->wirelen = frame->wirelen;
	if (caplen)
		memcpy(p->data, frame->data, caplen);
	if (h->last)
		h->last->next = p;
	else
		h->first = p;
	h->last = p;
	h->packets++;
	h->bytes += sizeof(*p) + caplen;
	if (p->ns > h->newest_ns)
		h->newest_ns = p->ns;
	return p;
}

struct held *hold_find(const struct hold *h, __u64 id)
{
	const struct hold_id *entry = table_find(&h->ids, &id, sizeof(id), hold_hash(id));

	return entry ? entry->held : NULL;
}

/* Whether a finding takes the place of a comment. What is sided and of another side stays. */
static bool hold_is_replaced(const struct hold_comment *c, const struct finding *f)
{
	if (c->code == HOLD_OF_ENDPOINT)
		return false;
	if (c->code == f->code)
		return c->side == f->side;
	return f->replaces >> c->code & 1 &&
	       (c->side == f->side || !(DIAGNOSE_SIDED >> c->code & 1));
}

int hold_comment(struct held *p, const struct finding *f, bool of_endpoint, const char *text)
{
	size_t n = strlen(text) + 1;
	struct hold_comment *c = malloc(sizeof(*c) + n), **end = &p->comments;

	if (!c)
		return -ENOMEM;
	while (*end) {
		struct hold_comment *old = *end;

		if (of_endpoint || !hold_is_replaced(old, f)) {
			end = &old->next;
			continue;
		}
		*end = old->next;
		free(old);
	}
	c->next = NULL;
	c->code = of_endpoint ? HOLD_OF_ENDPOINT : f->code;
	c->side = f->side;
	memcpy(c->text, text, n);
	*end = c;
	return 0;
}

struct held *hold_due(struct hold *h, __u64 now_ns)
{
	struct held *p = h->first;
	bool full = h->packets > HOLD_PACKETS || h->bytes > HOLD_BYTES;

	/* Packets are nearly in order: one that is ahead of its time waits with those behind it. */
	if (!p || (!full && (now_ns < HOLD_NS || p->ns > now_ns - HOLD_NS)))
		return NULL;
	h->first = p->next;
	if (!h->first)
		h->last = NULL;
	h->packets--;
	h->bytes -= sizeof(*p) + p->caplen;
	table_remove(&h->ids, &p->id, hold_hash(p->id));
	return p;
}

void hold_write(const struct held *p, struct annotate_output *out)
{
	const char *comments[HOLD_COMMENTS];
	struct pcapng_packet packet = {
		.ns = p->ns,
		.data = p->data,
		.caplen = p->caplen,
		.wirelen = p->wirelen,
		.comments = comments,
	};

	for (const struct hold_comment *c = p->comments; c && packet.comments_n < HOLD_COMMENTS;
	     c = c->next)
		comments[packet.comments_n++] = c->text;
	annotate_output_packet(out, p->source, &packet);
}
