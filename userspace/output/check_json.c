// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* One JSON object a line: an expectation each, then how many there were. */
#include "userspace/output/check_output.h"
#include "userspace/output/writer.h"

static void put_text(struct writer *w, const char *key, const char *text)
{
	writer_key(w, key);
	writer_string(w, text);
}

static void put_number(struct writer *w, const char *key, __u64 number)
{
	writer_key(w, key);
	writer_unsigned(w, number);
}

static void put_packets(struct writer *w, const struct report *r, const __u64 *ids)
{
	const char *file;
	__u64 number;

	writer_key(w, "packets");
	writer_open(w, '[');
	for (size_t i = 0; i < FINDING_PACKETS; i++) {
		if (!report_packet(r, ids[i], &file, &number))
			continue;
		writer_open(w, '{');
		put_text(w, "file", file);
		put_number(w, "number", number);
		writer_close(w, '}');
	}
	writer_close(w, ']');
}

static void put_witness(struct writer *w, const struct report *r, const struct judge_witness *wit)
{
	struct check_told told;

	check_tell(&told, r, wit);
	writer_open(w, '{');
	put_text(w, "of", names_of(NAMES_WITNESS, !wit->flow));
	put_text(w, "who", told.who);
	writer_key(w, "unknown");
	writer_bool(w, wit->unknown);
	put_text(w, "code", wit->found ? names_detector(wit->finding.code)->code : NULL);
	put_text(w, "text", told.text.text);
	put_text(w, "advice", wit->found ? told.advice.text : NULL);
	put_packets(w, r, wit->packets);
	writer_close(w, '}');
}

static void put_clause(struct writer *w, const struct report *r, const struct judge_result *result,
		       const struct judge_clause *clause)
{
	static const char *const assertions[] = {
#define EXPECT_ASSERTION(name, what) #name,
#include "userspace/expect.def"
	};

	writer_open(w, '{');
	put_text(w, "assertion", assertions[clause->clause->assertion]);
	put_number(w, "line", clause->clause->mark.line);
	put_number(w, "column", clause->clause->mark.column);
	put_text(w, "verdict", names_of(NAMES_VERDICT, clause->verdict));
	writer_key(w, "passes");
	writer_bool(w, !judge_is_failed(result, clause));
	put_text(w, "expected", clause->expected);
	put_text(w, "found", clause->found);
	put_number(w, "against", clause->against);
	put_number(w, "unknown", clause->unknown);
	writer_key(w, "witnesses");
	writer_open(w, '[');
	for (size_t i = 0; i < clause->witnesses_n; i++)
		put_witness(w, r, &clause->witnesses[i]);
	writer_close(w, ']');
	writer_close(w, '}');
}

static void put_result(struct writer *w, const struct report *r, const struct judge_result *result)
{
	const struct expectation *e = result->expectation;

	writer_open(w, '{');
	put_text(w, "type", "expectation");
	put_number(w, "schema", RECORD_SCHEMA);
	put_text(w, "file", e->path);
	put_number(w, "line", e->mark.line);
	put_text(w, "name", e->name);
	writer_key(w, "holds");
	writer_bool(w, result->holds);
	put_number(w, "flows", result->flows);
	put_number(w, "hosts", result->hosts);
	writer_key(w, "assertions");
	writer_open(w, '[');
	for (size_t i = 0; i < result->n; i++)
		put_clause(w, r, result, &result->clauses[i]);
	writer_close(w, ']');
	writer_close(w, '}');
	writer_line(w);
}

void check_json(FILE *to, const struct check_results *results)
{
	const struct report *r = results->report;
	struct writer w;

	writer_start(&w, to);
	for (size_t i = 0; i < results->n; i++)
		put_result(&w, r, &results->list[i]);
	writer_open(&w, '{');
	put_text(&w, "type", "check");
	put_number(&w, "schema", RECORD_SCHEMA);
	put_number(&w, "expectations", results->n);
	put_number(&w, "failed", results->failed);
	put_number(&w, "files", r->files_n);
	put_number(&w, "packets", r->counters[COUNTER_PACKETS]);
	put_number(&w, "flows", r->flows_n);
	writer_key(&w, "incomplete");
	writer_bool(&w, results->incomplete);
	writer_close(&w, '}');
	writer_line(&w);
	writer_flush(&w);
}
