// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The step summary of GitHub Actions: a Markdown table, failed ones first. */
#include <string.h>

#include "userspace/output/check_output.h"

/* Text in a cell: nothing in it is Markdown or HTML. */
static void put_cell(FILE *to, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < 0x20 || c == 0x7f)
			fputc(' ', to);
		else if (strchr("|\\`*_[]<>&#~@", c))
			fprintf(to, "&#%u;", c);
		else
			fputc(c, to);
	}
}

static void put_clause(FILE *to, const struct report *r, const struct judge_result *result,
		       const struct judge_clause *clause)
{
	struct check_told told;

	fprintf(to, "| :x: | ");
	put_cell(to, result->expectation->name);
	fprintf(to, " | ");
	put_cell(to, clause->expected);
	fprintf(to, " | ");
	put_cell(to, clause->found);
	for (size_t i = 0; i < clause->witnesses_n; i++) {
		check_tell(&told, r, &clause->witnesses[i]);
		fprintf(to, "<br>");
		put_cell(to, told.who);
		fprintf(to, "%s", *told.packets ? ": " : "");
		put_cell(to, told.packets);
	}
	fprintf(to, " |\n");
}

void check_summary(FILE *to, const struct check_results *results)
{
	fprintf(to, "### wscope check: %zu of %zu expectations failed\n\n", results->failed,
		results->n);
	fprintf(to, "| | expectation | expected | found |\n|---|---|---|---|\n");
	for (size_t i = 0; i < results->n; i++) {
		const struct judge_result *result = check_ordered(results, i);
		const struct judge_clause *clause;
		size_t at = 0;

		while ((clause = check_failed(result, &at)))
			put_clause(to, results->report, result, clause);
		if (!result->holds)
			continue;
		fprintf(to, "| :white_check_mark: | ");
		put_cell(to, result->expectation->name);
		fprintf(to, " | | |\n");
	}
	if (results->incomplete)
		fprintf(to, "\nNot everything could be read.\n");
	fputc('\n', to);
}
