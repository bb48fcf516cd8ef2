// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* One JSON object per line: the records of schema 1, as record.def lists their fields. */
#include <net/if.h>

#include "userspace/output/json.h"
#include "userspace/ordered.h"
#include "userspace/output/output.h"
#include "userspace/output/writer.h"
#include "userspace/record.h"

/* How each kind of record.def is written. */
static void put_number_null(struct writer *w, __s64 value)
{
	if (value == RECORD_NO_NUMBER)
		writer_null(w);
	else
		writer_unsigned(w, (__u64)value);
}

static void put_time_null(struct writer *w, __s64 ns)
{
	if (ns == RECORD_NO_TIME)
		writer_null(w);
	else
		writer_seconds(w, ns);
}

static void put_packets(struct writer *w, const struct record_packets *packets)
{
	writer_open(w, '[');
	for (size_t i = 0; i < packets->n; i++) {
		writer_open(w, '{');
		writer_key(w, "file");
		writer_string(w, packets->list[i].file);
		writer_key(w, "number");
		writer_unsigned(w, packets->list[i].number);
		writer_close(w, '}');
	}
	writer_close(w, ']');
}

/* Nanoseconds are written as seconds, and named so. */
static void put_numbers(struct writer *w, const struct record_numbers *numbers)
{
	const struct finding f = { .code = numbers->code };

	writer_open(w, '{');
	for (unsigned int i = 0; i < FINDING_VALUES; i++) {
		char key[RECORD_VALUE_ROOM];
		enum record_unit unit = record_value_key(key, &f, i);

		if (!*key)
			break;
		writer_key(w, key);
		if (unit == RECORD_UNIT_NS)
			writer_seconds(w, (__s64)numbers->value[i]);
		else
			writer_unsigned(w, numbers->value[i]);
	}
	writer_close(w, '}');
}

static void put_codes(struct writer *w, __u32 codes)
{
	writer_open(w, '[');
	for (unsigned int i = 0; i < FINDING_CODES; i++) {
		if (codes & 1U << i)
			writer_string(w, names_detector(i)->code);
	}
	writer_close(w, ']');
}

static void put_finding_counts(struct writer *w, const struct record_finding_counts *counts)
{
	writer_open(w, '{');
	for (unsigned int i = 0; i < FINDING_CODES; i++) {
		if (!counts->n[i])
			continue;
		writer_key(w, names_detector(i)->code);
		writer_unsigned(w, counts->n[i]);
	}
	writer_close(w, '}');
}

static void put_skip_counts(struct writer *w, const struct record_skip_counts *counts)
{
	writer_open(w, '{');
	for (unsigned int i = 0; i < COUNTERS; i++) {
		if (!counts->n[i])
			continue;
		writer_key(w, names_counters[i].name);
		writer_unsigned(w, counts->n[i]);
	}
	writer_close(w, '}');
}

static void put_changes(struct writer *w, const struct record_changes *changes);
static void put_direction(struct writer *w, const struct record_direction *r);
static void put_finding(struct writer *w, const struct record_finding *r);
static void put_findings(struct writer *w, const struct record_findings *findings);
static void put_lost(struct writer *w, const struct record_lost *r);
static void put_where_null(struct writer *w, const struct record_where *r);
static void put_retired(struct writer *w, const struct record_retired *r);
static void put_table_null(struct writer *w, const struct record_table *r);

