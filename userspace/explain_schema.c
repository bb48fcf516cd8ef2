// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/explain.h"

#include "userspace/output/writer.h"
#include "userspace/record.h"

static void member(struct writer *w, const char *key, const char *value)
{
	writer_key(w, key);
	writer_string(w, value);
}

static void range(struct writer *w, __u64 low, __u64 high)
{
	writer_key(w, "minimum");
	writer_unsigned(w, low);
	if (!high)
		return;
	writer_key(w, "maximum");
	writer_unsigned(w, high);
}

/* A type, or that type and null. */
static void typed(struct writer *w, const char *type, bool nullable)
{
	writer_key(w, "type");
	if (!nullable) {
		writer_string(w, type);
		return;
	}
	writer_open(w, '[');
	writer_string(w, type);
	writer_string(w, "null");
	writer_close(w, ']');
}

static void integer(struct writer *w, __u64 high, bool nullable)
{
	typed(w, "integer", nullable);
	range(w, 0, high);
}

static void duration(struct writer *w)
{
	typed(w, "number", false);
	range(w, 0, 0);
}

static void family(struct writer *w)
{
	writer_key(w, "enum");
	writer_open(w, '[');
	writer_unsigned(w, 4);
	writer_unsigned(w, 6);
	writer_close(w, ']');
}

static void address(struct writer *w)
{
	typed(w, "string", false);
	writer_key(w, "anyOf");
	writer_open(w, '[');
	for (int i = 0; i < 2; i++) {
		writer_open(w, '{');
		member(w, "format", i ? "ipv6" : "ipv4");
		writer_close(w, '}');
	}
	writer_close(w, ']');
}

static void sentence(struct writer *w)
{
	typed(w, "string", false);
	writer_key(w, "minLength");
	writer_unsigned(w, 1);
}

static void name(struct writer *w, enum names list, bool nullable)
{
	writer_key(w, "enum");
	writer_open(w, '[');
	for (unsigned int i = 0; i < names_n(list); i++) {
		if (names_of(list, i))
			writer_string(w, names_of(list, i));
	}
	if (nullable)
		writer_null(w);
	writer_close(w, ']');
}

static void code(struct writer *w)
{
	writer_key(w, "enum");
	writer_open(w, '[');
	for (unsigned int i = 0; i < FINDING_CODES; i++)
		writer_string(w, names_detector(i)->code);
	writer_close(w, ']');
}

static void code_null(struct writer *w)
{
	writer_key(w, "enum");
	writer_open(w, '[');
	for (unsigned int i = 0; i < FINDING_CODES; i++)
		writer_string(w, names_detector(i)->code);
	writer_string(w, NULL);
	writer_close(w, ']');
}

static void assertion_name(struct writer *w)
{
	writer_key(w, "enum");
	writer_open(w, '[');
#define EXPECT_ASSERTION(name, what) writer_string(w, #name);
#include "userspace/expect.def"
	writer_close(w, ']');
}

/* A line or column of a file. */
static void line(struct writer *w)
{
	typed(w, "integer", false);
	range(w, 1, 0);
}

static void change_code(struct writer *w)
{
	writer_key(w, "enum");
	writer_open(w, '[');
	for (unsigned int i = 0; i < CHANGE_CODES; i++)
		writer_string(w, change_name(i)->code);
	writer_close(w, ']');
}

static void reference(struct writer *w, const char *definition)
{
	char path[64];

	snprintf(path, sizeof(path), "#/definitions/%s", definition);
	member(w, "$ref", path);
}

/* most 0: any number. */
static void list_of(struct writer *w, const char *definition, __u64 most)
{
	typed(w, "array", false);
	writer_key(w, "items");
	writer_open(w, '{');
	reference(w, definition);
	writer_close(w, '}');
	if (!most)
		return;
	writer_key(w, "maxItems");
	writer_unsigned(w, most);
}

/* That definition, or null. */
static void reference_null(struct writer *w, const char *definition)
{
	writer_key(w, "anyOf");
	writer_open(w, '[');
	writer_open(w, '{');
	reference(w, definition);
	writer_close(w, '}');
	writer_open(w, '{');
	typed(w, "null", false);
	writer_close(w, '}');
	writer_close(w, ']');
}

/* An object of counts above 0; the others are left out. */
static void counts_begin(struct writer *w)
{
	typed(w, "object", false);
	writer_key(w, "additionalProperties");
	writer_bool(w, false);
	writer_key(w, "properties");
	writer_open(w, '{');
}

