// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/local_cause.h"

#include <time.h>

#include "platform/clock.h"
#include "userspace/record.h"

#define LOCAL_CAUSE_LINES 8
#define LOCAL_CAUSE_TIME  32

/* What the report holds of this host. */
struct local_sums {
	size_t servers, clients;            /* endpoints that leave the option out now */
	size_t open_servers, open_clients;  /* open connections that are unscaled because of it */
	const struct endpoint_entry *first; /* of those endpoints */
	bool one_address;
};

static __u64 local_cause_now(void)
{
	return clock_ns(CLOCK_REALTIME);
}

static int local_cause_read(void)
{
	FILE *file = fopen("/proc/sys/net/ipv4/tcp_window_scaling", "re");
	int value = -1;

	if (!file)
		return -1;
	if (fscanf(file, "%d", &value) != 1)
		value = -1;
	fclose(file);
	return value;
}

void local_cause_open(struct local_cause *c)
{
	c->setting = local_cause_read();
	c->before = c->setting;
	c->last_read_ns = local_cause_now();
	c->unchanged_ns = c->last_read_ns;
	c->changed_ns = 0;
}

bool local_cause_poll(struct local_cause *c)
{
	int setting = local_cause_read();
	__u64 now = local_cause_now();
	bool changed = setting != c->setting;

	if (changed) {
		c->before = c->setting;
		c->setting = setting;
		c->unchanged_ns = c->last_read_ns;
		c->changed_ns = now;
	}
	c->last_read_ns = now;
	return changed;
}

static const char *local_cause_time(char out[LOCAL_CAUSE_TIME], __u64 ns)
{
	time_t seconds = (time_t)(ns / 1000000000ULL);
	struct tm tm;

	if (!gmtime_r(&seconds, &tm) || !strftime(out, LOCAL_CAUSE_TIME, "%F %T UTC", &tm))
		out[0] = '\0';
	return out;
}

/* An endpoint of this host that leaves the option out, last time it could offer it. */
static bool local_cause_blames(const struct endpoint_entry *e, const struct locals *l)
{
	return e->endpoint.run && !endpoint_is_by_box(&e->endpoint) &&
	       locals_has(l, e->key.addr, e->key.domain & DOMAIN_IPV6);
}

static bool local_cause_same_address(const struct endpoint_entry *a, const struct endpoint_entry *b)
{
	return a->key.addr[0] == b->key.addr[0] && a->key.addr[1] == b->key.addr[1];
}

static void local_cause_sum_endpoints(struct local_sums *sums, const struct report *r,
				      const struct locals *l)
{
	for (size_t i = 0; i < r->endpoints_n; i++) {
		const struct endpoint_entry *e = &r->endpoints[i];

		if (!local_cause_blames(e, l))
			continue;
		if (e->key.role == ENDPOINT_SERVER)
			sums->servers++;
		else
			sums->clients++;
		if (!sums->first)
			sums->first = e;
		else if (!local_cause_same_address(sums->first, e))
			sums->one_address = false;
	}
}

static bool local_cause_is_here(const struct flow_entry *f, unsigned int side,
				const struct locals *l)
{
	return locals_has(l, f->key.addr[side & 1], f->key.domain & DOMAIN_IPV6);
}

static void local_cause_sum_flows(struct local_sums *sums, const struct report *r,
				  const struct locals *l)
{
	for (size_t i = 0; i < r->flows_n; i++) {
		const struct flow_entry *f = r->flows[i];

		if (!(f->flow.bits & FLOW_CONFIRMED) || flow_closed(&f->flow) ||
		    flow_scaling(&f->flow) != SCALING_OFF)
			continue;
		/* A server has no choice when it was not offered the option. */
		if (syn_lacks(&f->flow.syn[f->flow.client & 1]))
			sums->open_clients += local_cause_is_here(f, f->flow.client, l);
		else if (syn_lacks(&f->flow.syn[!f->flow.client]))
			sums->open_servers += local_cause_is_here(f, !f->flow.client, l);
	}
}

