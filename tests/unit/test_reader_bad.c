/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The capture reader on what is no capture, or a damaged one: one clear line, the right packets
 * before the damage, the same from every source.
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
#include <unistd.h>

#include "tests/unit/capture_builder.h"
#include "tests/unit/reader_drain.h"

#define ETHERNET 1

static void nothing(struct capture_builder *c)
{
	(void)c;
}

static void text(struct capture_builder *c)
{
	static const char words[] = "tcpdump: listening on eth0, link-type EN10MB\n";

	capture_builder_put(c, words, sizeof(words) - 1);
}

static void three_bytes(struct capture_builder *c)
{
	capture_builder_put(c, "\xd4\xc3\xb2", 3);
}

static void binary(struct capture_builder *c)
{
	capture_builder_put(c, "\x7f\x45LF\2\1\1\0\0\0\0\0\0\0\0\0\3\0\x3e\0\1\0\0\0\0", 25);
}

static void xz(struct capture_builder *c)
{
	capture_builder_put(c,
			    "\xfd"
			    "7zXZ\0\0\4",
			    8);
}

static void text_mode(struct capture_builder *c)
{
	capture_builder_put(c, "\n\n\n\0\0\0\x1c\x1a\x2b\x3c\x4d\0\1", 13);
}

static void pcap_header_cut(struct capture_builder *c)
{
	capture_builder_pcap(c, CAPTURE_MICRO, 65535, ETHERNET);
	c->len = 23;
}

static void two_records(struct capture_builder *c)
{
	capture_builder_pcap(c, CAPTURE_MICRO, 65535, ETHERNET);
	capture_builder_record(c, 1, 0, 60, 60, 1);
	capture_builder_record(c, 2, 0, 60, 60, 2);
}

static void record_cut_in_header(struct capture_builder *c)
{
	two_records(c);
	capture_builder_put32(c, 3);
	capture_builder_put(c, "xyz", 3);
}

static void record_cut_in_data(struct capture_builder *c)
{
	two_records(c);
	capture_builder_record(c, 3, 0, 60, 60, 3);
	c->len--;
}

static void record_huge(struct capture_builder *c)
{
	two_records(c);
	capture_builder_record(c, 3, 0, 0, 60, 3);
	c->len -= 8;
	capture_builder_put32(c, 0xffffffff);
	capture_builder_put32(c, 60);
	capture_builder_fill(c, 3, 200);
}

static void record_too_long(struct capture_builder *c)
{
	two_records(c);
	capture_builder_record(c, 3, 0, 262145, 262145, 3);
	capture_builder_record(c, 4, 0, 60, 60, 4);
}

static void section(struct capture_builder *c)
{
	capture_builder_section(c);
	capture_builder_interface(c, ETHERNET, 1000, 6, 0);
}

static void two_blocks(struct capture_builder *c)
{
	section(c);
	capture_builder_enhanced(c, 0, 1000000, 60, 60, 1);
	capture_builder_enhanced(c, 0, 2000000, 60, 60, 2);
}

/* Overwrite 32 bits, back bytes before the end. */
static void patch(struct capture_builder *c, size_t back, __u32 value)
{
	size_t end = c->len;

	c->len -= back;
	capture_builder_put32(c, value);
	c->len = end;
}

static void section_cut(struct capture_builder *c)
{
	capture_builder_section(c);
	c->len = 20;
}

static void section_no_order(struct capture_builder *c)
{
	capture_builder_section(c);
	patch(c, 20, 0x12345678);
}

static void section_version(struct capture_builder *c)
{
	capture_builder_section(c);
	patch(c, 16, 0x00020002);
}

static void second_section_no_order(struct capture_builder *c)
{
	two_blocks(c);
	section_no_order(c);
}

static void block_cut(struct capture_builder *c)
{
	two_blocks(c);
	capture_builder_block(c, 5, "statistics..", 12);
	c->len -= 2;
}

static void block_cut_in_header(struct capture_builder *c)
{
	two_blocks(c);
	capture_builder_put32(c, 6);
}

static void packet_cut(struct capture_builder *c)
{
	two_blocks(c);
	capture_builder_enhanced(c, 0, 3000000, 60, 60, 3);
	c->len -= 20;
}

static void block_length(struct capture_builder *c, __u32 type, __u32 length)
{
	two_blocks(c);
	capture_builder_put32(c, type);
	capture_builder_put32(c, length);
	capture_builder_fill(c, 0, 100);
}

static void block_zero(struct capture_builder *c)
{
	block_length(c, 5, 0);
}

static void block_eight(struct capture_builder *c)
{
	block_length(c, 6, 8);
}

static void block_odd(struct capture_builder *c)
{
	block_length(c, 6, 97);
}

static void block_huge(struct capture_builder *c)
{
	block_length(c, 5, 0xfffffffc);
}

