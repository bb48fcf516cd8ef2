// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/output/check_output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "userspace/text_style.h"

/* One output, to standard output or into a file; a step summary goes on with what is there. */
static int check_write(const char *path, bool append,
		       void (*write)(FILE *to, const struct check_results *results),
		       const struct check_results *results)
{
	FILE *to = path ? fopen(path, append ? "ae" : "we") : stdout;
	int err = 0;

	if (!to)
		return -errno;
	errno = 0;
	write(to, results);
	if (fflush(to) || ferror(to))
		err = errno ? -errno : -EIO;
	if (path && fclose(to) && !err)
		err = -errno;
	return err;
}

int check_output(const struct check_results *results, const char **where)
{
	const struct options *o = results->options;
	int err;

#define CHECK_FORMAT(name, path, wanted)                                              \
	*where = path;                                                                \
	if ((wanted) && (*where || !strcmp(#path, "NULL"))) {                         \
		err = check_write(*where, *where != o->junit, check_##name, results); \
		if (err)                                                              \
			return err;                                                   \
	}
#include "userspace/output/check_formats.def"
#undef CHECK_FORMAT
	return 0;
}

const struct judge_result *check_ordered(const struct check_results *results, size_t n)
{
	for (int holds = 0; holds < 2; holds++) {
		for (size_t i = 0; i < results->n; i++) {
			if (results->list[i].holds == holds && !n--)
				return &results->list[i];
		}
	}
	return NULL;
}

const struct judge_clause *check_failed(const struct judge_result *result, size_t *i)
{
	while (*i < result->n) {
		const struct judge_clause *clause = &result->clauses[(*i)++];

		if (judge_is_failed(result, clause))
			return clause;
	}
	return NULL;
}

/* "packets 3, 7 of a.pcap, 2 of b.pcap" */
static void tell_packets(char out[CHECK_PACKETS_ROOM], const struct report *r, const __u64 *ids)
{
	const char *last = NULL, *file;
	char name[TEXT_FILE_ROOM];
	size_t at = 0;
	__u64 number;
	bool one = !ids[1];

	*out = '\0';
	for (size_t i = 0; i < FINDING_PACKETS && at < CHECK_PACKETS_ROOM; i++) {
		if (!report_packet(r, ids[i], &file, &number))
			continue;
		if (last && strcmp(last, file) != 0)
			at += (size_t)snprintf(out + at, CHECK_PACKETS_ROOM - at, " of %.150s",
					       text_safe(name, sizeof(name), text_base(last)));
		if (at < CHECK_PACKETS_ROOM)
			at += (size_t)snprintf(out + at, CHECK_PACKETS_ROOM - at, "%s%llu",
					       last  ? ", "
					       : one ? "packet "
						     : "packets ",
					       (unsigned long long)number);
		last = file;
	}
	if (last && at < CHECK_PACKETS_ROOM)
		snprintf(out + at, CHECK_PACKETS_ROOM - at, " of %.150s",
			 text_safe(name, sizeof(name), text_base(last)));
}

static void tell_flow(struct check_told *out, const struct flow_entry *e,
		      struct record_names *names, struct record_address addresses[2])
{
	unsigned int client = e->flow.client & 1, server = !client;
	bool ipv6 = e->key.domain & DOMAIN_IPV6;
	char from[RECORD_ENDPOINT_ROOM], to[RECORD_ENDPOINT_ROOM];

	record_address_port(from, e->key.addr[client], ipv6, e->key.port[client]);
	record_address_port(to, e->key.addr[server], ipv6, e->key.port[server]);
	snprintf(out->who, sizeof(out->who), "%s > %s", from, to);
	record_address(&addresses[0], e->key.addr[client], ipv6);
	record_address(&addresses[1], e->key.addr[server], ipv6);
	names->client = addresses[0].text;
	names->server = addresses[1].text;
}

void check_tell(struct check_told *out, const struct report *r, const struct judge_witness *w)
{
	struct record_address addresses[2];
	struct record_names names = { 0 };

	memset(out, 0, sizeof(*out));
	tell_packets(out->packets, r, w->packets);
	if (w->flow) {
		tell_flow(out, w->flow, &names, addresses);
	} else {
		const struct endpoint_key *key = &w->endpoint->key;
		bool ipv6 = key->domain & DOMAIN_IPV6;
		char host[RECORD_ENDPOINT_ROOM];

		record_address_port(host, key->addr, ipv6, key->port);
		snprintf(out->who, sizeof(out->who), "%s as %s", host,
			 names_of(NAMES_ROLE, key->role));
		record_address(&addresses[0], key->addr, ipv6);
		names.host = addresses[0].text;
	}
	if (!w->found) {
		snprintf(out->text.text, sizeof(out->text.text), "%s", w->what);
		return;
	}
	record_sentence(&out->text, names_detector(w->finding.code)->text, &names, &w->finding);
	record_sentence(&out->advice, names_detector(w->finding.code)->advice, &names, &w->finding);
}
