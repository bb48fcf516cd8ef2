// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Hosts compared with an earlier run: what is concluded from an endpoint and what the baseline
 * says of it; and the file, which is written whole or not at all and read strictly.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/facts.h"
#include "engine/verdict.h"
#include "userspace/baseline.h"
#include "userspace/names.h"
#include "userspace/status.h"

#define S 1000000000ULL

/* ---- the judgement ---- */

/* before: offers of opportunities in the baseline; 0 of 0: it is not there. want: "" is nothing. */
static const struct judgement_case {
	const char *name;
	struct facts_endpoint now;
	__u64 stripped;
	__u64 before_offers, before_opportunities;
	const char *want;
} judgements[] = {
	{ "off, and not in the baseline",
	  { .port = 80, .refusals = 20, .run = 20 },
	  .want = "endpoint-off host-or-path high" },
	{ "off, and on in the baseline",
	  { .port = 80, .refusals = 20, .run = 20 },
	  .before_offers = 50,
	  .before_opportunities = 50,
	  .want = "endpoint-regressed host-or-path high" },
	{ "off before and now",
	  { .port = 80, .refusals = 20, .run = 20 },
	  .before_offers = 0,
	  .before_opportunities = 50,
	  .want = "endpoint-off host-or-path high" },
	{ "10 opportunities in the baseline are too few",
	  { .port = 80, .refusals = 20, .run = 20 },
	  .before_offers = 10,
	  .before_opportunities = 10,
	  .want = "endpoint-off host-or-path high" },
	{ "95 % of 20 in the baseline",
	  { .port = 80, .refusals = 20, .run = 20 },
	  .before_offers = 19,
	  .before_opportunities = 20,
	  .want = "endpoint-regressed host-or-path high" },
	{ "94 % in the baseline",
	  { .port = 80, .refusals = 20, .run = 20 },
	  .before_offers = 94,
	  .before_opportunities = 100,
	  .want = "endpoint-off host-or-path high" },
	{ "off with a stray offer",
	  { .port = 80, .offers = 1, .refusals = 19, .run = 3 },
	  .before_offers = 50,
	  .before_opportunities = 50,
	  .want = "endpoint-regressed host-or-path high" },
	{ "regressed here, and not in the baseline",
	  { .port = 80, .offers = 30, .refusals = 20, .run = 20 },
	  .want = "endpoint-regressed host-or-path high" },
	{ "regressed here, and off in the baseline",
	  { .port = 80, .offers = 30, .refusals = 20, .run = 20 },
	  .before_opportunities = 50,
	  .want = "endpoint-regressed host-or-path high" },
	{ "regressed here, and on in the baseline: once",
	  { .port = 80, .offers = 30, .refusals = 20, .run = 20 },
	  .before_offers = 50,
	  .before_opportunities = 50,
	  .want = "endpoint-regressed host-or-path high" },
	{ "small, and not in the baseline", { .port = 80, .refusals = 19, .run = 19 }, .want = "" },
	{ "small, and on in the baseline",
	  { .port = 80, .refusals = 19, .run = 19 },
	  .before_offers = 50,
	  .before_opportunities = 50,
	  .want = "endpoint-regressed host-or-path medium" },
	{ "3 refusals",
	  { .port = 80, .refusals = 3, .run = 3 },
	  .before_offers = 20,
	  .before_opportunities = 20,
	  .want = "endpoint-regressed host-or-path medium" },
	{ "2 refusals",
	  { .port = 80, .refusals = 2, .run = 2 },
	  .before_offers = 50,
	  .before_opportunities = 50,
	  .want = "" },
	{ "small, and off in the baseline",
	  { .port = 80, .refusals = 5, .run = 5 },
	  .before_offers = 2,
	  .before_opportunities = 50,
	  .want = "" },
	{ "small, and small in the baseline",
	  { .port = 80, .refusals = 5, .run = 5 },
	  .before_offers = 10,
	  .before_opportunities = 10,
	  .want = "" },
	{ "small, with an offer",
	  { .port = 80, .offers = 1, .refusals = 10, .run = 10 },
	  .before_offers = 50,
	  .before_opportunities = 50,
	  .want = "" },
	{ "small, with a hole: it is the path",
	  { .port = 80, .refusals = 5, .run = 5 },
	  .stripped = 1,
	  .before_offers = 50,
	  .before_opportunities = 50,
	  .want = "" },
	{ "off, with holes in more than one of twenty: it is the path",
	  { .port = 80, .refusals = 50, .run = 50 },
	  .stripped = 3,
	  .before_offers = 50,
	  .before_opportunities = 50,
	  .want = "" },
	{ "on before and now",
	  { .port = 80, .offers = 30 },
	  .before_offers = 50,
	  .before_opportunities = 50,
	  .want = "" },
	{ "a client",
	  { .refusals = 5, .run = 5 },
	  .before_offers = 50,
	  .before_opportunities = 50,
	  .want = "endpoint-regressed host-or-path medium" },
	{ "met leaving its host",
	  { .port = 80, .refusals = 20, .run = 20, .local = 1 },
	  .before_offers = 50,
	  .before_opportunities = 50,
	  .want = "endpoint-regressed host certain" },
	{ "met leaving its host, small",
	  { .port = 80, .refusals = 5, .run = 5, .local = 1 },
	  .before_offers = 50,
	  .before_opportunities = 50,
	  .want = "endpoint-regressed host medium" },
};

