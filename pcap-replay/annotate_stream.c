// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "pcap-replay/annotate_stream.h"

#include <errno.h>
#include <stdlib.h>

#include "pcap-replay/annotate_hold.h"
#include "pcap-replay/annotate_segment.h"
#include "pcap-replay/annotate_text.h"

/* Packets of a connection at which it is looked at first; then at twice as many, and so on. */
#define STREAM_LOOK 4U
/* Events that one segment can bring. */
#define STREAM_EVENTS (2 * FINDING_CODES)

/* Live: connections are looked through for those that are over. */
#define STREAM_SWEEP_NS (10 * 1000000000ULL)
#define STREAM_OVER_NS  (5 * 1000000000ULL)
#define STREAM_IDLE_NS  (300 * 1000000000ULL)

/* What was told of a connection. */
struct stream_key {
	struct flow_key key;
	__u64 flow; /* its first packet; 0: any of these addresses and ports */
};

struct stream_flow {
	struct stream_key key;
	__u8 told[4][FINDING_CODES]; /* by side: the severity it was told with, and one; 0: was not */
	bool flagged;
};

struct annotate_stream {
	struct annotate_output *out;
	const struct report *texts;
	struct native *native; /* the analysis */
	struct native *world;  /* where frames are parsed to be sorted */
	struct hold hold;
	struct table flows; /* struct stream_flow */
	struct event events[STREAM_EVENTS];
	unsigned int events_n;
	__u64 late;
	__u64 swept_ns;
	bool all;
	bool ending;
	bool out_of_memory;
};

static __u32 stream_hash(const struct stream_key *k)
{
	return (__u32)table_mix(native_flow_hash(&k->key), k->flow);
}

static struct stream_flow *stream_find(const struct annotate_stream *s, const struct flow_key *key,
				       __u64 flow)
{
	struct stream_key k = { .key = *key, .flow = flow };

	return table_find(&s->flows, &k, sizeof(k), stream_hash(&k));
}

static struct stream_flow *stream_get(struct annotate_stream *s, const struct flow_key *key,
				      __u64 flow)
{
	struct stream_key k = { .key = *key, .flow = flow };
	struct stream_flow *f = stream_find(s, key, flow);

	if (f)
		return f;
	f = table_insert(&s->flows, &k, stream_hash(&k));
	if (!f) {
		s->out_of_memory = true;
		return NULL;
	}
	memset(f->told, 0, sizeof(f->told));
	f->flagged = false;
	return f;
}

/* ---- comments ---- */

static void stream_comment(struct annotate_stream *s, struct held *p, const struct finding *f,
			   bool of_endpoint, const char *text)
{
	p->wanted |= f->severity >= SEVERITY_NOTICE;
	if (hold_comment(p, f, of_endpoint, text))
		s->out_of_memory = true;
}

/* On the packets that prove a finding, or on `now`. False: all of them are gone. */
static bool stream_place(struct annotate_stream *s, const struct finding *f, bool of_endpoint,
			 const char *text, struct held *now)
{
	struct held *done[FINDING_PACKETS] = { NULL };
	bool placed = false;

	for (unsigned int i = 0; i < FINDING_PACKETS; i++) {
		struct held *p = f->packets[i] ? hold_find(&s->hold, f->packets[i]) : NULL;

		if (!p || p == done[0] || p == done[1])
			continue;
		done[i] = p;
		stream_comment(s, p, f, of_endpoint, text);
		placed = true;
	}
	if (placed || !now)
		return placed;
	stream_comment(s, now, f, of_endpoint, text);
	return true;
}

static void stream_flag(struct annotate_stream *s, struct stream_flow *flow)
{
	struct stream_flow *any;

	if (flow->flagged)
		return;
	flow->flagged = true;
	/* For second copies of its segments, of which the engine does not say whose they are. */
	any = stream_get(s, &flow->key.key, 0);
	if (any)
		any->flagged = true;
}

/* A finding of a connection, for each code and side once, and again when it has become worse. */
static void stream_tell(struct annotate_stream *s, const struct flow_key *key, __u64 first,
			unsigned int client, const struct finding *f, struct held *now)
{
	char text[ANNOTATE_TEXT_ROOM];
	struct stream_flow *flow = stream_get(s, key, first);
	__u8 *told = flow ? &flow->told[f->side & 3][f->code] : NULL;

	if (!told || *told > f->severity)
		return;
	annotate_text_flow(text, s->texts, key, client, f);
	if (!stream_place(s, f, false, text, now))
		s->late += f->severity >= SEVERITY_NOTICE && *told <= SEVERITY_NOTICE;
	*told = (__u8)(f->severity + 1);
	if (f->severity >= SEVERITY_NOTICE)
		stream_flag(s, flow);
}

/* ---- what the engine says ---- */

