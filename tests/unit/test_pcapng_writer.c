/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Blocks of pcapng as draft-ietf-opsawg-pcapng lays them out: both lengths (section 3.1), options
 * padded to 32 bits and ended (3.5), the magic that tells the byte order (4.1), times as two halves,
 * the upper one first (4.3), counters of 64 bits (4.6). Text is clean UTF-8.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pcap-replay/pcapng_writer.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static char *bytes;
static size_t bytes_n;
static struct pcapng_writer writer;
static FILE *memory;

static void begin(void)
{
	memory = open_memstream(&bytes, &bytes_n);
	assert_non_null(memory);
	pcapng_start(&writer, memory);
}

/* What was written, in bytes. */
static void end(void)
{
	assert_int_equal(pcapng_flush(&writer), 0);
	assert_int_equal(fclose(memory), 0);
	pcapng_free(&writer);
}

static void clean(void)
{
	free(bytes);
	bytes = NULL;
}

static __u16 get16(size_t at)
{
	__u16 v;

	assert_true(at + sizeof(v) <= bytes_n);
	memcpy(&v, bytes + at, sizeof(v));
	return v;
}

static __u32 get32(size_t at)
{
	__u32 v;

	assert_true(at + sizeof(v) <= bytes_n);
	memcpy(&v, bytes + at, sizeof(v));
	return v;
}

static __u64 get64(size_t at)
{
	__u64 v;

	assert_true(at + sizeof(v) <= bytes_n);
	memcpy(&v, bytes + at, sizeof(v));
	return v;
}

/* The only block, whole and of that type. */
static void one_block(__u32 type)
{
	assert_int_equal(bytes_n % 4, 0);
	assert_int_equal(get32(0), type);
	assert_int_equal(get32(4), bytes_n);
	assert_int_equal(get32(bytes_n - 4), bytes_n);
}

/* The option at *at has this code and value, and zeros up to the next; *at moves behind it. */
static void an_option(size_t *at, __u16 code, const void *value, size_t length)
{
	assert_int_equal(get16(*at), code);
	assert_int_equal(get16(*at + 2), length);
	assert_memory_equal(bytes + *at + 4, value, length);
	*at += 4 + length;
	for (; *at % 4; ++*at)
		assert_int_equal(bytes[*at], 0);
}

/* No more options: opt_endofopt, and the length. */
static void no_more(size_t at)
{
	assert_int_equal(get32(at), 0);
	assert_int_equal(at + 8, bytes_n);
}

static void test_section(void **state)
{
	static const struct pcapng_section section = {
		.hardware = "h", .os = "os", .application = "app", .comment = "four"
	};
	size_t at = 24;

	(void)state;
	begin();
	pcapng_section(&writer, &section);
	end();
	one_block(0x0a0d0d0a);
	assert_int_equal(get32(8), 0x1a2b3c4d);
	assert_int_equal(get16(12), 1);
	assert_int_equal(get16(14), 0);
	assert_true(get64(16) == ~0ULL);
	an_option(&at, 2, "h", 1);
	an_option(&at, 3, "os", 2);
	an_option(&at, 4, "app", 3);
	an_option(&at, 1, "four", 4);
	no_more(at);
	clean();
}

/* A block without options has no end of them either. */
static void test_section_without_options(void **state)
{
	static const struct pcapng_section section = { .os = "" };

	(void)state;
	begin();
	pcapng_section(&writer, &section);
	end();
	one_block(0x0a0d0d0a);
	assert_int_equal(bytes_n, 28);
	clean();
}

static void test_interface(void **state)
{
	static const struct pcapng_interface interface = {
		.name = "eth0", .description = "d", .filter = "tcp", .snaplen = 256, .linktype = 101
	};
	size_t at = 16;

	(void)state;
	begin();
	pcapng_interface(&writer, &interface);
	end();
	one_block(1);
	assert_int_equal(get16(8), 101);
	assert_int_equal(get16(10), 0);
	assert_int_equal(get32(12), 256);
	an_option(&at, 2, "eth0", 4);
	an_option(&at, 3, "d", 1);
	an_option(&at, 9, "\x09", 1);
	an_option(&at, 11, "\0tcp", 4);
	no_more(at);
	clean();
}

/* A filter that does not fit is left out: its beginning means something else. */
static void test_long_filter(void **state)
{
	static char filter[PCAPNG_OPTION_MOST + 1];
	const struct pcapng_interface interface = { .filter = filter };
	size_t at = 16;

	(void)state;
	memset(filter, 'x', sizeof(filter) - 1);
	begin();
	pcapng_interface(&writer, &interface);
	end();
	an_option(&at, 9, "\x09", 1);
	no_more(at);
	clean();
}

static void check_packet(const struct pcapng_packet *p)
{
	size_t at = 28 + p->caplen;

	begin();
	pcapng_packet(&writer, p);
	end();
	one_block(6);
	assert_int_equal(get32(8), p->interface);
	assert_int_equal(get32(12), p->ns >> 32);
	assert_int_equal(get32(16), p->ns & 0xffffffff);
	assert_int_equal(get32(20), p->caplen);
	assert_int_equal(get32(24), p->wirelen);
	assert_memory_equal(bytes + 28, p->data, p->caplen);
	for (; at % 4; at++)
		assert_int_equal(bytes[at], 0);
	for (unsigned int i = 0; i < p->comments_n; i++)
		an_option(&at, 1, p->comments[i], strlen(p->comments[i]));
	if (p->comments_n)
		no_more(at);
	else
		assert_int_equal(at + 4, bytes_n);
	clean();
}

