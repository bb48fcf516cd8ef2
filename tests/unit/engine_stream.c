/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pcap-replay/run.h"
#include "tests/unit/engine_stream.h"
#include "tests/unit/engine_text.h"
#include "tests/unit/packet_builder.h"
#include "tests/unit/packet_text.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define ROOM     2048
#define SECONDS  1000000000ULL
/* Of records and endpoints of one conversation. */
#define RECORDS 16

enum build { BUILD_NATIVE, BUILD_XDP, BUILD_TC, BUILDS };

static const struct {
	const char *name;
	const struct run_engine *engine;
	enum option_engine option;
} builds[BUILDS] = {
	{ "native", &run_native, ENGINE_NATIVE },
	{ "xdp", &run_testrun, ENGINE_XDP },
	{ "tc", &run_testrun, ENGINE_TC },
};

/* What the segments travel in. */
static const struct {
	const char *name;
	const char *link;
	bool ipv6;
	bool larger; /* c's address is the larger one */
} variants[] = {
	{ "IPv4", "eth", false, false },
	{ "IPv6", "eth", true, false },
	{ "IPv4 without Ethernet", "raw", false, false },
	{ "IPv4, the client's address is the larger one", "eth", false, true },
};

/* One build of the engine, its run over all the cases, and what came out. */
struct stream {
	enum build build;
	const struct engine_stream_case *cases;
	size_t n;
	void *state;
	struct report report;
	char error[256];
	int err;
	__u64 fed;
};

struct stream_test {
	struct stream *stream;
	size_t i;
	char name[160];
};

/* Each case in each variant talks in a network of its own. */
static __u32 net_of(size_t i, size_t variant)
{
	return (__u32)(variant << 12 | (i + 1));
}

static bool in_variant(const struct engine_stream_case *c, size_t variant)
{
	return !c->only || !variants[variant].ipv6;
}

/*
 * IPv4's words mean as much in IPv6, where there is such a word; gre and vxlan=N put headers in
 * front of the packet.
 */
static void ip_words(char *out, char *front, size_t room, const char *words, bool ipv6)
{
	char copy[128], *save = NULL;

	snprintf(copy, sizeof(copy), "%s", words);
	out[0] = front[0] = '\0';
	for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		size_t n = strlen(out);

		if (!strcmp(w, "gre"))
			snprintf(front, room, " / ipv4 net=65535 / gre");
		else if (!strncmp(w, "vxlan=", 6))
			snprintf(front, room, " / ipv4 net=65535 / udp / vxlan %s / eth", w + 6);
		else if (!ipv6)
			snprintf(out + n, room - n, " %s", w);
		else if (!strncmp(w, "ttl=", 4))
			snprintf(out + n, room - n, " hlim=%s", w + 4);
	}
}

/* Builds the packet of one line; fills its time (from the script's beginning) and interface. */
static void build_line(struct packet_builder_frame *f, struct frame *p, const char *line,
		       size_t variant, __u32 net)
{
	char host, words[128] = "", ip[160], front[160], frame[768];
	unsigned int interface = 0;
	const char *colon = strchr(line, ':');
	double seconds;
	int used = 0;

	if (!colon || sscanf(line, "%lf %c%n", &seconds, &host, &used) != 2)
		packet_text_die("not a line of a script", line);
	line += used;
	if (*line == '@' && sscanf(line, "@%u%n", &interface, &used) == 1)
		line += used;
	snprintf(words, sizeof(words), "%.*s", (int)(colon - line), line);
	ip_words(ip, front, sizeof(ip), words, variants[variant].ipv6);
	snprintf(frame, sizeof(frame), "%s%s / %s net=%u%s%s / tcp%s %s", variants[variant].link,
		 front, variants[variant].ipv6 ? "ipv6" : "ipv4", net, ip,
		 (host == 's') != variants[variant].larger ? " rev" : "", host == 's' ? " rev" : "",
		 colon + 1);
	packet_builder_make(f, frame);
	p->ns = (__u64)(seconds * 1e9 + 0.5);
	p->ifindex = interface;
}