static void check_judgement(const struct judgement_case *c)
{
	struct facts_endpoint facts = c->now;
	struct baseline_endpoint before = { .opportunities = c->before_opportunities,
					    .offers = c->before_offers };
	struct finding found[VERDICT_MAX];
	struct endpoint_entry now;
	char got[256] = "";
	unsigned int n;

	facts.address = "192.0.2.7";
	facts.run_first_id = 5;
	facts.last_refusal_id = 9;
	facts_endpoint(&now, &facts);
	now.endpoint.by_box = c->stripped;
	before.key = now.key;
	n = verdict_endpoint_findings(&now.key, &now.endpoint, found);
	n = baseline_findings(&now, c->before_opportunities ? &before : NULL, found, n);
	for (unsigned int i = 0; i < n; i++) {
		size_t at = strlen(got);

		snprintf(got + at, sizeof(got) - at, "%s%s %s %s", i ? "; " : "",
			 names_detector(found[i].code)->code, names_of(NAMES_BLAME, found[i].blame),
			 names_of(NAMES_CONFIDENCE, found[i].confidence));
		assert_int_equal(found[i].severity, SEVERITY_CRITICAL);
		assert_int_equal(found[i].side, facts.port ? SIDE_SERVER : SIDE_CLIENT);
		assert_int_equal(found[i].packets[0], 5);
		assert_int_equal(found[i].packets[1], 9);
	}
	if (strcmp(got, c->want) != 0)
		fail_msg("%s: '%s', due '%s'", c->name, got, c->want);
}

static void endpoints_are_judged(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(judgements) / sizeof(judgements[0]); i++)
		check_judgement(&judgements[i]);
}

/* ---- files ---- */

static char folder[] = "/tmp/wscope-baseline-XXXXXX";
static char path[sizeof(folder) + 16];

