// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/metrics_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <net/if.h>

#include "platform/clock.h"
#include "userspace/complain.h"
#include "userspace/names.h"
#include "userspace/snapshot.h"

static double metrics_clock(clockid_t which)
{
	return (double)clock_ns(which) * 1e-9;
}

static bool metrics_has_endpoint(const struct metrics *m, const struct endpoint_key *key)
{
	for (size_t i = 0; i < m->endpoints_n; i++) {
		if (!memcmp(&m->endpoints[i].key, key, sizeof(*key)))
			return true;
	}
	return false;
}

/* Named twice, in whatever way, it is one. */
static void metrics_endpoints(struct metrics *m, const struct options *o)
{
	for (size_t i = 0; i < o->metrics_endpoints_n; i++) {
		struct metrics_endpoint *e = &m->endpoints[m->endpoints_n];
		struct endpoint_key key;

		/* options_rules() has seen to it that each is one. */
		if (!metrics_address_endpoint(&key, o->metrics_endpoints[i]) ||
		    metrics_has_endpoint(m, &key))
			continue;
		e->key = key;
		e->name = o->metrics_endpoints[i];
		m->endpoints_n++;
	}
}

int metrics_open(struct metrics **out, const struct options *o)
{
	struct metrics *m;
	int fd, err;

	*out = NULL;
	if (!o->metrics && !o->metrics_file)
		return 0;
	m = calloc(1, sizeof(*m));
	if (!m)
		return -ENOMEM;
	m->options = o;
	metrics_endpoints(m, o);
	*out = m;
	if (!o->metrics)
		return 0;
	err = metrics_listen(&fd, o->metrics);
	if (err)
		return err;
	err = metrics_http_open(&m->http, fd, m);
	if (err)
		complain("cannot serve metrics: %s", strerror(-err));
	return err;
}

void metrics_close(struct metrics *m)
{
	if (!m)
		return;
	metrics_http_close(m->http);
	free(m);
}

int metrics_fd(const struct metrics *m)
{
	return m ? metrics_http_fd(m->http) : -1;
}

void metrics_serve(struct metrics *m)
{
	if (m)
		metrics_http_run(m->http);
}

/* What is attached, as it is called; the same list goes on to say whether it still is. */
static void metrics_attachment(struct metrics_attachment *out, const struct attach *a)
{
	const char *mode = a->how == ATTACH_LINK ? "link" : "clsact";
	struct attach_xdp x;

	if (!if_indextoname((unsigned int)a->ifindex, out->interface))
		snprintf(out->interface, sizeof(out->interface), "%d", a->ifindex);
	if (a->hook == HOOK_XDP && !attach_query_xdp(&x, a->ifindex))
		mode = names_of(NAMES_MODE, x.mode);
	snprintf(out->mode, sizeof(out->mode), "%s", mode);
}

/* Where none is asked for there is nothing to do. 0, or -errno after one line on stderr. */
static int metrics_file(struct metrics *m)
{
	int err = m->options->metrics_file ? metrics_file_write(m->options->metrics_file, m) : 0;

	if (err)
		complain("cannot write '%s': %s", m->options->metrics_file, strerror(-err));
	return err;
}

int metrics_start(struct metrics *m, const struct loader *loader,
		  const struct live_attach *attached, const struct publish *publish)
{
	if (!m)
		return 0;
	m->loader = loader;
	m->attached = attached;
	m->publish = publish;
	m->started = metrics_clock(CLOCK_REALTIME);
	m->attachments_n = attached->n;
	for (size_t i = 0; i < attached->n; i++)
		metrics_attachment(&m->attachments[i], &attached->list[i]);
	return metrics_file(m);
}

/* Adds what an endpoint counted since the last time. */
static void metrics_endpoint_add(struct metrics_endpoint *e, const struct endpoint *now)
{
	struct metrics_count n = { now->opportunities, now->offers };

	if (n.opportunities < e->last.opportunities) /* given up meanwhile, and made anew */
		memset(&e->last, 0, sizeof(e->last));
	e->sum.opportunities += n.opportunities - e->last.opportunities;
	e->sum.offers += n.offers > e->last.offers ? n.offers - e->last.offers : 0;
	e->last = n;
}

/* All of a role that was not asked for; a counter may stand still, but not go back. */
static void metrics_others(struct metrics *m, unsigned int role)
{
	struct metrics_count n = { m->n[TALLY_OPPORTUNITIES + role], m->n[TALLY_OFFERS + role] };
	struct metrics_count *others = &m->others[role];

	for (size_t i = 0; i < m->endpoints_n; i++) {
		const struct metrics_endpoint *e = &m->endpoints[i];

		if (e->key.role != role)
			continue;
		n.opportunities -= e->sum.opportunities < n.opportunities ? e->sum.opportunities
									  : n.opportunities;
		n.offers -= e->sum.offers < n.offers ? e->sum.offers : n.offers;
	}
	if (n.opportunities > others->opportunities)
		others->opportunities = n.opportunities;
	if (n.offers > others->offers)
		others->offers = n.offers;
}

/* Endpoints first: what is counted meanwhile is then among the totals. */
static int metrics_collect(struct metrics *m)
{
	struct endpoint now;
	int err;

	m->began = metrics_clock(CLOCK_MONOTONIC);
	for (size_t i = 0; i < m->endpoints_n; i++) {
		struct metrics_endpoint *e = &m->endpoints[i];

		if (!bpf_map_lookup_elem(m->loader->tables.endpoints, &e->key, &now))
			metrics_endpoint_add(e, &now);
	}
	err = snapshot_counters(m->loader->tables.counters, m->n);
	for (unsigned int role = 0; role < 2 && !err; role++)
		metrics_others(m, role);
	return err;
}

int metrics_write(struct metrics *m, FILE *to)
{
	int err = m->loader ? metrics_collect(m) : -EAGAIN;

	if (!err)
		metrics_text(to, m);
	return err;
}

void metrics_report(struct metrics *m, const struct report *r)
{
	if (!m)
		return;
	record_summary(&m->summary, r);
	m->reported = metrics_clock(CLOCK_REALTIME);
	if (r->evictions > m->evictions)
		m->evictions = r->evictions;
	metrics_file(m);
}
