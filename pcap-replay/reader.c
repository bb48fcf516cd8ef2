/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Several captures as one stream: opening, filtering, merging in time order, and what went wrong. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "pcap-replay/reader_file.h"
#include "pcap-replay/reader_filter.h"
#include "pcap-replay/reader_notes.h"

/*
 * How many files may be open at once, that is overlap in time: a map takes one of the process's
 * (vm.max_map_count, 65530 by default), a buffer takes memory.
 */
#define READER_MAPS_MOST 32768U
/* So many files are read through buffers; more, which may all overlap, are mapped. */
#define READER_READ_MOST    16U
#define READER_BUFFERS_MOST 1024U

struct reader {
	struct reader_options options;
	struct reader_file *files;
	unsigned int n;
	struct reader_filter *filter; /* NULL: none */
	/* Files whose next packet is known: a heap, earliest first. */
	struct reader_file **heap;
	unsigned int heads;
	/* Files whose queue has run empty; they rejoin at the next batch. */
	struct reader_file **waiting;
	unsigned int n_waiting;
	/* Files that are closed until their first packet is due, by its time; the next one to open. */
	struct reader_file **resting;
	unsigned int n_resting, next_resting;
	__u64 due_ns; /* first packet of that one; the last time there is when there is none */
	struct reader_file *done;   /* have ended, but the last batch may point into their maps */
	unsigned int maps, buffers; /* open now */
	__u64 left;                 /* packets still to be delivered */
};

static bool earlier(const struct reader_file *a, const struct reader_file *b)
{
	__u64 ta = a->queue[a->head].ns, tb = b->queue[b->head].ns;

	return ta != tb ? ta < tb : a->index < b->index;
}

static void heap_down(struct reader *r)
{
	struct reader_file **h = r->heap, *f;
	unsigned int i = 0, child;

	if (!r->heads)
		return;
	f = h[0];
	while ((child = 2 * i + 1) < r->heads) {
		if (child + 1 < r->heads && earlier(h[child + 1], h[child]))
			child++;
		if (!earlier(h[child], f))
			break;
		h[i] = h[child];
		i = child;
	}
	h[i] = f;
}

