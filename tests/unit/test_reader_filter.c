/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The capture reader's filter: a tcpdump expression, compiled for each link type; numbers stay those
 * of the file; a bad expression is told at opening, and apart from bad files.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/capture_builder.h"
#include "tests/unit/reader_drain.h"

#define ETHERNET 1

static void put_tcp(struct capture_builder *c, bool ethernet, __u16 port)
{
	static const __u8 mac[14] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0 };
	__u8 ip[40] = { 0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2 };

	ip[22] = (__u8)(port >> 8);
	ip[23] = (__u8)port;
	ip[32] = 0x50;
	if (ethernet)
		capture_builder_put(c, mac, sizeof(mac));
	capture_builder_put(c, ip, sizeof(ip));
}

/* Ports 80, 443, 80, ... on Ethernet; with mixed, each third packet is raw IP on interface 1. */
static void tcp_packets(struct capture_builder *c, unsigned int n, bool mixed)
{
	struct capture_builder frame = { 0 };
	unsigned int i;

	capture_builder_section(c);
	capture_builder_interface(c, ETHERNET, 0, 9, 0);
	if (mixed)
		capture_builder_interface(c, 101, 0, 9, 0);
	for (i = 0; i < n; i++) {
		bool raw = mixed && i % 3 == 2;

		put_tcp(&frame, !raw, i % 2 ? 443 : 80);
		capture_builder_enhanced(c, raw, i, (__u32)frame.len, (__u32)frame.len, 0);
		/* The data is where enhanced() put its own: before padding, comment, end, length. */
		memcpy(c->data + c->len - 16 - (frame.len + 3) / 4 * 4, frame.data, frame.len);
		capture_builder_free(&frame);
	}
}

static void drain_filter(struct reader_drain *d, const struct capture_builder *c,
			 const char *filter, enum reader_backend backend)
{
	struct reader_options opt = { .filter = filter, .backend = backend };

	reader_drain_bytes(d, capture_path, c->data, c->len, &opt, READER_BATCH);
}

static void test_filter(void **state)
{
	static const struct {
		const char *filter;
		unsigned int matches; /* of 300 */
		unsigned int first, second;
	} cases[] = {
		{ "tcp port 80", 150, 1, 3 },
		{ "tcp port 443", 150, 2, 4 },
		{ "port 22", 0, 0, 0 },
		{ "host 192.0.2.1 and tcp", 300, 1, 2 },
		{ "", 300, 1, 2 },
	};
	struct capture_builder c[2] = { 0 };
	struct reader_drain d;
	size_t i, k;

	(void)state;
	tcp_packets(&c[0], 300, false);
	tcp_packets(&c[1], 300, true);
	for (k = 0; k < 3; k++)
		for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			drain_filter(&d, &c[k == 1], cases[i].filter,
				     k == 2 ? READER_LIBPCAP : READER_AUTO);
			if (d.n != cases[i].matches || d.end)
				fail_msg("'%s': %zu packets, %s", cases[i].filter, d.n, d.error);
			if (d.n)
				assert_int_equal(d.packets[0].number, cases[i].first);
			if (d.n)
				assert_int_equal(d.packets[1].number, cases[i].second);
			reader_drain_free(&d);
		}
	capture_builder_free(&c[0]);
	capture_builder_free(&c[1]);
}

static void no_packets(struct capture_builder *c)
{
	capture_builder_pcap(c, CAPTURE_MICRO, 65535, ETHERNET);
}

static void one_record(struct capture_builder *c)
{
	no_packets(c);
	capture_builder_record(c, 1, 0, 60, 60, 1);
}

static void one_block(struct capture_builder *c)
{
	tcp_packets(c, 1, false);
}

static void test_filter_bad(void **state)
{
	static void (*const builds[])(struct capture_builder * c) = { one_record, one_block,
								      no_packets };
	struct reader_drain d;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(builds) / sizeof(builds[0]); i++) {
		struct capture_builder c = { 0 };

		builds[i](&c);
		drain_filter(&d, &c, "tcp prot 80", READER_AUTO);
		assert_int_equal(d.open_err, -EINVAL);
		assert_non_null(strstr(d.error, "bad filter 'tcp prot 80': "));
		assert_null(strchr(d.error, '\n'));
		reader_drain_free(&d);
		capture_builder_free(&c);
	}
}

/* "ether" means nothing on raw IP: the packets there are left out, and that is told. */
static void test_filter_inapplicable(void **state)
{
	struct capture_builder c = { 0 };
	struct reader_drain d;

	(void)state;
	tcp_packets(&c, 30, true);
	drain_filter(&d, &c, "ether host 02:00:00:00:00:01", READER_AUTO);
	assert_int_equal(d.end, -EBADMSG);
	assert_int_equal(d.n, 20);
	assert_non_null(strstr(d.error, "filter not applicable to link type 101"));
	assert_non_null(strstr(d.error, "from packet 3 on"));
	reader_drain_free(&d);
	capture_builder_free(&c);
}

/* BSD loopback holds the family in the capturing host's byte order; the filter must know it. */
static void test_filter_byte_order(void **state)
{
	int big;

	(void)state;
	for (big = 0; big < 2; big++) {
		struct capture_builder c = { .big = big }, frame = { 0 };
		struct reader_drain d;

		put_tcp(&frame, false, 80);
		capture_builder_pcap(&c, CAPTURE_MICRO, 65535, 0);
		capture_builder_record(&c, 1, 0, 44, 44, 0);
		c.len -= 44;
		capture_builder_put32(&c, 2); /* AF_INET */
		capture_builder_put(&c, frame.data, frame.len);
		drain_filter(&d, &c, "tcp port 80", READER_AUTO);
		assert_int_equal(d.n, 1);
		reader_drain_free(&d);
		drain_filter(&d, &c, "tcp port 81", READER_AUTO);
		assert_int_equal(d.n, 0);
		reader_drain_free(&d);
		capture_builder_free(&c);
		capture_builder_free(&frame);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_filter),
		cmocka_unit_test(test_filter_bad),
		cmocka_unit_test(test_filter_inapplicable),
		cmocka_unit_test(test_filter_byte_order),
	};

	return cmocka_run_group_tests(tests, capture_dir_make, capture_dir_remove);
}