static void write_file(const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

#define HEAD       "{\"type\":\"baseline\",\"schema\":1,\"wscope\":\"0\",\"endpoints\":["
#define NUMBERS    "\"opportunities\":30,\"offers\":30,\"first_ns\":1,\"last_ns\":2"
#define DOMAIN     "\"domain\":0,\"domain_kind\":\"none\","
#define SERVER     "\"address\":\"192.0.2.7\",\"port\":80,\"role\":\"server\","
#define ENDPOINT   "{" SERVER DOMAIN NUMBERS "}"
#define WITH(rest) HEAD "{" rest "}]}"
#define BAD(name)  "endpoint 1: '" name "' is missing or makes no sense"

/* why: how the reason begins; NULL: it is read. */
static const struct file_case {
	const char *name, *text, *why;
} files[] = {
	{ "an endpoint", HEAD ENDPOINT "]}", NULL },
	{ "none", HEAD "]}", NULL },
	{ "empty", "", "it is empty" },
	{ "a capture", "\xd4\xc3\xb2\xa1", "malformed in line 1: " },
	{ "cut", HEAD "{" SERVER, "malformed in line 1: " },
	{ "something behind it", HEAD ENDPOINT "]}\n{}", "malformed in line 2: " },
	{ "a member twice", WITH(SERVER DOMAIN NUMBERS ",\"port\":80"),
	  "malformed in line 1: dupl" },
	{ "deep", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "malformed in line 1: " },
	{ "a list", "[]", "it is no baseline: " },
	{ "another record", "{\"type\":\"summary\",\"schema\":1}", "it is no baseline: " },
	{ "no schema", "{\"type\":\"baseline\"}", "it has no 'schema'" },
	{ "of a later version",
	  "{\"type\":\"baseline\",\"schema\":2,\"wscope\":\"9\",\"hosts\":{}}",
	  "schema 2 is not known here, only 1" },
	{ "no version", "{\"type\":\"baseline\",\"schema\":1,\"endpoints\":[],\"x\":1}",
	  "it has no 'wscope'" },
	{ "no endpoints", "{\"type\":\"baseline\",\"schema\":1,\"wscope\":\"0\"}",
	  "it has a member that is not known, or no 'endpoints'" },
	{ "endpoints that are no list",
	  "{\"type\":\"baseline\",\"schema\":1,\"wscope\":\"0\",\"endpoints\":{}}",
	  "'endpoints' is no list" },
	{ "a member that is not known", WITH(SERVER DOMAIN NUMBERS ",\"shift\":7"),
	  "endpoint 1 has a member that is not known" },
	{ "an endpoint that is a number", HEAD "7]}", BAD("address") },
	{ "the second one", HEAD ENDPOINT ",{}]}", "endpoint 2: 'address' is missing" },
	{ "no address", WITH("\"port\":80,\"role\":\"server\"," DOMAIN NUMBERS), BAD("address") },
	{ "a name", WITH("\"address\":\"lb1\",\"port\":80,\"role\":\"server\"," DOMAIN NUMBERS),
	  BAD("address") },
	{ "half an address",
	  WITH("\"address\":\"192.0.2\",\"port\":80,\"role\":\"server\"," DOMAIN NUMBERS),
	  BAD("address") },
	{ "port 65536",
	  WITH("\"address\":\"::1\",\"port\":65536,\"role\":\"server\"," DOMAIN NUMBERS),
	  BAD("port") },
	{ "port -1", WITH("\"address\":\"::1\",\"port\":-1,\"role\":\"server\"," DOMAIN NUMBERS),
	  BAD("port") },
	{ "a port as text",
	  WITH("\"address\":\"::1\",\"port\":\"80\",\"role\":\"server\"," DOMAIN NUMBERS),
	  BAD("port") },
	{ "a client with a port",
	  WITH("\"address\":\"::1\",\"port\":80,\"role\":\"client\"," DOMAIN NUMBERS),
	  BAD("port") },
	{ "no such role", WITH("\"address\":\"::1\",\"port\":80,\"role\":\"peer\"," DOMAIN NUMBERS),
	  BAD("role") },
	{ "no such kind of domain", WITH(SERVER "\"domain\":1,\"domain_kind\":\"vrf\"," NUMBERS),
	  BAD("domain") },
	{ "a domain of no kind", WITH(SERVER "\"domain\":1,\"domain_kind\":\"none\"," NUMBERS),
	  BAD("domain") },
	{ "a network number of 25 bits",
	  WITH(SERVER "\"domain\":16777216,\"domain_kind\":\"vni\"," NUMBERS), BAD("domain") },
	{ "more offers than opportunities",
	  WITH(SERVER DOMAIN "\"opportunities\":3,\"offers\":4,\"first_ns\":1,\"last_ns\":2"),
	  BAD("offers") },
	{ "a count with a fraction",
	  WITH(SERVER DOMAIN "\"opportunities\":3.5,\"offers\":3,\"first_ns\":1,\"last_ns\":2"),
	  BAD("opportunities") },
	{ "a count of 20 digits",
	  WITH(SERVER DOMAIN "\"opportunities\":18446744073709551615,\"offers\":3,\"first_ns\":1,"
			     "\"last_ns\":2"),
	  "malformed in line 1: too big integer" },
	{ "the end before the beginning",
	  WITH(SERVER DOMAIN "\"opportunities\":3,\"offers\":3,\"first_ns\":3,\"last_ns\":2"),
	  BAD("first_ns") },
	{ "the same endpoint twice", HEAD ENDPOINT "," ENDPOINT "]}",
	  "192.0.2.7:80 as server is there twice" },
	{ "the same one, spelt otherwise",
	  HEAD "{\"address\":\"2001:db8::7\",\"port\":0,\"role\":\"client\"," DOMAIN NUMBERS
	       "},{\"address\":\"2001:0db8:0::7\",\"port\":0,\"role\":\"client\"," DOMAIN NUMBERS
	       "}]}",
	  "2001:db8::7 as client is there twice" },
};

static void files_are_read_strictly(void **state)
{
	char why[BASELINE_ERROR_ROOM];
	struct baseline *b;

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		const struct file_case *c = &files[i];
		int err;

		write_file(c->text);
		err = baseline_read(&b, path, why);
		if (err != (c->why ? -EINVAL : 0) ||
		    strncmp(why, c->why ? c->why : "", c->why ? strlen(c->why) : 1) != 0)
			fail_msg("%s: %d, '%s'", c->name, err, why);
		assert_int_equal(!b, !!c->why);
		baseline_free(b);
	}
}