static void local_cause_head(FILE *to, const struct local_sums *sums, const struct local_cause *c)
{
	bool over = c->changed_ns && c->setting > 0;
	struct record_address address;

	fprintf(to, "this host");
	if (sums->one_address) {
		record_address(&address, sums->first->key.addr,
			       sums->first->key.domain & DOMAIN_IPV6);
		fprintf(to, " (%s)", address.text);
	}
	fprintf(to, over ? " left window scaling out" : " leaves window scaling out");
	if (sums->servers && sums->clients)
		fprintf(to, " on both legs of what it proxies:\n");
	else
		fprintf(to, " as the %s:\n", sums->servers ? "server" : "client");
}

static void local_cause_leg(FILE *to, const struct report *r, const struct endpoint_entry *e)
{
	const struct endpoint *p = &e->endpoint;
	char address[RECORD_ENDPOINT_ROOM], when[LOCAL_CAUSE_TIME];
	bool server = e->key.role == ENDPOINT_SERVER;

	record_address_port(address, e->key.addr, e->key.domain & DOMAIN_IPV6, e->key.port);
	fprintf(to, "  %s leg %s: %s without the option in the last %llu of %llu handshakes, ",
		server ? "server" : "client", address, server ? "answered" : "opened",
		(unsigned long long)p->run, (unsigned long long)p->opportunities);
	if (p->bits & ENDPOINT_OFFERED)
		fprintf(to, "since %s\n",
			local_cause_time(when, (__u64)record_time(r, p->run_since_ns)));
	else
		fprintf(to, "since before wscope attached at %s\n",
			local_cause_time(when, r->started_ns));
}

static void local_cause_legs(FILE *to, const struct report *r, const struct locals *l,
			     enum endpoint_role role)
{
	size_t n = 0;

	for (size_t i = 0; i < r->endpoints_n; i++) {
		const struct endpoint_entry *e = &r->endpoints[i];

		if (e->key.role != role || !local_cause_blames(e, l))
			continue;
		if (n++ < LOCAL_CAUSE_LINES)
			local_cause_leg(to, r, e);
	}
	if (n > LOCAL_CAUSE_LINES)
		fprintf(to, "  and %zu more %s legs\n", n - LOCAL_CAUSE_LINES,
			role == ENDPOINT_SERVER ? "server" : "client");
}

static void local_cause_setting(FILE *to, const struct local_cause *c, bool blamed)
{
	char from[LOCAL_CAUSE_TIME], until[LOCAL_CAUSE_TIME];

	if (c->setting < 0) {
		fprintf(to, "  " LOCAL_CAUSE_SETTING " cannot be read here\n");
		return;
	}
	fprintf(to, "  " LOCAL_CAUSE_SETTING " = %d here (read now", c->setting);
	if (c->changed_ns)
		fprintf(to, "; it was %d until %s, changed by %s", c->before,
			local_cause_time(from, c->unchanged_ns),
			local_cause_time(until, c->changed_ns));
	fprintf(to, ")\n");
	if (!c->setting)
		fprintf(to, "  to do: sysctl -w " LOCAL_CAUSE_SETTING "=1, and find what set it to "
			    "0\n");
	else if (blamed && !c->changed_ns)
		fprintf(to, "  so it is not that setting: SYN cookies to clients without "
			    "timestamps and user-space stacks leave the option out too\n");
}

static void local_cause_open_connections(FILE *to, const struct local_cause *c,
					 const struct local_sums *sums, size_t open)
{
	fprintf(to,
		"  %zu open connection%s%s unscaled because of this host (%zu as server, %zu as "
		"client)%s\n",
		open, open == 1 ? " is" : "s are", c->setting > 0 ? " still" : "",
		sums->open_servers, sums->open_clients, open ? ": until they are closed" : "");
}

bool local_cause_write(FILE *to, const struct local_cause *c, const struct report *r,
		       const struct locals *l)
{
	struct local_sums sums = { .one_address = true };
	size_t open;

	local_cause_sum_endpoints(&sums, r, l);
	local_cause_sum_flows(&sums, r, l);
	open = sums.open_servers + sums.open_clients;
	if (!sums.first && !open && !c->changed_ns && c->setting)
		return false;
	if (sums.first) {
		local_cause_head(to, &sums, c);
		local_cause_legs(to, r, l, ENDPOINT_SERVER);
		local_cause_legs(to, r, l, ENDPOINT_CLIENT);
	} else {
		fprintf(to, "this host:\n");
	}
	local_cause_setting(to, c, sums.first);
	if (open || c->changed_ns)
		local_cause_open_connections(to, c, &sums, open);
	return true;
}