static void stream_event(void *arg, const struct event *event)
{
	struct annotate_stream *s = arg;

	if (s->events_n < STREAM_EVENTS && event->kind != EVENT_FLOW_ENDED)
		s->events[s->events_n++] = *event;
}

/* Those of one segment, which belong to its connection. */
static void stream_events(struct annotate_stream *s, const struct flow_key *key,
			  const struct flow *f, struct held *now)
{
	char text[ANNOTATE_TEXT_ROOM];

	for (unsigned int i = 0; i < s->events_n; i++) {
		const struct event *e = &s->events[i];

		if (e->kind == EVENT_FLOW_FINDING) {
			stream_tell(s, key, f->first_id, e->client, &e->finding, now);
			continue;
		}
		annotate_text_endpoint(text, s->texts, &e->endpoint, &e->finding);
		stream_place(s, &e->finding, true, text, now);
	}
	s->events_n = 0;
}

/* A connection as a report would see it, but for what its neighbours tell. */
static void stream_transfer(const struct native *n, struct transfer *t, const struct flow_key *key,
			    struct flow *f)
{
	const struct syn *c = &f->syn[f->client & 1];
	const struct endpoint_entry *e;
	struct endpoint_key listener;

	memset(t, 0, sizeof(*t));
	t->flow = f;
	t->scaling = flow_scaling(f);
	if (f->bits & FLOW_GAUGED)
		t->gauge = seam_gauges(f);
	if (t->scaling != SCALING_OFF || !syn_offers(c) || c->opt_bits & OPT_TIMESTAMPS)
		return;
	endpoint_key_of(&listener, key, !f->client, ENDPOINT_SERVER);
	e = table_find(&n->endpoints, &listener, sizeof(listener), native_endpoint_hash(&listener));
	t->listener = e ? &e->endpoint : NULL;
}

static void stream_diagnose(struct annotate_stream *s, const struct flow_key *key, struct flow *f,
			    struct held *now)
{
	struct finding findings[VERDICT_MAX];
	struct transfer t;
	__u32 n;

	stream_transfer(s->native, &t, key, f);
	n = diagnose_flow(&t, findings);
	for (__u32 i = 0; i < n; i++)
		stream_tell(s, key, f->first_id, f->client, &findings[i], now);
}

static bool stream_is_due(const struct flow *f, const struct packet *p)
{
	__u64 packets = f->half[0].packets + f->half[1].packets;

	if (!(f->bits & FLOW_CONFIRMED))
		return false;
	return p->flags & (TCP_FIN | TCP_RST) ||
	       (packets >= STREAM_LOOK && !(packets & (packets - 1)));
}

static void stream_segment(void *arg, const struct native_segment *segment)
{
	struct annotate_stream *s = arg;
	const struct packet *p = segment->pkt;
	struct held *now = hold_find(&s->hold, p->id);

	if (now)
		now->flow = segment->flow->first_id;
	stream_events(s, &p->key, segment->flow, now);
	if (stream_is_due(segment->flow, p))
		stream_diagnose(s, &p->key, segment->flow, now);
}

/* ---- packets ---- */

struct annotate_stream *annotate_stream_open(struct annotate_output *out, const struct options *o,
					     const struct report *texts)
{
	struct annotate_stream *s = calloc(1, sizeof(*s));
	int err = s ? hold_init(&s->hold) : -ENOMEM;

	if (!err)
		err = table_init(&s->flows, sizeof(struct stream_flow), sizeof(struct stream_key),
				 false);
	if (!err) {
		s->native = native_open(&o->config);
		s->world = native_open(&o->config);
	}
	if (err || !s->native || !s->world) {
		annotate_stream_close(s);
		return NULL;
	}
	s->out = out;
	s->texts = texts;
	s->all = o->write_all;
	s->native->on_event = stream_event;
	s->native->on_event_arg = s;
	s->native->on_segment = stream_segment;
	s->native->on_segment_arg = s;
	return s;
}

void annotate_stream_locals(struct annotate_stream *s,
			    _Bool (*is_local)(void *arg, const __u64 addr[2], _Bool ipv6),
			    void *arg)
{
	s->native->is_local = is_local;
	s->native->is_local_arg = arg;
}

/* Live, a frame is kept up to the end of its TCP header; what is no segment, not at all. */
static bool stream_hold(struct annotate_stream *s, const struct frame *frame,
			struct annotate_source *source)
{
	bool live = s->texts->live;
	__u32 caplen = frame->caplen;
	struct annotate_segment a;
	struct held *p;
	bool segment = annotate_segment(&a, s->world, frame);

	if (!segment && (live || !s->all))
		return true;
	if (segment && live && a.headers < caplen)
		caplen = a.headers;
	p = hold_packet(&s->hold, frame, caplen);
	if (!p)
		return false;
	p->source = source;
	p->segment = segment;
	if (segment)
		p->key = a.key;
	return true;
}

