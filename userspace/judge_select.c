// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Which connections an expectation means: a function for each selector. */
#include "userspace/judge.h"

/* A connection as selectors see it. */
struct select_flow {
	const struct flow_entry *entry;
	unsigned int client, server;
	bool ipv6;
	__s64 first;
};

static bool select_client(const struct expect_select *s, const struct select_flow *f)
{
	return expect_in_prefix(&s->client, f->entry->key.addr[f->client], f->ipv6);
}

static bool select_server(const struct expect_select *s, const struct select_flow *f)
{
	return expect_in_prefix(&s->server, f->entry->key.addr[f->server], f->ipv6);
}

static bool select_client_port(const struct expect_select *s, const struct select_flow *f)
{
	return expect_holds(&s->client_port, f->entry->key.port[f->client]);
}

static bool select_server_port(const struct expect_select *s, const struct select_flow *f)
{
	return expect_holds(&s->server_port, f->entry->key.port[f->server]);
}

static bool select_family(const struct expect_select *s, const struct select_flow *f)
{
	return expect_holds(&s->family, f->ipv6 ? 6 : 4);
}

static bool select_domain(const struct expect_select *s, const struct select_flow *f)
{
	return expect_holds(&s->domain, f->entry->key.domain & DOMAIN_NUMBER);
}

/* Of connections none is left out: it chooses among what is found of them. */
static bool select_role(const struct expect_select *s, const struct select_flow *f)
{
	(void)s;
	(void)f;
	return true;
}

static bool select_from(const struct expect_select *s, const struct select_flow *f)
{
	return f->first >= s->from;
}

static bool select_to(const struct expect_select *s, const struct select_flow *f)
{
	return f->first < s->to;
}

bool judge_selects(const struct expect_select *s, const struct report *r,
		   const struct flow_entry *e)
{
	const struct select_flow f = {
		.entry = e,
		.client = e->flow.client & 1,
		.server = !e->flow.client,
		.ipv6 = e->key.domain & DOMAIN_IPV6,
		.first = record_time(r, e->flow.first_ns),
	};

#define EXPECT_SELECTOR(kind, name, what)                                     \
	if ((s->given & 1U << EXPECT_SELECT_##name) && !select_##name(s, &f)) \
		return false;
#include "userspace/expect.def"
	return true;
}
