/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* `wscope replay --html`: the report as a page, too, with plots of the connections. */
#ifndef PCAP_REPLAY_PAGE_H
#define PCAP_REPLAY_PAGE_H

#include "pcap-replay/plots.h"
#include "pcap-replay/reader.h"
#include "userspace/options.h"
#include "userspace/report.h"

struct page;

/*
 * Opens o->html. 0; -EEXIST where that would destroy something, -ENOSYS where this build has no
 * page, or -errno; then one line in err.
 */
int page_open(struct page **out, const struct options *o, char *err, size_t err_len);

/* What keeps the plots, to be shown all segments. */
struct plots *page_plots(struct page *p);

/*
 * Writes the page; what stopped the analysis early, if anything did, is named by why. 0 or -errno of
 * the first failure to write.
 */
int page_write(struct page *p, const struct report *r, const struct reader *reader,
	       const char *why);

/* Accepts NULL. */
void page_close(struct page *p);

#endif
