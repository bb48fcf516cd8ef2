// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What a report's other connections and hosts tell about one of them: connections lost within two
 * seconds of each other, the listener that answered, the servers of one /24 or /48.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/facts.h"
#include "userspace/around.h"
#include "userspace/record.h"
#include "userspace/snapshot.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define MS       1000000ULL
#define S        1000000000ULL

/* ---- lost together ---- */

#define MOST 40

/* Connections that were reset, in a report of an hour. */
struct losses {
	struct flow_entry flows[MOST];
	const struct flow_entry *list[MOST];
	struct report report;
	struct around around;
};

static void losses_start(struct losses *l)
{
	memset(l, 0, sizeof(*l));
	l->report.flows = l->list;
	l->report.span_ns = 3600 * S;
}

static void losses_add(struct losses *l, __u64 first_ns, __u64 reset_ns)
{
	struct flow_entry *e = &l->flows[l->report.flows_n];
	const struct facts facts = { .client_w = FACTS_SHIFT(7),
				     .server_w = FACTS_SHIFT(7),
				     .first_ns = first_ns,
				     .s2c = { .packets = 9, .last_ns = reset_ns } };

	assert_true(l->report.flows_n < MOST);
	facts_flow(e, &facts);
	e->flow.bits |= FLOW_CONFIRMED;
	e->flow.half[!e->flow.client].bits |= HALF_RST;
	l->list[l->report.flows_n++] = e;
}

static __u32 lost_with(const struct losses *l, size_t i)
{
	struct transfer t;

	around_transfer(&t, &l->report, l->list[i]);
	return t.lost_together;
}

/* groups: so many connections, reset at that time. due: what each of a group is told. */
static void two_seconds_are_together(void **state)
{
	static const struct {
		const char *name;
		struct {
			__u32 n;
			__u64 ns;
			__u32 due;
		} groups[4];
	} table[] = {
		{ "one", { { 1, 60 * S, 1 } } },
		{ "nine", { { 9, 60 * S, 9 } } },
		{ "ten at once", { { 10, 60 * S, 10 } } },
		{ "ten, the last after 2 s", { { 9, 60 * S, 10 }, { 1, 62 * S, 10 } } },
		{ "ten, the last a nanosecond later", { { 9, 60 * S, 9 }, { 1, 62 * S + 1, 1 } } },
		{ "ten, the first 2 s before", { { 1, 60 * S, 10 }, { 9, 62 * S, 10 } } },
		{ "ten, the first a nanosecond before",
		  { { 1, 60 * S, 1 }, { 9, 62 * S + 1, 9 } } },
		{ "five each 1.5 s: any ten of them",
		  { { 5, 60 * S, 10 }, { 5, 61 * S + 500 * MS, 10 }, { 5, 63 * S, 10 } } },
		{ "the most of both sides, not their sum",
		  { { 3, 60 * S, 4 }, { 1, 62 * S, 8 }, { 7, 64 * S, 8 } } },
		{ "young ones do not count",
		  { { 9, 60 * S, 9 }, { 4, 30 * S - 1, 0 }, { 1, 30 * S, 1 } } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct losses l;
		size_t at = 0;

		losses_start(&l);
		for (size_t g = 0; g < COUNT(table[i].groups); g++)
			for (__u32 k = 0; k < table[i].groups[g].n; k++)
				losses_add(&l, 0, table[i].groups[g].ns);
		assert_int_equal(around_make(&l.around, &l.report), 0);
		for (size_t g = 0; g < COUNT(table[i].groups); g++) {
			for (__u32 k = 0; k < table[i].groups[g].n; k++) {
				__u32 got = lost_with(&l, at++);

				if (got != table[i].groups[g].due)
					fail_msg("%s: group %zu: %u", table[i].name, g, got);
			}
		}
		around_free(&l.around);
	}
}

/* Any times: as a simple count over every window of two seconds says. */
static void any_times_are_counted(void **state)
{
	__u64 times[MOST], seed = 1;

	(void)state;
	for (unsigned int round = 0; round < 200; round++) {
		struct losses l;

		losses_start(&l);
		for (size_t i = 0; i < MOST; i++) {
			seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
			times[i] = 60 * S + (seed >> 33) % (1 + round / 2) * 100 * MS;
			losses_add(&l, 0, times[i]);
		}
		assert_int_equal(around_make(&l.around, &l.report), 0);
		for (size_t i = 0; i < MOST; i++) {
			__u32 most = 0;

			for (size_t from = 0; from < MOST; from++) {
				__u32 n = 0;

				for (size_t k = 0; k < MOST; k++)
					n += times[k] >= times[from] &&
					     times[k] <= times[from] + 2 * S;
				if (times[from] <= times[i] && times[i] <= times[from] + 2 * S &&
				    n > most)
					most = n;
			}
			assert_int_equal(lost_with(&l, i), most);
		}
		around_free(&l.around);
	}
}

/* In a report: ten connections have the finding, nine have not. */
static void ten_are_a_finding(void **state)
{
	struct finding found[RECORD_FINDINGS_MOST];

	(void)state;
	for (unsigned int n = 9; n <= 10; n++) {
		struct transfer t;
		struct losses l;

		losses_start(&l);
		for (unsigned int i = 0; i < n; i++)
			losses_add(&l, 5 * S, 65 * S);
		assert_int_equal(around_make(&l.around, &l.report), 0);
		around_transfer(&t, &l.report, l.list[0]);
		assert_int_equal(record_flow_facts(&t, found), n == 10);
		if (n == 10) {
			assert_int_equal(found[0].code, FINDING_state_loss);
			assert_int_equal(found[0].value[0], 10);
			assert_int_equal(found[0].value[1], 60 * S);
		}
		around_free(&l.around);
	}
}

/* Ten of forty, and a report so long that ten in 2 s are four times the usual, or not quite. */
static void usual_losses_are_none(void **state)
{
	static const struct {
		__u64 span_ns;
		__u32 due;
	} table[] = { { 32 * S, 10 }, { 32 * S - 1, 0 } };

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct losses l;

		losses_start(&l);
		l.report.span_ns = table[i].span_ns;
		for (unsigned int k = 0; k < 10; k++)
			losses_add(&l, 0, 60 * S);
		for (unsigned int k = 0; k < 30; k++)
			losses_add(&l, 0, 100 * S + k * 3 * S);
		assert_int_equal(around_make(&l.around, &l.report), 0);
		assert_int_equal(lost_with(&l, 0), table[i].due);
		assert_int_equal(lost_with(&l, 10), 0);
		around_free(&l.around);
	}
}

