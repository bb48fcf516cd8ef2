/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A table of cases, run through each build of the engine: natively, and as root by the kernel's
 * XDP and TC programs. Each case of each build is one test of cmocka's.
 */
#ifndef WSCOPE_ENGINE_PARSER_H
#define WSCOPE_ENGINE_PARSER_H

#include <stddef.h>

#include "engine/config.h"
#include "tests/unit/engine_text.h"
#include "tests/unit/packet_builder.h"

struct engine_parser;

/* Parses the frame as the product does: the short way if it takes it, else the walk. */
void engine_parser_facts(struct engine_parser *p, const struct packet_builder_frame *f,
			 struct engine_facts *facts);

/* True in the native build, where checks that need thousands of frames are cheap. */
_Bool engine_parser_native(const struct engine_parser *p);

/* Fails the running test unless the facts of the frame are as `want` says, see engine_text.h. */
void engine_parser_expect(struct engine_parser *p, const struct packet_builder_frame *f,
			  const char *want);

/* Fails the running test, with its name and the reason on standard error. */
__attribute__((format(printf, 2, 3))) void engine_parser_fail(const struct engine_parser *p,
							      const char *format, ...);

struct engine_table {
	const char *name;
	size_t cases; /* how many */
	const char *(*name_of)(size_t i);
	void (*check)(struct engine_parser *p, size_t i);
	const struct engine_config *config;
	size_t first; /* the number of the first case */
};

/* Runs n tables, and prints one plan. Returns the number of failures. */
int engine_parser_run(const struct engine_table *tables, size_t n);

#endif