static int feed_script(struct stream *s, size_t i, size_t variant)
{
	char *script = strdup(s->cases[i].script), *save = NULL;
	__u64 number = 0;
	int err = script ? 0 : -ENOMEM;

	for (char *line = strtok_r(script, "\n", &save); line && !err;
	     line = strtok_r(NULL, "\n", &save)) {
		struct packet_builder_frame f;
		struct frame p = { .number = number + 1 };

		build_line(&f, &p, line, variant, net_of(i, variant));
		p.ns += 1700000000 * SECONDS;
		p.data = f.bytes;
		p.caplen = f.caplen;
		p.wirelen = f.wirelen;
		p.linktype = f.linktype;
		err = builds[s->build].engine->feed(s->state, &p, 1);
		packet_builder_free(&f);
		s->fed++;
		number++;
	}
	free(script);
	return err;
}

static void stream_open(struct stream *s)
{
	const struct options options = {
		.engine = builds[s->build].option,
		.flows = 8192,
		.pending = 8192,
		.endpoints = 8192,
		.config = { .tunnels = TUNNELS_ALL },
	};

	s->err = builds[s->build].engine->open(&s->state, &options, s->error, sizeof(s->error));
	for (size_t v = 0; v < COUNT(variants) && !s->err; v++)
		for (size_t i = 0; i < s->n && !s->err; i++)
			if (in_variant(&s->cases[i], v))
				s->err = feed_script(s, i, v);
	if (!s->err)
		s->err = builds[s->build].engine->report(s->state, &s->report);
}

static bool in_net(const __u64 addr[2], __u32 domain, __u32 net)
{
	__u8 bytes[16];

	memcpy(bytes, addr, sizeof(bytes));
	if (domain & DOMAIN_IPV6)
		return ((__u32)bytes[4] << 24 | (__u32)bytes[5] << 16 | (__u32)bytes[6] << 8 |
			bytes[7]) == net;
	return ((__u32)bytes[1] << 8 | bytes[2]) == net;
}

/* Records of the conversation, as text, in the report's order. */
static size_t flows_of(const struct stream *s, __u32 net, bool larger,
		       char texts[RECORDS][ENGINE_TEXT_ROOM])
{
	size_t n = 0;

	for (size_t i = 0; i < s->report.flows_n && n < RECORDS; i++) {
		const struct flow_entry *f = s->report.flows[i];

		if (in_net(f->key.addr[0], f->key.domain, net))
			engine_text_flow(texts[n++], &f->flow, report_gauges(&s->report, f),
					 larger);
	}
	return n;
}

static size_t endpoints_of(const struct stream *s, __u32 net, bool larger,
			   char texts[RECORDS][ENGINE_TEXT_ROOM])
{
	size_t n = 0;

	for (size_t i = 0; i < s->report.endpoints_n && n < RECORDS; i++) {
		const struct endpoint_entry *e = &s->report.endpoints[i];

		if (in_net(e->key.addr, e->key.domain, net))
			engine_text_endpoint(texts[n++], e, larger);
	}
	return n;
}

static void complain(const char *line, const char *missing, char texts[RECORDS][ENGINE_TEXT_ROOM],
		     size_t n)
{
	print_error("wanted '%s', failed at '%s'; there are %zu:\n", line, missing, n);
	for (size_t i = 0; i < n; i++)
		print_error("  %s\n", texts[i]);
}

/* An endpoint that is as the line says; the line's first word has been met. */
static bool any_matches(const char *line, char texts[RECORDS][ENGINE_TEXT_ROOM], size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!engine_text_missing(texts[i], line))
			return true;
	complain(line, "any of them", texts, n);
	return false;
}

static bool check_variant(const struct stream *s, size_t i, size_t variant)
{
	static char flows[RECORDS][ENGINE_TEXT_ROOM], endpoints[RECORDS][ENGINE_TEXT_ROOM];
	__u32 net = net_of(i, variant);
	bool larger = variants[variant].larger;
	size_t flows_n = flows_of(s, net, larger, flows), flow = 0, wanted = 0;
	size_t endpoints_n = endpoints_of(s, net, larger, endpoints);
	char want[ROOM], *next = want;
	bool good = true;

	snprintf(want, sizeof(want), "%s", s->cases[i].want);
	for (char *line = strsep(&next, "\n"); line; line = strsep(&next, "\n")) {
		const char *missing;

		if (!strncmp(line, "endpoint ", 9)) {
			good &= any_matches(line, endpoints, endpoints_n);
			wanted++;
			continue;
		}
		if (!strcmp(line, "*")) {
			flow = flows_n;
			continue;
		}
		missing = flow < flows_n ? engine_text_missing(flows[flow], line) : "its presence";
		flow++;
		if (missing)
			complain(line, missing, flows, flows_n);
		good &= !missing;
	}
	if (flow != flows_n)
		complain("no further record", "", flows, flows_n);
	if (wanted && wanted != endpoints_n)
		complain("no further endpoint", "", endpoints, endpoints_n);
	return good && flow == flows_n && (!wanted || wanted == endpoints_n);
}

