/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* For tests of the reader: drain one, compare two. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/capture_builder.h"
#include "tests/unit/reader_drain.h"

static void *need(void *p)
{
	if (!p)
		abort();
	return p;
}

/* Exact-size copies, so that a sanitizer sees a read one byte too far. */
static void drain_keep(struct reader_drain *d, const struct frame *batch, unsigned int n)
{
	unsigned int i;

	d->packets = need(realloc(d->packets, (d->n + n) * sizeof(*batch)));
	for (i = 0; i < n; i++) {
		__u8 *copy = need(malloc(batch[i].caplen ? batch[i].caplen : 1));

		memcpy(copy, batch[i].data, batch[i].caplen);
		d->packets[d->n] = batch[i];
		d->packets[d->n++].data = copy;
	}
}

void reader_drain(struct reader_drain *d, const char *const *paths, unsigned int n,
		  const struct reader_options *opt, unsigned int batch)
{
	struct frame *packets = need(calloc(batch, sizeof(*packets)));
	struct reader *r;
	unsigned int i;

	memset(d, 0, sizeof(*d));
	d->open_err = reader_open(&r, paths, n, opt, d->error, sizeof(d->error));
	if (!d->open_err) {
		while ((d->end = reader_next_batch(r, packets, batch)) > 0)
			drain_keep(d, packets, (unsigned int)d->end);
		if (reader_next_batch(r, packets, batch) != d->end)
			snprintf(d->error, sizeof(d->error), "the end is not the end");
		d->damaged = reader_damaged(r);
		for (i = 0; i < n && !d->error[0]; i++)
			if (reader_error(r, i))
				snprintf(d->error, sizeof(d->error), "%s", reader_error(r, i));
	}
	reader_close(r);
	free(packets);
}

pid_t reader_drain_writer(int fd, const void *bytes, size_t len)
{
	const char *p = bytes;
	size_t piece = 1;
	pid_t pid = fork();

	if (pid)
		return pid;
	/* Holding the reading end, it would never see the reader go away. */
	close(STDIN_FILENO);
	/* 1, 3, 7, ... bytes, then whatever the pipe takes. */
	while (len) {
		size_t n = piece < len ? piece : len;
		ssize_t done = write(fd, p, n);

		if (done <= 0)
			_exit(1);
		p += done;
		len -= (size_t)done;
		if (piece < 100000)
			piece = 2 * piece + 1;
	}
	_exit(0);
}

static void drain_pipe(struct reader_drain *d, const void *bytes, size_t len,
		       const struct reader_options *opt, unsigned int batch)
{
	const char *path = "-";
	int ends[2], saved = dup(STDIN_FILENO);
	pid_t pid;

	if (pipe(ends))
		abort();
	fflush(NULL);
	if (dup2(ends[0], STDIN_FILENO) < 0)
		abort();
	close(ends[0]);
	pid = reader_drain_writer(ends[1], bytes, len);
	close(ends[1]);
	reader_drain(d, &path, 1, opt, batch);
	close(STDIN_FILENO);
	if (saved >= 0 && dup2(saved, STDIN_FILENO) >= 0)
		close(saved);
	waitpid(pid, NULL, 0);
}

void reader_drain_bytes(struct reader_drain *d, const char *path, const void *bytes, size_t len,
			const struct reader_options *opt, unsigned int batch)
{
	if (!strcmp(path, "-")) {
		drain_pipe(d, bytes, len, opt, batch);
		return;
	}
	capture_builder_write(path, bytes, len);
	reader_drain(d, &path, 1, opt, batch);
}

bool reader_drain_says(const struct reader_drain *d, const char *path, const char *what)
{
	char start[256];

	snprintf(start, sizeof(start), "cannot read '%s': ", path);
	if (!strcmp(path, "-"))
		snprintf(start, sizeof(start), "cannot read standard input: ");
	return !strncmp(d->error, start, strlen(start)) && strstr(d->error, what) &&
	       !strchr(d->error, '\n');
}

const char *reader_drain_differ(const struct reader_drain *a, const struct reader_drain *b,
				size_t n, bool interfaces)
{
	static char text[256];
	size_t i;

	if (!n && a->n != b->n) {
		snprintf(text, sizeof(text), "%zu packets and %zu", a->n, b->n);
		return text;
	}
	if (!n)
		n = a->n;
	for (i = 0; i < n; i++) {
		const struct frame *p = &a->packets[i], *q = &b->packets[i];
		const char *what = NULL;

		if (p->ns != q->ns)
			what = "time";
		else if (p->number != q->number || p->file != q->file)
			what = "number";
		else if (p->caplen != q->caplen || p->wirelen != q->wirelen)
			what = "length";
		else if (p->linktype != q->linktype || (interfaces && p->ifindex != q->ifindex))
			what = "link type or interface";
		else if (memcmp(p->data, q->data, p->caplen))
			what = "data";
		if (!what)
			continue;
		snprintf(text, sizeof(text), "packet %zu differs in %s", i + 1, what);
		return text;
	}
	return NULL;
}

char *reader_drain_text(const struct reader_drain *d)
{
	char *text = NULL;
	size_t size, i;
	FILE *f = need(open_memstream(&text, &size));

	for (i = 0; i < d->n; i++) {
		const struct frame *p = &d->packets[i];

		fprintf(f, "%u:%llu %llu.%09llu %u/%u link %u if %u", p->file,
			(unsigned long long)p->number, (unsigned long long)(p->ns / 1000000000),
			(unsigned long long)(p->ns % 1000000000), p->caplen, p->wirelen,
			p->linktype, p->ifindex);
		if (p->caplen)
			fprintf(f, " %02x", p->data[0]);
		fputc('\n', f);
	}
	fclose(f);
	return need(text);
}

void reader_drain_free(struct reader_drain *d)
{
	size_t i;

	for (i = 0; i < d->n; i++)
		free((void *)(unsigned long)d->packets[i].data);
	free(d->packets);
	memset(d, 0, sizeof(*d));
}
