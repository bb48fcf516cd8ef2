// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/ordered.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

/* Items a part: enough that taking one costs nothing, few enough that parts stay small. */
#define ORDERED_PART 256U

struct ordered {
	FILE *to;
	size_t items;
	void *arg;
	int (*make)(FILE *part, void *arg, size_t from, size_t until);
	pthread_mutex_t lock;
	pthread_cond_t changed;
	size_t taken;   /* items that somebody has taken, under the lock like what follows */
	size_t written; /* items that were written */
	int err;
};

/* Where one thread makes its parts, one after the other in the same memory. */
struct ordered_room {
	FILE *stream;
	char *text;
	size_t len; /* of the part, once it is made */
};

/* What items from .. until - 1 are written as. 0 or -errno. */
static int ordered_make(const struct ordered *o, size_t from, size_t until,
			struct ordered_room *room)
{
	int err;

	if (!room->stream)
		room->stream = open_memstream(&room->text, &room->len);
	if (!room->stream || fseeko(room->stream, 0, SEEK_SET))
		return -errno;
	err = o->make(room->stream, o->arg, from, until);
	if ((fflush(room->stream) || ferror(room->stream)) && !err)
		err = -ENOMEM;
	return err;
}

/* Writes a part when all before it is written. Whose turn it is writes alone, without the lock. */
static void ordered_put(struct ordered *o, size_t from, size_t until,
			const struct ordered_room *room, int err)
{
	pthread_mutex_lock(&o->lock);
	while (o->written != from && !o->err)
		pthread_cond_wait(&o->changed, &o->lock);
	if (o->err)
		err = o->err;
	pthread_mutex_unlock(&o->lock);
	errno = 0;
	if (!err && fwrite(room->text, 1, room->len, o->to) != room->len)
		err = errno ? -errno : -EIO;
	pthread_mutex_lock(&o->lock);
	o->written = until;
	if (!o->err)
		o->err = err;
	pthread_cond_broadcast(&o->changed);
	pthread_mutex_unlock(&o->lock);
}

/* The next part, as [from, until); false: there is none. */
static bool ordered_take(struct ordered *o, size_t *from, size_t *until)
{
	bool more;

	pthread_mutex_lock(&o->lock);
	*from = o->taken;
	*until = o->items - *from > ORDERED_PART ? *from + ORDERED_PART : o->items;
	o->taken = *until;
	more = *from < *until && !o->err;
	pthread_mutex_unlock(&o->lock);
	return more;
}

static void *ordered_work(void *arg)
{
	struct ordered_room room = { 0 };
	struct ordered *o = arg;
	size_t from, until;

	while (ordered_take(o, &from, &until)) {
		int err = ordered_make(o, from, until, &room);

		ordered_put(o, from, until, &room, err);
	}
	if (room.stream)
		fclose(room.stream);
	free(room.text);
	return NULL;
}

int ordered_write(FILE *to, unsigned int threads, size_t items, void *arg,
		  int (*make)(FILE *part, void *arg, size_t from, size_t until))
{
	struct ordered o = { .to = to, .items = items, .arg = arg, .make = make };
	pthread_t *others;
	unsigned int n = 0;

	if (threads <= 1 || items <= ORDERED_PART)
		return make(to, arg, 0, items);
	others = calloc(threads, sizeof(*others));
	pthread_mutex_init(&o.lock, NULL);
	pthread_cond_init(&o.changed, NULL);
	/* With fewer threads it only takes longer. */
	while (others && n + 1 < threads && !pthread_create(&others[n], NULL, ordered_work, &o))
		n++;
	ordered_work(&o);
	while (n)
		pthread_join(others[--n], NULL);
	pthread_cond_destroy(&o.changed);
	pthread_mutex_destroy(&o.lock);
	free(others);
	return o.err;
}

struct share {
	void *arg;
	void (*add)(void *arg, unsigned int share, size_t from, size_t until);
	unsigned int number;
	size_t from, until;
	pthread_t thread;
	bool running;
};

static void *share_work(void *arg)
{
	const struct share *s = arg;

	s->add(s->arg, s->number, s->from, s->until);
	return NULL;
}

void ordered_shares(unsigned int threads, size_t items, void *arg,
		    void (*add)(void *arg, unsigned int share, size_t from, size_t until))
{
	struct share *shares = threads > 1 ? calloc(threads, sizeof(*shares)) : NULL;

	/* All in one share: those of others, if there are any, have nothing. */
	if (!shares) {
		for (unsigned int i = 0; i < threads || !i; i++)
			add(arg, i, 0, i ? 0 : items);
		return;
	}
	for (unsigned int i = 0; i < threads; i++) {
		struct share *s = &shares[i];

		*s = (struct share){ .arg = arg,
				     .add = add,
				     .number = i,
				     .from = items / threads * i,
				     .until = i + 1 < threads ? items / threads * (i + 1) : items };
		s->running = i && !pthread_create(&s->thread, NULL, share_work, s);
	}
	for (unsigned int i = 0; i < threads; i++) {
		if (!shares[i].running)
			share_work(&shares[i]);
	}
	for (unsigned int i = 0; i < threads; i++) {
		if (shares[i].running)
			pthread_join(shares[i].thread, NULL);
	}
	free(shares);
}
