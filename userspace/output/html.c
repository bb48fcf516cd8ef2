// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/output/html.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "userspace/around.h"
#include "userspace/output/json.h"
#include "userspace/output/text.h"
#include "userspace/text_culprit.h"

/* What decides whether a connection is in the page, and has a plot: the worst go first. */
struct html_rank {
	__u64 waited_ns;
	__u64 bytes;
	size_t index; /* in the report */
	int severity; /* of its worst finding; -1: none */
};

struct html_ranks {
	struct html_rank *list; /* worst first */
	size_t n;
	size_t shown;                    /* of them in the page */
	size_t flagged;                  /* with a finding of notice or above */
	size_t plotted[HTML_PLOTS_MOST]; /* places in list */
	size_t plotted_n;
};

static int rank_worse(const void *a, const void *b)
{
	const struct html_rank *x = a, *y = b;

	if (x->severity != y->severity)
		return y->severity - x->severity;
	if (x->waited_ns != y->waited_ns)
		return x->waited_ns < y->waited_ns ? 1 : -1;
	if (x->bytes != y->bytes)
		return x->bytes < y->bytes ? 1 : -1;
	return (x->index > y->index) - (x->index < y->index);
}

static int ranks_make(struct html_ranks *ranks, const struct html *page)
{
	const struct report *r = page->report;
	struct finding facts[RECORD_FINDINGS_MOST];

	memset(ranks, 0, sizeof(*ranks));
	ranks->list = malloc((r->flows_n + 1) * sizeof(*ranks->list));
	if (!ranks->list)
		return -ENOMEM;
	for (size_t i = 0; i < r->flows_n; i++) {
		struct html_rank *rank = &ranks->list[ranks->n++];
		struct transfer t;

		report_prefetch(r, i);
		around_transfer(&t, r, r->flows[i]);
		rank->index = i;
		rank->severity = record_worst(facts, record_flow_facts(&t, facts));
		rank->waited_ns = transfer_waited_ns(&t);
		rank->bytes = t.flow->half[0].bytes + t.flow->half[1].bytes;
		ranks->flagged += rank->severity >= SEVERITY_NOTICE;
	}
	qsort(ranks->list, ranks->n, sizeof(*ranks->list), rank_worse);
	ranks->shown = ranks->n < HTML_FLOWS_MOST ? ranks->n : HTML_FLOWS_MOST;
	for (size_t i = 0; i < ranks->shown && ranks->plotted_n < HTML_PLOTS_MOST; i++) {
		if (html_has_plot(page, r->flows[ranks->list[i].index]))
			ranks->plotted[ranks->plotted_n++] = i;
	}
	return 0;
}

/* ---- text, in pieces ---- */

static void sink_headline(void *arg, const char *severity, const char *who, const char *title)
{
	struct writer *w = arg;

	writer_key(w, "severity");
	writer_string(w, severity);
	writer_key(w, "who");
	writer_string(w, who);
	writer_key(w, "title");
	writer_string(w, title);
	writer_key(w, "fields");
	writer_open(w, '[');
}

static void sink_field(void *arg, const char *label, const char *words)
{
	struct writer *w = arg;

	writer_open(w, '[');
	writer_string(w, label ? label : "");
	writer_string(w, words);
	writer_close(w, ']');
}

/* One group, as the report as text tells it; code and address find its connections. */
static void put_culprit(struct writer *w, const struct text *t, const struct report *r,
			const struct text_groups *groups, size_t i)
{
	const struct text_group *g = &groups->list[i];
	struct record_address address;

	record_address(&address, g->addr, g->domain & DOMAIN_IPV6);
	writer_open(w, '{');
	writer_key(w, "code");
	writer_string(w, names_detector(g->finding.code)->code);
	writer_key(w, "address");
	writer_string(w, g->several_hosts ? NULL : address.text);
	writer_key(w, "endpoint");
	writer_bool(w, g->of_endpoint);
	writer_key(w, "count");
	writer_unsigned(w, g->count);
	text_culprit(t, r, groups, i);
	writer_close(w, ']'); /* of the fields, which the headline opened */
	writer_close(w, '}');
}

static void put_culprits(struct writer *w, const struct text *t, const struct report *r,
			 const struct text_groups *groups)
{
	size_t shown = 0, i;

	writer_key(w, "culprits");
	writer_open(w, '[');
	for (i = 0; i < groups->n && shown < HTML_CULPRITS_MOST; i++) {
		if (text_culprit_told(groups, i))
			continue;
		put_culprit(w, t, r, groups, i);
		shown++;
	}
	writer_close(w, ']');
	writer_key(w, "culprits_more");
	writer_unsigned(w, groups->n - i);
}