static void heap_push(struct reader *r, struct reader_file *f)
{
	unsigned int i = r->heads++;

	while (i && earlier(f, r->heap[(i - 1) / 2])) {
		r->heap[i] = r->heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	r->heap[i] = f;
}

/* The file with the earliest head, or NULL. */
static struct reader_file *merge_first(const struct reader *r)
{
	return r->heads ? r->heap[0] : NULL;
}

static void heap_pop(struct reader *r)
{
	r->heap[0] = r->heap[--r->heads];
	heap_down(r);
}

static void file_release(struct reader *r, struct reader_file *f)
{
	if (f->format)
		f->format->close(f);
	f->format = NULL;
	if (f->queue && f->source.mapped)
		r->maps--;
	else if (f->queue)
		r->buffers--;
	free(f->queue);
	f->queue = NULL;
	reader_source_close(&f->source);
}

/* Nothing more will come. A map stays: packets of the current batch may point into it. */
static void file_end(struct reader *r, struct reader_file *f)
{
	f->ended = true;
	f->head = f->tail = 0;
	f->unfiltered = false;
	if (f->stable) {
		f->next = r->done;
		r->done = f;
	} else {
		file_release(r, f);
	}
}

/* The last batch is done with: the maps it pointed into can go. */
static void done_release(struct reader *r)
{
	for (; r->done; r->done = r->done->next)
		file_release(r, r->done);
}

/* The format's next packets; never asks again once it said that there are no more. */
static unsigned int file_batch(struct reader *r, struct reader_file *f, struct frame *out,
			       unsigned int max)
{
	int n = f->ended ? 0 : f->format->batch(f, out, max);

	if (n > 0)
		return (unsigned int)n;
	if (!f->ended)
		file_end(r, f);
	return 0;
}

/* Read up to max packets ahead, without the filter. False at the end of the file. */
static bool file_fill(struct reader *r, struct reader_file *f, unsigned int max)
{
	unsigned int n = file_batch(r, f, f->queue, max);

	f->head = 0;
	f->tail = n;
	f->unfiltered = r->filter != NULL;
	return n > 0;
}

/* Keep what matches. A link type that the expression cannot be applied to is told once. */
static void file_filter(struct reader *r, struct reader_file *f)
{
	unsigned int i, kept = 0;
	const char *why;

	for (i = f->head; i < f->tail; i++) {
		const struct frame *p = &f->queue[i];
		int ret = reader_filter_match(r->filter, p, f->swapped, &why);

		if (ret > 0)
			f->queue[kept++] = *p;
		if (ret < 0)
			reader_file_fail(f, -EBADMSG,
					 "filter not applicable to link type %u, its packets are "
					 "left out from packet %llu on: %s",
					 p->linktype, (unsigned long long)p->number, why);
	}
	f->head = 0;
	f->tail = kept;
	f->unfiltered = false;
}

/* Bring a file's next packet to the head of its queue. False: it has none. */
static bool file_ready(struct reader *r, struct reader_file *f)
{
	for (;;) {
		if (f->unfiltered)
			file_filter(r, f);
		if (f->head < f->tail)
			return true;
		if (!file_fill(r, f, READER_BATCH))
			return false;
	}
}

static enum reader_access file_access(const struct reader *r, bool whole)
{
	if (r->options.backend != READER_MAPPED && r->n <= READER_READ_MOST)
		return READER_READ;
	return whole ? READER_MAP : READER_PEEK;
}

/* whole: all of it will be wanted soon, not only its head. */
static int file_open(struct reader *r, struct reader_file *f, bool whole)
{
	int err = reader_source_open(&f->source, f->name, file_access(r, whole));
	unsigned int *open, most;

	if (err && err != -EISDIR && strcmp(f->name, "-")) {
		if (asprintf(&f->error, "cannot open '%s': %s", f->name, strerror(-err)) < 0)
			f->error = NULL;
		return err;
	}
	if (err)
		return reader_file_fail(f, err, "%s", strerror(-err));
	open = f->source.mapped ? &r->maps : &r->buffers;
	most = f->source.mapped ? READER_MAPS_MOST : READER_BUFFERS_MOST;
	if (*open >= most)
		return reader_file_fail(f, -EMFILE,
					"%u captures that overlap it in time are open, and no more "
					"can be",
					most);
	f->queue = malloc(READER_BATCH * sizeof(*f->queue));
	if (!f->queue)
		return reader_file_fail(f, -ENOMEM, "%s", strerror(ENOMEM));
	*open += 1;
	f->allow_truncated = r->options.allow_truncated;
	if (r->options.interfaces && reader_notes_open(f))
		return -ENOMEM;
	return reader_detect_open(f, r->options.backend);
}

/* ---- files at rest ---- */

static int resting_order(const void *a, const void *b)
{
	const struct reader_file *x = *(struct reader_file *const *)a;
	const struct reader_file *y = *(struct reader_file *const *)b;

	if (x->first_ns != y->first_ns)
		return x->first_ns < y->first_ns ? -1 : 1;
	return x->index < y->index ? -1 : 1;
}

static void resting_next(struct reader *r)
{
	r->due_ns = r->next_resting < r->n_resting ? r->resting[r->next_resting]->first_ns : ~0ULL;
}

/* A file whose first packet is in the queue: close it until that is due. */
static void file_rest(struct reader *r, struct reader_file *f)
{
	f->first_ns = f->queue[0].ns;
	file_release(r, f);
	reader_notes_close(f);
	f->head = f->tail = 0;
	f->number = 0;
	f->unfiltered = false;
	f->ended = false;
	f->resting = true;
	r->resting[r->n_resting++] = f;
}

/* Open what is due not after the earliest head; where there is no head, whatever comes next. */
static void resting_wake(struct reader *r)
{
	while (r->next_resting < r->n_resting) {
		struct reader_file *first = merge_first(r), *f;

		if (first && r->due_ns > first->queue[first->head].ns)
			break;
		f = r->resting[r->next_resting++];
		resting_next(r);
		f->resting = false;
		if (file_open(r, f, true))
			file_release(r, f);
		else if (file_ready(r, f))
			heap_push(r, f);
	}
}

/* ---- merging ---- */

/* The last batch is done with: files that ran empty may move their bytes and go on. */
static void waiting_resume(struct reader *r)
{
	unsigned int i;

	for (i = 0; i < r->n_waiting; i++) {
		if (file_ready(r, r->waiting[i]))
			heap_push(r, r->waiting[i]);
	}
	r->n_waiting = 0;
}

/* The earliest head has been delivered. False: its file has to wait for the next batch. */
static bool merge_advance(struct reader *r, struct reader_file *f)
{
	f->head++;
	if (f->head == f->tail && !f->stable) {
		r->waiting[r->n_waiting++] = f;
		heap_pop(r);
		return false;
	}
	if (file_ready(r, f))
		heap_down(r);
	else
		heap_pop(r);
	return true;
}

static unsigned int merge_batch(struct reader *r, struct frame *batch, unsigned int max)
{
	unsigned int n = 0;

	waiting_resume(r);
	while (n < max) {
		struct reader_file *f = merge_first(r);

		if (!f || f->queue[f->head].ns >= r->due_ns) {
			resting_wake(r);
			f = merge_first(r);
		}
		if (!f)
			break;
		batch[n++] = f->queue[f->head];
		if (!merge_advance(r, f))
			break;
	}
	return n;
}

int reader_next_batch(struct reader *r, struct frame *batch, unsigned int max)
{
	unsigned int n;

	done_release(r);
	if (max > r->left)
		max = (unsigned int)r->left;
	if (max > 0x7fffffff)
		max = 0x7fffffff;
	if (!max)
		n = 0;
	else if (r->n == 1 && !r->filter) /* nothing to merge, nothing to copy */
		n = file_batch(r, &r->files[0], batch, max);
	else
		n = merge_batch(r, batch, max);
	r->left -= n;
	if (n)
		return (int)n;
	return reader_damaged(r) ? -EBADMSG : 0;
}

/*
 * What is there of a file before the first packet is asked for: of one among several its time, and
 * with a filter its link type, for which the expression may be bad: -EINVAL and why.
 */
static int file_begin(struct reader *r, struct reader_file *f, const char **why)
{
	bool rests = r->n > 1 && f->source.regular, any = true;
	int err = 0;

	f->opened = true;
	f->size = reader_source_size(&f->source);
	if (rests || r->filter)
		any = file_fill(r, f, rests ? 1 : READER_BATCH);
	if (any && r->filter)
		err = reader_filter_prepare(r->filter, f->queue[0].linktype, f->swapped, why);
	if (any && rests)
		file_rest(r, f);
	else if (any)
		r->waiting[r->n_waiting++] = f;
	done_release(r);
	return err;
}

/* 0 if at least one file can be read. *bad: what is wrong with the filter, *why, or 0. */
static int files_open(struct reader *r, const char *const *paths, int *bad, const char **why)
{
	unsigned int i, opened = 0;
	int first = 0;

	*bad = 0;
	for (i = 0; i < r->n; i++) {
		struct reader_file *f = &r->files[i];
		int err;

		f->name = paths[i];
		f->index = i;
		err = file_open(r, f, r->n == 1);
		if (!err) {
			opened++;
			err = file_begin(r, f, why);
			if (err && !*bad)
				*bad = err;
			if (err)
				break;
			continue;
		}
		file_release(r, f);
		if (!first) /* -EINVAL is kept for the filter */
			first = err == -EINVAL ? -EIO : err;
	}
	qsort(r->resting, r->n_resting, sizeof(struct reader_file *), resting_order);
	resting_next(r);
	return opened ? 0 : first;
}

/* Where there is no packet at all, a filter is tried for Ethernet. */
static int filter_check(struct reader *r, int err, const char *why, char *errbuf, size_t errlen)
{
	if (!err && !reader_filter_compiled(r->filter))
		err = reader_filter_prepare(r->filter, 1, false, &why);
	if (err)
		snprintf(errbuf, errlen, "bad filter '%s': %s", r->options.filter, why);
	return err;
}

int reader_open(struct reader **out, const char *const *paths, unsigned int n,
		const struct reader_options *opt, char *errbuf, size_t errlen)
{
	static const struct reader_options defaults;
	struct reader *r = calloc(1, sizeof(*r));
	const char *why = "";
	int err = -ENOMEM, bad;

	*out = NULL;
	snprintf(errbuf, errlen, "%s", strerror(ENOMEM));
	if (!opt)
		opt = &defaults;
	if (!r)
		return err;
	r->options = *opt;
	r->n = n;
	r->left = opt->max_packets ? opt->max_packets : ~0ULL;
	r->files = calloc(n ? n : 1, sizeof(*r->files));
	r->heap = calloc(n ? n : 1, sizeof(struct reader_file *));
	r->waiting = calloc(n ? n : 1, sizeof(struct reader_file *));
	r->resting = calloc(n ? n : 1, sizeof(struct reader_file *));
	if (!r->files || !r->heap || !r->waiting || !r->resting)
		goto out;
	if (opt->filter && opt->filter[0]) {
		r->filter = reader_filter_new(opt->filter);
		if (!r->filter)
			goto out;
	}
	err = files_open(r, paths, &bad, &why);
	if (err) {
		if (r->files[0].error && n > 1)
			snprintf(errbuf, errlen, "%s; none of the %u files can be read",
				 r->files[0].error, n);
		else if (r->files[0].error)
			snprintf(errbuf, errlen, "%s", r->files[0].error);
		goto out;
	}
	if (r->filter)
		err = filter_check(r, bad, why, errbuf, errlen);
out:
	if (err) {
		reader_close(r);
		return err;
	}
	if (errlen)
		errbuf[0] = '\0';
	*out = r;
	return 0;
}

const char *reader_error(const struct reader *r, unsigned int i)
{
	return i < r->n ? r->files[i].error : NULL;
}

unsigned int reader_damaged(const struct reader *r)
{
	unsigned int i, n = 0;

	for (i = 0; i < r->n; i++)
		n += r->files[i].error != NULL;
	return n;
}

unsigned int reader_files(const struct reader *r)
{
	return r->n;
}

size_t reader_interfaces(const struct reader *r, unsigned int i)
{
	return i < r->n ? reader_notes_count(&r->files[i]) : 0;
}

const struct reader_interface *reader_interface(const struct reader *r, unsigned int i,
						size_t number)
{
	return i < r->n ? reader_notes_get(&r->files[i], number) : NULL;
}

size_t reader_interface_of(const struct reader *r, const struct frame *p)
{
	return p->file < r->n ? reader_notes_find(&r->files[p->file], p->number, p->ifindex) : 0;
}

const char *reader_file_name(const struct reader *r, unsigned int i)
{
	return i < r->n ? r->files[i].name : NULL;
}

__u64 reader_bytes_total(const struct reader *r)
{
	__u64 total = 0;
	unsigned int i;

	for (i = 0; i < r->n; i++) {
		if (!r->files[i].size && r->files[i].opened)
			return 0;
		total += r->files[i].size;
	}
	return total;
}

__u64 reader_bytes_done(const struct reader *r)
{
	__u64 done = 0;
	unsigned int i;

	for (i = 0; i < r->n; i++) {
		const struct reader_file *f = &r->files[i];

		if (f->format)
			done += reader_source_done(&f->source);
		else if (!f->resting)
			done += f->size;
	}
	return done;
}

void reader_close(struct reader *r)
{
	unsigned int i;

	if (!r)
		return;
	for (i = 0; i < r->n && r->files; i++) {
		file_release(r, &r->files[i]);
		reader_notes_close(&r->files[i]);
		free(r->files[i].error);
	}
	reader_filter_free(r->filter);
	free(r->files);
	free(r->heap);
	free(r->waiting);
	free(r->resting);
	free(r);
}
