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

static void reference(struct writer *w, const char *definition)
{
	char path[64];

	snprintf(path, sizeof(path), "#/definitions/%s", definition);
	member(w, "$ref", path);
}

/* How a kind of record.def is described. */
struct kind {
	void (*put)(struct writer *w, const struct kind *kind, enum names list);
	const char *of; /* type, or definition */
	__u64 low;
	__u64 most; /* 0: any number */
	bool nullable;
};

static void type(struct writer *w, const struct kind *kind, enum names list)
{
	(void)list;
	typed(w, kind->of, kind->nullable);
}

static void number(struct writer *w, const struct kind *kind, enum names list)
{
	type(w, kind, list);
	range(w, kind->low, kind->most);
}

static void family(struct writer *w, const struct kind *kind, enum names list)
{
	(void)kind;
	(void)list;
	writer_key(w, "enum");
	writer_open(w, '[');
	writer_unsigned(w, 4);
	writer_unsigned(w, 6);
	writer_close(w, ']');
}

static void address(struct writer *w, const struct kind *kind, enum names list)
{
	type(w, kind, list);
	writer_key(w, "anyOf");
	writer_open(w, '[');
	for (int i = 0; i < 2; i++) {
		writer_open(w, '{');
		member(w, "format", i ? "ipv6" : "ipv4");
		writer_close(w, '}');
	}
	writer_close(w, ']');
}

static void sentence(struct writer *w, const struct kind *kind, enum names list)
{
	type(w, kind, list);
	writer_key(w, "minLength");
	writer_unsigned(w, 1);
}

static void name(struct writer *w, const struct kind *kind, enum names list)
{
	writer_key(w, "enum");
	writer_open(w, '[');
	for (unsigned int i = 0; i < names_n(list); i++) {
		if (names_of(list, i))
			writer_string(w, names_of(list, i));
	}
	if (kind->nullable)
		writer_null(w);
	writer_close(w, ']');
}

static void code(struct writer *w, const struct kind *kind, enum names list)
{
	(void)list;
	writer_key(w, "enum");
	writer_open(w, '[');
	for (unsigned int i = 0; i < FINDING_CODES; i++)
		writer_string(w, names_detector(i)->code);
	if (kind->nullable)
		writer_null(w);
	writer_close(w, ']');
}

static void assertion(struct writer *w, const struct kind *kind, enum names list)
{
	(void)kind;
	(void)list;
	writer_key(w, "enum");
	writer_open(w, '[');
#define EXPECT_ASSERTION(name, what) writer_string(w, #name);
#include "userspace/expect.def"
	writer_close(w, ']');
}

static void change(struct writer *w, const struct kind *kind, enum names list)
{
	(void)kind;
	(void)list;
	writer_key(w, "enum");
	writer_open(w, '[');
	for (unsigned int i = 0; i < CHANGE_CODES; i++)
		writer_string(w, change_name(i)->code);
	writer_close(w, ']');
}

static void list_of(struct writer *w, const struct kind *kind, enum names list)
{
	(void)list;
	typed(w, "array", false);
	writer_key(w, "items");
	writer_open(w, '{');
	reference(w, kind->of);
	writer_close(w, '}');
	if (!kind->most)
		return;
	writer_key(w, "maxItems");
	writer_unsigned(w, kind->most);
}

