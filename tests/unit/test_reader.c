/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The capture reader's contract (pcap-replay/reader.h): what each kind of capture says, the same from
 * every source and by both back ends.
 *
 * Formats: draft-ietf-opsawg-pcap and draft-ietf-opsawg-pcapng.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/capture_builder.h"
#include "tests/unit/reader_drain.h"

#define ETHERNET 1

static void micro(struct capture_builder *c)
{
	capture_builder_pcap(c, CAPTURE_MICRO, 65535, ETHERNET);
	capture_builder_record(c, 1700000000, 1, 60, 60, 1);
	capture_builder_record(c, 1700000000, 999999, 61, 1514, 2);
	capture_builder_record(c, 0, 0, 0, 60, 3);
}

static void nano(struct capture_builder *c)
{
	capture_builder_pcap(c, CAPTURE_NANO, 65535, ETHERNET);
	capture_builder_record(c, 1700000000, 1, 60, 60, 1);
	capture_builder_record(c, 4294967295u, 999999999, 3, 4, 2);
}

static void no_packets(struct capture_builder *c)
{
	capture_builder_pcap(c, CAPTURE_MICRO, 65535, ETHERNET);
}

static void beyond_snaplen(struct capture_builder *c)
{
	capture_builder_pcap(c, CAPTURE_MICRO, 40, ETHERNET);
	capture_builder_record(c, 1, 0, 60, 60, 1);
	capture_builder_record(c, 2, 0, 40, 60, 2);
}

static void no_snaplen(struct capture_builder *c)
{
	capture_builder_pcap(c, CAPTURE_MICRO, 0, ETHERNET);
	capture_builder_record(c, 1, 0, 262144, 262144, 1);
}

static void frame_check(struct capture_builder *c)
{
	capture_builder_pcap(c, CAPTURE_MICRO, 65535, 0x24000000 | ETHERNET);
	capture_builder_record(c, 1, 0, 64, 64, 1);
}

static void raw_as_12(struct capture_builder *c)
{
	capture_builder_pcap(c, CAPTURE_MICRO, 65535, 12);
	capture_builder_record(c, 1, 0, 40, 40, 0x45);
}

static void odd_linktype(struct capture_builder *c)
{
	capture_builder_pcap(c, CAPTURE_MICRO, 65535, 65001);
	capture_builder_record(c, 1, 0, 40, 40, 1);
}

/* Kuznetzov's variant: each record header is followed by interface, protocol and packet type. */
static void modified(struct capture_builder *c)
{
	int i;

	capture_builder_pcap(c, CAPTURE_MODIFIED, 65535, ETHERNET);
	for (i = 1; i <= 2; i++) {
		capture_builder_record(c, (__u32)i, 5, 0, 0, 0);
		c->len -= 8;
		capture_builder_put32(c, 50);
		capture_builder_put32(c, 70);
		capture_builder_put64(c, 0x0102030405060708);
		capture_builder_fill(c, (__u32)i, 50);
	}
}

static void version_2_3(struct capture_builder *c)
{
	struct capture_builder version = { .big = c->big };

	capture_builder_pcap(c, CAPTURE_MICRO, 65535, ETHERNET);
	capture_builder_put16(&version, 3);
	memcpy(c->data + 6, version.data, 2);
	capture_builder_free(&version);
	capture_builder_record(c, 1, 2, 60, 60, 1);
	capture_builder_record(c, 2, 2, 90, 50, 2); /* lengths the other way round */
	c->len -= 40;
}

static void enhanced(struct capture_builder *c)
{
	capture_builder_section(c);
	capture_builder_interface(c, ETHERNET, 262144, -1, 0);
	capture_builder_enhanced(c, 0, 1700000000000001, 60, 60, 1);
	capture_builder_enhanced(c, 0, 1700000000999999, 61, 1514, 2);
	capture_builder_enhanced(c, 0, 0, 0, 60, 3);
}