/* A report shorter than 30 s holds none that is old enough, whatever its connections say. */
static void short_reports_are_not_asked(void **state)
{
	struct losses l;

	(void)state;
	losses_start(&l);
	for (unsigned int i = 0; i < 10; i++)
		losses_add(&l, 0, 60 * S);
	l.report.span_ns = 30 * S - 1;
	assert_int_equal(around_make(&l.around, &l.report), 0);
	assert_int_equal(lost_with(&l, 0), 0);
	around_free(&l.around);
	l.report.span_ns = 30 * S;
	assert_int_equal(around_make(&l.around, &l.report), 0);
	assert_int_equal(lost_with(&l, 0), 10);
	around_free(&l.around);
}

/* ---- hosts ---- */

/* One side of a host; port 0: as client. */
struct host {
	const char *address;
	__u16 port;
	__u64 offers, refusals;
	__u32 domain;
	__u64 by_box;
};

static int by_key(const void *a, const void *b)
{
	return snapshot_endpoint_order(a, b);
}

static void add_host(struct facts_report *r, const struct host *h)
{
	const struct facts_endpoint facts = { .address = h->address,
					      .port = h->port,
					      .offers = h->offers,
					      .refusals = h->refusals,
					      .run = h->refusals };

	facts_report_endpoint(r, &facts);
	r->endpoints[r->report.endpoints_n - 1].key.domain |= h->domain;
	r->endpoints[r->report.endpoints_n - 1].endpoint.by_box = h->by_box;
}

/* The endpoint of a host, wherever sorting put it. */
static const struct endpoint_entry *find_host(const struct facts_report *r, const struct host *h)
{
	struct facts_report one;

	facts_report_start(&one);
	add_host(&one, h);
	for (size_t i = 0; i < r->report.endpoints_n; i++)
		if (!memcmp(&r->endpoints[i].key, &one.endpoints[0].key,
			    sizeof(one.endpoints[0].key)))
			return &r->endpoints[i];
	fail_msg("no such host: %s", h->address);
	return NULL;
}

static const struct host listeners[] = {
	{ "10.0.0.1", 443, 1, 2, 0, 0 },
	{ "10.0.0.1", 444, 1, 2, 0, 0 },
	{ "10.0.0.1", 0, 1, 2, 0, 0 },
	{ "10.0.0.2", 443, 1, 2, 0, 0 },
	{ "10.0.0.2", 443, 1, 2, DOMAIN_VLAN | 5, 0 },
	{ "10.0.0.2", 443, 1, 2, DOMAIN_VNI | 5, 0 },
	{ "2001:db8::1", 443, 1, 2, 0, 0 },
	{ "2001:db8::1", 443, 1, 2, DOMAIN_VLAN | 5, 0 },
	{ "a00:1::", 443, 1, 2, 0, 0 }, /* begins as 10.0.0.1 does */
};

