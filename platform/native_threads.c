// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "platform/native_threads.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

/* Segments handed over at a time. */
#define THREADS_BLOCK 512U
/*
 * Blocks a thread may be behind: on a machine that has other work it may stand still for some ms, and
 * nobody should wait for it so soon. Only as many are touched as it is behind.
 */
#define THREADS_BLOCKS 64U
/*
 * A thread that has nothing to do sleeps until it has so many: it then stays awake long enough that
 * the scheduler gives it a processor of its own.
 */
#define THREADS_WAKE 16U
/* Who sleeps until there is room sleeps until there is so much. */
#define THREADS_ROOM 32U
/*
 * Before a thread sleeps it yields its processor so often. To a scheduler, threads that sleep by turns
 * are as much work as one, and it leaves them together on one processor.
 */
#define THREADS_YIELDS 500U
/*
 * Frames after which the threads meet, so that notes about endpoints do not pile up; rare enough
 * that waiting for each other costs nothing.
 */
#define THREADS_MEET (1U << 19)

struct threads_block {
	struct native_parcel parcels[THREADS_BLOCK];
	unsigned int n;
	unsigned int pad[15]; /* cache lines are shared by nobody */
};

/* One thread that tracks. */
struct threads_worker {
	struct native *native;
	struct threads_block *blocks;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake; /* for this thread; and for the one that parses: */
	pthread_cond_t progress;
	/* Under the lock: */
	struct threads_block *handed[THREADS_BLOCKS]; /* a ring, the oldest at `first` */
	unsigned int first, handed_n;                 /* the one in work included */
	struct threads_block *empty[THREADS_BLOCKS]; /* the last one used on top: it is in a cache */
	unsigned int empty_n;
	bool hurry; /* whatever there is, is to be done now */
	bool end;
	/* The parsing thread's own: */
	struct threads_block *filling;
	bool running;
};

struct native_threads {
	struct native *front;
	struct threads_worker *workers;
	unsigned int n;
	__u64 packets; /* so far */
	__u64 met;     /* of them, when the threads met last */
	struct native_step steps[NATIVE_BATCH];
};

/* Under the lock: lets others run for a while, rather than sleep, see THREADS_YIELDS. */
static void threads_wait(struct threads_worker *w, pthread_cond_t *what, unsigned int *turns)
{
	if (++*turns > THREADS_YIELDS) {
		pthread_cond_wait(what, &w->lock);
		return;
	}
	pthread_mutex_unlock(&w->lock);
	sched_yield();
	pthread_mutex_lock(&w->lock);
}

/* Under the lock, until there is something to do, or there will be no more. */
static void threads_sleep(struct threads_worker *w)
{
	unsigned int turns = 0;

	while (!w->end && w->handed_n < (w->hurry || turns <= THREADS_YIELDS ? 1 : THREADS_WAKE))
		threads_wait(w, &w->wake, &turns);
}

