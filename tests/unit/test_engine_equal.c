/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Frames by chance, mutated ones and conversations in which anything may come next, as one stream:
 * the tables of the kernel's programs end with the same records as the native ones, byte by byte,
 * and so do the counters.
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

#include "pcap-replay/run.h"
#include "platform/native.h"
#include "tests/unit/engine_text.h"
#include "tests/unit/mutate_frame.h"

#define FRAMES  60000
#define ENTRIES 65536
#define SEED    20260101

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* A run, and its result, valid until it is closed. */
struct run_result {
	const struct run_engine *engine;
	void *state;
	struct report report;
	int err;
};

static struct run_result native;

static __u32 below(__u64 *state, __u32 n)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (__u32)(*state >> 32) % n;
}

/* A segment that fits, or nearly fits, one of 64 connections; or the last one again. */
static void talk(struct packet_builder_frame *f, struct frame *p, __u64 *random, char text[256])
{
	static const char *const flags[] = { "S", "S",  "SA", "SA", "A", "A",
					     "A", "PA", "FA", "R",  "RA" };
	static const char *const options[] = { "",         "[M1460 W7]", "[M1460 S T1 N W7]",
					       "[M1460]",  "[W3]",       "[M1460 N*4]",
					       "[N N T5]", "[W2 W4]" };
	static const __u32 isns[2][2] = { { 100, 5000 }, { 900, 6000 } };
	static const __u32 steps[] = { 0, 1, 1, 1, 2, 11, 101 }, data[] = { 0, 0, 0, 1, 10, 100 };
	__u32 pick[10], host = below(random, 2);
	_Bool ipv4 = below(random, 2);

	p->ifindex = below(random, 3);
	if (*text && !below(random, 3)) {
		packet_builder_make(f, text);
		return;
	}
	for (size_t i = 0; i < COUNT(pick); i++)
		pick[i] = below(random, 1 << 20);
	snprintf(text, 256, "eth / %s net=%u%s %s=%u / tcp%s %s seq=%u ack=%u win=%u %s / data %u",
		 ipv4 ? "ipv4" : "ipv6", pick[0] % 32, host ? " rev" : "", ipv4 ? "ttl" : "hlim",
		 64 - pick[1] % 2, host ? " rev" : "", flags[pick[2] % COUNT(flags)],
		 isns[host][pick[3] % 8 == 0] + steps[pick[4] % COUNT(steps)],
		 isns[!host][pick[5] % 8 == 0] + steps[pick[6] % COUNT(steps)], pick[7] % 3 * 500,
		 options[pick[8] % COUNT(options)], data[pick[9] % COUNT(data)]);
	packet_builder_make(f, text);
}

static void run(struct run_result *r, const struct run_engine *engine, enum option_engine option)
{
	const struct options options = {
		.engine = option,
		.flows = ENTRIES,
		.pending = ENTRIES,
		.endpoints = ENTRIES,
		.config = { .tunnels = TUNNELS_ALL },
	};
	__u64 random = SEED, ns = mutate_frame_ns(0);
	char error[256], last[256] = "";

	r->engine = engine;
	r->err = engine->open(&r->state, &options, error, sizeof(error));
	for (__u32 i = 0; i < FRAMES && !r->err; i++) {
		struct packet_builder_frame f;
		struct frame p = { .number = i + 1 };

		if (i % 2)
			talk(&f, &p, &random, last);
		else
			mutate_frame_make(&f, SEED, i);
		ns += below(&random, 4) ? below(&random, 2000000) : below(&random, 400000000);
		p.ns = ns;
		p.data = f.bytes;
		p.caplen = f.caplen;
		p.wirelen = f.wirelen;
		p.linktype = f.linktype;
		r->err = engine->feed(r->state, &p, 1);
		packet_builder_free(&f);
	}
	if (!r->err)
		r->err = engine->report(r->state, &r->report);
}

static void release(struct run_result *r)
{
	if (r->state)
		r->engine->close(r->state);
	r->state = NULL;
}

