/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The capture reader on compressed files: several members or frames are one capture; what is cut or
 * damaged is told apart, and what precedes it is delivered.
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

#include "tests/unit/capture_builder.h"
#include "tests/unit/reader_drain.h"

#define ETHERNET 1

enum harm { CUT, FLIP, CHECKSUM, GARBAGE, SECOND, SECOND_CUT };

static const struct stored_case {
	const char *name;
	enum capture_coding coding;
	enum harm harm;
	bool sound; /* nothing to complain of */
	bool cut;   /* allow_truncated makes it sound */
	const char *error;
} stored[] = {
	{ "gzip, cut", CAPTURE_GZIP, CUT, false, true, "the compressed data is cut" },
	{ "zstd, cut", CAPTURE_ZSTD, CUT, false, true, "the compressed data is cut" },
	/* Damaged data may well decode to something; then the capture is found damaged. */
	{ "gzip, damaged", CAPTURE_GZIP, FLIP, false, false, "" },
	{ "gzip, wrong checksum", CAPTURE_GZIP, CHECKSUM, false, false,
	  "the gzip data is damaged" },
	{ "zstd, damaged", CAPTURE_ZSTD, FLIP, false, false, "" },
	{ "zstd, wrong checksum", CAPTURE_ZSTD, CHECKSUM, false, false,
	  "the zstd data is damaged" },
	{ "gzip, garbage behind", CAPTURE_GZIP, GARBAGE, true, false, NULL },
	{ "zstd, garbage behind", CAPTURE_ZSTD, GARBAGE, false, false, "the zstd data is damaged" },
	{ "gzip, second member", CAPTURE_GZIP, SECOND, true, false, NULL },
	{ "zstd, second frame", CAPTURE_ZSTD, SECOND, true, false, NULL },
	{ "gzip, second member cut", CAPTURE_GZIP, SECOND_CUT, false, true,
	  "the compressed data is cut" },
	{ "zstd, second frame cut", CAPTURE_ZSTD, SECOND_CUT, false, true,
	  "the compressed data is cut" },
};

/* 3000 packets of data that does not compress to nothing. */
static void build_long(struct capture_builder *c, bool header)
{
	__u32 i, x = 1;

	if (header)
		capture_builder_pcap(c, CAPTURE_MICRO, 65535, ETHERNET);
	for (i = 0; i < 3000; i++) {
		x = x * 1664525 + 1013904223;
		capture_builder_record(c, i, x >> 13, 40 + (x >> 27), 1500, x >> 24);
	}
}

static __u8 *build_stored(const struct stored_case *sc, size_t *len)
{
	struct capture_builder c = { 0 }, more = { 0 }, out = { 0 };
	size_t n;
	__u8 *bytes;

	build_long(&c, true);
	bytes = capture_builder_encode(&c, sc->coding, &n);
	capture_builder_put(&out, bytes, n);
	free(bytes);
	build_long(&more, false);
	bytes = capture_builder_encode(&more, sc->coding, &n);
	if (sc->harm == SECOND || sc->harm == SECOND_CUT)
		capture_builder_put(&out, bytes, n);
	if (sc->harm == GARBAGE)
		capture_builder_put(&out, "garbage behind", 14);
	if (sc->harm == CUT || sc->harm == SECOND_CUT)
		out.len -= n / 3;
	if (sc->harm == FLIP)
		memset(out.data + out.len * 2 / 3, 0xff, 16);
	if (sc->harm == CHECKSUM)
		out.data[out.len - (sc->coding == CAPTURE_GZIP ? 8 : 4)] ^= 1;
	free(bytes);
	capture_builder_free(&c);
	capture_builder_free(&more);
	*len = out.len;
	return out.data;
}

static void check_stored(const struct stored_case *sc, bool allow, bool pipe)
{
	struct reader_options opt = { .allow_truncated = allow };
	const char *from = pipe ? "-" : capture_path;
	bool second = sc->harm == SECOND || sc->harm == SECOND_CUT;
	bool sound = sc->sound || (sc->cut && allow);
	struct reader_drain d;
	size_t len;
	__u8 *bytes = build_stored(sc, &len);

	reader_drain_bytes(&d, from, bytes, len, &opt, READER_BATCH);
	free(bytes);
	if (d.open_err || !d.end != sound)
		fail_msg("%s: %s", sc->name, d.error);
	if (!sound && !reader_drain_says(&d, from, sc->error))
		fail_msg("%s: '%s'", sc->name, d.error);
	if (second ? d.n < 3000 : d.n < 100)
		fail_msg("%s: only %zu packets", sc->name, d.n);
	if (sc->sound)
		assert_int_equal(d.n, second ? 6000 : 3000);
	reader_drain_free(&d);
}

static void test_stored(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(stored) / sizeof(stored[0]); i++) {
		check_stored(&stored[i], false, false);
		check_stored(&stored[i], true, false);
		check_stored(&stored[i], false, true);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stored),
	};

	return cmocka_run_group_tests(tests, capture_dir_make, capture_dir_remove);
}