/* 1.5 s as every resolution says it. */
static void resolutions(struct capture_builder *c)
{
	capture_builder_section(c);
	capture_builder_interface(c, ETHERNET, 0, 0, 0);
	capture_builder_interface(c, ETHERNET, 0, 1, 0);
	capture_builder_interface(c, ETHERNET, 0, 3, 0);
	capture_builder_interface(c, ETHERNET, 0, 9, 0);
	capture_builder_interface(c, ETHERNET, 0, 12, 0);
	capture_builder_interface(c, ETHERNET, 0, 19, 0);
	capture_builder_interface(c, ETHERNET, 0, 0x80, 0);
	capture_builder_interface(c, ETHERNET, 0, 0x81, 0);
	capture_builder_interface(c, ETHERNET, 0, 0x80 | 30, 0);
	capture_builder_interface(c, ETHERNET, 0, 0x80 | 34, 0);
	capture_builder_enhanced(c, 0, 1, 10, 10, 0);
	capture_builder_enhanced(c, 1, 15, 10, 10, 1);
	capture_builder_enhanced(c, 2, 1500, 10, 10, 2);
	capture_builder_enhanced(c, 3, 1500000000, 10, 10, 3);
	capture_builder_enhanced(c, 4, 1500000000999, 10, 10, 4);
	capture_builder_enhanced(c, 5, 15000000000000000000u, 10, 10, 5);
	capture_builder_enhanced(c, 6, 1, 10, 10, 6);
	capture_builder_enhanced(c, 7, 3, 10, 10, 7);
	capture_builder_enhanced(c, 8, 3u << 29, 10, 10, 8);
	capture_builder_enhanced(c, 9, 3ULL << 33, 10, 10, 9);
}

/* Where libpcap overflows (from 2^-35 s on) or refuses (what 64 bits cannot hold a second of). */
static void fine_resolutions(struct capture_builder *c)
{
	capture_builder_section(c);
	capture_builder_interface(c, ETHERNET, 0, 20, 0);
	capture_builder_interface(c, ETHERNET, 0, 60, 0);
	capture_builder_interface(c, ETHERNET, 0, 0x80 | 64, 0);
	capture_builder_interface(c, ETHERNET, 0, 0xff, 0);
	capture_builder_interface(c, ETHERNET, 0, 0x80 | 63, 0);
	capture_builder_enhanced(c, 0, 15000000000000000000u, 10, 10, 0);
	capture_builder_enhanced(c, 1, ~0ULL - 1, 10, 10, 1);
	capture_builder_enhanced(c, 2, 1ULL << 63, 10, 10, 2);
	capture_builder_enhanced(c, 3, ~0ULL, 10, 10, 3);
	capture_builder_enhanced(c, 4, 3ULL << 62, 10, 10, 4);
}

static void offsets(struct capture_builder *c)
{
	capture_builder_section(c);
	capture_builder_interface(c, ETHERNET, 0, 6, 1700000000);
	capture_builder_interface(c, ETHERNET, 0, 9, -5);
	capture_builder_interface(c, ETHERNET, 0, 0x80 | 10, 100);
	capture_builder_enhanced(c, 0, 7, 10, 10, 1);
	capture_builder_enhanced(c, 1, 6000000000, 10, 10, 2);
	capture_builder_enhanced(c, 2, 512, 10, 10, 3);
}

static void simple(struct capture_builder *c)
{
	capture_builder_section(c);
	capture_builder_interface(c, ETHERNET, 100, 6, 0);
	capture_builder_simple(c, 60, 60, 1);
	capture_builder_simple(c, 61, 61, 2);
	capture_builder_simple(c, 1514, 100, 3);
	capture_builder_enhanced(c, 0, 1000000, 10, 10, 4);
}

