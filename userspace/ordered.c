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

/* What items from .. until - 1 are written as, in memory; *text to be freed. 0 or -errno. */
static int ordered_make(const struct ordered *o, size_t from, size_t until, char **text,
			size_t *len)
{
	FILE *part = open_memstream(text, len);
	int err;

	if (!part)
		return -errno;
	err = o->make(part, o->arg, from, until);
	if (fclose(part) && !err)
		err = -ENOMEM;
	return err;
}

/* Writes a part when all before it is written. Whose turn it is writes alone, without the lock. */
static void ordered_put(struct ordered *o, size_t from, size_t until, const char *text, size_t len,
			int err)
{
	pthread_mutex_lock(&o->lock);
	while (o->written != from && !o->err)
		pthread_cond_wait(&o->changed, &o->lock);
	if (o->err)
		err = o->err;
	pthread_mutex_unlock(&o->lock);
	errno = 0;
	if (!err && fwrite(text, 1, len, o->to) != len)
		err = errno ? -errno : -EIO;
	pthread_mutex_lock(&o->lock);
	o->written = until;
	if (!o->err)
		o->err = err;
	pthread_cond_broadcast(&o->changed);
	pthread_mutex_unlock(&o->lock);
}

static void *ordered_work(void *arg)
{
	struct ordered *o = arg;

	for (;;) {
		size_t from, until, len = 0;
		char *text = NULL;
		bool end;
		int err;

		pthread_mutex_lock(&o->lock);
		from = o->taken;
		until = o->items - from > ORDERED_PART ? from + ORDERED_PART : o->items;
		o->taken = until;
		end = from == until || o->err;
		pthread_mutex_unlock(&o->lock);
		if (end)
			return NULL;
		err = ordered_make(o, from, until, &text, &len);
		ordered_put(o, from, until, text, len, err);
		free(text);
	}
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
