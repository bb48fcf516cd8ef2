// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Events about an endpoint, as a program sends them: one for each time that it is off, and the
 * one that says most. It is over after twenty offers in a row, not with a stray one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/native.h"
#include "tests/unit/packet_builder.h"
#include "userspace/names.h"

#define MS 1000000ULL

/*
 * connections: letters, each with *COUNT: o both offer; r the server refuses; c the client does
 * not offer. want: of each event the code, and after how many connections it came.
 */
static const struct event_case {
	const char *name;
	const char *connections;
	const char *want;
} cases[] = {
	{ "all on", "o*60", "" },
	{ "19 refusals", "o*30 r*19", "" },
	{ "off from the start: one, however long", "r*80", "endpoint-off@20 " },
	{ "on, then off: one, and not endpoint-off as well", "o*20 r*80",
	  "endpoint-regressed@40 " },
	{ "too little before", "o*19 r*80", "endpoint-off@39 " },
	{ "a stray offer", "o*20 r*20 o r*40", "endpoint-regressed@40 " },
	{ "stray offers of a host that is off", "r*40 o r*40 o r*40 o", "endpoint-off@20 " },
	{ "19 offers in a row", "r*400 o*19 r*40", "endpoint-off@20 " },
	{ "19 offers in a row, twice", "r*400 o*19 r o*19 r*40", "endpoint-off@20 " },
	{ "none comes with an offer: on again, after long", "r*2000 o*60", "endpoint-off@20 " },
	{ "off again", "o*20 r*20 o*20 r*20", "endpoint-regressed@40 endpoint-off@80 " },
	{ "off again, on for long before", "o*400 r*20 o*20 r*20",
	  "endpoint-regressed@420 endpoint-regressed@460 " },
	{ "off, on for long, off again: as what it is then", "r*20 o*500 r*20",
	  "endpoint-off@20 endpoint-regressed@540 " },
	{ "a client", "o*20 c*60", "endpoint-regressed@40 " },
};

struct heard {
	unsigned int connections;
	char events[256];
};

static void hear(void *arg, const struct event *event)
{
	struct heard *h = arg;
	size_t n = strlen(h->events);

	if (event->kind == EVENT_ENDPOINT_FINDING)
		snprintf(h->events + n, sizeof(h->events) - n, "%s@%u ",
			 names_detector(event->finding.code)->code, h->connections);
}

static void feed(struct native *n, __u64 ns, const char *format, unsigned int number,
		 const char *options)
{
	struct packet_builder_frame frame;
	struct frame in = { .ns = ns, .number = 1 };
	char text[160];

	snprintf(text, sizeof(text), format, number, 10000 + number, options);
	packet_builder_make(&frame, text);
	in.data = frame.bytes;
	in.caplen = frame.caplen;
	in.wirelen = frame.wirelen;
	in.linktype = frame.linktype;
	native_frames(n, &in, 1);
	native_flush(n);
	packet_builder_free(&frame);
}

static void connection(struct native *n, char kind, unsigned int number)
{
	__u64 ns = number * 100 * MS;

	feed(n, ns, "eth / ipv4 id=%u / tcp S %u>443 seq=100 [%s]", number,
	     kind == 'c' ? "M1460" : "M1460 N W7");
	feed(n, ns + 10 * MS, "eth / ipv4 rev id=%u / tcp SA rev %u>443 seq=900 ack=101 [%s]",
	     number, kind == 'o' ? "M1460 N W9" : "M1460");
	feed(n, ns + 20 * MS, "eth / ipv4 id=%u / tcp A %u>443 seq=101 ack=901", number, "");
}

static void run_case(const struct event_case *c)
{
	struct native *n = native_open(&(struct engine_config){ .tunnels = 0 });
	struct heard heard = { 0 };

	assert_non_null(n);
	n->on_event = hear;
	n->on_event_arg = &heard;
	for (const char *at = c->connections; *at; at += strcspn(at, " "), at += *at == ' ') {
		long times = at[1] == '*' ? strtol(at + 2, NULL, 10) : 1;

		while (times--)
			connection(n, *at, ++heard.connections);
	}
	native_close(n);
	if (strcmp(heard.events, c->want) != 0)
		fail_msg("%s: '%s', due '%s'", c->name, heard.events, c->want);
}

static void an_event_for_each_time(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		run_case(&cases[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(an_event_for_each_time) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
