// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* For people: what failed goes first, with what was expected, what was found, and where. */
#include <string.h>

#include "userspace/output/check_output.h"
#include "userspace/text_style.h"

static void put_clause(const struct text *t, const struct report *r,
		       const struct judge_clause *clause)
{
	struct check_told told, last = { 0 };

	text_field(t, "expected", "%s", clause->expected);
	text_field(t, "found", "%s", clause->found);
	for (size_t i = 0; i < clause->witnesses_n; i++) {
		const struct judge_witness *w = &clause->witnesses[i];

		check_tell(&told, r, w);
		text_field(t, i ? "" : "where", "%s: %s%s%s%s%s", told.who,
			   w->found ? names_detector(w->finding.code)->code : "",
			   w->found ? ": " : "", told.text.text, *told.packets ? "; " : "",
			   told.packets);
		if (*told.advice.text && strcmp(told.advice.text, last.advice.text) != 0)
			text_field(t, "advice", "%s", told.advice.text);
		last = told;
	}
}

static void put_result(const struct text *t, const struct report *r,
		       const struct judge_result *result, bool verbose)
{
	const struct expectation *e = result->expectation;
	char name[TEXT_FILE_ROOM], file[TEXT_FILE_ROOM];
	const struct judge_clause *clause;
	size_t i = 0;

	text_put(t, result->holds ? TEXT_GREEN : TEXT_RED, "%s", result->holds ? "ok" : "FAILED");
	fprintf(t->to, "%*s%s", result->holds ? 6 : 2, "", text_safe(name, sizeof(name), e->name));
	text_put(t, TEXT_DIM, " (%s:%u)\n", text_safe(file, sizeof(file), e->path), e->mark.line);
	while ((clause = check_failed(result, &i)))
		put_clause(t, r, clause);
	for (i = 0; i < result->n && result->holds && verbose; i++)
		text_field(t, i ? "" : "found", "%s: %s", result->clauses[i].expected,
			   result->clauses[i].found);
	if (!result->holds || verbose)
		fputc('\n', t->to);
}

void check_text(FILE *to, const struct check_results *results)
{
	char many[TEXT_COUNTED_ROOM], flows[TEXT_COUNTED_ROOM], packets[TEXT_COUNTED_ROOM];
	char files[TEXT_COUNTED_ROOM];
	const struct report *r = results->report;
	struct text t;

	text_start(&t, to, results->options);
	for (size_t i = 0; i < results->n; i++)
		put_result(&t, r, check_ordered(results, i), results->options->verbose);
	if (!results->failed && !results->options->verbose)
		fputc('\n', to);
	fprintf(to, "%s, %zu failed: %s, %s in %s%s\n",
		text_counted(many, results->n, "expectation"), results->failed,
		text_counted(packets, r->counters[COUNTER_PACKETS], "packet"),
		text_counted(flows, r->flows_n, "connection"),
		text_counted(files, r->files_n, "file"),
		results->incomplete ? "; not everything could be read" : "");
}
