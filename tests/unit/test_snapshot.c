// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The kernel's tables as a report: which records come out, in which order, and what is
 * counted as given up. On real maps, so it needs the right to make them.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cmocka.h>

#include "userspace/snapshot.h"
#include "userspace/snapshot_walk.h"

#define ENTRIES 5000U

static struct snapshot_maps maps = { -1, -1, -1, -1 };

static int hash_map(const char *name, __u32 key, __u32 value)
{
	return bpf_map_create(BPF_MAP_TYPE_HASH, name, key, value, ENTRIES, NULL);
}

static int maps_open(void **state)
{
	(void)state;
	libbpf_set_print(NULL);
	maps.flows = hash_map("flows", sizeof(struct flow_key), sizeof(struct live_flow));
	maps.pending = hash_map("pending", sizeof(struct flow_key), sizeof(struct pending));
	maps.endpoints =
		hash_map("endpoints", sizeof(struct endpoint_key), sizeof(struct endpoint));
	maps.counters =
		bpf_map_create(BPF_MAP_TYPE_PERCPU_ARRAY, "counters", 4, 8, COUNTER_SLOTS, NULL);
	return 0;
}

static int maps_close(void **state)
{
	(void)state;
	close(maps.flows);
	close(maps.pending);
	close(maps.endpoints);
	close(maps.counters);
	return 0;
}

static void need_maps(void)
{
	if (maps.flows < 0 || maps.counters < 0)
		skip();
}

static void put(int fd, const void *key, const void *value)
{
	assert_int_equal(bpf_map_update_elem(fd, key, value, BPF_ANY), 0);
}

static void count(__u32 index, __u64 first_cpu, __u64 last_cpu)
{
	int cpus = libbpf_num_possible_cpus();
	__u64 *values = calloc((size_t)cpus, sizeof(*values));

	values[cpus - 1] = last_cpu;
	values[0] += first_cpu;
	put(maps.counters, &index, values);
	free(values);
}

static struct flow_key key_of(__u16 port)
{
	struct flow_key key = { .port = { port, 80 } };

	key.addr[0][0] = 1;
	key.addr[1][0] = 2;
	return key;
}

static struct flow flow_at(__u64 ns, __u8 client_state, __u8 server_state)
{
	struct flow f = { .first_ns = ns, .bits = FLOW_CONFIRMED };

	f.half[0].packets = 2;
	f.half[1].packets = 1;
	f.syn[0].bits = SYN_SEEN;
	f.syn[1].bits = SYN_SEEN | SYN_WITH_ACK;
	f.syn[0].wscale_state = client_state;
	f.syn[1].wscale_state = server_state;
	return f;
}

/* Records of all four origins, sorted by their first packets. */
static void test_records(void **state)
{
	struct flow_key k1 = key_of(1001), k2 = key_of(1002), k3 = key_of(1003);
	struct pending entry = { .flow = flow_at(10, WSCALE_PRESENT, WSCALE_UNKNOWN) };
	struct live_flow live = { .flow = flow_at(30, WSCALE_PRESENT, WSCALE_ABSENT) };
	struct snapshot_flow ended = { .entry.key = k3 };
	struct snapshot *s;

	(void)state;
	need_maps();
	ended.entry.flow = flow_at(20, WSCALE_PRESENT, WSCALE_PRESENT);
	ended.entry.flow.bits |= FLOW_GAUGED;
	ended.gauge[1].sends = 7;
	entry.flow.bits = 0;
	entry.rival.bits = SYN_SEEN;
	entry.rival.isn = 77;
	entry.rival.first_ns = 15;
	entry.rival.copies = 3;
	put(maps.pending, &k2, &entry);
	put(maps.flows, &k1, &live);
	put(maps.flows, &k2, &live); /* the same key in both tables: two records */
	count(COUNTER_FLOW_INSERTS, 2, 3);
	count(COUNTER_FLOW_DELETES, 0, 1);
	count(COUNTER_PENDING_INSERTS, 1, 0);
	assert_int_equal(snapshot_take(&s, &maps, &ended, 1), 0);
	assert_int_equal(s->report.flows_n, 5);
	assert_int_equal(s->report.flows[0]->flow.first_ns, 10);
	assert_int_equal(s->report.flows[1]->flow.first_ns, 15);
	assert_int_equal(s->report.flows[1]->flow.syn[0].isn, 77);
	assert_int_equal(s->report.flows[1]->flow.half[0].packets, 3);
	assert_memory_equal(&s->report.flows[1]->key, &k2, sizeof(k2));
	assert_int_equal(s->report.flows[2]->flow.first_ns, 20);
	assert_int_equal(report_gauges(&s->report, s->report.flows[2])[1].sends, 7);
	assert_null(report_gauges(&s->report, s->report.flows[3]));
	assert_memory_equal(&s->report.flows[3]->key, &k1, sizeof(k1));
	assert_memory_equal(&s->report.flows[4]->key, &k2, sizeof(k2));
	assert_int_equal(s->report.counters[COUNTER_FLOW_INSERTS], 5);
	assert_int_equal(s->report.evictions, 2); /* 5 in, 1 out, 2 there */
	assert_int_equal(s->report.open_unscaled, 2);
	snapshot_free(s);
}

