/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The capture reader's contract for several files: one stream, merged by the heads of the files in
 * time order, the file named first first on equal times; damage to one does not stop the others.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/capture_builder.h"
#include "tests/unit/reader_drain.h"

#define ETHERNET 1

/* Write a capture of Ethernet packets at the given times, and give its path. */
static const char *file_of(const char *name, enum capture_coding coding, unsigned int n,
			   const __u32 *times)
{
	static char paths[8][128];
	static unsigned int next;
	char *path = paths[next++ % 8];
	struct capture_builder c = { 0 };
	unsigned int i;
	size_t len;
	__u8 *bytes;

	capture_builder_pcap(&c, CAPTURE_MICRO, 65535, ETHERNET);
	for (i = 0; i < n; i++)
		capture_builder_record(&c, times[i], 0, 20, 20, times[i]);
	bytes = capture_builder_encode(&c, coding, &len);
	snprintf(path, sizeof(paths[0]), "%s/%s", capture_dir, name);
	capture_builder_write(path, bytes, len);
	free(bytes);
	capture_builder_free(&c);
	return path;
}

/* "file:number" of each packet, in order. */
static void assert_order(const struct reader_drain *d, const char *want)
{
	char got[1024] = "";
	size_t i, len = 0;

	for (i = 0; i < d->n; i++)
		len += (size_t)snprintf(got + len, sizeof(got) - len, "%s%u:%llu", i ? " " : "",
					d->packets[i].file,
					(unsigned long long)d->packets[i].number);
	assert_string_equal(got, want);
}

static void test_merge(void **state)
{
	static const struct {
		enum capture_coding coding[3];
		unsigned int batch;
	} ways[] = {
		{ { CAPTURE_PLAIN, CAPTURE_PLAIN, CAPTURE_PLAIN }, 32 },
		{ { CAPTURE_PLAIN, CAPTURE_GZIP, CAPTURE_ZSTD }, 32 },
		{ { CAPTURE_ZSTD, CAPTURE_PLAIN, CAPTURE_GZIP }, 2 },
		{ { CAPTURE_GZIP, CAPTURE_GZIP, CAPTURE_GZIP }, 1 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct reader_drain d;
		const char *paths[3] = {
			file_of("a", ways[i].coding[0], 4, (__u32[]){ 10, 20, 30, 40 }),
			/* Not in order inside: stays as it is. */
			file_of("b", ways[i].coding[1], 4, (__u32[]){ 15, 12, 20, 50 }),
			file_of("c", ways[i].coding[2], 3, (__u32[]){ 5, 20, 20 }),
		};

		reader_drain(&d, paths, 3, NULL, ways[i].batch);
		assert_int_equal(d.end, 0);
		assert_order(&d, "2:1 0:1 1:1 1:2 0:2 1:3 2:2 2:3 0:3 0:4 1:4");
		reader_drain_free(&d);
	}
}

/* Queues run empty and refill at different times; the result must be as if sorted. */
static void test_merge_long(void **state)
{
	static const enum capture_coding coding[5] = { CAPTURE_PLAIN, CAPTURE_GZIP, CAPTURE_ZSTD,
						       CAPTURE_PLAIN, CAPTURE_GZIP };
	const char *paths[5];
	struct reader_drain d;
	unsigned int i, k;
	__u32 times[1000];
	char name[8];

	(void)state;
	for (i = 0; i < 5; i++) {
		for (k = 0; k < 1000; k++)
			times[k] = k * (i + 1) + k % 3 / 2;
		snprintf(name, sizeof(name), "m%u", i);
		paths[i] = file_of(name, coding[i], 1000, times);
	}
	reader_drain(&d, paths, 5, NULL, READER_BATCH);
	assert_int_equal(d.n, 5000);
	for (i = 1; i < d.n; i++) {
		const struct frame *p = &d.packets[i - 1], *q = &d.packets[i];

		assert_true(p->ns < q->ns || (p->ns == q->ns && p->file <= q->file));
		assert_int_equal(q->data[0], (__u8)(q->ns / 1000000000));
	}
	reader_drain_free(&d);
}

/* One of several files is missing, another is cut: the rest is delivered, and both are named. */
static void test_merge_damage(void **state)
{
	struct frame batch[READER_BATCH];
	const char *paths[4] = { file_of("a", CAPTURE_PLAIN, 3, (__u32[]){ 1, 4, 7 }),
				 "/nonexistent",
				 file_of("b", CAPTURE_PLAIN, 3, (__u32[]){ 2, 3, 9 }),
				 file_of("c", CAPTURE_GZIP, 1, (__u32[]){ 5 }) };
	char errbuf[256], want[256];
	struct reader *r;
	int n, total = 0;

	(void)state;
	assert_int_equal(truncate(paths[2], 24 + 36 + 36 + 20), 0);
	assert_int_equal(reader_open(&r, paths, 4, NULL, errbuf, sizeof(errbuf)), 0);
	assert_int_equal(reader_damaged(r), 1);
	while ((n = reader_next_batch(r, batch, READER_BATCH)) > 0)
		total += n;
	assert_int_equal(n, -EBADMSG);
	assert_int_equal(total, 6);
	assert_int_equal(reader_damaged(r), 2);
	assert_null(reader_error(r, 0));
	assert_string_equal(reader_error(r, 1),
			    "cannot open '/nonexistent': No such file or directory");
	snprintf(want, sizeof(want), "cannot read '%s': cut in the middle of packet 3", paths[2]);
	assert_string_equal(reader_error(r, 2), want);
	assert_null(reader_error(r, 3));
	assert_null(reader_error(r, 4));
	assert_int_equal(reader_files(r), 4);
	assert_string_equal(reader_file_name(r, 2), paths[2]);
	reader_close(r);
}

static void test_max_packets(void **state)
{
	const char *paths[2] = { file_of("a", CAPTURE_PLAIN, 4, (__u32[]){ 1, 3, 5, 7 }),
				 file_of("b", CAPTURE_GZIP, 4, (__u32[]){ 2, 4, 6, 8 }) };
	struct reader_options opt = { .max_packets = 5 };
	struct reader_drain d;

	(void)state;
	reader_drain(&d, paths, 2, &opt, READER_BATCH);
	assert_int_equal(d.end, 0);
	assert_order(&d, "0:1 1:1 0:2 1:2 0:3");
	reader_drain_free(&d);
	opt.max_packets = 3;
	reader_drain(&d, paths, 1, &opt, 2);
	assert_order(&d, "0:1 0:2 0:3");
	reader_drain_free(&d);
}

/* Done goes from nothing to total, in stored bytes; a pipe has no total. */
static void test_progress(void **state)
{
	static const enum capture_coding coding[] = { CAPTURE_PLAIN, CAPTURE_GZIP, CAPTURE_ZSTD };
	struct frame batch[READER_BATCH];
	char errbuf[256];
	struct reader *r;
	struct stat st;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		const char *path = file_of("a", coding[i], 4, (__u32[]){ 1, 3, 5, 7 });

		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(reader_open(&r, &path, 1, NULL, errbuf, sizeof(errbuf)), 0);
		assert_int_equal(reader_bytes_total(r), st.st_size);
		assert_true(reader_bytes_done(r) <= reader_bytes_total(r));
		while (reader_next_batch(r, batch, READER_BATCH) > 0)
			;
		assert_int_equal(reader_bytes_done(r), st.st_size);
		reader_close(r);
	}
}

