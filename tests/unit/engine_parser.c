/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/native.h"
#include "tests/unit/engine_parser.h"
#include "tests/unit/hook_runner.h"

enum build { BUILD_NATIVE, BUILD_XDP, BUILD_TC, BUILDS };

static const char *const build_names[BUILDS] = { "native", "xdp", "tc" };

struct engine_parser {
	enum build build;
	const struct engine_config *config;
	struct hook_runner *hook;
	__u64 frames;
	const char *running; /* name of the test */
	int err;             /* of opening it */
};

/* One test: this case of that table in that build. */
struct engine_test {
	const struct engine_table *table;
	struct engine_parser *parser;
	size_t i;
	char name[160];
};

_Bool engine_parser_native(const struct engine_parser *p)
{
	return p->build == BUILD_NATIVE;
}

/* Frames of these tests say how long they were, so the walk is all there is to the native build. */
static void native_facts(struct engine_parser *p, const struct packet_builder_frame *f,
			 struct engine_facts *facts)
{
	__u32 captured = f->caplen < ENGINE_WINDOW ? f->caplen : ENGINE_WINDOW;
	struct walk walk;
	__u16 result;

	memset(&walk, 0x5a, sizeof(walk)); /* what the frame before left behind */
	memset(&facts->pkt, 0x5a, sizeof(facts->pkt));
	engine_begin(&facts->pkt, HOOK_XDP);
	facts->pkt.ifindex = 0;
	facts->pkt.wirelen = f->wirelen;
	facts->pkt.linktype = f->linktype;
	result = walk_frame(&walk, &facts->pkt, f->bytes, captured, p->config);
	if (result & LAYER_STOP)
		facts->skip = result & 0xff;
	else
		assert_int_equal(result, LAYER_DONE);
}

void engine_parser_facts(struct engine_parser *p, const struct packet_builder_frame *f,
			 struct engine_facts *facts)
{
	__u64 id = ++p->frames;
	int err;

	memset(facts, 0, sizeof(*facts));
	if (p->build == BUILD_NATIVE) {
		native_facts(p, f, facts);
		return;
	}
	err = hook_runner_facts(p->hook, f, id * ENGINE_NS_PER_MS, id, facts);
	if (err)
		engine_parser_fail(p, "test run: %s", strerror(-err));
}

void engine_parser_expect(struct engine_parser *p, const struct packet_builder_frame *f,
			  const char *want)
{
	char have[ENGINE_TEXT_ROOM];
	struct engine_facts facts;
	const char *missing;

	engine_parser_facts(p, f, &facts);
	engine_text_facts(have, &facts);
	missing = engine_text_missing(have, want);
	if (missing)
		engine_parser_fail(p, "wanted '%s', failed at '%s', got '%s'", want, missing, have);
}

void engine_parser_fail(const struct engine_parser *p, const char *format, ...)
{
	char text[2 * ENGINE_TEXT_ROOM];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fail_msg("%s: %s", p->running, text);
}

static void parser_open(struct engine_parser *p, enum build build,
			const struct engine_config *config)
{
	p->build = build;
	p->config = config;
	if (build == BUILD_NATIVE)
		return;
	p->err =
		hook_runner_open(&p->hook, build == BUILD_XDP ? HOOK_XDP : HOOK_TC_INGRESS, config);
}

static void run_case(void **state)
{
	struct engine_test *t = *state;

	t->parser->running = t->name;
	t->table->check(t->parser, t->i);
}

/* Stands for all cases of a build that could not be opened. */
static void report_unopened(void **state)
{
	struct engine_test *t = *state;
	int err = t->parser->err;

	if (err == -EPERM || err == -EACCES) {
		print_message("# privilege: the kernel's programs need root\n");
		skip();
	}
	fail_msg("cannot open: %s", strerror(-err));
}

/* Adds the tests of one table in one build; returns how many. */
static size_t add_tests(struct CMUnitTest *tests, struct engine_test *states,
			const struct engine_table *table, struct engine_parser *parser)
{
	size_t n = parser->err ? 1 : table->cases;

	for (size_t i = 0; i < n; i++) {
		states[i] = (struct engine_test){ .table = table,
						  .parser = parser,
						  .i = table->first + i };
		snprintf(states[i].name, sizeof(states[i].name), "%s, %s%s%s",
			 build_names[parser->build], table->name, parser->err ? "" : ": ",
			 parser->err ? "" : table->name_of(states[i].i));
		tests[i] = (struct CMUnitTest){
			.name = states[i].name,
			.test_func = parser->err ? report_unopened : run_case,
			.initial_state = &states[i],
		};
	}
	return n;
}

int engine_parser_run(const struct engine_table *tables, size_t n)
{
	struct engine_parser *parsers = calloc(n * BUILDS, sizeof(*parsers));
	struct CMUnitTest *tests;
	struct engine_test *states;
	size_t room = 0, count = 0;
	int failed = 1;

	for (size_t i = 0; i < n; i++)
		room += (tables[i].cases + 1) * BUILDS;
	tests = calloc(room, sizeof(*tests));
	states = calloc(room, sizeof(*states));
	if (!parsers || !tests || !states)
		goto out;
	for (unsigned int build = 0; build < BUILDS; build++) {
		for (size_t i = 0; i < n; i++) {
			struct engine_parser *p = &parsers[i * BUILDS + build];

			parser_open(p, (enum build)build, tables[i].config);
			count += add_tests(tests + count, states + count, &tables[i], p);
		}
	}
	failed = _cmocka_run_group_tests("engine", tests, count, NULL, NULL);
	for (size_t i = 0; i < n * BUILDS; i++)
		hook_runner_close(parsers[i].hook);
out:
	free(parsers);
	free(tests);
	free(states);
	return failed;
}