/* A connection that is being moved stands in both tables for a moment: one record. */
static void test_moving(void **state)
{
	struct flow_key key = key_of(1);
	struct pending entry = { .flow = flow_at(5, WSCALE_PRESENT, WSCALE_PRESENT) };
	struct live_flow live = { .flow = entry.flow };
	struct snapshot *s;

	(void)state;
	need_maps();
	entry.flow.bits = 0;
	live.flow.half[0].packets = 9;
	put(maps.pending, &key, &entry);
	put(maps.flows, &key, &live);
	assert_int_equal(snapshot_take(&s, &maps, NULL, 0), 0);
	assert_int_equal(s->report.flows_n, 1);
	assert_int_equal(s->report.flows[0]->flow.half[0].packets, 9);
	assert_int_equal(s->report.evictions, 0); /* never negative */
	snapshot_free(s);
}

/* Every kind of end: reset, FINs of all who spoke, and those that are still open. */
static void test_open_unscaled(void **state)
{
	static const struct {
		const char *name;
		__u8 client_bits, server_bits, client_state;
		size_t open;
	} cases[] = {
		{ "open, off", 0, 0, WSCALE_ABSENT, 1 },
		{ "open, on", 0, 0, WSCALE_PRESENT, 0 },
		{ "open, unknown", 0, 0, WSCALE_UNKNOWN, 0 },
		{ "half closed, off", HALF_FIN, 0, WSCALE_ABSENT, 1 },
		{ "closed, off", HALF_FIN, HALF_FIN, WSCALE_ABSENT, 0 },
		{ "reset, off", 0, HALF_RST, WSCALE_ABSENT, 0 },
	};

	(void)state;
	need_maps();
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct flow_key key = key_of(7);
		struct live_flow f = { .flow = flow_at(1, cases[i].client_state, WSCALE_PRESENT) };
		struct snapshot *s;

		f.flow.half[0].bits = cases[i].client_bits;
		f.flow.half[1].bits = cases[i].server_bits;
		put(maps.flows, &key, &f);
		assert_int_equal(snapshot_take(&s, &maps, NULL, 0), 0);
		if (s->report.open_unscaled != cases[i].open)
			fail_msg("%s: %zu", cases[i].name, s->report.open_unscaled);
		snapshot_free(s);
	}
}

/* More than one batch; every entry once. */
static void test_many(void **state)
{
	struct endpoint_key key = { .addr = { 9 } };
	struct endpoint endpoint = { .opportunities = 1 };
	struct snapshot *s;

	(void)state;
	need_maps();
	for (__u32 i = 0; i < ENTRIES; i++) {
		key.port = (__u16)i;
		endpoint.offers = i;
		put(maps.endpoints, &key, &endpoint);
	}
	assert_int_equal(snapshot_take(&s, &maps, NULL, 0), 0);
	assert_int_equal(s->report.endpoints_n, ENTRIES);
	for (size_t i = 1; i < ENTRIES; i++) {
		assert_true(snapshot_endpoint_order(&s->report.endpoints[i - 1],
						    &s->report.endpoints[i]) < 0);
		assert_int_equal(s->report.endpoints[i].key.port,
				 s->report.endpoints[i].endpoint.offers);
	}
	snapshot_free(s);
}

static int stop_at_third(void *arg, const void *key, const void *value)
{
	int *seen = arg;

	(void)key;
	(void)value;
	return ++*seen == 3 ? -ENOMEM : 0;
}

/* A consumer that stops ends the walk with its own error; a bad descriptor is an error. */
static void test_errors(void **state)
{
	struct snapshot_maps none = { -1, -1, -1, -1 };
	struct snapshot *s = (void *)1;
	__u64 n = 0;
	int seen = 0;

	(void)state;
	need_maps();
	assert_int_equal(snapshot_take(&s, &none, NULL, 0), -EBADF);
	assert_null(s);
	snapshot_free(NULL);
	for (__u16 port = 1; port < 10; port++) {
		struct flow_key key = key_of(port);
		struct live_flow f = { .flow = flow_at(port, WSCALE_PRESENT, WSCALE_PRESENT) };

		put(maps.flows, &key, &f);
	}
	assert_int_equal(snapshot_walk(maps.flows, sizeof(struct flow_key),
				       sizeof(struct live_flow), stop_at_third, &seen, &n),
			 -ENOMEM);
	assert_int_equal(seen, 3);
	assert_int_equal(n, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_records, maps_open, maps_close),
		cmocka_unit_test_setup_teardown(test_moving, maps_open, maps_close),
		cmocka_unit_test_setup_teardown(test_open_unscaled, maps_open, maps_close),
		cmocka_unit_test_setup_teardown(test_many, maps_open, maps_close),
		cmocka_unit_test_setup_teardown(test_errors, maps_open, maps_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