static void packet_huge(struct capture_builder *c)
{
	block_length(c, 6, 0xfffffffc);
}

static void interface_huge(struct capture_builder *c)
{
	block_length(c, 1, 0x01000000);
}

static void lengths_differ(struct capture_builder *c)
{
	two_blocks(c);
	capture_builder_enhanced(c, 0, 3000000, 60, 60, 3);
	patch(c, 4, 60);
}

static void other_lengths_differ(struct capture_builder *c)
{
	two_blocks(c);
	capture_builder_block(c, 5, "statistics..", 12);
	patch(c, 4, 60);
}

static void no_interface(struct capture_builder *c)
{
	two_blocks(c);
	capture_builder_enhanced(c, 1, 3000000, 60, 60, 3);
}

static void simple_no_interface(struct capture_builder *c)
{
	capture_builder_section(c);
	capture_builder_simple(c, 60, 60, 1);
}

static void packet_longer_than_block(struct capture_builder *c)
{
	two_blocks(c);
	capture_builder_enhanced(c, 0, 3000000, 0, 60, 3);
	patch(c, 4 + 12 + 8, 0x00000014);
}

static void packet_too_short(struct capture_builder *c)
{
	two_blocks(c);
	capture_builder_block(c, 6, "\0\0\0\0\0\0\0\0\0\0\0\0", 12);
}

static void simple_longer_than_block(struct capture_builder *c)
{
	two_blocks(c);
	capture_builder_simple(c, 61, 60, 3);
}

static void interface_short(struct capture_builder *c)
{
	two_blocks(c);
	capture_builder_block(c, 1, "\0\0\0\0", 4);
}

static void option_too_long(struct capture_builder *c)
{
	two_blocks(c);
	capture_builder_interface(c, ETHERNET, 0, 6, 0);
	patch(c, 16, c->big ? 0x0009ffff : 0xffff0009);
}

static void resolution_two_bytes(struct capture_builder *c)
{
	two_blocks(c);
	capture_builder_interface(c, ETHERNET, 0, 6, 0);
	patch(c, 16, c->big ? 0x00090002 : 0x00020009);
}

static void snoop_header_cut(struct capture_builder *c)
{
	capture_builder_snoop(c, 2, 4);
	c->len--;
}

static void snoop_version(struct capture_builder *c)
{
	capture_builder_snoop(c, 3, 4);
	capture_builder_snoop_record(c, 1, 0, 60, 60, 0, 1);
}

static void snoop_two(struct capture_builder *c)
{
	capture_builder_snoop(c, 2, 4);
	capture_builder_snoop_record(c, 1, 0, 60, 60, 0, 1);
	capture_builder_snoop_record(c, 2, 0, 54, 60, 2, 2);
}

static void snoop_cut_in_header(struct capture_builder *c)
{
	snoop_two(c);
	capture_builder_snoop_record(c, 3, 0, 60, 60, 0, 3);
	c->len -= 61;
}

static void snoop_cut_in_data(struct capture_builder *c)
{
	snoop_two(c);
	capture_builder_snoop_record(c, 3, 0, 60, 60, 0, 3);
	c->len--;
}

static void snoop_cut_in_padding(struct capture_builder *c)
{
	snoop_two(c);
	capture_builder_snoop_record(c, 3, 0, 54, 60, 2, 3);
	c->len--;
}

/* A third record of 60 bytes with one of its numbers replaced. */
static void snoop_third(struct capture_builder *c, size_t field, __u32 value)
{
	snoop_two(c);
	capture_builder_snoop_record(c, 3, 0, 60, 60, 0, 3);
	patch(c, 84 - field, value);
	capture_builder_snoop_record(c, 4, 0, 60, 60, 0, 4);
}

static void snoop_caplen_huge(struct capture_builder *c)
{
	snoop_third(c, 4, 0xffffffff);
}

static void snoop_record_short(struct capture_builder *c)
{
	snoop_third(c, 8, 83);
}

static void snoop_record_zero(struct capture_builder *c)
{
	snoop_third(c, 8, 0);
}

static void snoop_record_huge(struct capture_builder *c)
{
	snoop_third(c, 8, 0x7fffffff);
}

static void snoop_padding_too_long(struct capture_builder *c)
{
	snoop_two(c);
	capture_builder_snoop_record(c, 3, 0, 60, 60, 1025, 3);
}

