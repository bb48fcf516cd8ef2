// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Options that need each other, or do not go together. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "userspace/metrics_address.h"
#include "userspace/options.h"
#include "userspace/publish.h"
#include "userspace/publish_wire.h"

/* Why a result beside the report cannot have this name; NULL: it can. */
static const char *rules_no_file(const char *name)
{
	if (!*name)
		return "needs the name of a file";
	return strcmp(name, "-") ? NULL : "cannot be '-': standard output has the report";
}

static int rules_wrong(const char *option, const char *why)
{
	fprintf(stderr, "wscope: --%s %s\n", option, why);
	return -EINVAL;
}

/* What belongs to --series is there only with it, and it only where it can be. */
static int rules_series(const struct options *o)
{
	bool interval = o->series_interval_s >= 0;
	const char *why;

	if (!o->series) {
		if (o->series_format == SERIES_BY_NAME && !interval)
			return 0;
		return rules_wrong(interval ? "series-interval" : "series-format",
				   "goes with --series FILE");
	}
	if (o->engine != ENGINE_NATIVE)
		why = "goes with --engine native: the kernel's programs show no single segments";
	else
		why = rules_no_file(o->series);
	return why ? rules_wrong("series", why) : 0;
}

/* What idles is known to the native engine only; other results need connections to their end. */
static int rules_retire(const struct options *o)
{
	const char *why = NULL;

	if (o->retire_s <= 0)
		return 0;
	if (o->engine != ENGINE_NATIVE)
		why = "goes with --engine native: the kernel's tables have a size of their own";
	else if (o->series)
		why = "does not go with --series, which numbers a connection by its first packet";
	else if (o->html || o->write || o->ipfix)
		why = "does not go with --html, --write or --ipfix, which keep all connections";
	return why ? rules_wrong("retire", why) : 0;
}

/* What takes segments one by one, in order, takes them from one thread. */
static int rules_jobs(const struct options *o)
{
	const char *why = NULL;

	if (o->jobs <= 1)
		return 0;
	if (o->engine != ENGINE_NATIVE)
		why = "goes with --engine native: the kernel's programs run one packet at a time";
	else if (o->series || o->html || o->write)
		why = "does not go with --series, --html or --write, which follow single segments";
	return why ? rules_wrong("jobs", why) : 0;
}

/* A page is a file of its own, of one stream. */
static int rules_html(const struct options *o)
{
	const char *why = o->html ? rules_no_file(o->html) : NULL;

	if (o->html && !why && o->separate)
		why = "is of one stream, --separate has several";
	return why ? rules_wrong("html", why) : 0;
}

static int rules_ipfix(const struct options *o)
{
	const char *why = o->ipfix ? rules_no_file(o->ipfix) : NULL;

	if (!o->ipfix && o->ipfix_pen)
		return rules_wrong("ipfix-pen", "goes with --ipfix FILE");
	return why ? rules_wrong("ipfix", why) : 0;
}

/* Of check: what to expect, or --init; and one way to print it. */
static int rules_check(const struct options *o)
{
	bool outputs = o->json || o->tap || o->github || o->junit;
	const char *why = NULL;

	if (!o->expects_n && !o->init)
		why = "check takes --expect FILE, or --init";
	else if (o->init && (o->expects_n || outputs))
		why = "--init writes expectations, and takes neither --expect nor an output";
	else if (o->json + o->tap + o->github > 1)
		why = "--json, --tap and --github do not go together";
	else if (o->junit && (!*o->junit || !strcmp(o->junit, "-")))
		why = "--junit needs the name of a file";
	if (!why)
		return 0;
	fprintf(stderr, "wscope: %s\n", why);
	return -EINVAL;
}

/* Packets are bytes: they have a file, or standard output for themselves. */
static int rules_write(const struct options *o)
{
	const char *why = NULL;

	if (!o->write) {
		if (o->write_all)
			why = "--write-all goes with --write FILE";
	} else if (!*o->write) {
		why = "--write needs the name of a file";
	} else if (!strcmp(o->write, "-") && o->json) {
		why = "--write - and --json both need standard output";
	} else if (!strcmp(o->write, "-") && isatty(STDOUT_FILENO)) {
		why = "--write - writes no packets to a terminal";
	}
	if (!why)
		return 0;
	fprintf(stderr, "wscope: %s\n", why);
	return -EINVAL;
}

