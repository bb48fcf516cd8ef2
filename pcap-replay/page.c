// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "pcap-replay/page.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pcap-replay/result_file.h"
#include "userspace/output/html.h"

struct page {
	const struct options *options;
	struct plots *plots;
	FILE *to;
};

static int page_memory(char *err, size_t err_len)
{
	snprintf(err, err_len, "out of memory");
	return -ENOMEM;
}

int page_open(struct page **out, const struct options *o, char *err, size_t err_len)
{
	struct page *p;
	int error = 0;

	if (!html_is_there()) {
		snprintf(err, err_len,
			 "this build has no plot library, and so no --html; build it where npm "
			 "reaches its registry, or with UPLOT=ARCHIVE");
		return -ENOSYS;
	}
	p = calloc(1, sizeof(*p));
	if (!p)
		return page_memory(err, err_len);
	p->options = o;
	p->plots = plots_open(PLOTS_BYTES_MOST);
	if (!p->plots)
		error = page_memory(err, err_len);
	if (!error)
		error = result_file_open(&p->to, "html", o->html, true, o, err, err_len);
	if (!error)
		*out = p;
	else
		page_close(p);
	return error;
}

struct plots *page_plots(struct page *p)
{
	return p->plots;
}

/* Why plots are missing, or not whole; NULL when none is. */
static const char *page_missing(const struct page *p)
{
	if (p->options->engine != ENGINE_NATIVE)
		return "There are no plots: the kernel's programs show no single segments.";
	if (plots_lost(p->plots))
		return "Some connections have no plot, or not from their beginning: there were more "
		       "than memory is kept for.";
	return NULL;
}

/* What is known to be missing from the analysis: the inputs' damage, and an early end. */
static size_t page_notices(const char **out, const struct reader *reader, const char *why)
{
	size_t n = 0;

	for (unsigned int i = 0; i < reader_files(reader); i++) {
		if (reader_error(reader, i))
			out[n++] = reader_error(reader, i);
	}
	if (why)
		out[n++] = why;
	return n;
}

int page_write(struct page *p, const struct report *r, const struct reader *reader, const char *why)
{
	const struct plot_source plots = { .find = plots_find, .arg = p->plots };
	const char **notices = calloc(reader_files(reader) + 1UL, sizeof(*notices));
	struct html page = {
		.report = r,
		.options = p->options,
		.plots = &plots,
		.plots_missing = page_missing(p),
		.notices = notices,
	};
	int err = notices ? 0 : -ENOMEM;

	if (!err) {
		page.notices_n = page_notices(notices, reader, why);
		err = html_write(p->to, &page);
	}
	if (fclose(p->to) && !err)
		err = -errno;
	p->to = NULL;
	free(notices);
	return err;
}

void page_close(struct page *p)
{
	if (!p)
		return;
	if (p->to)
		fclose(p->to);
	plots_close(p->plots);
	free(p);
}
