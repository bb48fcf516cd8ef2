/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The capture reader's contract for thousands of files: opened when the stream reaches them, closed
 * when they end, whatever the process's limit of descriptors.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/unit/capture_builder.h"
#include "tests/unit/reader_drain.h"

#define ETHERNET    1
#define FILES       3000
#define DESCRIPTORS 64
#define BUFFERS     1024U /* compressed captures that can be open at once */

static char paths[FILES][96];
static const char *names[FILES];

/* File i has two packets, at start and at end; the names count backwards against the times. */
static void files_make(unsigned int n, enum capture_coding coding, __u32 (*start)(unsigned int),
		       __u32 (*end)(unsigned int))
{
	for (unsigned int i = 0; i < n; i++) {
		struct capture_builder c = { 0 };
		size_t len;
		__u8 *bytes;

		capture_builder_pcap(&c, CAPTURE_MICRO, 65535, ETHERNET);
		capture_builder_record(&c, start(i), 0, 20, 20, start(i));
		capture_builder_record(&c, end(i), 0, 20, 20, end(i));
		bytes = capture_builder_encode(&c, coding, &len);
		snprintf(paths[i], sizeof(paths[i]), "%s/f%u", capture_dir, i);
		names[i] = paths[i];
		capture_builder_write(paths[i], bytes, len);
		free(bytes);
		capture_builder_free(&c);
	}
}

static __u32 rotated_start(unsigned int i)
{
	return 10 * (FILES - i);
}

static __u32 rotated_end(unsigned int i)
{
	return 10 * (FILES - i) + 9;
}

static __u32 overlapping_start(unsigned int i)
{
	return 1 + FILES - i;
}

static __u32 overlapping_end(unsigned int i)
{
	return 2 * FILES + i;
}

/* How many of the files this process has mapped. */
static unsigned int mapped(void)
{
	FILE *f = fopen("/proc/self/maps", "r");
	unsigned int n = 0;
	char line[512];

	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		n += strstr(line, capture_dir) != NULL;
	fclose(f);
	return n;
}

static void assert_in_order(const struct reader_drain *d, size_t n)
{
	assert_int_equal(d->open_err, 0);
	assert_int_equal(d->end, 0);
	assert_int_equal(d->n, n);
	for (size_t i = 0; i < n; i++) {
		const struct frame *p = &d->packets[i];

		assert_true(!i || p[-1].ns <= p->ns);
		/* Numbers begin anew although the file was looked into before. */
		assert_in_range(p->number, 1, 2);
		assert_int_equal(p->data[0], (__u8)(p->ns / 1000000000));
	}
}

/* One file at a time, in the order of their times. */
static void test_rotated(void **state)
{
	static const enum capture_coding coding[] = { CAPTURE_PLAIN, CAPTURE_GZIP, CAPTURE_ZSTD };
	struct reader_drain d;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		files_make(FILES, coding[i], rotated_start, rotated_end);
		reader_drain(&d, names, FILES, NULL, READER_BATCH);
		assert_in_order(&d, 2UL * FILES);
		assert_int_equal(d.packets[0].file, FILES - 1);
		reader_drain_free(&d);
	}
}

/* What has ended is let go, and what comes later is not there yet. */
static void test_rotated_open(void **state)
{
	struct frame batch[READER_BATCH];
	char errbuf[256];
	struct reader *r;
	unsigned int most = 0, total = 0;
	int n;

	(void)state;
	files_make(FILES, CAPTURE_PLAIN, rotated_start, rotated_end);
	assert_int_equal(reader_open(&r, names, FILES, NULL, errbuf, sizeof(errbuf)), 0);
	assert_int_equal(mapped(), 0);
	assert_int_equal(reader_bytes_done(r), 0);
	while ((n = reader_next_batch(r, batch, 2)) > 0) {
		unsigned int now = total % 64 ? 0 : mapped();

		total += (unsigned int)n;
		most = now > most ? now : most;
	}
	assert_int_equal(n, 0);
	assert_int_equal(total, 2 * FILES);
	assert_in_range(most, 1, 3); /* of the last batch, and the next */
	assert_int_equal(reader_bytes_done(r), reader_bytes_total(r));
	reader_close(r);
	assert_int_equal(mapped(), 0);
}