static int run_native_first(void **state)
{
	(void)state;
	run(&native, &run_native, ENGINE_NATIVE);
	return native.err;
}

static int release_native(void **state)
{
	(void)state;
	release(&native);
	mutate_frame_done();
	return 0;
}

/* A record without the hook that its segments were met at, which is part of their place. */
static struct flow_entry without_hook(const struct flow_entry *e)
{
	struct flow_entry out = *e;

	for (unsigned int i = 0; i < 2; i++) {
		struct half *h = &out.flow.half[i];

		h->home &= (__u16)~0x300U;
	}
	return out;
}

/* What verdict_flow_is_clear() skips has nothing to find, when every detector looks. */
static void nothing_is_hidden(const struct report *r)
{
	struct finding findings[VERDICT_MAX];
	size_t clear = 0;

	for (size_t i = 0; i < r->flows_n; i++) {
		struct flow f = r->flows[i]->flow;

		if (!verdict_flow_is_clear(&f))
			continue;
		clear++;
		f.emitted = ~0U;
		assert_int_equal(verdict_flow_findings(&f, findings), 0);
	}
	assert_true(clear);
}

static void compare_flows(const struct report *a, const struct report *b)
{
	char text[2][ENGINE_TEXT_ROOM];

	nothing_is_hidden(a);
	for (size_t i = 0; i < a->flows_n && i < b->flows_n; i++) {
		const struct flow_entry x = without_hook(a->flows[i]);
		const struct flow_entry y = without_hook(b->flows[i]);

		if (!memcmp(&x, &y, sizeof(x)))
			continue;
		engine_text_flow(text[0], &a->flows[i]->flow, report_gauges(a, a->flows[i]), 0);
		engine_text_flow(text[1], &b->flows[i]->flow, report_gauges(b, b->flows[i]), 0);
		fail_msg("record %zu of packet %llu:\n%s\n%s", i, a->flows[i]->flow.first_id,
			 text[0], text[1]);
	}
	assert_int_equal(a->flows_n, b->flows_n);
}

static void compare(enum option_engine option)
{
	struct run_result r = { 0 };

	run(&r, &run_testrun, option);
	if (r.err == -EPERM || r.err == -EACCES) {
		release(&r);
		print_message("# privilege: the kernel's programs need root\n");
		skip();
	}
	assert_int_equal(r.err, 0);
	assert_int_equal(r.report.evictions, 0);
	compare_flows(&native.report, &r.report);
	assert_int_equal(native.report.endpoints_n, r.report.endpoints_n);
	assert_memory_equal(native.report.endpoints, r.report.endpoints,
			    r.report.endpoints_n * sizeof(*r.report.endpoints));
	for (__u32 i = 0; i < COUNTER_SLOTS; i++)
		assert_int_equal(native.report.counters[i], r.report.counters[i]);
	release(&r);
}

static void test_xdp(void **state)
{
	(void)state;
	compare(ENGINE_XDP);
}

static void test_tc(void **state)
{
	(void)state;
	compare(ENGINE_TC);
}

/* A comparison of nothing would be well, too. */
static void test_enough(void **state)
{
	size_t confirmed = 0;

	(void)state;
	for (size_t i = 0; i < native.report.flows_n; i++)
		confirmed += !!(native.report.flows[i]->flow.bits & FLOW_CONFIRMED);
	print_message("# %zu records, %zu of them confirmed, %zu endpoints\n",
		      native.report.flows_n, confirmed, native.report.endpoints_n);
	assert_true(native.report.flows_n > FRAMES / 10);
	assert_true(confirmed > FRAMES / 1000);
	assert_true(native.report.endpoints_n > 100);
	assert_true(native.report.counters[COUNTER_HANDSHAKES] > 100);
	assert_true(native.report.counters[COUNTER_DUPLICATES] > 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_enough),
		cmocka_unit_test(test_xdp),
		cmocka_unit_test(test_tc),
	};

	return cmocka_run_group_tests(tests, run_native_first, release_native);
}
