// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/publish.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "platform/clock.h"
#include "userspace/complain.h"
#include "userspace/names.h"
#include "userspace/output/output.h"
#include "userspace/publish_queue.h"
#include "userspace/publish_wire.h"

#define PUBLISH_BATCH     256  /* messages that one confirmation is waited for */
#define PUBLISH_LOOK_MS   1000 /* within which it is seen that an idle server is gone */
#define PUBLISH_FLUSH_MS  500
#define PUBLISH_FLUSHES   20  /* a server that confirms nothing for so many times that is gone */
#define PUBLISH_FIRST_MS  250 /* between attempts to connect; each time twice as long, up to */
#define PUBLISH_LONG_MS   8000
#define PUBLISH_END_MS    3000  /* for what is left at the end */
#define PUBLISH_STUCK_MS  5000  /* a thread that hangs in the library by then is left behind */
#define PUBLISH_STAY_MS   10000 /* a connection that ended earlier is made again after a pause */
#define PUBLISH_SHORT     3     /* so many of those are told, and as many reasons of one outage */
#define PUBLISH_WHY_ROOM  256
#define PUBLISH_CODE_ROOM 64
#define PUBLISH_PREFIX    "wscope."
#define PUBLISH_MS_PER_S  1000ULL
#define PUBLISH_NS_PER_MS 1000000ULL

struct publish {
	const struct options *options;
	struct publish_queue *queue;
	struct publish_wire *wire;
	char node[PUBLISH_NODE_ROOM];
	char *shown; /* the URLs, without secrets */
	pthread_t thread;
	bool started, stuck;
	atomic_ullong sent, lost, refused; /* refused: counted in sent, too */
	atomic_ullong deadline;            /* monotonic, ms; 0: it goes on */
	/* Of the thread: */
	bool up;                    /* when it was looked at last */
	bool too_long;              /* told */
	__u64 since;                /* of the connection, monotonic, ms */
	char why[PUBLISH_WHY_ROOM]; /* why not, as it was told; "": not told */
	unsigned int reasons, shorts, delay_ms;
};

static __u64 publish_now(void)
{
	return clock_ns(CLOCK_MONOTONIC) / PUBLISH_NS_PER_MS;
}

/* Who this is in subjects. 0, or -errno after one line on stderr. */
static int publish_name(struct publish *p)
{
	char host[HOST_NAME_MAX + 1] = "";

	if (!p->options->node && gethostname(host, sizeof(host) - 1))
		host[0] = '\0';
	publish_node(p->node, p->options->node ? p->options->node : host);
	if (*p->node)
		return 0;
	complain("this host has no name: --node gives it one");
	return -EINVAL;
}

int publish_open(struct publish **out, const struct options *o)
{
	struct publish *p;
	int err;

	*out = NULL;
	if (!o->nats)
		return 0;
	p = calloc(1, sizeof(*p));
	*out = p;
	if (p)
		p->shown = malloc(strlen(o->nats) + 1);
	if (!p || !p->shown || publish_queue_open(&p->queue, o->nats_queue)) {
		complain("out of memory");
		return -ENOMEM;
	}
	p->options = o;
	publish_shown(p->shown, o->nats);
	err = publish_name(p);
	return err ? err : publish_wire_open(&p->wire);
}

/* Called by a thread of the library's. */
static void publish_refused(void *arg)
{
	struct publish *p = arg;

	if (!atomic_fetch_add(&p->refused, 1))
		complain("NATS at %s does not permit what is published: it is lost", p->shown);
}

static bool publish_is_over(struct publish *p)
{
	__u64 deadline = atomic_load(&p->deadline);

	return deadline && publish_now() >= deadline;
}

/* Longer each time, and not the same on all nodes of a fleet. */
static void publish_pause(struct publish *p)
{
	p->delay_ms = p->delay_ms ? 2 * p->delay_ms : PUBLISH_FIRST_MS;
	if (p->delay_ms > PUBLISH_LONG_MS)
		p->delay_ms = PUBLISH_LONG_MS;
	publish_queue_pause(p->queue,
			    p->delay_ms / 2 + (unsigned int)random() % (p->delay_ms / 2 + 1));
}

/* Says once that there is no server, and again only for another reason. */
static void publish_away(struct publish *p, const char *how, const char *why)
{
	if (!strncmp(p->why, why, sizeof(p->why) - 1) || p->reasons == PUBLISH_SHORT)
		return;
	p->reasons++;
	if (p->shorts <= PUBLISH_SHORT)
		complain("NATS at %s %s: %s; up to %u events wait for it", p->shown, how, why,
			 p->options->nats_queue);
	snprintf(p->why, sizeof(p->why), "%s", why);
}

static void publish_arrived(struct publish *p, bool again)
{
	if (!again)
		complain("publishing to NATS at %s, subjects " PUBLISH_PREFIX "%s.>", p->shown,
			 p->node);
	else if (p->shorts <= PUBLISH_SHORT)
		complain("NATS at %s is there again; %llu events are lost so far", p->shown,
			 (unsigned long long)atomic_load(&p->lost));
	p->why[0] = '\0';
	p->reasons = 0;
	p->since = publish_now();
}

static bool publish_connect(struct publish *p)
{
	bool gone = p->up, stayed = publish_now() - p->since >= PUBLISH_STAY_MS;
	const char *why;

	if (gone && stayed) {
		p->delay_ms = 0;
		p->shorts = 0;
	} else if (gone) { /* perhaps it lets nobody stay */
		p->shorts++;
		publish_pause(p);
	}
	why = publish_wire_connect(p->wire);
	p->up = !why;
	if (why)
		publish_away(p, gone ? "is gone" : "cannot be reached", why);
	else
		publish_arrived(p, gone || *p->why);
	return !why;
}

