// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "pcap-replay/plots.h"

#include <stdlib.h>
#include <string.h>

#define PLOTS_POINTS_FIRST 8U
#define PLOTS_WAITS_FIRST  4U
/* Waits with so little between them, by their own length, are one: acknowledgments come in a row. */
#define PLOTS_WAIT_GAP 8U

struct plots_waits {
	struct plot_wait *list;
	__u32 n, room;
	__u64 short_n, short_ns;
	__u64 since_ns; /* of one that is open; 0: none is */
};

struct plots_direction {
	struct plot_point *points;
	__u32 n, room;
	__u8 shift; /* an interval is 2^shift ns; 0: every change */
	bool late;
	bool odd;                    /* something is to be seen: do not give it up */
	struct plots_waits waits[2]; /* by enum plot_wait_kind */
};

struct plots_entry {
	__u64 flow;                          /* the key */
	struct plots_direction direction[2]; /* by the sender's end */
};

struct plots {
	struct table table; /* struct plots_entry */
	size_t bytes, bytes_most;
	__u32 points_most; /* of a direction, now */
	bool full;         /* no connection is begun any more */
	__u64 current;     /* flow whose point is being added */
	__u64 lost;
};

static __u32 plots_hash(__u64 flow)
{
	return (__u32)table_mix(flow, 0);
}

/* ---- memory ---- */

struct plots *plots_open(size_t bytes_most)
{
	struct plots *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->bytes_most = bytes_most;
	p->points_most = PLOTS_POINTS_MOST;
	if (!table_init(&p->table, sizeof(struct plots_entry), sizeof(__u64), false))
		return p;
	free(p);
	return NULL;
}

/* Frees what a direction holds. */
static void direction_empty(struct plots *p, struct plots_direction *d)
{
	p->bytes -= d->room * sizeof(*d->points);
	free(d->points);
	for (int i = 0; i < 2; i++) {
		p->bytes -= d->waits[i].room * sizeof(*d->waits[i].list);
		free(d->waits[i].list);
	}
	memset(d, 0, sizeof(*d));
}

static void entry_empty(void *arg, void *entry)
{
	struct plots_entry *e = entry;

	direction_empty(arg, &e->direction[0]);
	direction_empty(arg, &e->direction[1]);
}

void plots_close(struct plots *p)
{
	if (!p)
		return;
	table_each(&p->table, entry_empty, p);
	table_free(&p->table);
	free(p);
}

/* ---- points ---- */

static __s64 point_number(__u32 bytes)
{
	return bytes == PLOT_UNKNOWN ? SERIES_UNKNOWN : (__s64)bytes;
}

static __u32 point_bytes(__s64 number)
{
	return number == SERIES_UNKNOWN ? PLOT_UNKNOWN : (__u32)number;
}

static void point_unpack(struct series_point *out, const struct plot_point *p)
{
	memset(out, 0, sizeof(*out));
	out->ns = p->ns;
	out->id = p->id;
	out->edge = p->edge;
	out->effective = point_number(p->effective);
	out->in_flight = point_number(p->in_flight);
	out->window = SERIES_UNKNOWN;
}

static void point_pack(struct plot_point *out, const struct series_point *p)
{
	out->ns = p->ns;
	out->id = p->id;
	out->edge = p->edge;
	out->effective = point_bytes(p->effective);
	out->in_flight = point_bytes(p->in_flight);
}

/* One point of two, by the rule of --series-interval. */
static void point_merge(struct plot_point *into, const struct plot_point *other)
{
	struct series_point a, b;

	point_unpack(&a, into);
	point_unpack(&b, other);
	series_point_merge(&a, &b);
	point_pack(into, &a);
}

static bool direction_same_interval(const struct plots_direction *d, __u64 ns)
{
	return d->n && d->shift && d->points[d->n - 1].ns >> d->shift == ns >> d->shift;
}

static void direction_put(struct plots_direction *d, const struct plot_point *point)
{
	if (direction_same_interval(d, point->ns))
		point_merge(&d->points[d->n - 1], point);
	else
		d->points[d->n++] = *point;
}

/* Widens the intervals until at most so many points, 1 or more, are left. */
static void direction_thin(struct plots_direction *d, __u32 most)
{
	while (d->n > most) {
		__u64 span = d->points[d->n - 1].ns - d->points[0].ns;
		__u32 n = d->n;

		d->shift++;
		/* What would not do anyway is not tried; a span below 0 is of times that go back. */
		while (d->shift < 63 && span < 1ULL << 62 && span >> d->shift >= most)
			d->shift++;
		d->n = 0;
		for (__u32 i = 0; i < n; i++) {
			struct plot_point point = d->points[i];

			direction_put(d, &point);
		}
	}
}

static void direction_resize(struct plots *p, struct plots_direction *d, __u32 room)
{
	struct plot_point *points = realloc(d->points, room * sizeof(*points));

	if (!points)
		return;
	p->bytes += room * sizeof(*points);
	p->bytes -= d->room * sizeof(*points);
	d->points = points;
	d->room = room;
}

