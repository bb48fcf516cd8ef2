/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the reader keeps of interfaces for who asks: names, limits and statistics of pcapng, over
 * sections of both byte orders; which interface a packet came from, also behind a section without
 * packets; and that damaged statistics are passed over as if nobody had asked.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "pcap-replay/reader.h"
#include "tests/unit/capture_builder.h"

#define ISB_COUNTERS 5

static void put_option(struct capture_builder *body, __u16 code, const void *value, __u16 length)
{
	capture_builder_put16(body, code);
	capture_builder_put16(body, length);
	capture_builder_put(body, value, length);
	capture_builder_put(body, "\0\0\0", -length & 3);
}

/* An interface with a name and a description, in the byte order of the capture. */
static void put_interface(struct capture_builder *c, __u16 linktype, __u32 snaplen,
			  const char *name, const char *description)
{
	struct capture_builder body = { .big = c->big };

	capture_builder_put16(&body, linktype);
	capture_builder_put16(&body, 0);
	capture_builder_put32(&body, snaplen);
	put_option(&body, 2, name, (__u16)strlen(name));
	put_option(&body, 3, description, (__u16)strlen(description));
	put_option(&body, 9, "\x03", 1); /* milliseconds */
	capture_builder_put32(&body, 0);
	capture_builder_block(c, 1, body.data, body.len);
	capture_builder_free(&body);
}

/* Counters n, n + 1, ...; times n and n + 1 ms. */
static void put_statistics(struct capture_builder *c, __u32 interface, __u32 n)
{
	struct capture_builder body = { .big = c->big };

	capture_builder_put32(&body, interface);
	capture_builder_put32(&body, 0);
	capture_builder_put32(&body, n);
	for (__u16 code = 2; code <= 3; code++) {
		capture_builder_put16(&body, code);
		capture_builder_put16(&body, 8);
		capture_builder_put32(&body, 0);
		capture_builder_put32(&body, n + code - 2);
	}
	for (__u16 code = 0; code < ISB_COUNTERS; code++) {
		capture_builder_put16(&body, (__u16)(READER_RECEIVED + code));
		capture_builder_put16(&body, 8);
		capture_builder_put64(&body, n + code);
	}
	capture_builder_put32(&body, 0);
	capture_builder_block(c, 5, body.data, body.len);
	capture_builder_free(&body);
}

/* Reads a capture whole; *index gets the interface of each packet, at most 16. */
static struct reader *read_all(const struct capture_builder *c, size_t *index, unsigned int *n)
{
	static const struct reader_options options = { .interfaces = true };
	const char *paths[] = { capture_path };
	struct frame batch[READER_BATCH];
	struct reader *r;
	char error[256];
	int got;

	capture_builder_write(capture_path, c->data, c->len);
	if (reader_open(&r, paths, 1, &options, error, sizeof(error)))
		fail_msg("%s", error);
	*n = 0;
	while ((got = reader_next_batch(r, batch, READER_BATCH)) > 0) {
		for (int i = 0; i < got && *n < 16; i++)
			index[(*n)++] = reader_interface_of(r, &batch[i]);
	}
	return r;
}

static void check_statistics(const struct reader_interface *i, __u64 n)
{
	assert_true(i->statistics_ns == n * 1000000);
	assert_true(i->start_ns == n * 1000000);
	assert_true(i->end_ns == (n + 1) * 1000000);
	for (unsigned int k = 0; k < ISB_COUNTERS; k++)
		assert_true(i->statistics[READER_RECEIVED + k] == n + k);
}