/* All at once: every file has its first packet before any has its last. */
static void test_overlapping(void **state)
{
	struct reader_options opt = { .filter = "len <= 20" };
	struct reader_drain d;

	(void)state;
	files_make(FILES, CAPTURE_PLAIN, overlapping_start, overlapping_end);
	reader_drain(&d, names, FILES, NULL, READER_BATCH);
	assert_in_order(&d, 2UL * FILES);
	assert_int_equal(d.packets[0].file, FILES - 1);
	assert_int_equal(d.packets[FILES].file, 0);
	reader_drain_free(&d);
	reader_drain(&d, names, FILES, &opt, READER_BATCH);
	assert_in_order(&d, 2UL * FILES);
	reader_drain_free(&d);
}

/* Compressed ones take memory, so that there is an end to them: the surplus is named. */
static void test_too_many(void **state)
{
	unsigned int n = BUFFERS + 3;
	struct reader_drain d;
	char want[256];

	(void)state;
	files_make(n, CAPTURE_GZIP, overlapping_start, overlapping_end);
	reader_drain(&d, names, n, NULL, READER_BATCH);
	assert_int_equal(d.open_err, 0);
	assert_int_equal(d.end, -EBADMSG);
	assert_int_equal(d.damaged, 3);
	assert_int_equal(d.n, 2UL * BUFFERS);
	snprintf(
		want, sizeof(want),
		"cannot read '%s': %u captures that overlap it in time are open, and no more can be",
		paths[0], BUFFERS);
	assert_string_equal(d.error, want);
	reader_drain_free(&d);
}

/* A file that is gone when its turn comes is damaged; the others are read. */
static void test_gone(void **state)
{
	struct frame batch[READER_BATCH];
	char errbuf[256], want[256];
	struct reader *r;
	unsigned int total = 0;
	int n;

	(void)state;
	files_make(3, CAPTURE_PLAIN, rotated_start, rotated_end);
	assert_int_equal(reader_open(&r, names, 3, NULL, errbuf, sizeof(errbuf)), 0);
	assert_int_equal(unlink(paths[1]), 0);
	while ((n = reader_next_batch(r, batch, READER_BATCH)) > 0)
		total += (unsigned int)n;
	assert_int_equal(n, -EBADMSG);
	assert_int_equal(total, 4);
	assert_int_equal(reader_damaged(r), 1);
	snprintf(want, sizeof(want), "cannot open '%s': No such file or directory", paths[1]);
	assert_string_equal(reader_error(r, 1), want);
	reader_close(r);
}

static __u32 same(unsigned int i)
{
	(void)i;
	return 7;
}

static __u32 later(unsigned int i)
{
	return 7 + i % 2;
}

/* On equal times the file named first goes first, also where one is opened only then. */
static void test_ties(void **state)
{
	struct reader_drain d;

	(void)state;
	files_make(100, CAPTURE_PLAIN, same, later);
	reader_drain(&d, names, 100, NULL, READER_BATCH);
	assert_int_equal(d.n, 200);
	for (size_t i = 1; i < d.n; i++) {
		const struct frame *p = &d.packets[i - 1], *q = &d.packets[i];

		assert_true(p->ns < q->ns || (p->ns == q->ns && p->file <= q->file));
	}
	reader_drain_free(&d);
}

static int setup(void **state)
{
	struct rlimit few = { DESCRIPTORS, DESCRIPTORS };

	capture_dir_make(state);
	return setrlimit(RLIMIT_NOFILE, &few);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rotated),     cmocka_unit_test(test_rotated_open),
		cmocka_unit_test(test_overlapping), cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_gone),        cmocka_unit_test(test_ties),
	};

	return cmocka_run_group_tests(tests, setup, capture_dir_remove);
}
