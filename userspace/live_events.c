// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/live_events.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/libbpf.h>

/* For people: so many connections a second are shown one by one. */
#define LIVE_EVENTS_PER_SECOND 5U
/* Records taken in one go. */
#define LIVE_EVENTS_BATCH 8192U

/* Room for one more record of an ended connection; NULL when there is none. */
static struct snapshot_flow *live_events_slot(struct live_events *e)
{
	struct snapshot_flow *slot;

	if (e->ended_n == e->ended_room && e->ended_room < LIVE_EVENTS_ENDED) {
		size_t room = e->ended_room ? e->ended_room * 2 : 1024;
		struct snapshot_flow *grown = reallocarray(e->ended, room, sizeof(*grown));

		if (grown) {
			e->ended = grown;
			e->ended_room = room;
		}
	}
	if (e->ended_n < e->ended_room)
		return &e->ended[e->ended_n++];
	e->ended_lost++;
	if (!e->ended_room)
		return NULL;
	slot = &e->ended[e->ended_next];
	e->ended_next = (e->ended_next + 1) % e->ended_room;
	return slot;
}

static void live_events_keep(struct live_events *e, const struct event_ended *ended)
{
	struct snapshot_flow *slot = live_events_slot(e);

	if (!slot)
		return;
	slot->entry.key = ended->key;
	slot->entry.flow = ended->live.flow;
	memcpy(slot->gauge, ended->live.gauge, sizeof(slot->gauge));
}

static void live_events_show(struct live_events *e, const struct event *event)
{
	bool limited = !e->options->json && !e->options->verbose && !e->options->count &&
		       event->kind == EVENT_FLOW_FINDING;

	e->shown++;
	if (limited && !e->budget) {
		e->left_out++;
		return;
	}
	if (limited)
		e->budget--;
	if (!e->write_error)
		e->write_error = e->output->event(e->to, e->times, event, e->options);
}

static int live_events_callback(void *arg, void *data, size_t size)
{
	struct live_events *e = arg;
	const struct event *event = data;
	static unsigned int batch;

	if (size >= sizeof(struct event_ended) && event->kind == EVENT_FLOW_ENDED) {
		live_events_keep(e, data);
	} else if (size >= sizeof(*event) && event->kind != EVENT_FLOW_ENDED &&
		   !live_events_enough(e)) {
		live_events_show(e, event);
		e->on_event(e->on_event_arg, event);
	}
	if (e->draining)
		return 0;
	return live_events_enough(e) || !(++batch % LIVE_EVENTS_BATCH) ? -EINTR : 0;
}

int live_events_open(struct live_events *e, int ring)
{
	e->budget = LIVE_EVENTS_PER_SECOND;
	e->ring = ring_buffer__new(ring, live_events_callback, e, NULL);
	return e->ring ? 0 : -errno;
}

void live_events_close(struct live_events *e)
{
	ring_buffer__free(e->ring);
	free(e->ended);
	e->ring = NULL;
	e->ended = NULL;
}

int live_events_fd(const struct live_events *e)
{
	return ring_buffer__epoll_fd(e->ring);
}

void live_events_take(struct live_events *e)
{
	ring_buffer__consume(e->ring);
	if (fflush(e->to) && !e->write_error)
		e->write_error = -errno;
}

void live_events_drain(struct live_events *e)
{
	e->draining = true;
	live_events_take(e);
	live_events_second(e);
}

bool live_events_enough(const struct live_events *e)
{
	return e->options->count && e->shown >= e->options->count;
}

void live_events_second(struct live_events *e)
{
	if (e->left_out)
		fprintf(stderr,
			"wscope: %llu more findings about connections in this second are not shown "
			"one by one (-v or --json shows all)\n",
			(unsigned long long)e->left_out);
	e->left_out = 0;
	e->budget = LIVE_EVENTS_PER_SECOND;
}