static void open_or_skip(const struct stream *s)
{
	if (!s->err)
		return;
	if (s->build != BUILD_NATIVE && (s->err == -EPERM || s->err == -EACCES)) {
		print_message("# privilege: the kernel's programs need root\n");
		skip();
	}
	fail_msg("%s: %s (%s)", builds[s->build].name, strerror(-s->err), s->error);
}

static void run_case(void **state)
{
	const struct stream_test *t = *state;
	const struct engine_stream_case *c = &t->stream->cases[t->i];
	unsigned int bad = 0;

	open_or_skip(t->stream);
	for (size_t v = 0; v < COUNT(variants); v++) {
		if (!in_variant(c, v) || check_variant(t->stream, t->i, v))
			continue;
		print_error("%s, over %s\n", t->name, variants[v].name);
		bad++;
	}
	assert_int_equal(bad, 0);
}

/* What must add up over all of it. */
static void run_sums(void **state)
{
	const struct stream_test *t = *state;
	const struct report *r = &t->stream->report;
	__u64 answered = 0, duplicates = 0, segments = 0;

	open_or_skip(t->stream);
	for (size_t i = 0; i < r->flows_n; i++) {
		const struct flow *f = &r->flows[i]->flow;

		answered += !!(f->bits & FLOW_ANSWERED);
		duplicates += f->half[0].duplicates + f->half[1].duplicates;
		segments += f->half[0].packets + f->half[1].packets;
	}
	assert_int_equal(r->counters[COUNTER_PACKETS], t->stream->fed);
	assert_int_equal(r->counters[COUNTER_HANDSHAKES], answered);
	assert_int_equal(r->counters[COUNTER_DUPLICATES], duplicates);
	assert_int_equal(segments + duplicates, t->stream->fed);
	assert_int_equal(r->counters[COUNTER_INSERTS_FAILED], 0);
	assert_int_equal(r->counters[COUNTER_EVENTS_LOST], 0);
	assert_int_equal(r->evictions, 0);
	for (__u32 i = COUNTER_FIRST_SKIP; i < COUNTERS; i++)
		assert_int_equal(r->counters[i], 0);
}

int engine_stream_run(const struct engine_stream_case *cases, size_t n)
{
	struct stream streams[BUILDS] = { 0 };
	struct CMUnitTest *tests = calloc(BUILDS * (n + 1), sizeof(*tests));
	struct stream_test *states = calloc(BUILDS * (n + 1), sizeof(*states));
	int failed = 1;

	if (!tests || !states)
		goto out;
	for (unsigned int b = 0; b < BUILDS; b++) {
		streams[b] = (struct stream){ .build = (enum build)b, .cases = cases, .n = n };
		stream_open(&streams[b]);
		for (size_t i = 0; i <= n; i++) {
			struct stream_test *t = &states[b * (n + 1) + i];

			*t = (struct stream_test){ .stream = &streams[b], .i = i };
			snprintf(t->name, sizeof(t->name), "%s: %s", builds[b].name,
				 i < n ? cases[i].name : "counters add up");
			tests[b * (n + 1) + i] = (struct CMUnitTest){
				.name = t->name,
				.test_func = i < n ? run_case : run_sums,
				.initial_state = t,
			};
		}
	}
	failed = _cmocka_run_group_tests("engine", tests, BUILDS * (n + 1), NULL, NULL);
	for (unsigned int b = 0; b < BUILDS; b++)
		if (streams[b].state)
			builds[b].engine->close(streams[b].state);
out:
	free(tests);
	free(states);
	return failed;
}