static void obsolete(struct capture_builder *c)
{
	capture_builder_section(c);
	capture_builder_interface(c, ETHERNET, 0, 6, 0);
	capture_builder_interface(c, ETHERNET, 0, 9, 0);
	capture_builder_obsolete(c, 0, 1000001, 60, 60, 1);
	capture_builder_obsolete(c, 1, 1000001, 61, 70, 2);
}

static void linktypes(struct capture_builder *c)
{
	capture_builder_section(c);
	capture_builder_interface(c, ETHERNET, 0, 6, 0);
	capture_builder_interface(c, 101, 96, 9, 0);
	capture_builder_enhanced(c, 0, 1000000, 60, 60, 1);
	capture_builder_enhanced(c, 1, 2000000000, 40, 40, 0x45);
	capture_builder_interface(c, 113, 0, 6, 0);
	capture_builder_enhanced(c, 2, 3000000, 56, 56, 3);
	capture_builder_enhanced(c, 0, 4000000, 60, 60, 4);
}

/* The second section counts its interfaces from 0 again, and is of the other byte order. */
static void sections(struct capture_builder *c)
{
	capture_builder_section(c);
	capture_builder_interface(c, ETHERNET, 0, 6, 0);
	capture_builder_interface(c, ETHERNET, 0, 9, 0);
	capture_builder_enhanced(c, 1, 1000000000, 60, 60, 1);
	c->big = !c->big;
	capture_builder_section(c);
	capture_builder_interface(c, 101, 0, 3, 0);
	capture_builder_enhanced(c, 0, 2000, 40, 40, 0x45);
}

/* Wireshark shows custom blocks, journal entries and system calls as frames: their numbers are used. */
static void other_blocks(struct capture_builder *c)
{
	capture_builder_section(c);
	capture_builder_block(c, 4, "names", 5);
	capture_builder_interface(c, ETHERNET, 0, 6, 0);
	capture_builder_block(c, 5, "\0\0\0\0stats.......", 16);
	capture_builder_enhanced(c, 0, 1000000, 60, 60, 1);
	capture_builder_block(c, 0xbad, "\0\0\1\2custom..", 12);
	capture_builder_block(c, 0x7fff1234, "", 0);
	capture_builder_enhanced(c, 0, 2000000, 60, 60, 2);
	capture_builder_block(c, 9, "__CURSOR=1\n", 11);
	capture_builder_block(c, 0x40000bad, "\0\0\1\2custom..", 12);
	capture_builder_enhanced(c, 0, 3000000, 60, 60, 3);
}

static void snoop(struct capture_builder *c)
{
	capture_builder_snoop(c, 2, 4);
	capture_builder_snoop_record(c, 763180971, 975039, 54, 62, 2, 1);
	capture_builder_snoop_record(c, 763180971, 999999, 60, 60, 0, 2);
	capture_builder_snoop_record(c, 4294967295u, 0, 0, 60, 0, 3);
	capture_builder_snoop_record(c, 1, 0, 61, 1514, 1024, 4);
}

static void snoop_8023(struct capture_builder *c)
{
	capture_builder_snoop(c, 2, 0);
	capture_builder_snoop_record(c, 1, 0, 262144, 262144, 0, 1);
}

static void snoop_fddi(struct capture_builder *c)
{
	capture_builder_snoop(c, 2, 8);
	capture_builder_snoop_record(c, 1, 0, 50, 50, 2, 1);
}

static void snoop_other(struct capture_builder *c)
{
	capture_builder_snoop(c, 2, 9);
	capture_builder_snoop_record(c, 1, 0, 50, 50, 2, 1);
}

static void snoop_no_packets(struct capture_builder *c)
{
	capture_builder_snoop(c, 2, 4);
}

enum {
	SAME = 1,       /* libpcap reads it, and says the same */
	NO_NUMBERS = 2, /* ... but counts packets only */
	VARIANT = 4,    /* only libpcap reads it: there is no map to ask for */
};

