// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "platform/native_threads.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

/* Segments handed over at a time. */
#define THREADS_BLOCK 512U
/*
 * Blocks a world may be behind: on a machine that has other work its thread may stand still for some
 * ms, and nobody should wait for it so soon. Only as many are touched as it is behind.
 */
#define THREADS_BLOCKS 64U
/* Who parses tracks, too, as soon as a world is so far behind: what was handed over is in a cache. */
#define THREADS_HELP 8U
/*
 * A thread that has nothing to do sleeps until there is so much: it then stays awake long enough that
 * the scheduler gives it a processor of its own.
 */
#define THREADS_WAKE 4U
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

/* Some of the connections, in tables of their own; tracked by one thread at a time, any. */
struct threads_world {
	struct native *native;
	struct threads_block *blocks;
	/* Under the lock: */
	struct threads_block *handed[THREADS_BLOCKS]; /* a ring, the oldest at `first` */
	unsigned int first, handed_n;                 /* the one in work included */
	struct threads_block *empty[THREADS_BLOCKS]; /* the last one used on top: it is in a cache */
	unsigned int empty_n;
	bool busy; /* the oldest is in work */
	/* The parsing thread's own: */
	struct threads_block *filling;
};

struct native_threads {
	struct native *front;
	struct threads_world *worlds;
	unsigned int n; /* worlds */
	__u64 packets;  /* so far */
	__u64 met;      /* of them, when the threads met last */
	pthread_t *helpers;
	unsigned int helpers_n;
	pthread_mutex_t lock;
	pthread_cond_t wake; /* for helpers; and for the one that parses: */
	pthread_cond_t progress;
	/* Under the lock: */
	unsigned int handed_n; /* of all worlds */
	bool hurry;            /* whatever there is, is to be done now */
	bool end;
	struct native_step steps[NATIVE_BATCH];
};

/* Under the lock: lets others run for a while, rather than sleep, see THREADS_YIELDS. */
static void threads_wait(struct native_threads *t, pthread_cond_t *what, unsigned int *turns)
{
	if (++*turns > THREADS_YIELDS) {
		pthread_cond_wait(what, &t->lock);
		return;
	}
	pthread_mutex_unlock(&t->lock);
	sched_yield();
	pthread_mutex_lock(&t->lock);
}

/* Under the lock: the world that is furthest behind of those that nobody is at, or 0. */
static struct threads_world *threads_behind(const struct native_threads *t)
{
	struct threads_world *most = NULL;

	for (unsigned int i = 0; i < t->n; i++) {
		struct threads_world *w = &t->worlds[i];

		if (!w->busy && w->handed_n && (!most || w->handed_n > most->handed_n))
			most = w;
	}
	return most;
}

/* Under the lock, which it leaves meanwhile: tracks a block; false: there is none for this thread. */
static bool threads_track(struct native_threads *t)
{
	struct threads_world *w = threads_behind(t);
	struct threads_block *b;

	if (!w)
		return false;
	b = w->handed[w->first];
	w->busy = true;
	pthread_mutex_unlock(&t->lock);
	native_parcels(w->native, b->parcels, b->n);
	b->n = 0;
	pthread_mutex_lock(&t->lock);
	w->busy = false;
	w->first = (w->first + 1) % THREADS_BLOCKS;
	w->empty[w->empty_n++] = b;
	w->handed_n--;
	t->handed_n--;
	pthread_cond_signal(&t->progress);
	return true;
}

/* Under the lock, until there may be something to do. */
static void threads_sleep(struct native_threads *t, unsigned int *turns)
{
	do
		threads_wait(t, &t->wake, turns);
	while (!t->end && !t->hurry && *turns > THREADS_YIELDS && t->handed_n < THREADS_WAKE);
}

static void *threads_help(void *arg)
{
	struct native_threads *t = arg;
	unsigned int turns = 0;

	pthread_mutex_lock(&t->lock);
	while (!t->end) {
		if (threads_track(t))
			turns = 0;
		else
			threads_sleep(t, &turns);
	}
	pthread_mutex_unlock(&t->lock);
	return NULL;
}

/* Under the lock: does what there is to do, or else waits for the others. */
static void threads_join_in(struct native_threads *t, unsigned int *turns)
{
	if (!threads_track(t))
		threads_wait(t, &t->progress, turns);
}