/* The very one that a refused connection went to: address, port, domain and family. */
static void listeners_are_found(void **state)
{
	static const char *const clients[] = { "9.0.0.1", "11.0.0.1" };
	struct facts_report r;
	struct transfer t;

	(void)state;
	facts_report_start(&r);
	for (size_t i = 0; i < COUNT(listeners); i++)
		add_host(&r, &listeners[i]);
	qsort(r.endpoints, r.report.endpoints_n, sizeof(r.endpoints[0]), by_key);
	for (size_t i = 0; i < 2 * COUNT(listeners); i++) {
		const struct host *h = &listeners[i / 2];
		bool ipv6 = strchr(h->address, ':');
		const struct facts facts = {
			.client = !ipv6   ? clients[i % 2]
				  : i % 2 ? "ffff::1"
					  : "::1",
			.server = h->address,
			.server_port = h->port,
			.client_w = FACTS_SHIFT(7),
			.server_w = FACTS_ABSENT,
			.domain = h->domain,
		};
		struct flow_entry e;

		if (!h->port)
			continue;
		facts_flow(&e, &facts);
		around_transfer(&t, &r.report, &e);
		assert_ptr_equal(t.listener, &find_host(&r, h)->endpoint);
		assert_ptr_equal(t.flow, &e.flow);
		assert_null(t.gauge);
		assert_int_equal(t.scaling, SCALING_OFF);
	}
}

/* Nobody answers to those, and nobody needs to be looked up for the rest. */
static void other_listeners_are_not(void **state)
{
	static const struct {
		const char *name;
		const char *server;
		__u16 port;
		__u32 domain;
		int client_w, server_w;
		bool timestamps;
	} table[] = {
		{ "another port", "10.0.0.2", 444, 0, FACTS_SHIFT(7), FACTS_ABSENT, false },
		{ "another address", "10.0.0.3", 443, 0, FACTS_SHIFT(7), FACTS_ABSENT, false },
		{ "another domain", "10.0.0.1", 443, DOMAIN_VNI | 6, FACTS_SHIFT(7), FACTS_ABSENT,
		  false },
		{ "another kind of domain", "2001:db8::1", 443, DOMAIN_VNI | 5, FACTS_SHIFT(7),
		  FACTS_ABSENT, false },
		{ "scaling is on", "10.0.0.1", 443, 0, FACTS_SHIFT(7), FACTS_SHIFT(7), false },
		{ "the client did not offer", "10.0.0.1", 443, 0, FACTS_ABSENT, FACTS_ABSENT,
		  false },
		{ "the client has timestamps", "10.0.0.1", 443, 0, FACTS_SHIFT(7), FACTS_ABSENT,
		  true },
	};
	struct facts_report r, empty;

	(void)state;
	facts_report_start(&r);
	facts_report_start(&empty);
	for (size_t i = 0; i < COUNT(listeners); i++)
		add_host(&r, &listeners[i]);
	qsort(r.endpoints, r.report.endpoints_n, sizeof(r.endpoints[0]), by_key);
	for (size_t i = 0; i < COUNT(table); i++) {
		const struct facts facts = {
			.client = strchr(table[i].server, ':') ? "::1" : NULL,
			.server = table[i].server,
			.server_port = table[i].port,
			.client_w = table[i].client_w,
			.server_w = table[i].server_w,
			.domain = table[i].domain,
		};
		struct flow_entry e;
		struct transfer t;

		facts_flow(&e, &facts);
		if (table[i].timestamps)
			e.flow.syn[e.flow.client].opt_bits |= OPT_TIMESTAMPS;
		around_transfer(&t, &r.report, &e);
		if (t.listener)
			fail_msg("%s: found", table[i].name);
		around_transfer(&t, &empty.report, &e);
		assert_null(t.listener);
	}
}

#define VLAN(n) (DOMAIN_VLAN | (n))