static const struct format_case {
	const char *name;
	void (*build)(struct capture_builder *c);
	unsigned int flags;
	const char *text;
} formats[] = {
	{ "pcap, microseconds", micro, SAME,
	  "0:1 1700000000.000001000 60/60 link 1 if 0 01\n"
	  "0:2 1700000000.999999000 61/1514 link 1 if 0 02\n"
	  "0:3 0.000000000 0/60 link 1 if 0\n" },
	{ "pcap, nanoseconds, to the last second of 32 bits", nano, SAME,
	  "0:1 1700000000.000000001 60/60 link 1 if 0 01\n"
	  "0:2 4294967295.999999999 3/4 link 1 if 0 02\n" },
	{ "pcap without packets", no_packets, SAME, "" },
	{ "pcap, record longer than the snap length: shortened", beyond_snaplen, SAME,
	  "0:1 1.000000000 40/60 link 1 if 0 01\n"
	  "0:2 2.000000000 40/60 link 1 if 0 02\n" },
	{ "pcap, no snap length, largest packet", no_snaplen, SAME,
	  "0:1 1.000000000 262144/262144 link 1 if 0 01\n" },
	{ "pcap, frame check length beside the link type", frame_check, SAME,
	  "0:1 1.000000000 64/64 link 1 if 0 01\n" },
	{ "pcap, raw IP under its old number", raw_as_12, SAME,
	  "0:1 1.000000000 40/40 link 101 if 0 45\n" },
	{ "pcap, link type nobody knows", odd_linktype, SAME,
	  "0:1 1.000000000 40/40 link 65001 if 0 01\n" },
	{ "pcap, modified", modified, SAME | VARIANT,
	  "0:1 1.000005000 50/70 link 1 if 0 01\n"
	  "0:2 2.000005000 50/70 link 1 if 0 02\n" },
	{ "pcap 2.3, lengths swapped where that is the only sense", version_2_3, SAME | VARIANT,
	  "0:1 1.000002000 60/60 link 1 if 0 01\n"
	  "0:2 2.000002000 50/90 link 1 if 0 02\n" },
	{ "pcapng, enhanced packets", enhanced, SAME,
	  "0:1 1700000000.000001000 60/60 link 1 if 0 01\n"
	  "0:2 1700000000.999999000 61/1514 link 1 if 0 02\n"
	  "0:3 0.000000000 0/60 link 1 if 0\n" },
	{ "pcapng, if_tsresol 10^-0 .. 10^-19, 2^-0 .. 2^-34", resolutions, SAME,
	  "0:1 1.000000000 10/10 link 1 if 0 00\n"
	  "0:2 1.500000000 10/10 link 1 if 1 01\n"
	  "0:3 1.500000000 10/10 link 1 if 2 02\n"
	  "0:4 1.500000000 10/10 link 1 if 3 03\n"
	  "0:5 1.500000000 10/10 link 1 if 4 04\n"
	  "0:6 1.500000000 10/10 link 1 if 5 05\n"
	  "0:7 1.000000000 10/10 link 1 if 6 06\n"
	  "0:8 1.500000000 10/10 link 1 if 7 07\n"
	  "0:9 1.500000000 10/10 link 1 if 8 08\n"
	  "0:10 1.500000000 10/10 link 1 if 9 09\n" },
	{ "pcapng, if_tsresol beyond what libpcap can do", fine_resolutions, 0,
	  "0:1 0.150000000 10/10 link 1 if 0 00\n"
	  "0:2 0.000000000 10/10 link 1 if 1 01\n"
	  "0:3 0.500000000 10/10 link 1 if 2 02\n"
	  "0:4 0.000000000 10/10 link 1 if 3 03\n"
	  "0:5 1.500000000 10/10 link 1 if 4 04\n" },
	{ "pcapng, if_tsoffset, negative too", offsets, SAME,
	  "0:1 1700000000.000007000 10/10 link 1 if 0 01\n"
	  "0:2 1.000000000 10/10 link 1 if 1 02\n"
	  "0:3 100.500000000 10/10 link 1 if 2 03\n" },
	{ "pcapng, simple packets, one cut by the snap length", simple, SAME,
	  "0:1 0.000000000 60/60 link 1 if 0 01\n"
	  "0:2 0.000000000 61/61 link 1 if 0 02\n"
	  "0:3 0.000000000 100/1514 link 1 if 0 03\n"
	  "0:4 1.000000000 10/10 link 1 if 0 04\n" },
	{ "pcapng, obsolete packet blocks", obsolete, SAME,
	  "0:1 1.000001000 60/60 link 1 if 0 01\n"
	  "0:2 0.001000001 61/70 link 1 if 1 02\n" },
	{ "pcapng, several link types and snap lengths", linktypes, 0,
	  "0:1 1.000000000 60/60 link 1 if 0 01\n"
	  "0:2 2.000000000 40/40 link 101 if 1 45\n"
	  "0:3 3.000000000 56/56 link 113 if 2 03\n"
	  "0:4 4.000000000 60/60 link 1 if 0 04\n" },
	{ "pcapng, two sections of two byte orders", sections, 0,
	  "0:1 1.000000000 60/60 link 1 if 1 01\n"
	  "0:2 2.000000000 40/40 link 101 if 0 45\n" },
	{ "pcapng, blocks of other kinds between the packets", other_blocks, SAME | NO_NUMBERS,
	  "0:1 1.000000000 60/60 link 1 if 0 01\n"
	  "0:3 2.000000000 60/60 link 1 if 0 02\n"
	  "0:6 3.000000000 60/60 link 1 if 0 03\n" },
	{ "snoop, records with and without padding", snoop, 0,
	  "0:1 763180971.975039000 54/62 link 1 if 0 01\n"
	  "0:2 763180971.999999000 60/60 link 1 if 0 02\n"
	  "0:3 4294967295.000000000 0/60 link 1 if 0\n"
	  "0:4 1.000000000 61/1514 link 1 if 0 04\n" },
	{ "snoop, IEEE 802.3, largest packet", snoop_8023, 0,
	  "0:1 1.000000000 262144/262144 link 1 if 0 01\n" },
	{ "snoop, FDDI", snoop_fddi, 0, "0:1 1.000000000 50/50 link 10 if 0 01\n" },
	{ "snoop, datalink type without a link type", snoop_other, 0,
	  "0:1 1.000000000 50/50 link 65535 if 0 01\n" },
	{ "snoop without packets", snoop_no_packets, 0, "" },
};