static void put_scope(const struct text *t, const struct options *o)
{
	if (o->filter)
		text_field(t, "filter", "only packets that match '%s' were analysed", o->filter);
	if (o->count)
		text_field(t, "limit", "at most %llu packets were analysed",
			   (unsigned long long)o->count);
	if (o->engine != ENGINE_NATIVE)
		text_field(t, "engine", "the kernel's programs, %s",
			   o->engine == ENGINE_XDP ? "xdp" : "tc");
}

/* Culprits, and what the report as text says below them. */
static int put_text(struct writer *w, const struct html *page)
{
	const struct report *r = page->report;
	const struct text_sink sink = { .arg = w, .headline = sink_headline, .field = sink_field };
	struct text t = { .sink = &sink };
	struct text_groups groups;
	struct text_judged judged;
	int err = text_groups_make(&groups, &judged, r);
	bool fault = text_is_fault(&groups);

	if (err)
		goto out;
	put_culprits(w, &t, r, &groups);
	writer_key(w, "verdict");
	writer_open(w, '[');
	if (!fault)
		text_no_finding(&t, r, &judged, groups.n);
	writer_close(w, ']');
	writer_key(w, "overview");
	writer_open(w, '[');
	text_overview(&t, r, &judged, fault);
	put_scope(&t, page->options);
	writer_close(w, ']');
out:
	text_groups_free(&groups);
	return err;
}

/* ---- records ---- */

static void put_flows(struct writer *w, const struct html *page, const struct html_ranks *ranks)
{
	const struct report *r = page->report;
	struct record_flow record;

	writer_key(w, "flows_all");
	writer_unsigned(w, ranks->n);
	writer_key(w, "flows_flagged");
	writer_unsigned(w, ranks->flagged);
	writer_key(w, "flows");
	writer_open(w, '[');
	for (size_t i = 0; i < ranks->shown && !w->err; i++) {
		record_flow(&record, r, r->flows[ranks->list[i].index]);
		json_flow(w, &record);
	}
	writer_close(w, ']');
	writer_key(w, "handshakes");
	writer_open(w, '[');
	for (size_t i = 0; i < ranks->shown && !w->err; i++)
		html_handshake(w, r, r->flows[ranks->list[i].index]);
	writer_close(w, ']');
	writer_key(w, "plots");
	writer_open(w, '[');
	for (size_t i = 0; i < ranks->plotted_n && !w->err; i++) {
		size_t at = ranks->plotted[i];

		html_plot(w, page, r->flows[ranks->list[at].index], at);
	}
	writer_close(w, ']');
	writer_key(w, "plots_missing");
	writer_string(w, page->plots_missing);
}

/* Those that refused first: they are never what is left out for room. */
static void put_endpoints(struct writer *w, const struct report *r)
{
	struct record_endpoint record;
	size_t shown = 0;

	writer_key(w, "endpoints_all");
	writer_unsigned(w, r->endpoints_n);
	writer_key(w, "endpoints");
	writer_open(w, '[');
	for (int refused = 1; refused >= 0; refused--) {
		for (size_t i = 0; i < r->endpoints_n && shown < HTML_ENDPOINTS_MOST; i++) {
			if (!!r->endpoints[i].endpoint.refusals != refused)
				continue;
			record_endpoint(&record, r, &r->endpoints[i]);
			json_endpoint(w, &record);
			shown++;
		}
	}
	writer_close(w, ']');
}

static void put_strings(struct writer *w, const char *key, const char *const *list, size_t n)
{
	writer_key(w, key);
	writer_open(w, '[');
	for (size_t i = 0; i < n; i++)
		writer_string(w, list[i]);
	writer_close(w, ']');
}

static int put_data(struct writer *w, const struct html *page, const struct html_ranks *ranks)
{
	struct record_summary summary;
	int err;

	writer_open(w, '{');
	writer_key(w, "version");
	writer_string(w, WSCOPE_VERSION);
	put_strings(w, "files", page->report->files, page->report->files_n);
	put_strings(w, "notices", page->notices, page->notices_n);
	err = put_text(w, page);
	if (err)
		return err;
	writer_key(w, "summary");
	record_summary(&summary, page->report);
	json_summary(w, &summary);
	put_endpoints(w, page->report);
	put_flows(w, page, ranks);
	writer_close(w, '}');
	return writer_flush(w);
}

/* ---- the page ---- */

bool html_is_there(void)
{
	return *html_page_before();
}

static int put_part(FILE *to, const char *part)
{
	errno = 0;
	if (fputs(part, to) >= 0)
		return 0;
	return errno ? -errno : -EIO;
}

int html_write(FILE *to, const struct html *page)
{
	struct html_ranks ranks;
	struct writer w;
	int err = ranks_make(&ranks, page);

	writer_start(&w, to);
	w.markup = true;
	if (!err)
		err = put_part(to, html_page_before());
	if (!err)
		err = put_data(&w, page, &ranks);
	if (!err)
		err = put_part(to, html_page_behind());
	free(ranks.list);
	return err;
}