/* 0, -EMSGSIZE or -EPIPE as publish_wire_send(). */
static int publish_send(struct publish *p, const struct publish_message *m)
{
	char subject[sizeof(PUBLISH_PREFIX) + PUBLISH_NODE_ROOM + PUBLISH_CODE_ROOM];
	int err;

	snprintf(subject, sizeof(subject), PUBLISH_PREFIX "%s.%s", p->node,
		 names_detector(m->code)->code);
	err = publish_wire_send(p->wire, subject, m->line, m->len);
	if (err == -EMSGSIZE && !p->too_long) {
		complain("NATS at %s takes no message of %zu bytes: it is lost", p->shown, m->len);
		p->too_long = true;
	}
	return err;
}

/* Waits for the server; within reason. */
static bool publish_confirmed(struct publish *p)
{
	int err = -ETIMEDOUT;

	for (int i = 0; i < PUBLISH_FLUSHES && err == -ETIMEDOUT && !publish_is_over(p); i++)
		err = publish_wire_flush(p->wire, PUBLISH_FLUSH_MS);
	return !err;
}

/* What is not confirmed stays in the queue, and is sent again. */
static void publish_batch(struct publish *p, const struct publish_message *batch, size_t n)
{
	size_t lost = 0;
	int err = 0;

	for (size_t i = 0; i < n && err != -EPIPE; i++) {
		err = publish_send(p, &batch[i]);
		lost += err == -EMSGSIZE;
	}
	if (err == -EPIPE || !publish_confirmed(p)) {
		if (!publish_is_over(p))
			publish_wire_hang_up(p->wire);
		return;
	}
	atomic_fetch_add(&p->sent, n - lost);
	atomic_fetch_add(&p->lost, lost);
	publish_queue_drop(p->queue, n);
}

static void *publish_thread(void *arg)
{
	struct publish *p = arg;
	struct publish_message batch[PUBLISH_BATCH];

	while (!publish_is_over(p)) {
		bool ended = publish_queue_ended(p->queue);
		size_t n;

		if (!publish_wire_is_up(p->wire) && !publish_connect(p)) {
			if (ended)
				break;
			publish_pause(p);
			continue;
		}
		n = publish_queue_look(p->queue, batch, PUBLISH_BATCH, PUBLISH_LOOK_MS);
		if (n)
			publish_batch(p, batch, n);
		else if (ended)
			break;
	}
	/* A server that hangs keeps the library's threads, too. */
	if (publish_is_over(p) || !publish_wire_close(p->wire))
		return p;
	p->wire = NULL;
	return NULL;
}

int publish_start(struct publish *p)
{
	int err;

	if (!p)
		return 0;
	if (p->options->nats_creds && access(p->options->nats_creds, R_OK)) {
		err = -errno;
		complain("cannot read '%s': %s", p->options->nats_creds, strerror(-err));
		return err;
	}
	err = publish_wire_start(p->wire, p->options, p->node, publish_refused, p);
	if (err)
		return err;
	srandom((unsigned int)(publish_now() ^ (__u64)getpid()));
	err = -pthread_create(&p->thread, NULL, publish_thread, p);
	p->started = !err;
	if (err)
		complain("cannot start a thread: %s", strerror(-err));
	return err;
}

void publish_event(struct publish *p, const struct report *times, const struct event *event)
{
	struct publish_message m = { .code = event->finding.code };
	FILE *to;
	int err;

	if (!p)
		return;
	to = open_memstream(&m.line, &m.len);
	err = to ? output_json.event(to, times, event, p->options) : -errno;
	if (to && fclose(to))
		err = -ENOMEM;
	if (err || !m.len) {
		free(m.line);
		atomic_fetch_add(&p->lost, 1);
		return;
	}
	m.len--; /* the end of the line */
	if (!publish_queue_put(p->queue, &m))
		atomic_fetch_add(&p->lost, 1);
}

void publish_finish(struct publish *p)
{
	struct timespec until;
	void *left = NULL;
	__u64 now = publish_now();

	if (!p || !p->started)
		return;
	atomic_store(&p->deadline, now + PUBLISH_END_MS);
	publish_queue_end(p->queue);
	now += PUBLISH_STUCK_MS;
	until.tv_sec = (time_t)(now / PUBLISH_MS_PER_S);
	until.tv_nsec = (long)(now % PUBLISH_MS_PER_S * PUBLISH_NS_PER_MS);
	p->stuck = pthread_clockjoin_np(p->thread, &left, CLOCK_MONOTONIC, &until) || left;
	p->started = false;
	atomic_fetch_add(&p->lost, publish_queue_length(p->queue));
}

void publish_counts(const struct publish *p, struct publish_counts *out)
{
	__u64 refused;

	*out = (struct publish_counts){ 0 };
	if (!p)
		return;
	refused = atomic_load(&p->refused);
	out->sent = atomic_load(&p->sent);
	out->sent -= refused < out->sent ? refused : out->sent;
	out->lost = atomic_load(&p->lost) + refused;
}

bool publish_close(struct publish *p)
{
	if (!p)
		return true;
	publish_finish(p);
	if (p->stuck)
		return false; /* threads still have all of it */
	publish_wire_close(p->wire);
	publish_queue_close(p->queue);
	free(p->shown);
	free(p);
	return true;
}