/* Sources and back ends; each must say what the first one said. */
static const struct source {
	const char *name;
	enum capture_coding coding;
	enum reader_backend backend;
	bool pipe;
	unsigned int batch;
} sources[] = {
	{ "own choice", CAPTURE_PLAIN, READER_AUTO, false, READER_BATCH },
	{ "mapped", CAPTURE_PLAIN, READER_MAPPED, false, READER_BATCH },
	{ "one at a time", CAPTURE_PLAIN, READER_AUTO, false, 1 },
	{ "gzip", CAPTURE_GZIP, READER_AUTO, false, 7 },
	{ "zstd", CAPTURE_ZSTD, READER_AUTO, false, READER_BATCH },
	{ "pipe", CAPTURE_PLAIN, READER_AUTO, true, READER_BATCH },
	{ "gzip pipe", CAPTURE_GZIP, READER_AUTO, true, 3 },
	{ "zstd pipe", CAPTURE_ZSTD, READER_AUTO, true, 100 },
	{ "libpcap", CAPTURE_PLAIN, READER_LIBPCAP, false, READER_BATCH },
	{ "libpcap on gzip", CAPTURE_GZIP, READER_LIBPCAP, false, READER_BATCH },
	{ "libpcap on zstd", CAPTURE_ZSTD, READER_LIBPCAP, false, 2 },
	{ "libpcap on a pipe", CAPTURE_PLAIN, READER_LIBPCAP, true, READER_BATCH },
};