/* Every padding of data and comments, and times that take one, two or all of the 64 bits. */
static void test_packets(void **state)
{
	static const __u64 times[] = { 0, 0xffffffff, 0x100000000, 1795563076186130123, ~0ULL };
	static const char *const comments[] = { "a", "two\nlines", "\xc3\xa9", "four" };
	static const __u8 data[] = "0123456789";

	(void)state;
	for (__u32 caplen = 0; caplen < 9; caplen++) {
		for (unsigned int n = 0; n <= COUNT(comments); n++) {
			struct pcapng_packet p = {
				.ns = times[(caplen + n) % COUNT(times)],
				.data = data,
				.caplen = caplen,
				.wirelen = caplen + 1000,
				.interface = n,
				.comments = comments,
				.comments_n = n,
			};

			check_packet(&p);
		}
	}
}

/* A block far beyond what is usual, and one behind it. */
static void test_large_packet(void **state)
{
	static __u8 data[300001];
	struct pcapng_packet p = { .data = data, .caplen = sizeof(data), .wirelen = sizeof(data) };

	(void)state;
	memset(data, 7, sizeof(data));
	check_packet(&p);
}

/* What a comment becomes. */
static void check_text(const char *text, const char *due, size_t length)
{
	struct pcapng_packet p = { .comments = &text, .comments_n = 1 };
	size_t at = 28;

	begin();
	pcapng_packet(&writer, &p);
	end();
	one_block(6);
	an_option(&at, 1, due, length);
	no_more(at);
	clean();
}

static void test_text(void **state)
{
	static const struct {
		const char *text;
		const char *due;
	} cases[] = {
		{ "a\033[31mb", "a?[31mb" },
		{ "tab\tand\rreturn", "tab?and?return" },
		{ "a\nb", "a\nb" },
		{ "\x7f", "?" },
		{ "\xc2\x9b", "?" }, /* U+009B, a control character in two bytes */
		{ "\xc2\xa0", "\xc2\xa0" },
		{ "\xe2\x82\xac", "\xe2\x82\xac" },
		{ "\xff\xfe", "\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd" },         /* overlong */
		{ "cut \xe2\x82", "cut \xef\xbf\xbd\xef\xbf\xbd" }, /* in the middle */
		{ "\xf0\x9f\x90\x88", "\xf0\x9f\x90\x88" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		check_text(cases[i].text, cases[i].due, strlen(cases[i].due));
}

/* The length of an option has 16 bits. Cut, a text still ends between characters. */
static void test_long_text(void **state)
{
	size_t n = PCAPNG_OPTION_MOST;
	char *text = calloc(1, 2 * n + 1);

	(void)state;
	assert_non_null(text);
	memset(text, 'x', 2 * n);
	check_text(text, text, n);
	memcpy(text + n - 1, "\xc3\xa9", 2);
	check_text(text, text, n - 1);
	memcpy(text + n - 2, "\xc3\xa9", 2);
	check_text(text, text, n);
	text[n - 1] = '\0';
	text[n - 2] = 'x';
	check_text(text, text, n - 1);
	free(text);
}

static void test_statistics(void **state)
{
	const struct pcapng_statistics all = {
		.interface = 3,
		.ns = 0x1122334455667788,
		.start_ns = 0x100000002,
		.end_ns = 0x300000004,
		.received = 0x8877665544332211,
		.dropped = 0,
		.accepted = 5,
		.os_lost = 0x100000000,
		.delivered = ~0ULL - 1,
	};
	struct pcapng_statistics none = all;
	const __u64 *counter = &all.received;
	const __u32 times[] = { 1, 2, 3, 4 };
	size_t at = 20;

	(void)state;
	begin();
	pcapng_statistics(&writer, &all);
	end();
	one_block(5);
	assert_int_equal(get32(8), 3);
	assert_int_equal(get32(12), 0x11223344);
	assert_int_equal(get32(16), 0x55667788);
	an_option(&at, 2, &times[0], 8);
	an_option(&at, 3, &times[2], 8);
	for (__u16 code = 4; code <= 8; code++)
		an_option(&at, code, counter++, 8);
	no_more(at);
	clean();
	memset(&none.start_ns, 0xff, sizeof(none) - offsetof(struct pcapng_statistics, start_ns));
	begin();
	pcapng_statistics(&writer, &none);
	end();
	one_block(5);
	assert_int_equal(bytes_n, 24);
	clean();
}

/* The first failure is kept; what comes after it changes nothing. */
static void test_full(void **state)
{
	static const __u8 data[100];
	const struct pcapng_packet p = { .data = data, .caplen = sizeof(data) };
	FILE *full = fopen("/dev/full", "w");

	(void)state;
	assert_non_null(full);
	pcapng_start(&writer, full);
	for (int i = 0; i < 1000; i++)
		pcapng_packet(&writer, &p);
	assert_int_equal(pcapng_flush(&writer), -ENOSPC);
	assert_int_equal(pcapng_flush(&writer), -ENOSPC);
	pcapng_free(&writer);
	fclose(full);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_section),    cmocka_unit_test(test_section_without_options),
		cmocka_unit_test(test_interface),  cmocka_unit_test(test_long_filter),
		cmocka_unit_test(test_packets),    cmocka_unit_test(test_large_packet),
		cmocka_unit_test(test_text),       cmocka_unit_test(test_long_text),
		cmocka_unit_test(test_statistics), cmocka_unit_test(test_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
