// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/output/csv.h"

static void put_number_null(struct writer *w, __s64 value)
{
	if (value == RECORD_NO_NUMBER)
		writer_field(w, NULL);
	else
		writer_unsigned(w, (__u64)value);
}

/* How each kind of a sample's fields is written. */
#define PUT_UINT(v)        writer_unsigned(w, v)
#define PUT_UINT_NULL(v)   put_number_null(w, v)
#define PUT_PORT(v)        writer_unsigned(w, v)
#define PUT_WINDOW_NULL(v) put_number_null(w, v)
#define PUT_TIME(v)        writer_seconds(w, v)
#define PUT_NAME(v)        writer_field(w, v)
#define PUT_STRING_NULL(v) writer_field(w, v)
#define PUT_ADDRESS(v)     writer_field(w, (v).text)

void csv_head(struct writer *w)
{
#define RECORD_SAMPLE(kind, name, names, what) writer_field(w, #name);
#include "userspace/record.def"
	writer_line(w);
}

void csv_sample(struct writer *w, const struct record_sample *r)
{
#define RECORD_SAMPLE(kind, name, names, what) PUT_##kind(r->name);
#include "userspace/record.def"
	writer_line(w);
}
