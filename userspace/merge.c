// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Flow records pass through, in the order of their time, of each input one at a time in memory;
 * endpoints are added up and judged again; what summaries count is added.
 */
#include "userspace/merge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "userspace/around.h"
#include "userspace/complain.h"
#include "userspace/exit_status.h"
#include "userspace/merge_endpoint.h"
#include "userspace/output/json.h"
#include "userspace/record.h"
#include "userspace/report.h"

#define MERGE_SPARE_FILES 16 /* descriptors besides the inputs' */

struct merge {
	const struct options *options;
	struct merge_input *inputs;
	size_t n;
	/* Inputs whose record is a flow: a heap, the earliest first. */
	struct merge_input **heap;
	size_t heads;
	struct merge_endpoints endpoints;
	struct record_summary sum;
	__u64 endpoint_findings[FINDING_CODES]; /* of the inputs: replaced by those judged again */
	int worst;                              /* severity met, -1: none */
};

/* ---- the order of flows ---- */

static bool merge_before(const struct merge_input *a, const struct merge_input *b)
{
	return a->first != b->first ? a->first < b->first : a->index < b->index;
}

static void merge_push(struct merge *m, struct merge_input *in)
{
	size_t i = m->heads++;

	while (i && merge_before(in, m->heap[(i - 1) / 2])) {
		m->heap[i] = m->heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	m->heap[i] = in;
}

/* Puts an input in where the first one was taken from. */
static void merge_sink(struct merge *m, struct merge_input *in)
{
	size_t i = 0, child;

	while ((child = 2 * i + 1) < m->heads) {
		if (child + 1 < m->heads && merge_before(m->heap[child + 1], m->heap[child]))
			child++;
		if (!merge_before(m->heap[child], in))
			break;
		m->heap[i] = m->heap[child];
		i = child;
	}
	m->heap[i] = in;
}

/* ---- what records bring ---- */

static void merge_worst(struct merge *m, const json_t *findings)
{
	const json_t *one;
	size_t i;

	json_array_foreach(findings, i, one) {
		const char *text = json_string_value(json_object_get(one, "severity"));
		int severity = text ? names_find(NAMES_SEVERITY, text) : -1;

		m->worst = severity > m->worst ? severity : m->worst;
	}
}

static int merge_flow(struct merge *m, const struct merge_input *in)
{
	int err = merge_endpoint_flow(&m->endpoints, in);

	if (err)
		return err;
	merge_worst(m, json_object_get(in->record, "findings"));
	errno = 0;
	if (fwrite(in->line, 1, in->length, stdout) == in->length)
		return 0;
	return errno ? -errno : -EIO;
}

static int merge_endpoint(struct merge *m, struct merge_input *in)
{
	const json_t *findings = json_object_get(in->record, "findings"), *one;
	size_t i;

	if (!json_is_array(findings))
		return merge_input_refuse(in, "'findings' is missing or makes no sense");
	json_array_foreach(findings, i, one) {
		const char *text = json_string_value(json_object_get(one, "code"));
		int code = text ? merge_code(text) : -1;

		if (code < 0)
			return merge_input_refuse(in, "a finding that is not known here");
		in->endpoint_findings[code]++;
	}
	return merge_endpoint_take(&m->endpoints, in);
}

/* ---- summaries: how each kind of record.def is added ---- */

static bool merge_add_number(const struct merge_input *in, const char *name, __u64 *sum)
{
	__u64 n;

	if (!merge_take_number(in->record, name, &n))
		return false;
	*sum += n;
	return true;
}

static bool merge_add_seconds(const struct merge_input *in, const char *name, __u64 *sum)
{
	__s64 ns;

	if (!merge_take_time(in, name, &ns) || ns == RECORD_NO_TIME || ns < 0)
		return false;
	*sum += (__u64)ns;
	return true;
}

static int merge_skip(const char *name)
{
	for (unsigned int i = 0; i < COUNTERS; i++) {
		if (names_counters[i].skip && !strcmp(names_counters[i].name, name))
			return (int)i;
	}
	return -1;
}

/* An object of numbers by name. */
static bool merge_add_counts(const struct merge_input *in, const char *name,
			     int (*find)(const char *name), __u64 *sums)
{
	json_t *object = json_object_get(in->record, name), *value;
	const char *key;

	if (!json_is_object(object))
		return false;
	json_object_foreach(object, key, value) {
		int at = find(key);

		if (at < 0 || !json_is_integer(value) || json_integer_value(value) < 0)
			return false;
		sums[at] += (__u64)json_integer_value(value);
	}
	return true;
}

static bool merge_add_lost(const struct merge_input *in, const char *name, struct record_lost *sum)
{
	const json_t *object = json_object_get(in->record, name);
	struct record_lost own;

#define RECORD_LOST(kind, member, names, what)                \
	if (!merge_take_number(object, #member, &own.member)) \
		return false;                                 \
	sum->member += own.member;
#include "userspace/record.def"
	return true;
}

static bool merge_add_retired(const struct merge_input *in, const char *name,
			      struct record_retired *sum)
{
	const json_t *object = json_object_get(in->record, name);
	struct record_retired own;

#define RECORD_RETIRED(kind, member, names, what)             \
	if (!merge_take_number(object, #member, &own.member)) \
		return false;                                 \
	sum->member += own.member;
#include "userspace/record.def"
	return true;
}

#define MERGE_ADD_UINT(name)           merge_add_number(in, #name, &sum->name)
#define MERGE_ADD_SECONDS(name)        merge_add_seconds(in, #name, &sum->name)
#define MERGE_ADD_FINDING_COUNTS(name) merge_add_counts(in, #name, merge_code, sum->name.n)
#define MERGE_ADD_SKIP_COUNTS(name)    merge_add_counts(in, #name, merge_skip, sum->name.n)
#define MERGE_ADD_LOST(name)           merge_add_lost(in, #name, &sum->name)

/* The member that is missing or makes no sense; NULL when all is well. */
static const char *merge_add(struct record_summary *sum, const struct merge_input *in)
{
#define RECORD_SUMMARY(kind, name, names, what) \
	if (!MERGE_ADD_##kind(name))            \
		return #name;
#include "userspace/record.def"
	/* Of `replay --retire` only, and then it has to be there. */
	if (!in->retired && !json_object_get(in->record, "retired"))
		return NULL;
	sum->retire = true;
	return merge_add_retired(in, "retired", &sum->retired) ? NULL : "retired";
}

/* The last record of an input, against those before it. */
static int merge_summary(struct merge *m, const struct merge_input *in)
{
	struct record_summary own;
	const char *bad;

	memset(&own, 0, sizeof(own));
	bad = merge_add(&own, in);
	if (bad)
		return merge_input_refuse(in, "'%s' is missing or makes no sense", bad);
	if (own.flows != in->flows)
		return merge_input_refuse(in, "its summary counts %llu flows, and there are %llu",
					  (unsigned long long)own.flows,
					  (unsigned long long)in->flows);
	for (unsigned int i = 0; i < FINDING_CODES; i++) {
		if (own.findings.n[i] < in->endpoint_findings[i])
			return merge_input_refuse(in, "its summary counts fewer findings than "
						      "there are");
		m->endpoint_findings[i] += in->endpoint_findings[i];
	}
	merge_add(&m->sum, in);
	return 0;
}

/* From the last flow of an input to its end. */
static int merge_rest(struct merge *m, struct merge_input *in)
{
	int err = 0;

	while (!err && in->kind != MERGE_END) {
		err = in->kind == MERGE_ENDPOINT ? merge_endpoint(m, in) : merge_summary(m, in);
		if (!err)
			err = merge_input_next(in);
	}
	if (!err)
		merge_input_close(in);
	return err;
}

/* ---- the run ---- */

/* Every input is open until its flows have passed. */
static void merge_raise_limit(size_t inputs)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= inputs + MERGE_SPARE_FILES)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit); /* what is too many all the same, fails to open */
}

static int merge_flows(struct merge *m)
{
	int err = 0;

	for (size_t i = 0; i < m->n && !err; i++) {
		struct merge_input *in = &m->inputs[i];

		err = merge_input_open(in, m->options->files[i]);
		in->index = i;
		if (!err && in->kind == MERGE_FLOW)
			merge_push(m, in);
		else if (!err)
			err = merge_rest(m, in);
	}
	while (!err && m->heads) {
		struct merge_input *in = m->heap[0];

		err = merge_flow(m, in);
		if (!err)
			err = merge_input_next(in);
		if (err)
			break;
		if (in->kind == MERGE_FLOW) {
			merge_sink(m, in);
			continue;
		}
		if (--m->heads)
			merge_sink(m, m->heap[m->heads]);
		err = merge_rest(m, in);
	}
	return err;
}

/* Endpoints judged by their sums and by the servers around, and the summary. */
static int merge_print(struct merge *m, const struct report *r)
{
	struct writer w;
	union {
		struct record_endpoint endpoint;
		struct record_summary summary;
	} record;

	for (unsigned int i = 0; i < FINDING_CODES; i++)
		m->sum.findings.n[i] -= m->endpoint_findings[i];
	writer_start(&w, stdout);
	for (size_t i = 0; i < r->endpoints_n && !w.err; i++) {
		const struct record_findings *findings = &record.endpoint.findings;

		record_endpoint(&record.endpoint, r, &r->endpoints[i]);
		for (size_t k = 0; k < findings->n; k++) {
			int severity = names_find(NAMES_SEVERITY, findings->list[k].severity);

			m->sum.findings.n[merge_code(findings->list[k].code)]++;
			m->worst = severity > m->worst ? severity : m->worst;
		}
		json_endpoint(&w, &record.endpoint);
	}
	json_summary(&w, &m->sum);
	return writer_flush(&w);
}

static int merge_endpoints(struct merge *m)
{
	struct merge_endpoints *from = &m->endpoints;
	struct endpoint_entry *entries;
	struct baseline before = { 0 };
	struct around around;
	struct report r = { .files = from->files, .files_n = from->files_n };
	int err = -ENOMEM;

	merge_endpoint_settle(from);
	entries = calloc(from->n + 1, sizeof(*entries));
	before.endpoints = calloc(from->n + 1, sizeof(*before.endpoints));
	if (!entries || !before.endpoints)
		goto out;
	for (size_t i = 0; i < from->n; i++) {
		entries[i] = from->list[i].entry;
		if (from->list[i].before.opportunities)
			before.endpoints[before.n++] = from->list[i].before;
	}
	r.baseline = &before;
	r.endpoints = entries;
	r.endpoints_n = from->n;
	err = around_make(&around, &r);
	around.shifters = from->shifters;
	around.shifters_n = from->shifters_n;
	if (!err)
		err = merge_print(m, &r);
	around_free(&around);
out:
	free(before.endpoints);
	free(entries);
	return err;
}

static int merge_status(const struct merge *m)
{
	if (m->sum.evictions || m->sum.lost.packets || m->sum.lost.events)
		return EXIT_INCOMPLETE;
	if (m->options->fail_on >= 0 && m->worst >= m->options->fail_on)
		return EXIT_FINDINGS;
	return EXIT_NOTHING;
}

int merge_run(const struct options *o)
{
	struct merge m = { .options = o, .n = o->files_n, .worst = -1 };
	bool read;
	int err = -ENOMEM;

	m.inputs = calloc(m.n, sizeof(*m.inputs));
	m.heap = calloc(m.n, sizeof(struct merge_input *));
	merge_raise_limit(m.n);
	if (m.inputs && m.heap)
		err = merge_flows(&m);
	read = !err;
	if (!err)
		err = merge_endpoints(&m);
	if (!err && fflush(stdout))
		err = -errno;
	if (err == -ENOMEM)
		complain("out of memory");
	else if (err && (read || ferror(stdout)))
		complain("cannot write the result: %s", strerror(-err));
	for (size_t i = 0; i < m.n && m.inputs; i++)
		merge_input_close(&m.inputs[i]);
	merge_endpoint_free(&m.endpoints);
	free(m.inputs);
	free(m.heap);
	if (err)
		return read || err == -ENOMEM || ferror(stdout) ? EXIT_INCOMPLETE : EXIT_INPUT;
	return merge_status(&m);
}