static void count(struct writer *w, const char *of)
{
	writer_key(w, of);
	writer_open(w, '{');
	typed(w, "integer", false);
	range(w, 1, 0);
	writer_close(w, '}');
}

static void finding_counts(struct writer *w)
{
	counts_begin(w);
	for (unsigned int i = 0; i < FINDING_CODES; i++)
		count(w, names_detector(i)->code);
	writer_close(w, '}');
}

static void skip_counts(struct writer *w)
{
	counts_begin(w);
	for (unsigned int i = 0; i < COUNTERS; i++) {
		if (names_counters[i].skip)
			count(w, names_counters[i].name);
	}
	writer_close(w, '}');
}

/* An object of numbers, of which no finding has more than FINDING_VALUES. */
static void numbers(struct writer *w)
{
	typed(w, "object", false);
	writer_key(w, "maxProperties");
	writer_unsigned(w, FINDING_VALUES);
	writer_key(w, "additionalProperties");
	writer_open(w, '{');
	typed(w, "number", false);
	range(w, 0, 0);
	writer_close(w, '}');
}

static void codes(struct writer *w)
{
	typed(w, "array", false);
	writer_key(w, "items");
	writer_open(w, '{');
	code(w);
	writer_close(w, '}');
}

#define SCHEMA_UINT(list)           integer(w, 0, false)
#define SCHEMA_UINT_NULL(list)      integer(w, 0, true)
#define SCHEMA_FAMILY(list)         family(w)
#define SCHEMA_PORT(list)           integer(w, 65535, false)
#define SCHEMA_SHIFT_NULL(list)     integer(w, 255, true)
#define SCHEMA_WINDOW_NULL(list)    integer(w, 65535, true)
#define SCHEMA_TIME(list)           typed(w, "number", false)
#define SCHEMA_TIME_NULL(list)      typed(w, "number", true)
#define SCHEMA_SECONDS(list)        duration(w)
#define SCHEMA_BOOL(list)           typed(w, "boolean", false)
#define SCHEMA_NAME(list)           name(w, list, false)
#define SCHEMA_NAME_NULL(list)      name(w, list, true)
#define SCHEMA_CODE(list)           code(w)
#define SCHEMA_STRING_NULL(list)    typed(w, "string", true)
#define SCHEMA_ADDRESS(list)        address(w)
#define SCHEMA_SENTENCE(list)       sentence(w)
#define SCHEMA_PACKETS(list)        list_of(w, "packet", FINDING_PACKETS)
#define SCHEMA_NUMBERS(list)        numbers(w)
#define SCHEMA_CODES(list)          codes(w)
#define SCHEMA_DIRECTION(list)      reference(w, "direction")
#define SCHEMA_FINDING(list)        reference(w, "finding")
#define SCHEMA_FINDINGS(list)       list_of(w, "finding", RECORD_FINDINGS_MOST)
#define SCHEMA_FINDING_COUNTS(list) finding_counts(w)
#define SCHEMA_SKIP_COUNTS(list)    skip_counts(w)
#define SCHEMA_LOST(list)           reference(w, "lost")
#define SCHEMA_WHERE_NULL(list)     reference_null(w, "where")
#define SCHEMA_TABLE_NULL(list)     reference_null(w, "table")
#define SCHEMA_RETIRED(list)        reference(w, "retired")

#define SCHEMA_STRING(list)     typed(w, "string", false)
#define SCHEMA_LINE(list)       line(w)
#define SCHEMA_CODE_NULL(list)  code_null(w)
#define SCHEMA_ASSERTION(list)  assertion_name(w)
#define SCHEMA_ASSERTIONS(list) list_of(w, "assertion", 0)
#define SCHEMA_WITNESSES(list)  list_of(w, "witness", 0)

#define SCHEMA_CHANGE_CODE(list) change_code(w)
#define SCHEMA_CHANGES(list)     list_of(w, "change", 0)

