// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/expect_init.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "userspace/expect.h"
#include "userspace/judge.h"
#include "userspace/text_style.h"

/* A server, and what all of its connections have in common. */
struct init_server {
	__u64 addr[2];
	__u32 domain;
	__u16 port;
	__u64 flows;
};

static int init_compare(const void *a, const void *b)
{
	const struct init_server *x = a, *y = b;
	int order = memcmp(x->addr, y->addr, sizeof(x->addr));

	if (order)
		return order;
	if (x->domain != y->domain)
		return x->domain < y->domain ? -1 : 1;
	return (x->port > y->port) - (x->port < y->port);
}

static int init_busier(const void *a, const void *b)
{
	const struct init_server *x = a, *y = b;

	if (x->flows != y->flows)
		return x->flows > y->flows ? -1 : 1;
	return init_compare(a, b);
}

/* The servers of a report, the busiest first; NULL: out of memory. */
static struct init_server *init_servers(const struct report *r, size_t *n)
{
	struct init_server *list = calloc(r->flows_n + 1, sizeof(*list));

	*n = 0;
	if (!list)
		return NULL;
	for (size_t i = 0; i < r->flows_n; i++) {
		const struct flow_entry *e = r->flows[i];
		unsigned int server = !e->flow.client;

		list[i] = (struct init_server){ .domain = e->key.domain,
						.port = e->key.port[server],
						.flows = 1 };
		memcpy(list[i].addr, e->key.addr[server], sizeof(list[i].addr));
	}
	qsort(list, r->flows_n, sizeof(*list), init_compare);
	for (size_t i = 0; i < r->flows_n; i++) {
		if (*n && !init_compare(&list[*n - 1], &list[i]))
			list[*n - 1].flows++;
		else
			list[(*n)++] = list[i];
	}
	qsort(list, *n, sizeof(*list), init_busier);
	return list;
}

/* An expectation being made: its lines so far, which hold. */
struct init_draft {
	const struct report *report;
	__u64 flows;
	char text[8192];
	size_t at;
	int err;
};

/*
 * Whether the lines, and one more, hold of the report. unknown: of how many connections the last
 * line cannot be judged.
 */
static bool init_holds(struct init_draft *d, const char *line, __u64 *unknown)
{
	char text[sizeof(d->text) + 256];
	struct document_error error;
	struct judge_result result;
	struct expect *e;
	bool holds;
	int n = snprintf(text, sizeof(text), "%s%s", d->text, line);

	*unknown = 0;
	d->err = expect_parse(&e, "", text, (size_t)n, &error);
	if (d->err)
		return false;
	d->err = judge_expectation(&result, &e->list[0], d->report);
	holds = !d->err && result.holds;
	if (!d->err) {
		*unknown = result.clauses[result.n - 1].unknown;
		judge_free(&result);
	}
	expect_free(e);
	return holds;
}

/* Adds a line if it holds. */
static bool init_add(struct init_draft *d, const char *line)
{
	size_t n = strlen(line);
	__u64 unknown;

	if (d->err || d->at + n >= sizeof(d->text) || !init_holds(d, line, &unknown))
		return false;
	memcpy(d->text + d->at, line, n + 1);
	d->at += n;
	return true;
}

static void init_wscale(struct init_draft *d)
{
	char line[128];
	__u64 unknown;

	init_holds(d, "  wscale: {side: server, state: present}\n", &unknown);
	if (unknown == d->flows)
		return;
	for (unsigned int shift = 14; shift; shift--) {
		snprintf(line, sizeof(line),
			 "  wscale: {side: server, state: present, shift: \">= %u\"}\n", shift);
		if (init_add(d, line))
			return;
	}
	if (!init_add(d, "  wscale: {side: server, state: present}\n"))
		init_add(d, "  wscale: {side: server, state: absent}\n");
}

