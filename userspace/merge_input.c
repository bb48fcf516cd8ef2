// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/merge_input.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "userspace/complain.h"
#include "userspace/record.h"

#define MERGE_LINE_MOST    (16U << 20) /* bytes of a record */
#define MERGE_REASON_ROOM  512
#define MERGE_NS           1000000000LL
#define MERGE_SECONDS_MOST 9000000000LL /* whose nanoseconds fit in 64 bits */

static const char *merge_name(const struct merge_input *in)
{
	return strcmp(in->path, "-") ? in->path : "standard input";
}

int merge_input_refuse(const struct merge_input *in, const char *format, ...)
{
	char reason[MERGE_REASON_ROOM];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(reason, sizeof(reason), format, arguments);
	va_end(arguments);
	complain("cannot merge '%s': line %llu: %s", merge_name(in), (unsigned long long)in->number,
		 reason);
	return -EBADMSG;
}

/* ---- members ---- */

bool merge_take_number(const json_t *object, const char *name, __u64 *out)
{
	const json_t *value = json_object_get(object, name);
	json_int_t n = json_integer_value(value);

	*out = (__u64)n;
	return json_is_integer(value) && n >= 0;
}

/* Digits and up to nine decimals. */
static bool merge_seconds(const char *p, __s64 *ns)
{
	bool minus = *p == '-';
	__s64 whole = 0, rest = 0, unit = MERGE_NS;

	p += minus;
	if (!isdigit((unsigned char)*p))
		return false;
	for (; isdigit((unsigned char)*p); p++) {
		whole = 10 * whole + (*p - '0');
		if (whole > MERGE_SECONDS_MOST)
			return false;
	}
	if (*p == '.') {
		for (p++; isdigit((unsigned char)*p) && unit > 1; p++) {
			unit /= 10;
			rest += unit * (*p - '0');
		}
	}
	if (*p != ',' && *p != '}' && !isspace((unsigned char)*p))
		return false;
	*ns = minus ? -(whole * MERGE_NS + rest) : whole * MERGE_NS + rest;
	return true;
}

bool merge_take_time(const struct merge_input *in, const char *name, __s64 *ns)
{
	const json_t *value = json_object_get(in->record, name);
	const char *p = in->line;
	size_t n = strlen(name);

	*ns = RECORD_NO_TIME;
	if (json_is_null(value))
		return true;
	if (!json_is_number(value))
		return false;
	while ((p = strchr(p, '"'))) {
		p++;
		if (strncmp(p, name, n) != 0 || p[n] != '"')
			continue;
		p += n + 1;
		p += strspn(p, " \t");
		if (*p != ':')
			continue;
		p++;
		p += strspn(p, " \t");
		return merge_seconds(p, ns);
	}
	return false;
}

int merge_code(const char *name)
{
	for (unsigned int i = 0; i < FINDING_CODES; i++) {
		if (!strcmp(names_detector(i)->code, name))
			return (int)i;
	}
	return -1;
}

/* ---- records ---- */

/* A line, or the end: length 0. */
static int merge_read(struct merge_input *in)
{
	ssize_t n;

	errno = 0;
	n = getline(&in->line, &in->room, in->file);
	in->length = n > 0 ? (size_t)n : 0;
	in->number++;
	if (n < 0 && (ferror(in->file) || errno)) {
		complain("cannot read '%s': %s", merge_name(in), strerror(errno ? errno : EIO));
		return errno ? -errno : -EIO;
	}
	if (in->length > MERGE_LINE_MOST)
		return merge_input_refuse(in, "longer than %u MiB", MERGE_LINE_MOST >> 20);
	return 0;
}

static int merge_kind_of(struct merge_input *in)
{
	static const char *const kinds[] = { "flow", "endpoint", "summary" };
	const char *type = json_string_value(json_object_get(in->record, "type"));
	const json_t *schema = json_object_get(in->record, "schema");
	enum merge_kind before = in->kind;

	if (!type || !json_is_integer(schema))
		return merge_input_refuse(in, "no record of wscope: it has no 'type' and 'schema'");
	if (json_integer_value(schema) != RECORD_SCHEMA)
		return merge_input_refuse(in, "schema %lld is not known here, only %d",
					  (long long)json_integer_value(schema), RECORD_SCHEMA);
	for (unsigned int i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(type, kinds[i]) != 0)
			continue;
		in->kind = (enum merge_kind)i;
		if (in->number > 1 && before == MERGE_SUMMARY)
			return merge_input_refuse(in, "it goes on behind its summary: only the "
						      "output of one replay can be merged");
		if (in->number > 1 && in->kind < before)
			return merge_input_refuse(in, "a %s behind a record of another type",
						  kinds[i]);
		return 0;
	}
	return merge_input_refuse(in,
				  "a record of type '%.32s': only flow, endpoint and summary "
				  "can be merged",
				  type);
}

/* What holds of a flow in its place. */
static int merge_flow(struct merge_input *in, __s64 before)
{
	if (!merge_take_time(in, "first", &in->first) || in->first == RECORD_NO_TIME)
		return merge_input_refuse(in, "'first' is missing or makes no sense");
	/* Only records of `replay --retire` have it; these stand in the order in which they ended. */
	in->retired = json_object_get(in->record, "continued");
	if (in->flows && in->first < before && !in->retired)
		return merge_input_refuse(in, "earlier than the flow before it");
	in->flows++;
	return 0;
}

static int merge_end(struct merge_input *in)
{
	if (in->number > 1 && in->kind == MERGE_SUMMARY) {
		in->kind = MERGE_END;
		return 0;
	}
	return merge_input_refuse(in, in->number > 1 ? "it ends without a summary: it is cut"
						     : "it is empty");
}

int merge_input_next(struct merge_input *in)
{
	__s64 before = in->first;
	json_error_t why;
	int err = merge_read(in);

	json_decref(in->record);
	in->record = NULL;
	if (err)
		return err;
	if (!in->length)
		return merge_end(in);
	in->record = json_loadb(in->line, in->length, JSON_REJECT_DUPLICATES, &why);
	if (!in->record)
		return merge_input_refuse(in, "malformed in column %d: %s", why.column, why.text);
	err = merge_kind_of(in);
	return !err && in->kind == MERGE_FLOW ? merge_flow(in, before) : err;
}

int merge_input_open(struct merge_input *in, const char *path)
{
	int err;

	memset(in, 0, sizeof(*in));
	in->path = path;
	in->file = strcmp(path, "-") ? fopen(path, "re") : stdin;
	if (!in->file) {
		err = -errno;
		complain("cannot open '%s': %s", path, strerror(-err));
		return err;
	}
	return merge_input_next(in);
}

void merge_input_close(struct merge_input *in)
{
	if (in->file && in->file != stdin)
		fclose(in->file);
	json_decref(in->record);
	free(in->line);
	memset(in, 0, sizeof(*in));
}