int annotate_stream_packets(struct annotate_stream *s, const struct frame *frames,
			    struct annotate_source *const *sources, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		if (!stream_hold(s, &frames[i], sources[i]))
			return -ENOMEM;
	}
	native_frames(s->native, frames, n);
	native_flush(s->native);
	return s->out_of_memory || s->native->out_of_memory ? -ENOMEM : 0;
}

static bool stream_is_flagged(const struct annotate_stream *s, const struct held *p)
{
	const struct stream_flow *f;

	if (s->all || p->wanted)
		return true;
	f = p->segment ? stream_find(s, &p->key, p->flow) : NULL;
	return f && f->flagged;
}

/* Entries of a table that have been idle for so long, or that are closed and over. */
struct stream_sweep {
	struct annotate_stream *s;
	struct flow_key *keys;
	__u64 *firsts;
	size_t n, room;
	__u64 now_ns;
};

static void stream_sweep_flow(void *arg, void *entry)
{
	struct stream_sweep *w = arg;
	const struct flow_entry *e = entry;
	__u64 last = flow_last_ns(&e->flow);
	__u64 patience = flow_closed(&e->flow) ? STREAM_OVER_NS : STREAM_IDLE_NS;

	if (w->n == w->room || (last + patience > w->now_ns && w->now_ns != ~0ULL))
		return;
	w->keys[w->n] = e->key;
	w->firsts[w->n++] = e->flow.first_id;
}

/* What was told of them is forgotten, and with `from` the entries, too. */
static void stream_forget(struct stream_sweep *w, struct table *from)
{
	for (size_t i = 0; i < w->n; i++) {
		struct stream_key k = { .key = w->keys[i], .flow = w->firsts[i] };

		if (from)
			table_remove(from, &k.key, native_flow_hash(&k.key));
		table_remove(&w->s->flows, &k, stream_hash(&k));
		k.flow = 0;
		if (from)
			table_remove(&w->s->flows, &k, stream_hash(&k));
	}
	w->n = 0;
}

static bool stream_sweep_tables(struct stream_sweep *w, struct native *n)
{
	int err = table_each(&n->flows, stream_sweep_flow, w);

	stream_forget(w, &n->flows);
	err = err ? err : table_each(&n->pending, stream_sweep_flow, w);
	stream_forget(w, &n->pending);
	/* Records of connections that gave way to new ones: all of them. */
	w->now_ns = ~0ULL;
	err = err ? err : table_each(&n->ended, stream_sweep_flow, w);
	stream_forget(w, NULL);
	table_free(&n->ended);
	return !err &&
	       !table_init(&n->ended, sizeof(struct flow_entry), sizeof(struct flow_key), true);
}

/* Live, tables must not grow for ever. */
static void stream_sweep(struct annotate_stream *s, __u64 now_ns)
{
	const struct native *n = s->native;
	struct stream_sweep w = {
		.s = s,
		.room = (size_t)n->flows.used + n->pending.used + n->ended.used + 1,
		.now_ns = now_ns,
	};

	s->swept_ns = now_ns;
	for (struct held *p = s->hold.first; p; p = p->next)
		p->wanted |= stream_is_flagged(s, p);
	w.keys = calloc(w.room, sizeof(*w.keys));
	w.firsts = calloc(w.room, sizeof(*w.firsts));
	if (!w.keys || !w.firsts || !stream_sweep_tables(&w, s->native))
		s->out_of_memory = true;
	free(w.keys);
	free(w.firsts);
}

void annotate_stream_release(struct annotate_stream *s, __u64 now_ns)
{
	struct held *p;

	if (s->ending)
		now_ns = ~0ULL;
	else if (!now_ns)
		now_ns = s->hold.newest_ns;
	while ((p = hold_due(&s->hold, now_ns))) {
		if (stream_is_flagged(s, p))
			hold_write(p, s->out);
		hold_drop(p);
	}
	if (s->texts->live && !s->ending && now_ns - s->swept_ns >= STREAM_SWEEP_NS)
		stream_sweep(s, now_ns);
}

static void stream_last_look(void *arg, void *entry)
{
	struct flow_entry *e = entry;

	stream_diagnose(arg, &e->key, &e->flow, NULL);
}

__u64 annotate_stream_finish(struct annotate_stream *s)
{
	struct native *n = s->native;

	native_flush(n);
	if (table_each(&n->flows, stream_last_look, s) ||
	    table_each(&n->pending, stream_last_look, s) ||
	    table_each(&n->ended, stream_last_look, s))
		s->out_of_memory = true;
	s->ending = true;
	annotate_stream_release(s, 0);
	return s->late;
}

void annotate_stream_close(struct annotate_stream *s)
{
	if (!s)
		return;
	native_close(s->native);
	native_close(s->world);
	hold_free(&s->hold);
	table_free(&s->flows);
	free(s);
}
