// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Workflow commands of GitHub Actions: an annotation at the line of what does not hold. */
#include <string.h>

#include "userspace/output/check_output.h"

/* Properties end at , and : too. */
static void put_escaped(FILE *to, const char *text, bool property)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < 0x20 || c == '%' || c == 0x7f || (property && strchr(":,", c)))
			fprintf(to, "%%%02X", c);
		else
			fputc(c, to);
	}
}

static void put_clause(FILE *to, const struct report *r, const struct judge_result *result,
		       const struct judge_clause *clause)
{
	const struct expectation *e = result->expectation;
	struct check_told told;

	fprintf(to, "::error file=");
	put_escaped(to, e->path, true);
	fprintf(to, ",line=%u,col=%u,title=", clause->clause->mark.line,
		clause->clause->mark.column);
	put_escaped(to, e->name, true);
	fprintf(to, "::expected ");
	put_escaped(to, clause->expected, false);
	fprintf(to, "%%0Afound ");
	put_escaped(to, clause->found, false);
	for (size_t i = 0; i < clause->witnesses_n; i++) {
		check_tell(&told, r, &clause->witnesses[i]);
		fprintf(to, "%%0A%s: ", told.who);
		put_escaped(to, told.text.text, false);
		fprintf(to, "%s", *told.packets ? "; " : "");
		put_escaped(to, told.packets, false);
	}
	fputc('\n', to);
}

void check_github(FILE *to, const struct check_results *results)
{
	for (size_t i = 0; i < results->n; i++) {
		const struct judge_clause *clause;
		size_t at = 0;

		while ((clause = check_failed(&results->list[i], &at)))
			put_clause(to, results->report, &results->list[i], clause);
	}
}
