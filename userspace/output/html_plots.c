// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Plots as columns of numbers; times are seconds since the connection's first packet. */
#include "engine/transfer.h"
#include "userspace/output/html.h"

static void put_bytes(struct writer *w, __u32 bytes)
{
	if (bytes == PLOT_UNKNOWN)
		writer_null(w);
	else
		writer_unsigned(w, bytes);
}

#define PUT_COLUMN(w, name, plot, put)                                   \
	do {                                                             \
		writer_key(w, name);                                     \
		writer_open(w, '[');                                     \
		for (size_t i = 0; i < (plot)->n; i++) {                 \
			const struct plot_point *p = &(plot)->points[i]; \
			put;                                             \
		}                                                        \
		writer_close(w, ']');                                    \
	} while (0)

static void put_edge(struct writer *w, __s64 edge)
{
	if (edge == PLOT_NO_EDGE)
		writer_null(w);
	else
		writer_unsigned(w, (__u64)edge);
}

static void put_waits(struct writer *w, const char *key, const struct plot_waits *waits,
		      __u64 first_ns)
{
	writer_key(w, key);
	writer_open(w, '{');
	writer_key(w, "list");
	writer_open(w, '[');
	for (size_t i = 0; i < waits->n; i++) {
		writer_open(w, '[');
		writer_seconds(w, (__s64)(waits->list[i].from_ns - first_ns));
		writer_seconds(w, (__s64)(waits->list[i].to_ns - first_ns));
		writer_close(w, ']');
	}
	writer_close(w, ']');
	writer_key(w, "shorter");
	writer_unsigned(w, waits->short_n);
	writer_key(w, "shorter_s");
	writer_seconds(w, (__s64)waits->short_ns);
	writer_close(w, '}');
}

static bool find(const struct html *page, const struct flow_entry *e, unsigned int sender,
		 struct plot *out)
{
	return page->plots && page->plots->find(page->plots->arg, e->flow.first_id,
						(__u8)(sender & 1), flow_last_ns(&e->flow), out);
}

static void put_direction(struct writer *w, const char *key, const struct html *page,
			  const struct flow_entry *e, unsigned int sender)
{
	__u64 first_ns = e->flow.first_ns;
	struct plot plot;

	writer_key(w, key);
	if (!find(page, e, sender, &plot)) {
		writer_null(w);
		return;
	}
	writer_open(w, '{');
	writer_key(w, "interval_s");
	writer_seconds(w, (__s64)plot.interval_ns);
	writer_key(w, "late");
	writer_bool(w, plot.late);
	PUT_COLUMN(w, "time", &plot, writer_seconds(w, (__s64)(p->ns - first_ns)));
	PUT_COLUMN(w, "effective", &plot, put_bytes(w, p->effective));
	PUT_COLUMN(w, "in_flight", &plot, put_bytes(w, p->in_flight));
	PUT_COLUMN(w, "edge", &plot, put_edge(w, p->edge));
	PUT_COLUMN(w, "packet", &plot, writer_unsigned(w, packet_id_number(p->id)));
	if (page->report->files_n > 1)
		PUT_COLUMN(w, "file", &plot, writer_unsigned(w, packet_id_file(p->id)));
	put_waits(w, "closed", &plot.waits[PLOT_CLOSED], first_ns);
	put_waits(w, "full", &plot.waits[PLOT_FULL], first_ns);
	writer_close(w, '}');
}

bool html_has_plot(const struct html *page, const struct flow_entry *e)
{
	struct plot plot;

	return find(page, e, 0, &plot) || find(page, e, 1, &plot);
}

void html_plot(struct writer *w, const struct html *page, const struct flow_entry *e, size_t index)
{
	writer_open(w, '{');
	writer_key(w, "flow");
	writer_unsigned(w, index);
	put_direction(w, "c2s", page, e, e->flow.client & 1);
	put_direction(w, "s2c", page, e, !e->flow.client);
	writer_close(w, '}');
}