#define SCHEMA_MEMBER(kind, field, list, what) \
	writer_key(w, #field);                 \
	writer_open(w, '{');                   \
	member(w, "description", what);        \
	SCHEMA_##kind(NAMES_##list);           \
	writer_close(w, '}');

#define SCHEMA_NAMED(kind, field, list, what) writer_string(w, #field);

static void object_begin(struct writer *w, const char *definition, const char *title)
{
	writer_key(w, definition);
	writer_open(w, '{');
	member(w, "title", title);
	typed(w, "object", false);
	writer_key(w, "additionalProperties");
	writer_bool(w, false);
	writer_key(w, "properties");
	writer_open(w, '{');
}

static void object_required(struct writer *w)
{
	writer_close(w, '}');
	writer_key(w, "required");
	writer_open(w, '[');
}

static void object_end(struct writer *w)
{
	writer_close(w, ']');
	writer_close(w, '}');
}

/* What every record begins with. */
static void record_begin(struct writer *w, const char *type, const char *title)
{
	object_begin(w, type, title);
	writer_key(w, "type");
	writer_open(w, '{');
	member(w, "const", type);
	writer_close(w, '}');
	writer_key(w, "schema");
	writer_open(w, '{');
	writer_key(w, "const");
	writer_unsigned(w, RECORD_SCHEMA);
	writer_close(w, '}');
}

static void record_required(struct writer *w)
{
	object_required(w);
	writer_string(w, "type");
	writer_string(w, "schema");
}

static void flow(struct writer *w)
{
	record_begin(w, "flow",
		     "A connection; sorted by first packet, save what was retired before");
#define RECORD_FLOW SCHEMA_MEMBER
#include "userspace/record.def"
#define RECORD_FLOW_RETIRE SCHEMA_MEMBER
#include "userspace/record.def"
	record_required(w);
#define RECORD_FLOW SCHEMA_NAMED
#include "userspace/record.def"
	object_end(w);
}

static void endpoint(struct writer *w)
{
	record_begin(w, "endpoint", "What one side of a host does with window scaling");
#define RECORD_ENDPOINT SCHEMA_MEMBER
#include "userspace/record.def"
	record_required(w);
#define RECORD_ENDPOINT SCHEMA_NAMED
#include "userspace/record.def"
	object_end(w);
}

static void summary(struct writer *w)
{
	record_begin(w, "summary", "The last line");
#define RECORD_SUMMARY SCHEMA_MEMBER
#include "userspace/record.def"
#define RECORD_SUMMARY_RETIRE SCHEMA_MEMBER
#include "userspace/record.def"
	record_required(w);
#define RECORD_SUMMARY SCHEMA_NAMED
#include "userspace/record.def"
	object_end(w);
}

static void event(struct writer *w)
{
	record_begin(w, "event", "A finding as it happens; live only");
#define RECORD_EVENT SCHEMA_MEMBER
#include "userspace/record.def"
	record_required(w);
#define RECORD_EVENT SCHEMA_NAMED
#include "userspace/record.def"
	object_end(w);
}

static void sample(struct writer *w)
{
	record_begin(w, "sample", "A line of replay --series; never among the others");
#define RECORD_SAMPLE SCHEMA_MEMBER
#include "userspace/record.def"
	record_required(w);
#define RECORD_SAMPLE SCHEMA_NAMED
#include "userspace/record.def"
	object_end(w);
}

static void compare_flow(struct writer *w)
{
	record_begin(w, "compare_flow", "A connection that both captures of compare have");
#define RECORD_COMPARE_FLOW SCHEMA_MEMBER
#include "userspace/record.def"
	record_required(w);
#define RECORD_COMPARE_FLOW SCHEMA_NAMED
#include "userspace/record.def"
	object_end(w);
}

static void compare(struct writer *w)
{
	record_begin(w, "compare", "The last line of compare");
#define RECORD_COMPARE SCHEMA_MEMBER
#include "userspace/record.def"
	record_required(w);
#define RECORD_COMPARE SCHEMA_NAMED
#include "userspace/record.def"
	object_end(w);
}

/* Of check, whose lines are written by output/check_json.c. */
static void check(struct writer *w)
{
	record_begin(w, "expectation", "A line of check: an expectation, and whether it holds");
#define RECORD_EXPECTATION SCHEMA_MEMBER
#include "userspace/record.def"
	record_required(w);
#define RECORD_EXPECTATION SCHEMA_NAMED
#include "userspace/record.def"
	object_end(w);
	record_begin(w, "check", "The last line of check");
#define RECORD_CHECK SCHEMA_MEMBER
#include "userspace/record.def"
	record_required(w);
#define RECORD_CHECK SCHEMA_NAMED
#include "userspace/record.def"
	object_end(w);
}

static void assertion(struct writer *w)
{
	object_begin(w, "assertion", "What must hold of what an expectation selects");
#define RECORD_ASSERTION SCHEMA_MEMBER
#include "userspace/record.def"
	object_required(w);
#define RECORD_ASSERTION SCHEMA_NAMED
#include "userspace/record.def"
	object_end(w);
	object_begin(w, "witness", "What speaks against it, or does not tell");
#define RECORD_WITNESS SCHEMA_MEMBER
#include "userspace/record.def"
	object_required(w);
#define RECORD_WITNESS SCHEMA_NAMED
#include "userspace/record.def"
	object_end(w);
}

static void change(struct writer *w)
{
	object_begin(w, "change", "What a box changed");
#define RECORD_CHANGE SCHEMA_MEMBER
#include "userspace/record.def"
	object_required(w);
#define RECORD_CHANGE SCHEMA_NAMED
#include "userspace/record.def"
	object_end(w);
}

static void direction(struct writer *w)
{
	object_begin(w, "direction", "One direction of a connection");
#define RECORD_DIRECTION SCHEMA_MEMBER
#include "userspace/record.def"
	object_required(w);
#define RECORD_DIRECTION SCHEMA_NAMED
#include "userspace/record.def"
	object_end(w);
}

static void finding(struct writer *w)
{
	object_begin(w, "finding", "What was found");
#define RECORD_FINDING SCHEMA_MEMBER
#include "userspace/record.def"
	object_required(w);
#define RECORD_FINDING SCHEMA_NAMED
#include "userspace/record.def"
	object_end(w);
}

static void lost(struct writer *w)
{
	object_begin(w, "lost", "What is known to have been missed");
#define RECORD_LOST SCHEMA_MEMBER
#include "userspace/record.def"
	object_required(w);
#define RECORD_LOST SCHEMA_NAMED
#include "userspace/record.def"
	object_end(w);
}

static void retired(struct writer *w)
{
	object_begin(w, "retired", "What replay --retire did");
#define RECORD_RETIRED SCHEMA_MEMBER
#include "userspace/record.def"
	object_required(w);
#define RECORD_RETIRED SCHEMA_NAMED
#include "userspace/record.def"
	object_end(w);
}

static void where(struct writer *w)
{
	object_begin(w, "where", "One side of a host");
#define RECORD_WHERE SCHEMA_MEMBER
#include "userspace/record.def"
	object_required(w);
#define RECORD_WHERE SCHEMA_NAMED
#include "userspace/record.def"
	object_end(w);
}

/* Of status: a line for each attachment, and the last one. */
static void status(struct writer *w)
{
	record_begin(w, "attachment", "What `wscope attach` has on a hook of an interface");
#define RECORD_ATTACHMENT SCHEMA_MEMBER
#include "userspace/record.def"
	record_required(w);
#define RECORD_ATTACHMENT SCHEMA_NAMED
#include "userspace/record.def"
	object_end(w);
	record_begin(w, "status", "The last line of status");
#define RECORD_STATUS SCHEMA_MEMBER
#include "userspace/record.def"
	record_required(w);
#define RECORD_STATUS SCHEMA_NAMED
#include "userspace/record.def"
	object_end(w);
	object_begin(w, "table", "How full a table is");
#define RECORD_TABLE SCHEMA_MEMBER
#include "userspace/record.def"
	object_required(w);
#define RECORD_TABLE SCHEMA_NAMED
#include "userspace/record.def"
	object_end(w);
}

static void packet(struct writer *w)
{
	object_begin(w, "packet", "A packet of a capture");
	writer_key(w, "file");
	writer_open(w, '{');
	typed(w, "string", false);
	writer_close(w, '}');
	writer_key(w, "number");
	writer_open(w, '{');
	member(w, "description", "in that file, from 1");
	typed(w, "integer", false);
	range(w, 1, 0);
	writer_close(w, '}');
	object_required(w);
	writer_string(w, "file");
	writer_string(w, "number");
	object_end(w);
}

int explain_schema(FILE *to)
{
	static const char *const records[] = { "flow",   "endpoint",     "summary", "event",
					       "sample", "compare_flow", "compare", "expectation",
					       "check",  "attachment",   "status" };
	struct writer writer, *w = &writer;

	writer_start(w, to);
	w->pretty = true;
	writer_open(w, '{');
	member(w, "$schema", "http://json-schema.org/draft-07/schema#");
	member(w, "title", "wscope --json or --series, one line");
	writer_key(w, "oneOf");
	writer_open(w, '[');
	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
		writer_open(w, '{');
		reference(w, records[i]);
		writer_close(w, '}');
	}
	writer_close(w, ']');
	writer_key(w, "definitions");
	writer_open(w, '{');
	flow(w);
	endpoint(w);
	summary(w);
	event(w);
	sample(w);
	compare_flow(w);
	compare(w);
	check(w);
	assertion(w);
	change(w);
	direction(w);
	finding(w);
	packet(w);
	lost(w);
	retired(w);
	where(w);
	status(w);
	writer_close(w, '}');
	writer_close(w, '}');
	writer_line(w);
	return writer_flush(w);
}