#define PUT_UINT(v)           writer_unsigned(w, v)
#define PUT_UINT_NULL(v)      put_number_null(w, v)
#define PUT_FAMILY(v)         writer_unsigned(w, v)
#define PUT_PORT(v)           writer_unsigned(w, v)
#define PUT_SHIFT_NULL(v)     put_number_null(w, v)
#define PUT_WINDOW_NULL(v)    put_number_null(w, v)
#define PUT_TIME(v)           writer_seconds(w, v)
#define PUT_TIME_NULL(v)      put_time_null(w, v)
#define PUT_SECONDS(v)        writer_seconds(w, (__s64)(v))
#define PUT_BOOL(v)           writer_bool(w, v)
#define PUT_NAME(v)           writer_string(w, v)
#define PUT_NAME_NULL(v)      writer_string(w, v)
#define PUT_CODE(v)           writer_string(w, v)
#define PUT_STRING(v)         writer_string(w, v)
#define PUT_STRING_NULL(v)    writer_string(w, v)
#define PUT_ADDRESS(v)        writer_string(w, (v).text)
#define PUT_SENTENCE(v)       writer_string(w, (v).text)
#define PUT_PACKETS(v)        put_packets(w, &(v))
#define PUT_NUMBERS(v)        put_numbers(w, &(v))
#define PUT_CODES(v)          put_codes(w, v)
#define PUT_DIRECTION(v)      put_direction(w, &(v))
#define PUT_FINDING(v)        put_finding(w, &(v))
#define PUT_FINDINGS(v)       put_findings(w, &(v))
#define PUT_FINDING_COUNTS(v) put_finding_counts(w, &(v))
#define PUT_SKIP_COUNTS(v)    put_skip_counts(w, &(v))
#define PUT_LOST(v)           put_lost(w, &(v))
#define PUT_WHERE_NULL(v)     put_where_null(w, &(v))
#define PUT_RETIRED(v)        put_retired(w, &(v))
#define PUT_TABLE_NULL(v)     put_table_null(w, &(v))
#define PUT_CHANGE_CODE(v)    writer_string(w, v)
#define PUT_CHANGES(v)        put_changes(w, &(v))