/* A FIFO by name, given together with a plain file. */
static void test_fifo(void **state)
{
	struct capture_builder c = { 0 };
	struct reader_drain d;
	char fifo[128];
	const char *paths[2] = { fifo, file_of("a", CAPTURE_PLAIN, 2, (__u32[]){ 1, 4 }) };
	pid_t pid;

	(void)state;
	snprintf(fifo, sizeof(fifo), "%s/fifo", capture_dir);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	capture_builder_pcap(&c, CAPTURE_MICRO, 65535, ETHERNET);
	capture_builder_record(&c, 2, 0, 60, 60, 1);
	capture_builder_record(&c, 3, 0, 60, 60, 2);
	capture_builder_record(&c, 9, 0, 60, 60, 3);
	fflush(NULL);
	pid = fork();
	if (!pid) {
		int fd = open(fifo, O_WRONLY);

		_exit(write(fd, c.data, c.len) != (ssize_t)c.len);
	}
	reader_drain(&d, paths, 2, NULL, READER_BATCH);
	assert_int_equal(d.end, 0);
	assert_order(&d, "1:1 0:1 0:2 1:2 0:3");
	waitpid(pid, NULL, 0);
	unlink(fifo);
	reader_drain_free(&d);
	capture_builder_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_merge),        cmocka_unit_test(test_merge_long),
		cmocka_unit_test(test_merge_damage), cmocka_unit_test(test_max_packets),
		cmocka_unit_test(test_progress),     cmocka_unit_test(test_fifo),
	};

	return cmocka_run_group_tests(tests, capture_dir_make, capture_dir_remove);
}
