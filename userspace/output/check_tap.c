// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* TAP version 12 (testanything.org), with what was found in comments: any harness reads it. */
#include "userspace/output/check_output.h"
#include "userspace/text_style.h"

/* A name without what a harness would read as a directive. */
static void put_name(FILE *to, const char *name)
{
	char safe[TEXT_FILE_ROOM];

	for (const char *p = text_safe(safe, sizeof(safe), name); *p; p++) {
		if (*p == '#' || *p == '\\')
			fputc('\\', to);
		fputc(*p, to);
	}
}

static void put_clause(FILE *to, const struct report *r, const struct judge_clause *clause)
{
	struct check_told told;

	fprintf(to, "# expected %s\n# found %s\n", clause->expected, clause->found);
	for (size_t i = 0; i < clause->witnesses_n; i++) {
		check_tell(&told, r, &clause->witnesses[i]);
		fprintf(to, "# %s: %s%s%s\n", told.who, told.text.text, *told.packets ? "; " : "",
			told.packets);
	}
}

void check_tap(FILE *to, const struct check_results *results)
{
	fprintf(to, "1..%zu\n", results->n);
	for (size_t i = 0; i < results->n; i++) {
		const struct judge_result *result = &results->list[i];
		const struct judge_clause *clause;
		size_t at = 0;

		fprintf(to, "%sok %zu - ", result->holds ? "" : "not ", i + 1);
		put_name(to, result->expectation->name);
		fputc('\n', to);
		while ((clause = check_failed(result, &at)))
			put_clause(to, results->report, clause);
	}
}