static const struct bad_case {
	const char *name;
	void (*build)(struct capture_builder *c);
	size_t packets;    /* before the damage */
	bool cut;          /* allow_truncated makes it a sound end */
	const char *error; /* behind the name; at opening where there is no packet to deliver */
} bad[] = {
	{ "empty file", nothing, 0, false, "it is empty" },
	{ "text", text, 0, false, "not a capture but text" },
	{ "three bytes", three_bytes, 0, false, "not a capture (pcap, pcapng or snoop)" },
	{ "an ELF file", binary, 0, false, "not a capture (pcap, pcapng or snoop)" },
	{ "xz", xz, 0, false, "xz is not read; pipe 'xz -dc' into '-'" },
	{ "pcapng after a text-mode transfer", text_mode, 0, false, "in text mode" },
	{ "pcap, file header cut", pcap_header_cut, 0, false,
	  "cut in the middle of the file header" },
	{ "pcap, cut in a record header", record_cut_in_header, 2, true,
	  "cut in the middle of packet 3" },
	{ "pcap, cut in a packet", record_cut_in_data, 2, true, "cut in the middle of packet 3" },
	{ "pcap, packet of 2^32-1 bytes", record_huge, 2, false,
	  "packet 3 claims 4294967295 bytes (at byte 176)" },
	{ "pcap, packet one byte over the limit, all there", record_too_long, 2, false,
	  "packet 3 claims 262145 bytes" },
	{ "pcapng, first section cut", section_cut, 0, true, "cut in the middle of" },
	{ "pcapng, no byte order", section_no_order, 0, false, "damaged section header" },
	{ "pcapng 2", section_version, 0, false, "a version of pcapng other than 1" },
	{ "pcapng, second section without byte order", second_section_no_order, 2, false,
	  "a section header without byte order" },
	{ "pcapng, cut in a block", block_cut, 2, true,
	  "cut in the middle of a block after packet 2" },
	{ "pcapng, cut in a block's header", block_cut_in_header, 2, true,
	  "cut in the middle of a block after packet 2" },
	{ "pcapng, cut in a packet", packet_cut, 2, true, "cut in the middle of packet 3" },
	{ "pcapng, block of length 0", block_zero, 2, false, "an impossible length" },
	{ "pcapng, block of length 8", block_eight, 2, false, "an impossible length" },
	{ "pcapng, block of odd length", block_odd, 2, false, "an impossible length" },
	{ "pcapng, block to pass over of 2^32-4 bytes", block_huge, 2, true,
	  "cut in the middle of a block after packet 2" },
	{ "pcapng, packet of 2^32-4 bytes", packet_huge, 2, false, "an impossible length" },
	{ "pcapng, interface of 16 MiB", interface_huge, 2, false, "an impossible length" },
	{ "pcapng, two lengths of a packet differ", lengths_differ, 2, false,
	  "its two lengths differ" },
	{ "pcapng, two lengths of a block differ", other_lengths_differ, 2, false,
	  "its two lengths differ" },
	{ "pcapng, packet of no interface", no_interface, 2, false,
	  "a packet of an interface that is not described" },
	{ "pcapng, simple packet without interface", simple_no_interface, 0, false,
	  "a packet of an interface that is not described" },
	{ "pcapng, packet longer than its block", packet_longer_than_block, 2, false,
	  "a packet longer than its block or than any packet" },
	{ "pcapng, packet block too short", packet_too_short, 2, false, "too short for a packet" },
	{ "pcapng, simple packet longer than its block", simple_longer_than_block, 2, false,
	  "a packet longer than its block or than any packet" },
	{ "pcapng, interface block too short", interface_short, 2, false,
	  "too short for an interface" },
	{ "pcapng, option longer than its block", option_too_long, 2, false,
	  "an option is longer than its block" },
	{ "pcapng, if_tsresol of two bytes", resolution_two_bytes, 2, false,
	  "if_tsresol is not one byte long" },
	{ "snoop, file header cut", snoop_header_cut, 0, false,
	  "cut in the middle of the file header" },
	{ "snoop 3", snoop_version, 0, false, "version 3 of snoop is not read; convert it" },
	{ "snoop, cut in a record header", snoop_cut_in_header, 2, true,
	  "cut in the middle of packet 3" },
	{ "snoop, cut in a packet", snoop_cut_in_data, 2, true, "cut in the middle of packet 3" },
	{ "snoop, cut in the padding", snoop_cut_in_padding, 2, true,
	  "cut in the middle of packet 3" },
	{ "snoop, packet of 2^32-1 bytes", snoop_caplen_huge, 2, false,
	  "packet 3 claims 4294967295 bytes in a record of 84 (at byte 180)" },
	{ "snoop, record one byte shorter than its packet", snoop_record_short, 2, false,
	  "packet 3 claims 60 bytes in a record of 83" },
	{ "snoop, record of length 0", snoop_record_zero, 2, false,
	  "packet 3 claims 60 bytes in a record of 0" },
	{ "snoop, record of 2^31-1 bytes", snoop_record_huge, 2, false,
	  "packet 3 claims 60 bytes in a record of 2147483647" },
	{ "snoop, padding that is none", snoop_padding_too_long, 2, false,
	  "packet 3 claims 60 bytes in a record of 1109" },
};

