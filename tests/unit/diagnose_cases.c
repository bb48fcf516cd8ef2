// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "tests/unit/diagnose_cases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "tests/unit/transfer_text.h"
#include "userspace/names.h"

/* Every detector of a connection's transfer, over both sides. */
static __u32 detect_all(const struct transfer *t, struct finding *out)
{
	__u32 n = 0;

#define DETECTOR(id, name, scope, severity, values, title, text, advice) \
	DIAGNOSE_TRANSFER_##scope(id, t, out, n)
#include "engine/detectors.def"
#undef DETECTOR
	return n;
}

static bool is_transfer_code(const char *code)
{
	static const char *const codes[] = {
#define CODE_FLOW(name)
#define CODE_SIDE(name)
#define CODE_ENDPOINT(name)
#define CODE_HOST(name)
#define CODE_TRANSFER(name)                                              name,
#define DETECTOR(id, name, scope, severity, values, title, text, advice) CODE_##scope(name)
#include "engine/detectors.def"
#undef DETECTOR
	};

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (!strcmp(codes[i], code))
			return true;
	return false;
}

/* What the case's detector found, a line each. */
static void found_by(char *out, size_t room, const struct diagnose_case *c, __u8 client)
{
	struct finding findings[VERDICT_MAX];
	struct transfer_facts facts;
	__u32 n;

	transfer_text_make(&facts, c->facts, client);
	n = detect_all(&facts.transfer, findings);
	out[0] = '\0';
	for (__u32 i = 0; i < n; i++) {
		char text[TRANSFER_TEXT_ROOM];
		size_t length = strlen(out);

		if (strcmp(names_detector(findings[i].code)->code, c->code) != 0)
			continue;
		transfer_text_finding(text, &findings[i]);
		snprintf(out + length, room - length, "%s%s", length ? "\n" : "",
			 text + strlen(c->code) + 1);
	}
}

unsigned int diagnose_cases_run(const struct diagnose_case *cases, size_t n)
{
	unsigned int bad = 0;

	for (size_t i = 0; i < 2 * n; i++) {
		const struct diagnose_case *c = &cases[i / 2];
		char found[4 * TRANSFER_TEXT_ROOM];

		assert_true(is_transfer_code(c->code));
		found_by(found, sizeof(found), c, i % 2);
		if (!strcmp(found, c->want))
			continue;
		print_error("%s, %s (client: half %zu):\n  found  '%s'\n  wanted '%s'\n", c->code,
			    c->name, i % 2, found, c->want);
		bad++;
	}
	return bad;
}