#define PUT_MEMBER(kind, name, names, what) \
	writer_key(w, #name);               \
	PUT_##kind(r->name);

static void put_direction(struct writer *w, const struct record_direction *r)
{
	writer_open(w, '{');
#define RECORD_DIRECTION PUT_MEMBER
#include "userspace/record.def"
	writer_close(w, '}');
}

static void put_finding(struct writer *w, const struct record_finding *r)
{
	writer_open(w, '{');
#define RECORD_FINDING PUT_MEMBER
#include "userspace/record.def"
	writer_close(w, '}');
}

static void put_findings(struct writer *w, const struct record_findings *findings)
{
	writer_open(w, '[');
	for (size_t i = 0; i < findings->n; i++)
		put_finding(w, &findings->list[i]);
	writer_close(w, ']');
}

static void put_lost(struct writer *w, const struct record_lost *r)
{
	writer_open(w, '{');
#define RECORD_LOST PUT_MEMBER
#include "userspace/record.def"
	writer_close(w, '}');
}

static void put_retired(struct writer *w, const struct record_retired *r)
{
	writer_open(w, '{');
#define RECORD_RETIRED PUT_MEMBER
#include "userspace/record.def"
	writer_close(w, '}');
}

static void put_where_null(struct writer *w, const struct record_where *r)
{
	if (!r->role) {
		writer_null(w);
		return;
	}
	writer_open(w, '{');
#define RECORD_WHERE PUT_MEMBER
#include "userspace/record.def"
	writer_close(w, '}');
}

static void put_table_null(struct writer *w, const struct record_table *r)
{
	if (!r->size) {
		writer_null(w);
		return;
	}
	writer_open(w, '{');
#define RECORD_TABLE PUT_MEMBER
#include "userspace/record.def"
	writer_close(w, '}');
}

static void put_changes(struct writer *w, const struct record_changes *changes)
{
	writer_open(w, '[');
	for (size_t i = 0; i < changes->n; i++) {
		struct record_change change, *r = &change;

		record_change(r, &changes->list[i]);
		writer_open(w, '{');
#define RECORD_CHANGE PUT_MEMBER
#include "userspace/record.def"
		writer_close(w, '}');
	}
	writer_close(w, ']');
}

static void record_begin(struct writer *w, const char *type)
{
	writer_open(w, '{');
	writer_key(w, "type");
	writer_string(w, type);
	writer_key(w, "schema");
	writer_unsigned(w, RECORD_SCHEMA);
}

static void record_end(struct writer *w)
{
	writer_close(w, '}');
	if (!w->depth)
		writer_line(w);
}

void json_flow(struct writer *w, const struct record_flow *r)
{
	record_begin(w, "flow");
#define RECORD_FLOW PUT_MEMBER
#include "userspace/record.def"
	if (r->retire) {
#define RECORD_FLOW_RETIRE PUT_MEMBER
#include "userspace/record.def"
	}
	record_end(w);
}

void json_endpoint(struct writer *w, const struct record_endpoint *r)
{
	record_begin(w, "endpoint");
#define RECORD_ENDPOINT PUT_MEMBER
#include "userspace/record.def"
	record_end(w);
}

void json_summary(struct writer *w, const struct record_summary *r)
{
	record_begin(w, "summary");
#define RECORD_SUMMARY PUT_MEMBER
#include "userspace/record.def"
	if (r->retire) {
#define RECORD_SUMMARY_RETIRE PUT_MEMBER
#include "userspace/record.def"
	}
	record_end(w);
}

static void put_event(struct writer *w, const struct record_event *r)
{
	record_begin(w, "event");
#define RECORD_EVENT PUT_MEMBER
#include "userspace/record.def"
	record_end(w);
}

void json_sample(struct writer *w, const struct record_sample *r)
{
	record_begin(w, "sample");
#define RECORD_SAMPLE PUT_MEMBER
#include "userspace/record.def"
	record_end(w);
}

void json_attachment(struct writer *w, const struct record_attachment *r)
{
	record_begin(w, "attachment");
#define RECORD_ATTACHMENT PUT_MEMBER
#include "userspace/record.def"
	record_end(w);
}

void json_status(struct writer *w, const struct record_status *r)
{
	record_begin(w, "status");
#define RECORD_STATUS PUT_MEMBER
#include "userspace/record.def"
	record_end(w);
}

static void put_compare_flow(struct writer *w, const struct record_compare_flow *r)
{
	record_begin(w, "compare_flow");
#define RECORD_COMPARE_FLOW PUT_MEMBER
#include "userspace/record.def"
	record_end(w);
}

static void put_compare(struct writer *w, const struct record_compare *r)
{
	record_begin(w, "compare");
#define RECORD_COMPARE PUT_MEMBER
#include "userspace/record.def"
	record_end(w);
}

int compare_json(FILE *to, const struct compare_report *r)
{
	struct writer w;
	struct record_compare whole;

	writer_start(&w, to);
	for (size_t i = 0; r->flows && i < r->flows_n && !w.err; i++) {
		struct record_compare_flow flow;

		record_compare_flow(&flow, &r->flows[i]);
		put_compare_flow(&w, &flow);
	}
	record_compare(&whole, r);
	put_compare(&w, &whole);
	return writer_flush(&w);
}

/* Room for one record of either type: they are large, and made one at a time. */
union any_record {
	struct record_endpoint endpoint;
	struct record_summary summary;
	struct record_event event;
};

static int json_flows(FILE *part, void *arg, size_t from, size_t until)
{
	const struct report *r = arg;
	struct record_flow record;
	struct writer w;

	writer_start(&w, part);
	for (size_t i = from; i < until && !w.err; i++) {
		record_flow(&record, r, r->flows[i]);
		json_flow(&w, &record);
	}
	return writer_flush(&w);
}

static int json_report(FILE *to, const struct report *r, const struct options *o)
{
	struct writer w;
	union any_record record;
	int err = 0;

	(void)o;
	/* One flow record a connection: with the last summary, not with those on the way. */
	if (!r->interim)
		err = ordered_write(to, r->threads, r->flows_n, (void *)r, json_flows);
	if (err)
		return err;
	writer_start(&w, to);
	for (size_t i = 0; i < r->endpoints_n && !w.err; i++) {
		record_endpoint(&record.endpoint, r, &r->endpoints[i]);
		json_endpoint(&w, &record.endpoint);
	}
	record_summary(&record.summary, r);
	json_summary(&w, &record.summary);
	return writer_flush(&w);
}

static int json_retired(FILE *to, const struct report *r, const struct flow_entry *e)
{
	struct writer w;
	struct record_flow record;

	writer_start(&w, to);
	record_flow(&record, r, e);
	json_flow(&w, &record);
	return writer_flush(&w);
}

static int json_event(FILE *to, const struct report *r, const struct event *e,
		      const struct options *o)
{
	struct writer w;
	struct record_event record;
	char interface[IF_NAMESIZE];

	(void)o;
	writer_start(&w, to);
	record_event(&record, r, e, if_indextoname(e->ifindex, interface));
	put_event(&w, &record);
	return writer_flush(&w);
}

const struct output output_json = {
	.name = "json",
	.report = json_report,
	.retired = json_retired,
	.event = json_event,
};