static int rules_dry_run(const struct options *o)
{
	if (o->dry_run && (o->json || o->write))
		return rules_wrong("dry-run", "goes with neither --json nor --write");
	return 0;
}

static int rules_pinned(const struct options *o, enum option_command command)
{
	if (!*o->pin)
		return rules_wrong("pin", "needs the name of a folder");
	if (o->pinned && (o->interfaces_n || o->write || o->dry_run))
		return rules_wrong(
			"pinned",
			"goes with neither -i nor --write nor --dry-run: what is attached "
			"is `wscope attach`'s");
	if (command == LIVE && o->user && !o->pinned)
		return rules_wrong("user", "goes with --pinned");
	if (o->once && o->keep)
		return rules_wrong("once", "leaves all attached anyway: without --keep");
	return 0;
}

/* Addresses of metrics, and what goes only with metrics. */
static int rules_metrics(const struct options *o)
{
	struct sockaddr_storage where;
	struct endpoint_key key;

	if (o->metrics && !metrics_address_listen(&where, o->metrics))
		return rules_wrong("metrics", "takes [ADDR:]PORT, numbers only, IPv6 in brackets");
	if (o->metrics_file && rules_no_file(o->metrics_file))
		return rules_wrong("metrics-file", rules_no_file(o->metrics_file));
	if (o->metrics_endpoints_n && !o->metrics && !o->metrics_file)
		return rules_wrong("metrics-endpoint", "goes with --metrics or --metrics-file");
	for (size_t i = 0; i < o->metrics_endpoints_n; i++) {
		if (!metrics_address_endpoint(&key, o->metrics_endpoints[i]))
			return rules_wrong("metrics-endpoint",
					   "takes ADDR:PORT of a server, or ADDR of a client; "
					   "IPv6 in brackets");
	}
	return 0;
}

/* What is said of a URL never shows it: it may have a password. */
static int rules_nats(const struct options *o)
{
	if (o->nats && !publish_wire_is_built())
		return rules_wrong("nats", "is not in this build: it was made without libnats");
	if (!o->nats && (o->node || o->nats_creds))
		return rules_wrong(o->node ? "node" : "nats-creds", "goes with --nats");
	if (o->node && (!*o->node || strlen(o->node) >= PUBLISH_NODE_ROOM))
		return rules_wrong("node", "takes a name of at most 255 bytes");
	if (o->nats_creds && rules_no_file(o->nats_creds))
		return rules_wrong("nats-creds", "needs the name of a file");
	if (o->nats && !publish_is_urls(o->nats))
		return rules_wrong("nats",
				   "takes nats://[USER:PASSWORD@|TOKEN@]HOST[:PORT], or tls://; "
				   "commas between several");
	return 0;
}

/* Live --compare: two interfaces, and nothing of what the programs in the kernel would do. */
static int rules_compare(const struct options *o)
{
	const char *why = NULL;

	if (!o->compare)
		return o->nat ? rules_wrong("nat", "goes with --compare") : 0;
	if (o->interfaces_n != 2 || !strcmp(o->interfaces[0], o->interfaces[1]))
		why = "takes two interfaces: -i BEFORE -i AFTER";
	else if (o->write || o->baseline || o->save_baseline || o->pinned || o->dry_run)
		why = "does not go with --write, --baseline, --save-baseline, --pinned or --dry-run";
	else if (o->metrics || o->metrics_file || o->nats)
		why = "does not go with --metrics, --metrics-file or --nats";
	else if (o->count)
		why = "does not go with --count: it has no events";
	return why ? rules_wrong("compare", why) : 0;
}

int options_rules(const struct options *o, enum option_command command)
{
	if (o->save_baseline && o->separate)
		return rules_wrong("save-baseline", "is of one stream, --separate has several");
	if (rules_jobs(o) || rules_retire(o) || rules_series(o) || rules_html(o) ||
	    rules_ipfix(o) || rules_write(o) || rules_dry_run(o) || rules_pinned(o, command) ||
	    rules_metrics(o))
		return -EINVAL;
	if (command == LIVE && (rules_compare(o) || rules_nats(o)))
		return -EINVAL;
	return command == CHECK ? rules_check(o) : 0;
}
