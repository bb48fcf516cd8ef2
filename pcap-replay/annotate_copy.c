// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "pcap-replay/annotate_copy.h"

#include <errno.h>
#include <stdlib.h>

#include "pcap-replay/annotate_capture.h"
#include "pcap-replay/annotate_segment.h"
#include "pcap-replay/annotate_text.h"
#include "platform/grow.h"
#include "userspace/around.h"

#define COPY_ERROR_LEN 256
#define COPY_NOBODY    0xffffffffU
/* Times in a capture may go back by so much, and first packets may change places with so many. */
#define COPY_DISORDER_NS (60 * 1000000000ULL)
#define COPY_DISORDER    16U

/* A finding, on a packet that proves it. */
struct copy_note {
	__u64 id; /* packet_id_make() */
	__u32 record;
	__u8 finding; /* among the record's */
	bool of_endpoint;
	bool wanted; /* the packet is written for its sake */
};

/* A connection that is copied: from its first packet on, up to the time of its last. */
struct copy_flow {
	__u64 first_id;
	__u64 last_ns;
	__u32 next; /* later one of the same addresses and ports, or COPY_NOBODY */
	bool begun;
};

struct copy_key {
	struct flow_key key;
	__u32 first; /* that is not long over, or COPY_NOBODY */
	__u32 last;
};

struct copy {
	struct annotate_output *out;
	const struct report *r;
	struct native *world;
	struct table keys;
	struct copy_flow *flows;
	size_t flows_n, flows_room;
	struct copy_note *notes; /* sorted by packet */
	size_t notes_n, notes_room;
	size_t *cursors; /* by file: the first note that is not behind */
	char (*texts)[ANNOTATE_TEXT_ROOM];
	const char **comments;
	size_t comments_room;
	unsigned int before;
	bool all;
};

/* ---- what is known from the first pass ---- */

static int copy_note(struct copy *c, const struct copy_note *note)
{
	if (GROW(c->notes, c->notes_n, &c->notes_room))
		return -ENOMEM;
	c->notes[c->notes_n++] = *note;
	return 0;
}

/* A finding's packets; one without gets the packet `instead`. 0 or -ENOMEM. */
static int copy_finding(struct copy *c, struct copy_note note, const struct finding *f,
			__u64 instead)
{
	bool placed = false;

	for (unsigned int i = 0; i < FINDING_PACKETS; i++) {
		bool again = false;

		for (unsigned int k = 0; k < i; k++)
			again |= f->packets[k] == f->packets[i];
		if (!f->packets[i] || again)
			continue;
		note.id = f->packets[i];
		if (copy_note(c, &note))
			return -ENOMEM;
		placed = true;
	}
	note.id = instead;
	return placed || !instead ? 0 : copy_note(c, &note);
}

static int copy_flow(struct copy *c, const struct flow_entry *e)
{
	__u32 hash = native_flow_hash(&e->key), at = (__u32)c->flows_n;
	struct copy_key *k = table_find(&c->keys, &e->key, sizeof(e->key), hash);
	struct copy_flow *f;

	if (GROW(c->flows, c->flows_n, &c->flows_room))
		return -ENOMEM;
	f = &c->flows[c->flows_n++];
	f->first_id = e->flow.first_id;
	f->last_ns = flow_last_ns(&e->flow);
	f->begun = false;
	f->next = COPY_NOBODY;
	if (k) {
		c->flows[k->last].next = at;
		k->last = at;
		return 0;
	}
	k = table_insert(&c->keys, &e->key, hash);
	if (!k)
		return -ENOMEM;
	k->first = k->last = at;
	return 0;
}

static int copy_flows(struct copy *c)
{
	struct finding facts[RECORD_FINDINGS_MOST];
	int err = 0;

	for (size_t i = 0; !err && i < c->r->flows_n; i++) {
		const struct flow_entry *e = c->r->flows[i];
		struct copy_note note = { .record = (__u32)i };
		struct transfer t;
		unsigned int n;

		around_transfer(&t, c->r, e);
		n = record_flow_facts(&t, facts);
		if (record_worst(facts, n) >= SEVERITY_NOTICE)
			err = copy_flow(c, e);
		for (; !err && note.finding < n; note.finding++)
			err = copy_finding(c, note, &facts[note.finding], e->flow.first_id);
	}
	return err;
}