static void drain_source(struct reader_drain *d, const struct source *s,
			 const struct capture_builder *c)
{
	struct reader_options opt = { .backend = s->backend };
	size_t len;
	__u8 *bytes = capture_builder_encode(c, s->coding, &len);

	reader_drain_bytes(d, s->pipe ? "-" : capture_path, bytes, len, &opt, s->batch);
	free(bytes);
}

static bool source_fits(const struct source *s, unsigned int flags)
{
	if (s->backend == READER_LIBPCAP)
		return flags & SAME;
	return s->backend == READER_AUTO || !(flags & VARIANT);
}

/* What libpcap cannot tell: other frames' numbers. */
static void forget_numbers(struct reader_drain *d)
{
	size_t i;

	for (i = 0; i < d->n; i++)
		d->packets[i].number = i + 1;
}

static void check_format(const struct format_case *fc, bool big)
{
	struct capture_builder c = { .big = big };
	struct reader_drain first, other;
	const char *differ;
	char *text;
	size_t i;

	fc->build(&c);
	drain_source(&first, &sources[0], &c);
	if (first.open_err || first.end)
		fail_msg("%s: %s", fc->name, first.error);
	text = reader_drain_text(&first);
	if (strcmp(text, fc->text))
		fail_msg("%s (%s-endian): want\n%sgot\n%s", fc->name, big ? "big" : "little",
			 fc->text, text);
	free(text);
	for (i = 1; i < sizeof(sources) / sizeof(sources[0]); i++) {
		bool libpcap = sources[i].backend == READER_LIBPCAP;

		if (!source_fits(&sources[i], fc->flags))
			continue;
		drain_source(&other, &sources[i], &c);
		if (libpcap && fc->flags & NO_NUMBERS)
			forget_numbers(&first);
		differ = reader_drain_differ(&first, &other, 0, !libpcap);
		if (other.open_err || other.end || differ)
			fail_msg("%s, %s: %s", fc->name, sources[i].name,
				 differ ? differ : other.error);
		reader_drain_free(&other);
	}
	reader_drain_free(&first);
	capture_builder_free(&c);
}

static void test_formats(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		check_format(&formats[i], false);
		check_format(&formats[i], true);
	}
}

/* More than any buffer holds, packets of all sizes: sliding, growing, batches that stop short. */
static void test_large(void **state)
{
	struct capture_builder c = { 0 };
	struct reader_drain first, other;
	const char *differ;
	unsigned int i;

	(void)state;
	capture_builder_section(&c);
	capture_builder_interface(&c, ETHERNET, 262144, 9, 0);
	for (i = 0; i < 3000; i++)
		capture_builder_enhanced(&c, 0, 1000 * i, i * 7919 % 3000, 3000, i);
	for (i = 0; i < 3; i++)
		capture_builder_enhanced(&c, 0, 1000 * i, 262144 - i, 262144, i);
	capture_builder_block(&c, 0x1234, c.data, 1000000);
	capture_builder_enhanced(&c, 0, 9, 60, 60, 1);
	drain_source(&first, &sources[0], &c);
	assert_int_equal(first.n, 3004);
	assert_int_equal(first.end, 0);
	for (i = 1; i < sizeof(sources) / sizeof(sources[0]); i++) {
		drain_source(&other, &sources[i], &c);
		differ = reader_drain_differ(&first, &other, 0,
					     sources[i].backend != READER_LIBPCAP);
		if (differ || other.end)
			fail_msg("%s: %s", sources[i].name, differ ? differ : other.error);
		reader_drain_free(&other);
	}
	reader_drain_free(&first);
	capture_builder_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_large),
	};

	return cmocka_run_group_tests(tests, capture_dir_make, capture_dir_remove);
}