static const struct {
	const char *name;
	enum capture_coding coding;
	bool pipe;
} sources[] = {
	{ "plain", CAPTURE_PLAIN, false },
	{ "pipe", CAPTURE_PLAIN, true },
	{ "gzip", CAPTURE_GZIP, false },
	{ "zstd", CAPTURE_ZSTD, true },
};

static void check_bad(const struct bad_case *bc, bool big, size_t s, bool allow)
{
	struct reader_options opt = { .allow_truncated = allow };
	struct capture_builder c = { .big = big };
	const char *from = sources[s].pipe ? "-" : capture_path;
	bool sound = bc->cut && allow;
	struct reader_drain d;
	size_t len, i;
	__u8 *bytes;

	bc->build(&c);
	bytes = capture_builder_encode(&c, sources[s].coding, &len);
	reader_drain_bytes(&d, from, bytes, len, &opt, READER_BATCH);
	if (d.n != bc->packets)
		fail_msg("%s, %s: %zu packets", bc->name, sources[s].name, d.n);
	for (i = 0; i < d.n; i++)
		assert_int_equal(d.packets[i].data[0], i + 1);
	if (sound && (d.open_err || d.end || d.damaged || d.error[0]))
		fail_msg("%s, %s: allowed, but %s", bc->name, sources[s].name, d.error);
	if (!sound) {
		assert_int_equal(d.open_err ? d.open_err : d.end, -EBADMSG);
		assert_int_equal(d.open_err ? 1 : d.damaged, 1);
		if (!reader_drain_says(&d, from, bc->error))
			fail_msg("%s, %s: '%s'", bc->name, sources[s].name, d.error);
	}
	reader_drain_free(&d);
	capture_builder_free(&c);
	free(bytes);
}

static void test_contents(void **state)
{
	size_t i, s;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		for (s = 0; s < sizeof(sources) / sizeof(sources[0]); s++) {
			check_bad(&bad[i], false, s, false);
			check_bad(&bad[i], true, s, false);
			check_bad(&bad[i], false, s, true);
		}
}

/* libpcap's words differ, the classes do not; snoop it does not know at all. */
static void test_contents_libpcap(void **state)
{
	struct reader_options opt = { .backend = READER_LIBPCAP };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct capture_builder c = { 0 };
		struct reader_drain d;

		bad[i].build(&c);
		reader_drain_bytes(&d, capture_path, c.data ? (void *)c.data : "", c.len, &opt, 7);
		if (d.n != (strncmp(bad[i].name, "snoop", 5) ? bad[i].packets : 0))
			fail_msg("%s: %zu packets", bad[i].name, d.n);
		assert_int_equal(d.open_err ? d.open_err : d.end, -EBADMSG);
		if (!reader_drain_says(&d, capture_path, ""))
			fail_msg("%s: '%s'", bad[i].name, d.error);
		reader_drain_free(&d);
		capture_builder_free(&c);
	}
}

static void test_missing(void **state)
{
	static const struct {
		const char *path;
		int err;
		const char *error;
	} cases[] = {
		{ "/nonexistent/x", -ENOENT,
		  "cannot open '/nonexistent/x': No such file or directory" },
		{ "/", -EISDIR, "cannot read '/': Is a directory" },
		{ "/dev/null", -EBADMSG, "cannot read '/dev/null': it is empty" },
		{ "", -ENOENT, "cannot open '': No such file or directory" },
	};
	struct reader_drain d;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		reader_drain(&d, &cases[i].path, 1, NULL, READER_BATCH);
		assert_int_equal(d.open_err, cases[i].err);
		assert_string_equal(d.error, cases[i].error);
		reader_drain_free(&d);
	}
}

/* READER_MAPPED takes plain files and nothing else. */
static void test_mapped_only(void **state)
{
	struct reader_options opt = { .backend = READER_MAPPED };
	struct capture_builder c = { 0 };
	struct reader_drain d;
	size_t len;
	__u8 *bytes;

	(void)state;
	two_records(&c);
	bytes = capture_builder_encode(&c, CAPTURE_GZIP, &len);
	reader_drain_bytes(&d, capture_path, bytes, len, &opt, 1);
	assert_int_equal(d.open_err, -EOPNOTSUPP);
	reader_drain_free(&d);
	reader_drain_bytes(&d, "-", c.data, c.len, &opt, 1);
	assert_int_equal(d.open_err, -EOPNOTSUPP);
	reader_drain_free(&d);
	free(bytes);
	capture_builder_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_contents),
		cmocka_unit_test(test_contents_libpcap),
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_mapped_only),
	};

	return cmocka_run_group_tests(tests, capture_dir_make, capture_dir_remove);
}