/* The findings of the selected connections and their hosts, by code. */
static void init_counts(const struct report *r, const char *text, __u64 counts[FINDING_CODES])
{
	struct document_error error;
	struct expect *e;
	struct expect_clause *c;

	memset(counts, 0, FINDING_CODES * sizeof(*counts));
	if (expect_parse(&e, "", text, strlen(text), &error))
		return;
	/* One clause, which is made to count each code in turn. */
	c = &e->list[0].clauses[0];
	for (unsigned int code = 0; code < FINDING_CODES; code++) {
		struct judge_result result;

		c->assertion = EXPECT_ASSERT_findings;
		c->what = (__u8)code;
		if (judge_expectation(&result, &e->list[0], r))
			break;
		counts[code] = result.clauses[0].against;
		judge_free(&result);
	}
	expect_free(e);
}

/* None from a severity on, and of the others no more than there are. */
static void init_findings(struct init_draft *d)
{
	static const char *const severities[] = { "notice", "warning", "critical" };
	__u64 counts[FINDING_CODES];
	char line[256];
	bool begun = false, limits = false;

	init_counts(d->report, d->text, counts);
	for (size_t i = 0; i < 3; i++) {
		snprintf(line, sizeof(line), "  findings:\n    none: [%s]\n", severities[i]);
		begun = init_add(d, line);
		if (begun)
			break;
	}
	for (unsigned int i = 0; i < FINDING_CODES; i++) {
		if (!counts[i] || names_detector(i)->severity < SEVERITY_NOTICE)
			continue;
		snprintf(line, sizeof(line), "%s%s      %s: %llu\n", begun ? "" : "  findings:\n",
			 limits ? "" : "    at_most:\n", names_detector(i)->code,
			 (unsigned long long)counts[i]);
		if (init_add(d, line))
			begun = limits = true;
	}
}

static int init_server(FILE *to, const struct report *r, const struct init_server *s, bool domains)
{
	struct init_draft d = { .report = r, .flows = s->flows };
	__u64 unknown;
	char host[RECORD_ENDPOINT_ROOM], many[64];
	struct record_address address;
	bool ipv6 = s->domain & DOMAIN_IPV6;

	record_address_port(host, s->addr, ipv6, s->port);
	record_address(&address, s->addr, ipv6);
	snprintf(many, sizeof(many), "  domain: %u\n", s->domain & DOMAIN_NUMBER);
	d.at = (size_t)snprintf(d.text, sizeof(d.text), "- name: \"%s", host);
	if (domains)
		d.at += (size_t)snprintf(d.text + d.at, sizeof(d.text) - d.at, " in domain %u",
					 s->domain & DOMAIN_NUMBER);
	d.at += (size_t)snprintf(d.text + d.at, sizeof(d.text) - d.at,
				 "\"\n  server: \"%s\"\n  server_port: %u\n%s", address.text,
				 s->port, domains ? many : "");
	snprintf(many, sizeof(many), "  min_flows: %llu\n", (unsigned long long)s->flows);
	init_add(&d, many);
	init_holds(&d, "  scaling: on\n", &unknown);
	if (unknown)
		init_add(&d, "  unknown: pass  # of some the handshake was not seen whole\n");
	if (unknown < d.flows && !init_add(&d, "  scaling: on\n"))
		init_add(&d, "  scaling: off\n");
	init_wscale(&d);
	init_findings(&d);
	if (d.err)
		return d.err;
	fprintf(to, "\n%s", d.text);
	return 0;
}

int expect_init(FILE *to, const struct report *r)
{
	size_t n;
	struct init_server *servers = init_servers(r, &n);
	bool domains = false;
	char file[TEXT_FILE_ROOM];
	int err = 0;

	if (!servers)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		domains |= servers[i].domain & DOMAIN_NUMBER;
	fprintf(to, "# Made by `wscope check --init` of %s%s: what is there now holds.\n",
		text_safe(file, sizeof(file), text_base(r->files[0])),
		r->files_n > 1 ? " and others" : "");
	if (n > EXPECT_INIT_SERVERS)
		fprintf(to, "# Of %zu servers the busiest %u.\n", n, EXPECT_INIT_SERVERS);
	fprintf(to, "# docs/expectations.md describes the language.\n");
	if (!n)
		fprintf(to, "\n- name: no connection was seen\n  min_flows: 0\n");
	for (size_t i = 0; i < n && i < EXPECT_INIT_SERVERS && !err; i++)
		err = init_server(to, r, &servers[i], domains);
	free(servers);
	return err ? err : ferror(to) ? -EIO : 0;
}