static int copy_endpoints(struct copy *c)
{
	struct finding facts[RECORD_FINDINGS_MOST];
	int err = 0;

	for (size_t i = 0; !err && i < c->r->endpoints_n; i++) {
		const struct endpoint_entry *e = &c->r->endpoints[i];
		struct copy_note note = { .record = (__u32)i, .of_endpoint = true };
		unsigned int n = record_endpoint_facts(c->r, e, facts);

		for (; !err && note.finding < n; note.finding++) {
			const struct finding *f = &facts[note.finding];

			note.wanted = f->severity >= SEVERITY_NOTICE;
			err = copy_finding(c, note, f, e->endpoint.last_refusal_id);
		}
	}
	return err;
}

/* By packet; of one packet first what is about its connection. */
static int note_order(const void *left, const void *right)
{
	const struct copy_note *a = left, *b = right;

	if (a->id != b->id)
		return a->id < b->id ? -1 : 1;
	if (a->of_endpoint != b->of_endpoint)
		return a->of_endpoint - b->of_endpoint;
	if (a->record != b->record)
		return a->record < b->record ? -1 : 1;
	return a->finding - b->finding;
}

static int copy_prepare(struct copy *c)
{
	int err = table_init(&c->keys, sizeof(struct copy_key), sizeof(struct flow_key), false);

	c->cursors = calloc(c->r->files_n + 1, sizeof(*c->cursors));
	if (!c->cursors || !c->world)
		err = -ENOMEM;
	if (!err)
		err = copy_flows(c);
	if (!err)
		err = copy_endpoints(c);
	if (err)
		return err;
	if (c->notes_n)
		qsort(c->notes, c->notes_n, sizeof(*c->notes), note_order);
	/* Files go up in the order of notes: each begins where the one before ends. */
	for (size_t i = c->notes_n; i--;)
		c->cursors[packet_id_file(c->notes[i].id)] = i;
	return 0;
}

/* ---- the second pass ---- */

/* Whether a segment is of one of the connections of its key, which stand in the order they began. */
static bool copy_is_of(struct copy *c, struct copy_key *k, __u64 ns, __u64 id)
{
	unsigned int ahead = 0;
	bool flagged = false;

	while (k->first != COPY_NOBODY && c->flows[k->first].begun &&
	       ns > c->flows[k->first].last_ns + COPY_DISORDER_NS)
		k->first = c->flows[k->first].next;
	for (__u32 i = k->first; i != COPY_NOBODY && ahead < COPY_DISORDER; i = c->flows[i].next) {
		struct copy_flow *f = &c->flows[i];

		f->begun |= f->first_id == id;
		ahead += !f->begun;
		/* A second copy of the last segment is part of it. */
		flagged |= f->begun && ns <= f->last_ns + DUPLICATE_NS;
	}
	return flagged;
}

static bool copy_is_flagged(struct copy *c, const struct frame *p, __u64 id)
{
	struct annotate_segment s;
	struct copy_key *k;

	if (!annotate_segment(&s, c->world, p))
		return false;
	k = table_find(&c->keys, &s.key, sizeof(s.key), native_flow_hash(&s.key));
	return k && copy_is_of(c, k, p->ns, id);
}

/* The notes of a packet, of which there are *n. */
static const struct copy_note *copy_notes(struct copy *c, const struct frame *p, __u64 id,
					  size_t *n)
{
	size_t *cursor = &c->cursors[p->file], from;

	while (*cursor < c->notes_n && c->notes[*cursor].id < id)
		++*cursor;
	from = *cursor;
	while (*cursor < c->notes_n && c->notes[*cursor].id == id)
		++*cursor;
	*n = *cursor - from;
	return *n ? &c->notes[from] : NULL;
}