/* The first host is asked about. */
static const struct prefix_case {
	const char *name;
	struct host hosts[8];
	struct vicinity due;
} prefixes[] = {
	{ "alone", { { "10.0.0.1", 80, 0, 1, 0, 0 } }, { 1, 0, 0, 0 } },
	{ "two neighbours, one elsewhere that offers",
	  { { "10.0.0.1", 80, 0, 1, 0, 0 },
	    { "10.0.0.0", 80, 0, 1, 0, 0 },
	    { "10.0.0.255", 80, 0, 9, 0, 0 },
	    { "192.0.2.1", 80, 1, 0, 0, 0 } },
	  { 3, 0, 1, 0 } },
	{ "the next /24 and the one before are others",
	  { { "10.0.1.0", 80, 0, 1, 0, 0 },
	    { "10.0.0.255", 80, 0, 1, 0, 0 },
	    { "10.0.2.0", 80, 0, 1, 0, 0 },
	    { "10.0.1.255", 80, 0, 1, 0, 0 } },
	  { 2, 0, 0, 0 } },
	{ "ports of one address are one host",
	  { { "10.0.0.1", 80, 0, 1, 0, 0 },
	    { "10.0.0.1", 81, 0, 1, 0, 0 },
	    { "10.0.0.1", 82, 0, 1, 0, 0 },
	    { "10.0.0.2", 80, 0, 1, 0, 0 },
	    { "10.0.0.2", 81, 0, 1, 0, 0 } },
	  { 2, 0, 0, 0 } },
	{ "a neighbour that offers, elsewhere by address",
	  { { "10.0.0.2", 80, 0, 1, 0, 0 },
	    { "10.0.0.1", 80, 1, 9, 0, 0 },
	    { "192.0.2.1", 80, 1, 0, 0, 0 },
	    { "192.0.2.1", 81, 1, 0, 0, 0 },
	    { "192.0.2.2", 80, 1, 0, 0, 0 } },
	  { 1, 1, 3, 0 } },
	{ "clients are no servers",
	  { { "10.0.0.2", 80, 0, 1, 0, 0 },
	    { "10.0.0.1", 0, 0, 1, 0, 0 },
	    { "10.0.0.2", 0, 5, 0, 0, 0 },
	    { "10.0.0.3", 0, 5, 0, 0, 0 } },
	  { 1, 0, 0, 0 } },
	{ "a /48, and the next one",
	  { { "2001:db8:1::1", 80, 0, 1, 0, 0 },
	    { "2001:db8:1:ffff:ffff:ffff:ffff:ffff", 80, 0, 1, 0, 0 },
	    { "2001:db8:1::", 80, 0, 1, 0, 0 },
	    { "2001:db8:0:ffff:ffff:ffff:ffff:ffff", 80, 0, 1, 0, 0 },
	    { "2001:db8:2::", 80, 0, 1, 0, 0 } },
	  { 3, 0, 0, 0 } },
	{ "another virtual network",
	  { { "10.0.0.1", 80, 0, 1, VLAN(1), 0 },
	    { "10.0.0.2", 80, 0, 1, VLAN(1), 0 },
	    { "10.0.0.3", 80, 0, 1, VLAN(2), 0 },
	    { "10.0.0.4", 80, 1, 0, VLAN(2), 0 } },
	  { 2, 0, 1, 0 } },
	{ "IPv6 that begins as this IPv4 prefix does",
	  { { "32.1.13.1", 80, 0, 1, 0, 0 },
	    { "2001:d02::", 80, 0, 1, 0, 0 },
	    { "2001:d03::", 80, 1, 0, 0, 0 } },
	  { 1, 0, 1, 0 } },
	{ "a neighbour that a box refused for",
	  { { "10.0.0.1", 80, 0, 1, 0, 0 }, { "10.0.0.2", 80, 0, 1, 0, 1 } },
	  { 2, 0, 0, 1 } },
	{ "it offers itself: not asked",
	  { { "10.0.0.1", 80, 1, 1, 0, 0 }, { "10.0.0.2", 80, 0, 1, 0, 0 } },
	  { 0, 0, 0, 0 } },
	{ "a client: not asked",
	  { { "10.0.0.1", 0, 0, 1, 0, 0 }, { "10.0.0.2", 80, 0, 1, 0, 0 } },
	  { 0, 0, 0, 0 } },
};

static void prefixes_are_kept_apart(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(prefixes); i++) {
		const struct host *hosts = prefixes[i].hosts;
		const struct vicinity *due = &prefixes[i].due;
		struct facts_report r;
		struct around around;
		struct vicinity v;

		facts_report_start(&r);
		for (size_t k = 0; k < COUNT(prefixes[i].hosts) && hosts[k].address; k++)
			add_host(&r, &hosts[k]);
		qsort(r.endpoints, r.report.endpoints_n, sizeof(r.endpoints[0]), by_key);
		assert_int_equal(around_make(&around, &r.report), 0);
		around_vicinity(&v, &r.report, find_host(&r, &hosts[0]));
		if (v.refusing != due->refusing || v.offering != due->offering ||
		    v.elsewhere != due->elsewhere || v.shifting != due->shifting)
			fail_msg("%s: %u refuse, %u offer, %u elsewhere, %d", prefixes[i].name,
				 v.refusing, v.offering, v.elsewhere, v.shifting);
		around_free(&around);
	}
}

