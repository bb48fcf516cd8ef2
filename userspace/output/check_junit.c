// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* JUnit XML as build servers read it: a suite for each file of expectations, a case for each of
 * them. */
#include <string.h>

#include "userspace/output/check_output.h"
#include "userspace/output/writer.h"
#include "userspace/text_style.h"

/* Text, or an attribute's value; what XML 1.0 cannot hold becomes '?'. */
static void put_xml(FILE *to, const char *text)
{
	while (*text) {
		size_t n = writer_utf8(text);
		unsigned char c = (unsigned char)*text;

		if (c == '&')
			fputs("&amp;", to);
		else if (c == '<')
			fputs("&lt;", to);
		else if (c == '>')
			fputs("&gt;", to);
		else if (c == '"')
			fputs("&quot;", to);
		else if (!n || c < 0x20 || c == 0x7f || !strncmp(text, "\xef\xbf\xbe", 3) ||
			 !strncmp(text, "\xef\xbf\xbf", 3))
			fputc('?', to);
		else
			fwrite(text, 1, n, to);
		text += n ? n : 1;
	}
}

/* What a clause expected, what was found, and where. */
static void put_clause(FILE *to, const struct report *r, const struct judge_clause *clause)
{
	struct check_told told;

	fprintf(to, "expected ");
	put_xml(to, clause->expected);
	fprintf(to, "\nfound ");
	put_xml(to, clause->found);
	fputc('\n', to);
	for (size_t i = 0; i < clause->witnesses_n; i++) {
		check_tell(&told, r, &clause->witnesses[i]);
		put_xml(to, told.who);
		fprintf(to, ": ");
		put_xml(to, told.text.text);
		fprintf(to, "%s", *told.packets ? "; " : "");
		put_xml(to, told.packets);
		fprintf(to, "%s", *told.advice.text ? "\n  " : "");
		put_xml(to, told.advice.text);
		fputc('\n', to);
	}
}

/* Strict readers take one failure a case: the first is its message, its text has all. */
static void put_case(FILE *to, const struct report *r, const struct judge_result *result)
{
	size_t at = 0;
	const struct judge_clause *clause = check_failed(result, &at);

	fprintf(to, "    <testcase classname=\"");
	put_xml(to, text_base(result->expectation->path));
	fprintf(to, "\" name=\"");
	put_xml(to, result->expectation->name);
	fprintf(to, "\" time=\"0\"%s>\n", clause ? "" : "/");
	if (!clause)
		return;
	fprintf(to, "      <failure type=\"%s\" message=\"expected ",
		clause->verdict == JUDGE_UNKNOWN ? "unknown" : "expectation");
	put_xml(to, clause->expected);
	fprintf(to, "; found ");
	put_xml(to, clause->found);
	fprintf(to, "\">");
	for (; clause; clause = check_failed(result, &at))
		put_clause(to, r, clause);
	fprintf(to, "</failure>\n    </testcase>\n");
}

/* The results of one file, which stand together. */
static size_t put_suite(FILE *to, const struct check_results *results, size_t from)
{
	const char *path = results->list[from].expectation->path;
	size_t to_here = from, failed = 0;

	for (; to_here < results->n && results->list[to_here].expectation->path == path; to_here++)
		failed += !results->list[to_here].holds;
	fprintf(to, "  <testsuite name=\"");
	put_xml(to, path);
	fprintf(to, "\" tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"0\" time=\"0\">\n",
		to_here - from, failed);
	for (size_t i = from; i < to_here; i++)
		put_case(to, results->report, &results->list[i]);
	fprintf(to, "  </testsuite>\n");
	return to_here;
}

void check_junit(FILE *to, const struct check_results *results)
{
	fprintf(to,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"wscope check\" "
		"tests=\"%zu\" failures=\"%zu\" errors=\"0\" time=\"0\">\n",
		results->n, results->failed);
	for (size_t i = 0; i < results->n;)
		i = put_suite(to, results, i);
	fprintf(to, "</testsuites>\n");
}