/* ---- the bound ---- */

static void entry_thin(void *arg, void *entry)
{
	struct plots *p = arg;
	struct plots_entry *e = entry;

	for (int i = 0; i < 2; i++) {
		struct plots_direction *d = &e->direction[i];

		if (d->room <= p->points_most)
			continue;
		direction_thin(d, p->points_most / 2);
		direction_resize(p, d, p->points_most);
	}
}

/* Flows to be given up: entries are not taken out while the table is walked. */
struct plots_giving_up {
	__u64 spared; /* the one that the room is for */
	__u64 *flows;
	size_t n;
};

static void entry_give_up(void *arg, void *entry)
{
	struct plots_giving_up *g = arg;
	const struct plots_entry *e = entry;

	if (!e->direction[0].odd && !e->direction[1].odd && e->flow != g->spared)
		g->flows[g->n++] = e->flow;
}

static void plots_give_up(struct plots *p)
{
	struct plots_giving_up g = { .spared = p->current };

	g.flows = malloc((p->table.used + 1UL) * sizeof(*g.flows));
	if (!g.flows || table_each(&p->table, entry_give_up, &g))
		g.n = 0;
	for (size_t i = 0; i < g.n; i++) {
		__u32 hash = plots_hash(g.flows[i]);
		struct plots_entry *e =
			table_find(&p->table, &g.flows[i], sizeof(g.flows[i]), hash);

		p->lost += e->direction[0].n + e->direction[1].n;
		entry_empty(p, e);
		p->bytes -= sizeof(*e);
		table_remove(&p->table, &g.flows[i], hash);
	}
	free(g.flows);
}

/* Whether so many bytes more may be taken; makes room for them. */
static bool plots_room(struct plots *p, size_t bytes)
{
	while (p->bytes + bytes > p->bytes_most && p->points_most > PLOTS_POINTS_LEAST) {
		p->points_most /= 2;
		table_each(&p->table, entry_thin, p);
	}
	if (p->bytes + bytes <= p->bytes_most)
		return true;
	if (p->full)
		return false;
	plots_give_up(p);
	/* So little was there to give up: all would be gone through for nothing again and again. */
	p->full = p->bytes > p->bytes_most / 4 * 3;
	return p->bytes + bytes <= p->bytes_most;
}

/* Room for one more point: more memory, or wider intervals. False: there is none at all. */
static bool direction_room(struct plots *p, struct plots_direction *d)
{
	__u32 room = d->room ? 2 * d->room : PLOTS_POINTS_FIRST;

	if (d->n < d->room)
		return true;
	/* Making room may make this one thinner, too, and the most that a direction may have
	 * smaller. */
	if (room <= p->points_most && plots_room(p, (room - d->room) * sizeof(*d->points)) &&
	    d->n == d->room && room <= p->points_most)
		direction_resize(p, d, room);
	if (d->n == d->room && d->room)
		direction_thin(d, d->room / 2);
	return d->n < d->room;
}

/* ---- waits ---- */

/* Takes the shortest out. */
static void waits_drop(struct plots_waits *w)
{
	__u32 least = 0;

	for (__u32 i = 1; i < w->n; i++) {
		if (w->list[i].to_ns - w->list[i].from_ns <
		    w->list[least].to_ns - w->list[least].from_ns)
			least = i;
	}
	w->short_n++;
	w->short_ns += w->list[least].to_ns - w->list[least].from_ns;
	w->n--;
	memmove(&w->list[least], &w->list[least + 1], (w->n - least) * sizeof(*w->list));
}

static void waits_grow(struct plots *p, struct plots_waits *w)
{
	__u32 room = w->room ? 2 * w->room : PLOTS_WAITS_FIRST;
	struct plot_wait *list;

	if (room > PLOTS_WAITS_MOST || !plots_room(p, (room - w->room) * sizeof(*list)))
		return;
	list = realloc(w->list, room * sizeof(*list));
	if (!list)
		return;
	p->bytes += (room - w->room) * sizeof(*list);
	w->list = list;
	w->room = room;
}

/* A wait is over; what follows the one before closely goes on with it. */
static void waits_add(struct plots *p, struct plots_waits *w, __u64 from_ns, __u64 to_ns, bool join)
{
	struct plot_wait *last = w->n ? &w->list[w->n - 1] : NULL;

	if (to_ns <= from_ns)
		return;
	if (join && last && from_ns >= last->to_ns &&
	    from_ns - last->to_ns <= (to_ns - from_ns) / PLOTS_WAIT_GAP) {
		last->to_ns = to_ns;
		return;
	}
	if (w->n == w->room)
		waits_grow(p, w);
	if (w->n == w->room && w->n)
		waits_drop(w);
	if (w->n == w->room) {
		w->short_n++;
		w->short_ns += to_ns - from_ns;
		return;
	}
	w->list[w->n++] = (struct plot_wait){ from_ns, to_ns };
}