/*
 * Three hosts refuse; that a fourth one elsewhere offers makes it worth a look whether one of them
 * shifts its windows all the same.
 */
static void a_host_of_the_prefix_shifts(void **state)
{
	static const struct {
		const char *name;
		const char *server;
		__u16 window;
		__u32 domain;
		bool due;
	} table[] = {
		{ "one of the prefix", "10.0.0.3", 127, 0, true },
		{ "one of the prefix, unshifted", "10.0.0.3", 65160, 0, false },
		{ "one elsewhere", "10.0.1.3", 127, 0, false },
		{ "one of another network", "10.0.0.3", 127, VLAN(1), false },
	};
	static const struct host hosts[] = { { "10.0.0.1", 80, 0, 1, 0, 0 },
					     { "10.0.0.2", 80, 0, 1, 0, 0 },
					     { "10.0.0.3", 80, 0, 1, 0, 0 },
					     { "192.0.2.1", 80, 1, 0, 0, 0 } };

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		const struct facts facts = {
			.server = table[i].server,
			.domain = table[i].domain,
			.client_w = FACTS_SHIFT(7),
			.server_w = FACTS_ABSENT,
			.s2c = { .packets = 9,
				 .windows = 1,
				 .window_first = table[i].window,
				 .window_min = table[i].window,
				 .window_max = table[i].window },
		};
		struct facts_report r;
		struct around around;
		struct vicinity v;

		facts_report_start(&r);
		facts_report_flow(&r, &facts);
		for (size_t k = 0; k < COUNT(hosts); k++)
			add_host(&r, &hosts[k]);
		assert_int_equal(around_make(&around, &r.report), 0);
		for (size_t k = 0; k < 3; k++) {
			around_vicinity(&v, &r.report, &r.endpoints[k]);
			assert_int_equal(v.refusing, 3);
			if (v.shifting != table[i].due)
				fail_msg("%s", table[i].name);
		}
		around_free(&around);
	}
}

#define CROWD 1000

/* Of a full prefix 256 endpoints to either side are looked at. */
static void a_crowd_is_not_walked_through(void **state)
{
	struct endpoint_entry *crowd = calloc(CROWD, sizeof(*crowd));
	struct report r = { .endpoints = crowd, .endpoints_n = CROWD };
	static const struct {
		size_t at;
		__u32 due;
	} table[] = { { 0, 257 }, { 1, 258 }, { 500, 513 }, { CROWD - 1, 257 } };
	struct around around;
	struct vicinity v;

	(void)state;
	assert_non_null(crowd);
	for (size_t i = 0; i < CROWD; i++) {
		char address[48];
		struct facts_endpoint facts = { .address = address, .port = 80, .refusals = 1 };

		snprintf(address, sizeof(address), "2001:db8::%zx", i + 1);
		facts_endpoint(&crowd[i], &facts);
	}
	assert_int_equal(around_make(&around, &r), 0);
	for (size_t i = 0; i < COUNT(table); i++) {
		around_vicinity(&v, &r, &crowd[table[i].at]);
		assert_int_equal(v.refusing, table[i].due);
	}
	around_free(&around);
	free(crowd);
}

/* A report that was not asked about its surroundings knows none. */
static void nothing_around(void **state)
{
	const struct host alone = { "10.0.0.1", 80, 0, 1, 0, 0 };
	struct facts_report r;
	struct vicinity v = { 9, 9, 9, true };

	(void)state;
	facts_report_start(&r);
	add_host(&r, &alone);
	around_vicinity(&v, &r.report, &r.endpoints[0]);
	assert_int_equal(v.refusing, 0);
	assert_int_equal(v.offering, 0);
	assert_int_equal(v.elsewhere, 0);
	assert_false(v.shifting);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_seconds_are_together),
		cmocka_unit_test(any_times_are_counted),
		cmocka_unit_test(ten_are_a_finding),
		cmocka_unit_test(usual_losses_are_none),
		cmocka_unit_test(short_reports_are_not_asked),
		cmocka_unit_test(listeners_are_found),
		cmocka_unit_test(other_listeners_are_not),
		cmocka_unit_test(prefixes_are_kept_apart),
		cmocka_unit_test(a_host_of_the_prefix_shifts),
		cmocka_unit_test(a_crowd_is_not_walked_through),
		cmocka_unit_test(nothing_around),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