static void test_sections(void **state)
{
	static const size_t due[] = { 1, 0, 3, 3, 4 };
	struct capture_builder c = { 0 };
	const struct reader_interface *i;
	size_t index[16] = { 0 };
	unsigned int n;
	struct reader *r;

	(void)state;
	capture_builder_section(&c);
	put_interface(&c, 1, 96, "eth0", "first");
	put_interface(&c, 101, 0, "tun\033", "");
	capture_builder_enhanced(&c, 1, 1, 4, 4, 1);
	capture_builder_enhanced(&c, 0, 2, 4, 4, 2);
	put_statistics(&c, 0, 10);
	put_statistics(&c, 0, 20); /* the newer one counts */
	c.big = true;
	capture_builder_section(&c); /* without packets */
	put_interface(&c, 1, 1, "silent", "");
	put_statistics(&c, 0, 30);
	capture_builder_section(&c);
	put_interface(&c, 1, 2, "eth9", "");
	capture_builder_enhanced(&c, 0, 3, 4, 4, 3);
	capture_builder_enhanced(&c, 0, 4, 4, 4, 4);
	c.big = false;
	capture_builder_section(&c);
	put_interface(&c, 1, 3, "last", "");
	capture_builder_enhanced(&c, 0, 5, 4, 4, 5);
	put_statistics(&c, 0, 40);
	r = read_all(&c, index, &n);
	assert_null(reader_error(r, 0));
	assert_int_equal(n, sizeof(due) / sizeof(due[0]));
	for (unsigned int k = 0; k < n; k++)
		assert_int_equal(index[k], due[k]);
	assert_int_equal(reader_interfaces(r, 0), 5);
	i = reader_interface(r, 0, 0);
	assert_string_equal(i->name, "eth0");
	assert_string_equal(i->description, "first");
	assert_int_equal(i->linktype, 1);
	assert_int_equal(i->snaplen, 96);
	check_statistics(i, 20);
	i = reader_interface(r, 0, 1);
	assert_string_equal(i->name, "tun\033");
	assert_int_equal(i->linktype, 101);
	assert_true(i->statistics_ns == READER_UNKNOWN);
	assert_true(i->statistics[READER_DROPPED] == READER_UNKNOWN);
	check_statistics(reader_interface(r, 0, 2), 30);
	assert_string_equal(reader_interface(r, 0, 3)->name, "eth9");
	check_statistics(reader_interface(r, 0, 4), 40);
	assert_null(reader_interface(r, 0, 5));
	assert_null(reader_interface(r, 1, 0));
	reader_close(r);
	capture_builder_free(&c);
}

/* Of an interface that is not there; too short; with an option that is longer than its block. */
static void test_damaged_statistics(void **state)
{
	static const __u8 overlong[] = { 0, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 4, 0, 0xf0, 0xff };
	struct capture_builder c = { 0 };
	size_t index[16] = { 0 };
	unsigned int n;
	struct reader *r;

	(void)state;
	capture_builder_section(&c);
	put_interface(&c, 1, 96, "eth0", "");
	put_statistics(&c, 1, 10);
	put_statistics(&c, 0xffffffff, 10);
	capture_builder_block(&c, 5, "", 0);
	capture_builder_block(&c, 5, "\0\0\0\0\0\0\0\0", 8);
	capture_builder_block(&c, 5, overlong, sizeof(overlong));
	capture_builder_enhanced(&c, 0, 1, 4, 4, 1);
	r = read_all(&c, index, &n);
	assert_null(reader_error(r, 0));
	assert_int_equal(n, 1);
	assert_true(reader_interface(r, 0, 0)->statistics[READER_RECEIVED] == READER_UNKNOWN);
	reader_close(r);
	capture_builder_free(&c);
}

/* A pcap file has one interface, of which its header tells two numbers. */
static void test_pcap(void **state)
{
	struct capture_builder c = { 0 };
	const struct reader_interface *i;
	size_t index[16] = { 0 };
	unsigned int n;
	struct reader *r;

	(void)state;
	capture_builder_pcap(&c, CAPTURE_NANO, 77, 101);
	capture_builder_record(&c, 1, 2, 4, 4, 1);
	r = read_all(&c, index, &n);
	assert_int_equal(n, 1);
	assert_int_equal(index[0], 0);
	assert_int_equal(reader_interfaces(r, 0), 1);
	i = reader_interface(r, 0, 0);
	assert_null(i->name);
	assert_int_equal(i->snaplen, 77);
	assert_int_equal(i->linktype, 101);
	reader_close(r);
	capture_builder_free(&c);
}

/* Who does not ask, pays nothing and gets nothing. */
static void test_not_asked(void **state)
{
	struct capture_builder c = { 0 };
	const char *paths[] = { capture_path };
	struct frame p;
	struct reader *r;
	char error[256];

	(void)state;
	capture_builder_section(&c);
	put_interface(&c, 1, 96, "eth0", "");
	capture_builder_enhanced(&c, 0, 1, 4, 4, 1);
	put_statistics(&c, 0, 10);
	capture_builder_write(capture_path, c.data, c.len);
	assert_int_equal(reader_open(&r, paths, 1, NULL, error, sizeof(error)), 0);
	assert_int_equal(reader_next_batch(r, &p, 1), 1);
	assert_int_equal(reader_interface_of(r, &p), 0);
	assert_int_equal(reader_interfaces(r, 0), 0);
	assert_null(reader_interface(r, 0, 0));
	reader_close(r);
	capture_builder_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sections),
		cmocka_unit_test(test_damaged_statistics),
		cmocka_unit_test(test_pcap),
		cmocka_unit_test(test_not_asked),
	};

	return cmocka_run_group_tests(tests, capture_dir_make, capture_dir_remove);
}