/* A definition, or that or null. */
static void object(struct writer *w, const struct kind *kind, enum names list)
{
	(void)list;
	if (!kind->nullable) {
		reference(w, kind->of);
		return;
	}
	writer_key(w, "anyOf");
	writer_open(w, '[');
	writer_open(w, '{');
	reference(w, kind->of);
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

static void finding_counts(struct writer *w, const struct kind *kind, enum names list)
{
	(void)kind;
	(void)list;
	counts_begin(w);
	for (unsigned int i = 0; i < FINDING_CODES; i++)
		count(w, names_detector(i)->code);
	writer_close(w, '}');
}

static void skip_counts(struct writer *w, const struct kind *kind, enum names list)
{
	(void)kind;
	(void)list;
	counts_begin(w);
	for (unsigned int i = 0; i < COUNTERS; i++) {
		if (names_counters[i].skip)
			count(w, names_counters[i].name);
	}
	writer_close(w, '}');
}

/* An object of numbers, of which no finding has more than FINDING_VALUES. */
static void numbers(struct writer *w, const struct kind *kind, enum names list)
{
	(void)kind;
	(void)list;
	typed(w, "object", false);
	writer_key(w, "maxProperties");
	writer_unsigned(w, FINDING_VALUES);
	writer_key(w, "additionalProperties");
	writer_open(w, '{');
	typed(w, "number", false);
	range(w, 0, 0);
	writer_close(w, '}');
}

static void codes(struct writer *w, const struct kind *kind, enum names list)
{
	typed(w, "array", false);
	writer_key(w, "items");
	writer_open(w, '{');
	code(w, kind, list);
	writer_close(w, '}');
}

#define KIND(name, ...) static const struct kind kind_##name = { .put = __VA_ARGS__ };
KIND(UINT, number, .of = "integer")
KIND(UINT_NULL, number, .of = "integer", .nullable = true)
KIND(FAMILY, family)
KIND(PORT, number, .of = "integer", .most = 65535)
KIND(SHIFT_NULL, number, .of = "integer", .most = 255, .nullable = true)
KIND(WINDOW_NULL, number, .of = "integer", .most = 65535, .nullable = true)
KIND(LINE, number, .of = "integer", .low = 1)
KIND(TIME, type, .of = "number")
KIND(TIME_NULL, type, .of = "number", .nullable = true)
KIND(SECONDS, number, .of = "number")
KIND(BOOL, type, .of = "boolean")
KIND(STRING, type, .of = "string")
KIND(STRING_NULL, type, .of = "string", .nullable = true)
KIND(SENTENCE, sentence, .of = "string")
KIND(ADDRESS, address, .of = "string")
KIND(NAME, name)
KIND(NAME_NULL, name, .nullable = true)
KIND(CODE, code)
KIND(CODE_NULL, code, .nullable = true)
KIND(CODES, codes)
KIND(NUMBERS, numbers)
KIND(ASSERTION, assertion)
KIND(CHANGE_CODE, change)
KIND(FINDING_COUNTS, finding_counts)
KIND(SKIP_COUNTS, skip_counts)
KIND(DIRECTION, object, .of = "direction")
KIND(FINDING, object, .of = "finding")
KIND(LOST, object, .of = "lost")
KIND(RETIRED, object, .of = "retired")
KIND(WHERE_NULL, object, .of = "where", .nullable = true)
KIND(TABLE_NULL, object, .of = "table", .nullable = true)
KIND(PACKETS, list_of, .of = "packet", .most = FINDING_PACKETS)
KIND(FINDINGS, list_of, .of = "finding", .most = RECORD_FINDINGS_MOST)
KIND(ASSERTIONS, list_of, .of = "assertion")
KIND(WITNESSES, list_of, .of = "witness")
KIND(CHANGES, list_of, .of = "change")

/* A member of an object. */
struct part {
	const char *key, *what;
	const struct kind *kind;
	enum names list;
	bool always; /* it is there */
};

#define ALWAYS(kind, field, list, what)        { #field, what, &kind_##kind, NAMES_##list, true },
#define WHEN_RETIRING(kind, field, list, what) { #field, what, &kind_##kind, NAMES_##list, false },

static const struct part flow_parts[] = {
#define RECORD_FLOW ALWAYS
#include "userspace/record.def"
#define RECORD_FLOW_RETIRE WHEN_RETIRING
#include "userspace/record.def"
};

static const struct part endpoint_parts[] = {
#define RECORD_ENDPOINT ALWAYS
#include "userspace/record.def"
};

static const struct part summary_parts[] = {
#define RECORD_SUMMARY ALWAYS
#include "userspace/record.def"
#define RECORD_SUMMARY_RETIRE WHEN_RETIRING
#include "userspace/record.def"
};

static const struct part event_parts[] = {
#define RECORD_EVENT ALWAYS
#include "userspace/record.def"
};

static const struct part sample_parts[] = {
#define RECORD_SAMPLE ALWAYS
#include "userspace/record.def"
};

static const struct part compare_flow_parts[] = {
#define RECORD_COMPARE_FLOW ALWAYS
#include "userspace/record.def"
};

static const struct part compare_parts[] = {
#define RECORD_COMPARE ALWAYS
#include "userspace/record.def"
};

static const struct part expectation_parts[] = {
#define RECORD_EXPECTATION ALWAYS
#include "userspace/record.def"
};

static const struct part check_parts[] = {
#define RECORD_CHECK ALWAYS
#include "userspace/record.def"
};

static const struct part assertion_parts[] = {
#define RECORD_ASSERTION ALWAYS
#include "userspace/record.def"
};

static const struct part witness_parts[] = {
#define RECORD_WITNESS ALWAYS
#include "userspace/record.def"
};

static const struct part change_parts[] = {
#define RECORD_CHANGE ALWAYS
#include "userspace/record.def"
};

static const struct part direction_parts[] = {
#define RECORD_DIRECTION ALWAYS
#include "userspace/record.def"
};

static const struct part finding_parts[] = {
#define RECORD_FINDING ALWAYS
#include "userspace/record.def"
};

static const struct part lost_parts[] = {
#define RECORD_LOST ALWAYS
#include "userspace/record.def"
};

static const struct part retired_parts[] = {
#define RECORD_RETIRED ALWAYS
#include "userspace/record.def"
};

static const struct part where_parts[] = {
#define RECORD_WHERE ALWAYS
#include "userspace/record.def"
};

static const struct part attachment_parts[] = {
#define RECORD_ATTACHMENT ALWAYS
#include "userspace/record.def"
};

static const struct part status_parts[] = {
#define RECORD_STATUS ALWAYS
#include "userspace/record.def"
};

static const struct part table_parts[] = {
#define RECORD_TABLE ALWAYS
#include "userspace/record.def"
};

static const struct definition {
	const char *name, *title;
	const struct part *parts;
	size_t n;
	bool record; /* a line of its own: it begins with type and schema */
} definitions[] = {
#define PARTS(of) of##_parts, sizeof(of##_parts) / sizeof(of##_parts[0])
	{ "flow", "A connection; sorted by first packet, save what was retired before", PARTS(flow),
	  true },
	{ "endpoint", "What one side of a host does with window scaling", PARTS(endpoint), true },
	{ "summary", "The last line", PARTS(summary), true },
	{ "event", "A finding as it happens; live only", PARTS(event), true },
	{ "sample", "A line of replay --series; never among the others", PARTS(sample), true },
	{ "compare_flow", "A connection that both captures of compare have", PARTS(compare_flow),
	  true },
	{ "compare", "The last line of compare", PARTS(compare), true },
	{ "expectation", "A line of check: an expectation, and whether it holds",
	  PARTS(expectation), true },
	{ "check", "The last line of check", PARTS(check), true },
	{ "assertion", "What must hold of what an expectation selects", PARTS(assertion), false },
	{ "witness", "What speaks against it, or does not tell", PARTS(witness), false },
	{ "change", "What a box changed", PARTS(change), false },
	{ "direction", "One direction of a connection", PARTS(direction), false },
	{ "finding", "What was found", PARTS(finding), false },
	{ "lost", "What is known to have been missed", PARTS(lost), false },
	{ "retired", "What replay --retire did", PARTS(retired), false },
	{ "where", "One side of a host", PARTS(where), false },
	{ "attachment", "What `wscope attach` has on a hook of an interface", PARTS(attachment),
	  true },
	{ "status", "The last line of status", PARTS(status), true },
	{ "table", "How full a table is", PARTS(table), false },
};

#define DEFINITIONS (sizeof(definitions) / sizeof(definitions[0]))

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

/* What every record begins with. */
static void record_begin(struct writer *w, const char *name)
{
	writer_key(w, "type");
	writer_open(w, '{');
	member(w, "const", name);
	writer_close(w, '}');
	writer_key(w, "schema");
	writer_open(w, '{');
	writer_key(w, "const");
	writer_unsigned(w, RECORD_SCHEMA);
	writer_close(w, '}');
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

static void define(struct writer *w, const struct definition *d)
{
	object_begin(w, d->name, d->title);
	if (d->record)
		record_begin(w, d->name);
	for (size_t i = 0; i < d->n; i++) {
		const struct part *p = &d->parts[i];

		writer_key(w, p->key);
		writer_open(w, '{');
		member(w, "description", p->what);
		p->kind->put(w, p->kind, p->list);
		writer_close(w, '}');
	}
	object_required(w);
	if (d->record) {
		writer_string(w, "type");
		writer_string(w, "schema");
	}
	for (size_t i = 0; i < d->n; i++) {
		if (d->parts[i].always)
			writer_string(w, d->parts[i].key);
	}
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
	struct writer writer, *w = &writer;

	writer_start(w, to);
	w->pretty = true;
	writer_open(w, '{');
	member(w, "$schema", "http://json-schema.org/draft-07/schema#");
	member(w, "title", "wscope --json or --series, one line");
	writer_key(w, "oneOf");
	writer_open(w, '[');
	for (size_t i = 0; i < DEFINITIONS; i++) {
		if (!definitions[i].record)
			continue;
		writer_open(w, '{');
		reference(w, definitions[i].name);
		writer_close(w, '}');
	}
	writer_close(w, ']');
	writer_key(w, "definitions");
	writer_open(w, '{');
	for (size_t i = 0; i < DEFINITIONS; i++)
		define(w, &definitions[i]);
	packet(w);
	writer_close(w, '}');
	writer_close(w, '}');
	writer_line(w);
	return writer_flush(w);
}