static void copy_text(const struct copy *c, const struct copy_note *note,
		      char out[ANNOTATE_TEXT_ROOM])
{
	struct finding facts[RECORD_FINDINGS_MOST];
	const struct report *r = c->r;
	struct transfer t;

	if (note->of_endpoint) {
		const struct endpoint_entry *e = &r->endpoints[note->record];

		record_endpoint_facts(r, e, facts);
		annotate_text_endpoint(out, r, &e->key, &facts[note->finding]);
	} else {
		const struct flow_entry *e = r->flows[note->record];

		around_transfer(&t, r, e);
		record_flow_facts(&t, facts);
		annotate_text_flow(out, r, &e->key, e->flow.client, &facts[note->finding]);
	}
}

/* 0 or -ENOMEM. */
static int copy_texts(struct copy *c, const struct copy_note *notes, size_t n)
{
	if (n > c->comments_room) {
		free(c->texts);
		free(c->comments);
		c->texts = calloc(n, sizeof(*c->texts));
		c->comments = calloc(n, sizeof(*c->comments));
		c->comments_room = c->texts && c->comments ? n : 0;
	}
	if (n > c->comments_room)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		copy_text(c, &notes[i], c->texts[i]);
		c->comments[i] = c->texts[i];
	}
	return 0;
}

static int copy_packet(struct copy *c, const struct reader *reader, const struct frame *p)
{
	__u64 id = frame_id(p);
	struct annotate_source *source = annotate_capture_source(c->out, reader, p, c->before);
	const struct copy_note *notes;
	struct pcapng_packet out = {
		.ns = p->ns,
		.data = p->data,
		.caplen = p->caplen,
		.wirelen = p->wirelen,
	};
	bool wanted = c->all;
	size_t n;

	notes = copy_notes(c, p, id, &n);
	for (size_t i = 0; i < n; i++)
		wanted |= notes[i].wanted;
	if (!c->all)
		wanted |= copy_is_flagged(c, p, id);
	if (!wanted)
		return 0;
	if (!source || copy_texts(c, notes, n))
		return -ENOMEM;
	out.comments = c->comments;
	out.comments_n = (unsigned int)n;
	annotate_output_packet(c->out, source, &out);
	return 0;
}

static int copy_pass(struct copy *c, struct reader *reader)
{
	/* A file that grew meanwhile has packets that nobody judged. */
	__u64 left = c->r->counters[COUNTER_PACKETS];
	struct frame batch[READER_BATCH];
	int n = 1, err = 0;

	/* Where none is left, one more batch: statistics stand behind the packets. */
	for (bool last = false; !err && !last && n > 0;) {
		last = !left;
		n = reader_next_batch(reader, batch, READER_BATCH);
		for (int i = 0; !err && left && i < n; i++, left--)
			err = copy_packet(c, reader, &batch[i]);
		/* Nobody takes any more: the rest need not be read. */
		if (c->out->writer.err)
			return 0;
	}
	annotate_capture_end(c->out, reader, c->before);
	return !err && left ? -ESTALE : err;
}

int annotate_copy(struct annotate_output *out, const struct report *r, const struct options *o,
		  const struct reader_options *ro, unsigned int before)
{
	struct copy c = { .out = out, .r = r, .before = before, .all = o->write_all };
	struct reader_options again = *ro;
	char error[COPY_ERROR_LEN];
	struct reader *reader = NULL;
	int err;

	again.interfaces = true;
	if (!r->counters[COUNTER_PACKETS])
		return 0;
	c.world = native_open(&o->config);
	err = copy_prepare(&c);
	if (!err &&
	    reader_open(&reader, r->files, (unsigned int)r->files_n, &again, error, sizeof(error)))
		err = -ESTALE;
	if (!err)
		err = copy_pass(&c, reader);
	reader_close(reader);
	native_close(c.world);
	table_free(&c.keys);
	free(c.cursors);
	free(c.flows);
	free(c.notes);
	free(c.texts);
	free(c.comments);
	return err;
}