static void *threads_work(void *arg)
{
	struct threads_worker *w = arg;

	pthread_mutex_lock(&w->lock);
	for (;;) {
		struct threads_block *b;

		if (!w->handed_n)
			threads_sleep(w);
		if (!w->handed_n)
			break;
		b = w->handed[w->first];
		pthread_mutex_unlock(&w->lock);
		native_parcels(w->native, b->parcels, b->n);
		b->n = 0;
		pthread_mutex_lock(&w->lock);
		w->first = (w->first + 1) % THREADS_BLOCKS;
		w->empty[w->empty_n++] = b;
		if (!--w->handed_n || w->empty_n == THREADS_ROOM)
			pthread_cond_signal(&w->progress);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

/* Hands over the block being filled, and waits for an empty one. */
static void threads_hand_over(struct threads_worker *w)
{
	unsigned int turns = 0;

	pthread_mutex_lock(&w->lock);
	w->handed[(w->first + w->handed_n) % THREADS_BLOCKS] = w->filling;
	if (++w->handed_n == THREADS_WAKE)
		pthread_cond_signal(&w->wake);
	while (w->empty_n < (turns <= THREADS_YIELDS ? 1 : THREADS_ROOM))
		threads_wait(w, &w->progress, &turns);
	w->filling = w->empty[--w->empty_n];
	pthread_mutex_unlock(&w->lock);
}

/* Whose step it is; n: nobody's. By the hash's high bits: a table's slots are chosen by its low
 * ones. */
static unsigned int threads_owner(const struct native_threads *t, const struct native_step *step)
{
	if (t->n == 1)
		return 0;
	return step->segment ? (unsigned int)((__u64)step->hash * t->n >> 32) : t->n;
}

/* One step to its thread. */
static void threads_hand(struct native_threads *t, const struct native_step *step, __u64 packet)
{
	unsigned int owner = threads_owner(t, step);
	struct threads_block *b;

	if (owner == t->n)
		return;
	b = t->workers[owner].filling;
	native_pack(&b->parcels[b->n], step, packet);
	if (++b->n == THREADS_BLOCK)
		threads_hand_over(&t->workers[owner]);
}

/* Parses all before it copies any: a load that spans several recent stores waits for them. */
int native_threads_frames(struct native_threads *t, const struct frame *frames,
			  unsigned int frames_n)
{
	native_parse_frames(t->front, frames, t->steps, frames_n);
	for (unsigned int i = 0; i < frames_n; i++)
		threads_hand(t, &t->steps[i], ++t->packets);
	return t->packets - t->met < THREADS_MEET ? 0 : native_threads_settle(t);
}

/* Each world's updates are in the order of packets; one packet's are in one world. */
static void threads_join(struct native_threads *t)
{
	size_t at[NATIVE_THREADS_MOST] = { 0 };

	for (;;) {
		const struct native_update *first = NULL;
		unsigned int from = 0;

		for (unsigned int i = 0; i < t->n; i++) {
			const struct native *n = t->workers[i].native;

			if (at[i] == n->updates_n ||
			    (first && first->packet < n->updates[at[i]].packet))
				continue;
			first = &n->updates[at[i]];
			from = i;
		}
		if (!first)
			break;
		native_join(t->front, &first->entry);
		at[from]++;
	}
	for (unsigned int i = 0; i < t->n; i++)
		t->workers[i].native->updates_n = 0;
}

int native_threads_settle(struct native_threads *t)
{
	bool complete = true;

	for (unsigned int i = 0; i < t->n; i++) {
		struct threads_worker *w = &t->workers[i];

		if (w->filling->n)
			threads_hand_over(w);
		pthread_mutex_lock(&w->lock);
		w->hurry = true;
		pthread_cond_signal(&w->wake);
		pthread_mutex_unlock(&w->lock);
	}
	for (unsigned int i = 0; i < t->n; i++) {
		struct threads_worker *w = &t->workers[i];

		pthread_mutex_lock(&w->lock);
		while (w->handed_n)
			pthread_cond_wait(&w->progress, &w->lock);
		w->hurry = false;
		pthread_mutex_unlock(&w->lock);
	}
	threads_join(t);
	t->met = t->packets;
	for (unsigned int i = 0; i < t->n; i++)
		complete &= !t->workers[i].native->out_of_memory;
	return complete && !t->front->out_of_memory ? 0 : -ENOMEM;
}

struct native *native_threads_front(struct native_threads *t)
{
	return t->front;
}

struct native *native_threads_world(struct native_threads *t, unsigned int i)
{
	return t->workers[i].native;
}

struct native *native_threads_endpoints(struct native_threads *t)
{
	return t->n == 1 ? t->workers[0].native : t->front;
}

bool native_threads_settled(const struct native_threads *t)
{
	return t->packets == t->met;
}

static int threads_start(struct threads_worker *w, const struct engine_config *config, bool shares)
{
	int err;

	w->native = native_open(config);
	w->blocks = aligned_alloc(64, THREADS_BLOCKS * sizeof(*w->blocks));
	if (!w->native || !w->blocks)
		return -ENOMEM;
	w->native->shares = shares;
	/* The first is the one being filled, all others are empty. */
	w->filling = w->blocks;
	w->filling->n = 0;
	for (unsigned int i = THREADS_BLOCKS; --i;) {
		w->blocks[i].n = 0;
		w->empty[w->empty_n++] = &w->blocks[i];
	}
	err = pthread_create(&w->thread, NULL, threads_work, w);
	w->running = !err;
	return -err;
}

int native_threads_open(struct native_threads **out, const struct engine_config *config,
			unsigned int n)
{
	struct native_threads *t = calloc(1, sizeof(*t));
	int err = 0;

	*out = NULL;
	if (!t)
		return -ENOMEM;
	t->front = native_open(config);
	t->workers = calloc(n, sizeof(*t->workers));
	if (!t->front || !t->workers)
		err = -ENOMEM;
	for (; !err && t->n < n; t->n++) {
		pthread_mutex_init(&t->workers[t->n].lock, NULL);
		pthread_cond_init(&t->workers[t->n].wake, NULL);
		pthread_cond_init(&t->workers[t->n].progress, NULL);
		err = threads_start(&t->workers[t->n], config, n > 1);
	}
	if (err)
		native_threads_close(t);
	else
		*out = t;
	return err;
}

void native_threads_close(struct native_threads *t)
{
	if (!t)
		return;
	for (unsigned int i = 0; i < t->n; i++) {
		struct threads_worker *w = &t->workers[i];

		pthread_mutex_lock(&w->lock);
		w->end = true;
		pthread_cond_signal(&w->wake);
		pthread_mutex_unlock(&w->lock);
		if (w->running)
			pthread_join(w->thread, NULL);
		native_close(w->native);
		free(w->blocks);
		pthread_mutex_destroy(&w->lock);
		pthread_cond_destroy(&w->wake);
		pthread_cond_destroy(&w->progress);
	}
	native_close(t->front);
	free(t->workers);
	free(t);
}
