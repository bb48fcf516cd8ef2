/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A report as one HTML page that needs nothing else: the page is ours and made at build time,
 * what was found is in it as JSON, and a script of the page shows it. See docs/html-report.md.
 */
#ifndef USERSPACE_OUTPUT_HTML_H
#define USERSPACE_OUTPUT_HTML_H

#include <stdbool.h>
#include <stdio.h>

#include "userspace/options.h"
#include "userspace/output/writer.h"
#include "userspace/plot.h"
#include "userspace/report.h"

/* What one page has at most; what is left out it says. */
#define HTML_FLOWS_MOST     10000U
#define HTML_ENDPOINTS_MOST 10000U
#define HTML_CULPRITS_MOST  200U
#define HTML_PLOTS_MOST     50U

struct html {
	const struct report *report;
	const struct options *options;
	const struct plot_source *plots; /* or 0: plots_missing says why */
	const char *plots_missing;  /* one sentence; may come with plots, which are then not all */
	const char *const *notices; /* why the report is not complete, lines for people */
	size_t notices_n;
};

/* Whether this build has a page: not without the plot library, see mk/uplot. */
bool html_is_there(void);

/* The page. 0, -ENOMEM or -errno (write failed). */
int html_write(FILE *to, const struct html *page);

/* Parts of it, below. html_page.c: the page before and behind the data; "": this build has none. */
const char *html_page_before(void);
const char *html_page_behind(void);

/* html_handshake.c: SYN, SYN-ACK and ACK of a connection, and their options. */
void html_handshake(struct writer *w, const struct report *r, const struct flow_entry *e);

/* html_plots.c: both directions of a connection; index: its place among the page's flows. */
void html_plot(struct writer *w, const struct html *page, const struct flow_entry *e, size_t index);
bool html_has_plot(const struct html *page, const struct flow_entry *e);

/* A packet as number and, among several files, the file's index; nulls when it is not known. */
void html_packet(struct writer *w, const struct report *r, __u64 id);

#endif