/* A zero-window spell as the record counts it: the receiver's half knows. */
static void direction_closed(struct plots *p, struct plots_direction *d,
			     const struct half *receiver, __u64 ns)
{
	struct plots_waits *w = &d->waits[PLOT_CLOSED];

	if (receiver->bits & HALF_ZERO) {
		w->since_ns = receiver->zero_since_ns;
		d->waits[PLOT_FULL].since_ns = 0; /* what follows is no wait for a full window */
		d->odd = true;
		return;
	}
	if (w->since_ns)
		waits_add(p, w, w->since_ns, ns, false);
	w->since_ns = 0;
}

static __u32 direction_mss(const struct flow *f)
{
	__u32 mss = GAUGE_MSS;

	for (int i = 0; i < 2; i++) {
		if (f->syn[i].mss && f->syn[i].mss < mss)
			mss = f->syn[i].mss;
	}
	return mss;
}

/* A send ends the wait before it, and begins one if it fills the window to within a segment. */
static void direction_sent(struct plots *p, struct plots_direction *d, const struct flow *f,
			   const struct series_point *point)
{
	struct plots_waits *w = &d->waits[PLOT_FULL];
	__s64 mss = direction_mss(f);
	bool known = point->effective > 0 && point->in_flight != SERIES_UNKNOWN;

	if (w->since_ns)
		waits_add(p, w, w->since_ns, point->ns, true);
	w->since_ns = 0;
	if (known && point->in_flight + mss > point->effective &&
	    point->in_flight <= point->effective + mss)
		w->since_ns = point->ns;
}

/* ---- the whole ---- */

static bool flow_is_odd(const struct flow *f)
{
	return flow_scaling(f) == SCALING_OFF || f->half[0].retransmits || f->half[1].retransmits;
}

static struct plots_entry *plots_entry(struct plots *p, const struct native_segment *segment,
				       __u64 flow)
{
	__u32 hash = plots_hash(flow);
	struct plots_entry *e = table_find(&p->table, &flow, sizeof(flow), hash);

	if (e)
		return e;
	if (p->full || !plots_room(p, sizeof(*e)))
		return NULL;
	e = table_insert(&p->table, &flow, hash);
	if (!e)
		return NULL;
	p->bytes += sizeof(*e);
	memset(e->direction, 0, sizeof(e->direction));
	/* The first segment behind the SYNs makes the first point: were there others, they are gone. */
	e->direction[0].late = e->direction[1].late =
		(segment->before->bits | segment->flow->half[!segment->dir].bits) & HALF_WINDOW;
	return e;
}

static void plots_point(struct plots *p, struct plots_entry *e,
			const struct native_segment *segment, const struct series_point *point)
{
	struct plots_direction *d = &e->direction[point->sender & 1];
	struct plot_point packed;

	d->odd |= flow_is_odd(segment->flow);
	if (point->sender == segment->dir)
		direction_sent(p, d, segment->flow, point);
	direction_closed(p, d, &segment->flow->half[!point->sender], point->ns);
	point_pack(&packed, point);
	if (direction_same_interval(d, packed.ns) || direction_room(p, d))
		direction_put(d, &packed);
	else
		p->lost++;
}

void plots_add(struct plots *p, const struct native_segment *segment,
	       const struct series_point *points, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		struct plots_entry *e;

		p->current = points[i].flow;
		e = plots_entry(p, segment, p->current);
		if (e)
			plots_point(p, e, segment, &points[i]);
		else
			p->lost++;
	}
}

static void plots_tell(struct plot_waits *out, const struct plots_waits *w)
{
	out->list = w->list;
	out->n = w->n;
	out->short_n = w->short_n;
	out->short_ns = w->short_ns;
}

bool plots_find(void *arg, __u64 flow, __u8 sender, __u64 end_ns, struct plot *out)
{
	struct plots *p = arg;
	struct plots_entry *e = table_find(&p->table, &flow, sizeof(flow), plots_hash(flow));
	struct plots_direction *d = e ? &e->direction[sender & 1] : NULL;
	struct plots_waits *closed = d ? &d->waits[PLOT_CLOSED] : NULL;

	if (!d || !d->n)
		return false;
	if (closed->since_ns)
		waits_add(p, closed, closed->since_ns, end_ns, false);
	closed->since_ns = 0;
	out->points = d->points;
	out->n = d->n;
	out->interval_ns = d->shift ? 1ULL << d->shift : 0;
	out->late = d->late;
	plots_tell(&out->waits[PLOT_CLOSED], closed);
	plots_tell(&out->waits[PLOT_FULL], &d->waits[PLOT_FULL]);
	return true;
}

__u64 plots_lost(const struct plots *p)
{
	return p->lost;
}

size_t plots_bytes(const struct plots *p)
{
	return p->bytes;
}