static void files_have_bounds(void **state)
{
	char why[BASELINE_ERROR_ROOM];
	struct baseline *b;
	FILE *file;

	(void)state;
	write_file("{");
	assert_int_equal(truncate(path, BASELINE_BYTES_MOST + 1), 0);
	assert_int_equal(baseline_read(&b, path, why), -EFBIG);
	assert_string_equal(why, "larger than 32 MiB");
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(HEAD "0", file);
	for (unsigned int i = 0; i < BASELINE_MOST; i++)
		fputs(",0", file);
	fputs("]}", file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(baseline_read(&b, path, why), -EINVAL);
	assert_string_equal(why, "more than 65536 endpoints");
	assert_int_equal(baseline_read(&b, folder, why), -EISDIR);
	assert_string_equal(why, "Is a directory");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(baseline_read(&b, path, why), -ENOENT);
	assert_string_equal(why, "No such file or directory");
	assert_null(b);
}

/* ---- there and back ---- */

static void fill(struct facts_report *r)
{
	struct facts_endpoint client = { .address = "192.0.2.7", .offers = 1, .last_offer_ns = S };
	struct facts_endpoint server = { .address = "198.51.100.1",
					 .port = 443,
					 .offers = 30,
					 .refusals = 2,
					 .last_offer_ns = 4 * S,
					 .first_refusal_ns = 3 * S,
					 .last_refusal_ns = 5 * S };
	struct facts_endpoint six = { .address = "2001:db8::7", .port = 443, .offers = 3 };

	facts_report_start(r);
	facts_report_endpoint(r, &client);
	facts_report_endpoint(r, &server);
	facts_report_endpoint(r, &server);
	facts_report_endpoint(r, &server);
	facts_report_endpoint(r, &six);
	r->endpoints[0].endpoint.first_ns = 2 * S; /* confirmed after its SYN */
	r->endpoints[1].endpoint.first_ns = 2 * S;
	r->endpoints[2].key.domain = DOMAIN_VNI | 77;
	r->endpoints[3].key.domain = DOMAIN_VLAN | 77;
	r->report.epoch_offset_ns = 1700000000123456789;
}

static size_t files_in_folder(void)
{
	DIR *dir = opendir(folder);
	size_t n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n - 2; /* . and .. */
}

static void what_is_saved_is_read(void **state)
{
	char why[BASELINE_ERROR_ROOM];
	const struct baseline_endpoint *e;
	struct facts_report r;
	struct baseline *b;
	struct stat there;

	(void)state;
	fill(&r);
	write_file("what was there before");
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(baseline_writable(path), 0);
	assert_int_equal(baseline_write(path, &r.report), 0);
	assert_int_equal(stat(path, &there), 0);
	assert_int_equal(there.st_mode & 07777, 0644);
	assert_int_equal(files_in_folder(), 1);
	assert_int_equal(baseline_read(&b, path, why), 0);
	assert_int_equal(b->n, 5);
	for (size_t i = 0; i < b->n; i++) {
		e = baseline_find(b, &r.endpoints[i].key);
		assert_non_null(e);
		assert_memory_equal(&e->key, &r.endpoints[i].key, sizeof(e->key));
		assert_int_equal(e->opportunities, r.endpoints[i].endpoint.opportunities);
		assert_int_equal(e->offers, r.endpoints[i].endpoint.offers);
	}
	e = baseline_find(b, &r.endpoints[0].key);
	assert_int_equal(e->first_ns, 1700000001123456789);
	assert_int_equal(e->last_ns, 1700000002123456789);
	e = baseline_find(b, &r.endpoints[1].key);
	assert_int_equal(e->first_ns, 1700000002123456789);
	assert_int_equal(e->last_ns, 1700000005123456789);
	baseline_free(b);
	assert_int_equal(unlink(path), 0);
}

static void what_cannot_be_written_stays(void **state)
{
	char there[sizeof(path) + 8];
	struct facts_report r;

	(void)state;
	fill(&r);
	assert_int_equal(baseline_write(folder, &r.report), -EINVAL);
	assert_int_equal(baseline_write("/dev/null", &r.report), -EINVAL);
	snprintf(there, sizeof(there), "%s/b/c", folder);
	assert_int_equal(baseline_write(there, &r.report), -ENOENT);
	assert_int_equal(baseline_writable(there), -ENOENT);
	assert_int_equal(files_in_folder(), 0);
}

static void the_busiest_are_saved(void **state)
{
	size_t n = BASELINE_MOST + 3;
	struct endpoint_entry *list = calloc(n, sizeof(*list));
	struct report r = { .endpoints = list, .endpoints_n = n };
	char why[BASELINE_ERROR_ROOM];
	struct baseline *b;

	(void)state;
	assert_non_null(list);
	for (size_t i = 0; i < n; i++) {
		list[i].key.addr[0] = i;
		list[i].endpoint.opportunities = i == 0 || i == 7 || i == n - 1 ? 1 : 2;
	}
	assert_int_equal(baseline_write(path, &r), 0);
	assert_int_equal(baseline_read(&b, path, why), 0);
	assert_int_equal(b->n, BASELINE_MOST);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(!!baseline_find(b, &list[i].key),
				 list[i].endpoint.opportunities == 2);
	baseline_free(b);
	free(list);
	assert_int_equal(unlink(path), 0);
}

/* ---- which endpoint is which ---- */

static void others_are_not_found(void **state)
{
	struct endpoint_key key, other;
	char why[BASELINE_ERROR_ROOM];
	struct facts_report r;
	struct baseline *b;

	(void)state;
	fill(&r);
	assert_int_equal(baseline_write(path, &r.report), 0);
	assert_int_equal(baseline_read(&b, path, why), 0);
	key = r.endpoints[1].key;
	assert_non_null(baseline_find(b, &key));
	assert_null(baseline_find(NULL, &key));
	other = key;
	other.port++;
	assert_null(baseline_find(b, &other));
	other = key;
	other.role = ENDPOINT_CLIENT;
	assert_null(baseline_find(b, &other));
	other = key;
	other.addr[1]++;
	assert_null(baseline_find(b, &other));
	other = key;
	other.domain = DOMAIN_VNI | 78;
	assert_null(baseline_find(b, &other));
	baseline_free(b);
	assert_int_equal(unlink(path), 0);
}

/* All that tells of findings asks the same question: here, the exit status. */
static void the_status_follows(void **state)
{
	struct options o = { .fail_on = SEVERITY_CRITICAL };
	struct facts_endpoint small = { .address = "192.0.2.7", .refusals = 3, .run = 3 };
	struct baseline_endpoint before = { .opportunities = 20, .offers = 20 };
	struct baseline b = { .endpoints = &before, .n = 1 };
	struct facts_report r;

	(void)state;
	facts_report_start(&r);
	facts_report_endpoint(&r, &small);
	before.key = r.endpoints[0].key;
	assert_int_equal(status_of_report(&r.report, &o), EXIT_NOTHING);
	r.report.baseline = &b;
	assert_int_equal(status_of_report(&r.report, &o), EXIT_FINDINGS);
	before.key.port = 1;
	assert_int_equal(status_of_report(&r.report, &o), EXIT_NOTHING);
}

static int make_folder(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/baseline", folder);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(endpoints_are_judged),
		cmocka_unit_test(files_are_read_strictly),
		cmocka_unit_test(files_have_bounds),
		cmocka_unit_test(what_is_saved_is_read),
		cmocka_unit_test(what_cannot_be_written_stays),
		cmocka_unit_test(the_busiest_are_saved),
		cmocka_unit_test(others_are_not_found),
		cmocka_unit_test(the_status_follows),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