/* Hands over the block being filled, and takes an empty one. */
static void threads_hand_over(struct native_threads *t, struct threads_world *w)
{
	unsigned int turns = 0;

	pthread_mutex_lock(&t->lock);
	w->handed[(w->first + w->handed_n) % THREADS_BLOCKS] = w->filling;
	w->handed_n++;
	if (++t->handed_n >= THREADS_WAKE)
		pthread_cond_signal(&t->wake);
	if (w->handed_n >= THREADS_HELP)
		(void)threads_track(t);
	while (!w->empty_n)
		threads_join_in(t, &turns);
	w->filling = w->empty[--w->empty_n];
	pthread_mutex_unlock(&t->lock);
}

/* Whose step it is; n: nobody's. By the hash's high bits: a table's slots are chosen by its low
 * ones. */
static unsigned int threads_owner(const struct native_threads *t, const struct native_step *step)
{
	if (t->n == 1)
		return 0;
	return step->segment ? (unsigned int)((__u64)step->hash * t->n >> 32) : t->n;
}

/* One step to its world. */
static void threads_hand(struct native_threads *t, const struct native_step *step, __u64 packet)
{
	unsigned int owner = threads_owner(t, step);
	struct threads_block *b;

	if (owner == t->n)
		return;
	b = t->worlds[owner].filling;
	native_pack(&b->parcels[b->n], step, packet);
	if (++b->n == THREADS_BLOCK)
		threads_hand_over(t, &t->worlds[owner]);
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
			const struct native *n = t->worlds[i].native;

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
		t->worlds[i].native->updates_n = 0;
}

int native_threads_settle(struct native_threads *t)
{
	bool complete = true;
	unsigned int turns = 0;

	for (unsigned int i = 0; i < t->n; i++) {
		if (t->worlds[i].filling->n)
			threads_hand_over(t, &t->worlds[i]);
	}
	pthread_mutex_lock(&t->lock);
	t->hurry = true;
	pthread_cond_broadcast(&t->wake);
	while (t->handed_n)
		threads_join_in(t, &turns);
	t->hurry = false;
	pthread_mutex_unlock(&t->lock);
	threads_join(t);
	t->met = t->packets;
	for (unsigned int i = 0; i < t->n; i++)
		complete &= !t->worlds[i].native->out_of_memory;
	return complete && !t->front->out_of_memory ? 0 : -ENOMEM;
}

struct native *native_threads_front(struct native_threads *t)
{
	return t->front;
}

struct native *native_threads_world(struct native_threads *t, unsigned int i)
{
	return t->worlds[i].native;
}

struct native *native_threads_endpoints(struct native_threads *t)
{
	return t->n == 1 ? t->worlds[0].native : t->front;
}

bool native_threads_settled(const struct native_threads *t)
{
	return t->packets == t->met;
}

static int threads_world(struct threads_world *w, const struct engine_config *config, bool shares)
{
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
	return 0;
}

/* What the threads share, and the threads; what was begun is in t. 0 or -errno. */
static int threads_start(struct native_threads *t, const struct engine_config *config,
			 unsigned int n, unsigned int helpers)
{
	int err = 0;

	t->front = native_open(config);
	t->worlds = calloc(n, sizeof(*t->worlds));
	t->helpers = calloc(helpers, sizeof(*t->helpers));
	if (!t->front || !t->worlds || !t->helpers)
		return -ENOMEM;
	for (; !err && t->n < n; t->n++)
		err = threads_world(&t->worlds[t->n], config, n > 1);
	while (!err && t->helpers_n < helpers) {
		err = -pthread_create(&t->helpers[t->helpers_n], NULL, threads_help, t);
		t->helpers_n += !err;
	}
	return err;
}

int native_threads_open(struct native_threads **out, const struct engine_config *config,
			unsigned int n, unsigned int helpers)
{
	struct native_threads *t = calloc(1, sizeof(*t));
	int err;

	*out = NULL;
	if (!t)
		return -ENOMEM;
	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->wake, NULL);
	pthread_cond_init(&t->progress, NULL);
	err = threads_start(t, config, n, helpers);
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
	pthread_mutex_lock(&t->lock);
	t->end = true;
	pthread_cond_broadcast(&t->wake);
	pthread_mutex_unlock(&t->lock);
	while (t->helpers_n)
		pthread_join(t->helpers[--t->helpers_n], NULL);
	for (unsigned int i = 0; i < t->n; i++) {
		native_close(t->worlds[i].native);
		free(t->worlds[i].blocks);
	}
	native_close(t->front);
	pthread_mutex_destroy(&t->lock);
	pthread_cond_destroy(&t->wake);
	pthread_cond_destroy(&t->progress);
	free(t->helpers);
	free(t->worlds);
	free(t);
}
