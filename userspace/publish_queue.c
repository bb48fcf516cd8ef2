// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/publish_queue.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#define QUEUE_MS_PER_S  1000U
#define QUEUE_NS_PER_MS 1000000L
#define QUEUE_NS_PER_S  1000000000L

struct publish_queue {
	pthread_mutex_t lock;
	pthread_cond_t changed; /* something was put, or it has ended */
	struct publish_message *messages;
	size_t most, first, n; /* a ring */
	bool ended;
};

int publish_queue_open(struct publish_queue **out, size_t most)
{
	struct publish_queue *q = calloc(1, sizeof(*q));
	pthread_condattr_t clock;

	*out = NULL;
	if (q)
		q->messages = calloc(most, sizeof(*q->messages));
	if (!q || !q->messages) {
		free(q);
		return -ENOMEM;
	}
	q->most = most;
	pthread_mutex_init(&q->lock, NULL);
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&q->changed, &clock);
	pthread_condattr_destroy(&clock);
	*out = q;
	return 0;
}

static struct publish_message *queue_at(struct publish_queue *q, size_t i)
{
	return &q->messages[(q->first + i) % q->most];
}

void publish_queue_close(struct publish_queue *q)
{
	if (!q)
		return;
	publish_queue_drop(q, q->n);
	pthread_cond_destroy(&q->changed);
	pthread_mutex_destroy(&q->lock);
	free(q->messages);
	free(q);
}

bool publish_queue_put(struct publish_queue *q, const struct publish_message *m)
{
	bool room;

	pthread_mutex_lock(&q->lock);
	room = q->n < q->most;
	if (room) {
		*queue_at(q, q->n++) = *m;
		pthread_cond_signal(&q->changed);
	}
	pthread_mutex_unlock(&q->lock);
	if (!room)
		free(m->line);
	return room;
}

/* With the lock: until there is something, if that is wanted, or the end. */
static void queue_wait(struct publish_queue *q, bool something, unsigned int ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / QUEUE_MS_PER_S;
	until.tv_nsec += (long)(ms % QUEUE_MS_PER_S) * QUEUE_NS_PER_MS;
	if (until.tv_nsec >= QUEUE_NS_PER_S) {
		until.tv_nsec -= QUEUE_NS_PER_S;
		until.tv_sec++;
	}
	while (!q->ended && !(something && q->n)) {
		if (pthread_cond_timedwait(&q->changed, &q->lock, &until))
			break;
	}
}

size_t publish_queue_look(struct publish_queue *q, struct publish_message *out, size_t room,
			  unsigned int ms)
{
	size_t n;

	pthread_mutex_lock(&q->lock);
	queue_wait(q, true, ms);
	n = q->n < room ? q->n : room;
	for (size_t i = 0; i < n; i++)
		out[i] = *queue_at(q, i);
	pthread_mutex_unlock(&q->lock);
	return n;
}

void publish_queue_drop(struct publish_queue *q, size_t n)
{
	pthread_mutex_lock(&q->lock);
	for (size_t i = 0; i < n; i++)
		free(queue_at(q, i)->line);
	q->first = (q->first + n) % q->most;
	q->n -= n;
	pthread_mutex_unlock(&q->lock);
}

void publish_queue_pause(struct publish_queue *q, unsigned int ms)
{
	pthread_mutex_lock(&q->lock);
	queue_wait(q, false, ms);
	pthread_mutex_unlock(&q->lock);
}

void publish_queue_end(struct publish_queue *q)
{
	pthread_mutex_lock(&q->lock);
	q->ended = true;
	pthread_cond_broadcast(&q->changed);
	pthread_mutex_unlock(&q->lock);
}

bool publish_queue_ended(struct publish_queue *q)
{
	bool ended;

	pthread_mutex_lock(&q->lock);
	ended = q->ended;
	pthread_mutex_unlock(&q->lock);
	return ended;
}

size_t publish_queue_length(struct publish_queue *q)
{
	size_t n;

	pthread_mutex_lock(&q->lock);
	n = q->n;
	pthread_mutex_unlock(&q->lock);
	return n;
}
