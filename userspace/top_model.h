/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What `wscope top` shows: the rows of each view, sorted and filtered, rates, and the window
 * history of connections that are looked at. Made from a report; nothing is drawn or asked here.
 */
#ifndef USERSPACE_TOP_MODEL_H
#define USERSPACE_TOP_MODEL_H

#include "userspace/text_group.h"
#include "userspace/top_page.h"

enum top_view { TOP_CULPRITS, TOP_ENDPOINTS, TOP_CONNECTIONS, TOP_STATE, TOP_VIEWS };

#define TOP_FILTER_ROOM 64
#define TOP_SAMPLES     128U /* refreshes a history goes back */
#define TOP_TRACKED     64U  /* connections that have one */

/* A connection is decided this long after its SYN, or counted as unknown. */
#define TOP_DECIDED_NS 1000000000ULL

/* What is sorted by, the largest first; addresses the smallest first. */
enum top_flow_sort {
	TOP_BY_WAITED,
	TOP_BY_SEVERITY,
	TOP_BY_WINDOW, /* the smaller one first: the larger effective window of both sides */
	TOP_BY_BYTES,
	TOP_BY_LAST,
	TOP_BY_CLIENT,
	TOP_FLOW_SORTS
};

enum top_endpoint_sort {
	TOP_BY_REFUSED,
	TOP_BY_HANDSHAKES,
	TOP_BY_OFFERED,
	TOP_BY_LAST_REFUSAL,
	TOP_BY_ADDRESS,
	TOP_ENDPOINT_SORTS
};

struct top_flow {
	const struct flow_entry *entry;
	__u64 waited_ns, bytes, last_ns;
	__s64 window[2]; /* newest effective window of client and server, bytes; -1: not known */
	int severity;    /* worst finding; -1: none */
	__u32 codes;     /* FINDING_BIT() of each finding */
	enum scaling scaling;
};

struct top_history {
	struct flow_key key;
	__u64 first_ns; /* with the key: the connection */
	__u64 used;     /* refresh in which it was looked at last; 0: free */
	size_t n;
	__s64 window[2][TOP_SAMPLES]; /* of client and server, oldest first, as top_flow.window */
};

/* A second's share of what came between two refreshes; below 0: not known yet. */
struct top_rates {
	double packets, handshakes;
	double on, off, unknown; /* connections by verdict */
};

struct top_model {
	const struct report *report; /* or 0: none yet; borrowed until the next top_update() */
	struct text_groups groups;
	struct text_judged judged;
	struct top_flow *flows; /* in the report's order */
	size_t flows_n;
	size_t *shown; /* of the view: indices into flows or the report's endpoints, sorted */
	size_t shown_n;
	char filter[TOP_FILTER_ROOM];
	enum top_view view;
	unsigned int sort[TOP_VIEWS];
	bool reverse[TOP_VIEWS];
	struct top_history history[TOP_TRACKED];
	struct top_rates rates;
	__s64 handshakes[TOP_SAMPLES]; /* per second, oldest first */
	size_t handshakes_n;
	__u64 refreshes;
	__u64 seen_ns,
		decided_ns; /* time of the last refresh, and until when verdicts are counted */
	__u64 counters[COUNTERS]; /* of the last refresh */
};

void top_model_start(struct top_model *m);
void top_model_free(struct top_model *m);

/* What of the last report is still held is let go: it may be freed then. */
void top_forget(struct top_model *m);

/* Takes the next report; now_ns as the times in its facts. 0 or -ENOMEM, then it is empty. */
int top_update(struct top_model *m, const struct report *r, __u64 now_ns);

/* After view, filter, sort or reverse have changed. */
void top_select(struct top_model *m);

/* The next column to sort by; and its name in the view, "" where nothing is sorted. */
void top_next_sort(struct top_model *m);
const char *top_sort_name(const struct top_model *m);

/* Row i of the view of connections; NULL: there is none. */
const struct top_flow *top_flow_at(const struct top_model *m, size_t i);

/* The row of a connection, whatever is filtered; NULL when the tables have it no more. */
const struct top_flow *top_flow_find(const struct top_model *m, const struct flow_key *key,
				     __u64 first_ns);

/* Keeps a connection's windows from now on, and as long as this is called; NULL: not kept. */
const struct top_history *top_track(struct top_model *m, const struct flow_entry *e);
const struct top_history *top_history_find(const struct top_model *m, const struct flow_key *key,
					   __u64 first_ns);

/* What a filter is compared with: both ends, scaling, codes. Returns out. */
const char *top_flow_text(char *out, size_t room, const struct top_flow *f);

#endif
