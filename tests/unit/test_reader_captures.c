/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Every public capture in $WSCOPE_CAPTURES (default: ../shared/captures), each way the reader can read
 * it: mapped, by libpcap, gzip, zstd, a pipe. All packets in all fields must be the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/capture_builder.h"
#include "tests/unit/reader_drain.h"

#define FEWEST 40 /* captures; a set with fewer is not the set */

static bool is_capture(const char *name)
{
	static const char *const ends[] = { ".pcap", ".pcapng", ".dmp", ".trace", ".snoop", ".cap" };
	size_t i, len = strlen(name);

	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (len > strlen(ends[i]) && !strcmp(name + len - strlen(ends[i]), ends[i]))
			return true;
	return false;
}

static void load(struct capture_builder *c, const char *path)
{
	char buf[65536];
	FILE *f = fopen(path, "r");
	size_t n;

	if (!f)
		fail_msg("cannot open '%s'", path);
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		capture_builder_put(c, buf, n);
	fclose(f);
}

/* Packets and ending; the words name the source, so only the rest is compared. */
static void assert_same(const char *name, const char *how, const struct reader_drain *a,
			const struct reader_drain *b, bool libpcap)
{
	size_t n = 0;
	const char *differ;

	/* libpcap gives up on some that are read here: then it has to agree as far as it came. */
	if (libpcap && !a->end && (b->end || b->open_err)) {
		printf("# %s: libpcap stops after %zu of %zu: %s\n", name, b->n, a->n, b->error);
		if (!b->n)
			return;
		n = b->n;
	} else if (a->open_err != b->open_err || a->end != b->end) {
		fail_msg("%s, %s: ends with %d, %d: %s", name, how, b->open_err, b->end, b->error);
	}
	differ = reader_drain_differ(a, b, n, !libpcap);
	if (differ)
		fail_msg("%s, %s: %s", name, how, differ);
}

static void check_coded(const char *name, const struct reader_drain *first,
			const struct capture_builder *c, enum capture_coding coding)
{
	static const char *const how[] = { "pipe", "gzip", "zstd" };
	struct reader_drain d;
	char path[128];
	size_t len;
	__u8 *bytes = capture_builder_encode(c, coding, &len);

	snprintf(path, sizeof(path), "%s/coded", capture_dir);
	reader_drain_bytes(&d, coding == CAPTURE_PLAIN ? "-" : path, bytes, len, NULL,
			   READER_BATCH);
	assert_same(name, how[coding], first, &d, false);
	reader_drain_free(&d);
	free(bytes);
}

/* How many packets; 0 if it is no capture, which all must agree on. */
static size_t check_capture(const char *name, const char *path)
{
	static const struct reader_options libpcap = { .backend = READER_LIBPCAP };
	static const struct reader_options mapped = { .backend = READER_MAPPED };
	struct capture_builder c = { 0 };
	struct reader_drain first, other;
	size_t n;

	load(&c, path);
	reader_drain(&first, &path, 1, NULL, READER_BATCH);
	n = first.n;
	reader_drain(&other, &path, 1, &mapped, 5);
	/* There is one variant that only libpcap reads. */
	if (other.open_err == -EOPNOTSUPP)
		printf("# %s: not mapped\n", name);
	else
		assert_same(name, "mapped", &first, &other, false);
	reader_drain_free(&other);
	reader_drain(&other, &path, 1, &libpcap, READER_BATCH);
	assert_same(name, "libpcap", &first, &other, true);
	reader_drain_free(&other);
	check_coded(name, &first, &c, CAPTURE_PLAIN);
	check_coded(name, &first, &c, CAPTURE_GZIP);
	check_coded(name, &first, &c, CAPTURE_ZSTD);
	reader_drain_free(&first);
	capture_builder_free(&c);
	return n;
}

static void test_captures(void **state)
{
	const char *where = getenv("WSCOPE_CAPTURES");
	unsigned int captures = 0, readable = 0;
	size_t packets = 0;
	struct dirent *e;
	char path[1024];
	DIR *d;

	(void)state;
	if (!where || !where[0])
		where = "../shared/captures";
	d = opendir(where);
	if (!d) {
		skip();
		return;
	}
	while ((e = readdir(d))) {
		size_t n;

		if (!is_capture(e->d_name))
			continue;
		snprintf(path, sizeof(path), "%s/%s", where, e->d_name);
		n = check_capture(e->d_name, path);
		captures++;
		readable += n > 0;
		packets += n;
	}
	closedir(d);
	printf("# %u captures, %u with packets, %zu packets\n", captures, readable, packets);
	assert_true(captures >= FEWEST);
	assert_true(readable >= FEWEST);
}

int main(void)
{
	/* cmocka gives a test's name as the reason of its skip. */
	const struct CMUnitTest tests[] = {
		{ "captures: public captures, read each way alike", test_captures, NULL, NULL,
		  NULL },
	};

	return cmocka_run_group_tests(tests, capture_dir_make, capture_dir_remove);
}
