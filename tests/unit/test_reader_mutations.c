/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Mutated captures through the reader: no harm (this is for the sanitizers to see), an end, and the
 * same packets from a map, from a stream and, as far as it reads on, from libpcap.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/capture_builder.h"
#include "tests/unit/reader_drain.h"

#define ETHERNET 1

static void two_records(struct capture_builder *c)
{
	capture_builder_pcap(c, CAPTURE_MICRO, 65535, ETHERNET);
	capture_builder_record(c, 1, 0, 60, 60, 1);
	capture_builder_record(c, 2, 0, 60, 60, 2);
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

static __u64 seed = 88172645463325252u;

static __u32 any(__u32 below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (__u32)(seed >> 32) % below;
}

static void mutate(struct capture_builder *c)
{
	static const __u32 odd[] = { 0,          1,          8,          12,     0x7fffffff,
				     0x80000000, 0xffffffff, 0xfffffffc, 262144, 262145 };
	unsigned int n = 1 + any(4);

	while (n-- && c->len > 8) {
		size_t at = any((__u32)c->len - 4);
		__u32 value = odd[any(sizeof(odd) / sizeof(odd[0]))];

		switch (any(5)) {
		case 0:
			c->data[at] = (__u8)any(256);
			break;
		case 1:
			c->data[at] ^= (__u8)(1u << any(8));
			break;
		case 2: /* fields are aligned in a pcapng */
			memcpy(c->data + at / 4 * 4, &value, 4);
			break;
		case 3:
			memmove(c->data + at, c->data + at + 4, c->len - at - 4);
			c->len -= 4;
			break;
		default:
			c->len -= any(4) ? 0 : any((__u32)c->len / 4);
		}
	}
}

static void mixed(struct capture_builder *c)
{
	section(c);
	capture_builder_interface(c, ETHERNET, 1000, 0x80 | 20, -3);
	capture_builder_enhanced(c, 1, 1000000, 61, 61, 1);
	capture_builder_simple(c, 60, 60, 2);
	capture_builder_obsolete(c, 1, 77, 33, 60, 3);
	capture_builder_block(c, 5, "\0\0\0\0stats.......", 16);
	c->big = !c->big;
	section(c);
	capture_builder_enhanced(c, 0, 2000000, 60, 60, 4);
	capture_builder_block(c, 0xbad, "\0\0\1\2custom..", 12);
	capture_builder_enhanced(c, 0, 3000000, 62, 62, 5);
}

static void snoop(struct capture_builder *c)
{
	capture_builder_snoop(c, 2, 4);
	capture_builder_snoop_record(c, 1, 0, 60, 60, 0, 1);
	capture_builder_snoop_record(c, 2, 0, 54, 60, 2, 2);
	capture_builder_snoop_record(c, 3, 0, 61, 61, 3, 3);
}

/* The two back ends may stop at different places and disagree on invented times, not on packets. */
static void check_prefix(const struct reader_drain *a, const struct reader_drain *b)
{
	size_t i, n = a->n < b->n ? a->n : b->n;

	for (i = 0; i < n; i++) {
		const struct frame *p = &a->packets[i], *q = &b->packets[i];

		assert_int_equal(p->caplen, q->caplen);
		assert_int_equal(p->wirelen, q->wirelen);
		assert_int_equal(p->linktype, q->linktype);
		/* Of some other link types libpcap turns the bytes of a pseudo header round. */
		if (p->linktype == ETHERNET)
			assert_memory_equal(p->data, q->data, p->caplen);
	}
}

static void check_mutant(const struct capture_builder *c)
{
	struct reader_options libpcap = { .backend = READER_LIBPCAP };
	struct reader_options filter = { .filter = "tcp or len > 60" };
	struct reader_drain mapped, stream, other;
	const char *differ;
	size_t len;
	__u8 *bytes;

	reader_drain_bytes(&mapped, capture_path, c->data, c->len, NULL, READER_BATCH);
	bytes = capture_builder_encode(c, CAPTURE_GZIP, &len);
	reader_drain_bytes(&stream, capture_path, bytes, len, NULL, READER_BATCH);
	differ = reader_drain_differ(&mapped, &stream, 0, true);
	if (differ || mapped.open_err != stream.open_err || mapped.end != stream.end ||
	    strcmp(mapped.error, stream.error))
		fail_msg("map and stream: %s (%s, %s)", differ ? differ : "ends differ",
			 mapped.error, stream.error);
	reader_drain_bytes(&other, capture_path, c->data, c->len, &libpcap, 3);
	check_prefix(&mapped, &other);
	reader_drain_free(&other);
	reader_drain_bytes(&other, capture_path, c->data, c->len, &filter, 3);
	assert_true(other.n <= mapped.n);
	reader_drain_free(&other);
	/* Damage to the compressed bytes themselves. */
	if (len > 20) {
		bytes[10 + any((__u32)len - 10)] ^= (__u8)(1 + any(255));
		reader_drain_bytes(&other, capture_path, bytes, len, NULL, 3);
		reader_drain_free(&other);
	}
	reader_drain_free(&mapped);
	reader_drain_free(&stream);
	free(bytes);
}

/* WSCOPE_MUTATIONS: how many of each kind. */
static void test_mutations(void **state)
{
	static void (*const builds[])(struct capture_builder * c) = { two_records, two_blocks,
								      mixed, snoop };
	const char *wanted = getenv("WSCOPE_MUTATIONS");
	unsigned long rounds = wanted ? strtoul(wanted, NULL, 10) : 400;
	unsigned long i;
	size_t k;

	(void)state;
	for (i = 0; i < rounds; i++)
		for (k = 0; k < sizeof(builds) / sizeof(builds[0]); k++) {
			struct capture_builder c = { .big = i % 2 };

			builds[k](&c);
			mutate(&c);
			check_mutant(&c);
			capture_builder_free(&c);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mutations),
	};

	return cmocka_run_group_tests(tests, capture_dir_make, capture_dir_remove);
}
