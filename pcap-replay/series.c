// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "pcap-replay/series.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pcap-replay/result_file.h"
#include "pcap-replay/series_interval.h"
#include "userspace/output/csv.h"
#include "userspace/output/json.h"

#define SERIES_NS_PER_S 1e9

struct series {
	struct writer writer;
	FILE *to;
	struct series_interval *interval; /* 0: every change */
	const char *const *files;         /* of the stream, by packet_id_file() */
	unsigned int files_n;
	unsigned int before; /* files of the streams before it */
	bool csv;
};

/* ---- samples ---- */

static void series_record(struct record_sample *out, const struct series *s,
			  const struct series_point *p)
{
	bool ipv6 = p->key.domain & DOMAIN_IPV6;
	unsigned int client = p->client & 1, file = packet_id_file(p->id);

	out->time = (__s64)p->ns;
	out->file = file < s->files_n ? s->files[file] : NULL;
	out->packet = packet_id_number(p->id);
	out->flow = p->flow + packet_id_make(s->before, 0);
	record_address(&out->client, p->key.addr[client], ipv6);
	out->client_port = p->key.port[client];
	record_address(&out->server, p->key.addr[!client], ipv6);
	out->server_port = p->key.port[!client];
	out->direction = names_of(NAMES_DATA, p->sender != client);
	out->window = p->window;
	out->effective = p->effective;
	out->in_flight = p->in_flight;
	out->edge = p->edge;
	out->scaling = names_of(NAMES_SCALING, p->scaling);
}

static void series_put(void *arg, const struct series_point *p)
{
	struct series *s = arg;
	struct record_sample sample;

	if (s->writer.err)
		return;
	series_record(&sample, s, p);
	if (s->csv)
		csv_sample(&s->writer, &sample);
	else
		json_sample(&s->writer, &sample);
}

void series_add(struct series *s, const struct series_point *points, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		if (s->interval)
			series_interval_add(s->interval, &points[i]);
		else
			series_put(s, &points[i]);
	}
}

void series_stream(struct series *s, const char *const *files, unsigned int files_n,
		   unsigned int before)
{
	s->files = files;
	s->files_n = files_n;
	s->before = before;
}

void series_flush(struct series *s)
{
	if (s->interval)
		series_interval_flush(s->interval);
}

bool series_is_crowded(const struct series *s)
{
	return s->interval && series_interval_is_crowded(s->interval);
}

/* ---- the whole ---- */

static bool series_is_csv(const struct options *o)
{
	const char *dot = strrchr(o->series, '.');

	if (o->series_format != SERIES_BY_NAME)
		return o->series_format == SERIES_CSV;
	return dot && !strcmp(dot, ".csv");
}

static int series_memory(char *err, size_t err_len)
{
	snprintf(err, err_len, "out of memory");
	return -ENOMEM;
}

int series_open(struct series **out, const struct options *o, char *err, size_t err_len)
{
	struct series *s = calloc(1, sizeof(*s));
	double ns = o->series_interval_s * SERIES_NS_PER_S;
	int error = 0;

	if (!s)
		return series_memory(err, err_len);
	if (ns > 0) {
		s->interval = series_interval_open(ns < 1 ? 1 : (__u64)(ns + 0.5),
						   SERIES_DIRECTIONS_MOST, series_put, s);
		error = s->interval ? 0 : series_memory(err, err_len);
	}
	if (!error)
		error = result_file_open(&s->to, "series", o->series, true, o, err, err_len);
	if (error) {
		series_close(s);
		return error;
	}
	s->csv = series_is_csv(o);
	writer_start(&s->writer, s->to);
	if (s->csv)
		csv_head(&s->writer);
	*out = s;
	return 0;
}

int series_close(struct series *s)
{
	int err = 0;

	if (!s)
		return 0;
	if (s->to) {
		err = writer_flush(&s->writer);
		if (fclose(s->to) && !err)
			err = -errno;
	}
	series_interval_close(s->interval);
	free(s);
	return err;
}
