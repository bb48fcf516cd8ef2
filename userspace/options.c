// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/options.h"
#include "userspace/options_operands.h"
#include "userspace/pins.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OPTIONS_TABLE_DEFAULT     65536U
#define OPTIONS_ENDPOINTS_DEFAULT 16384U
#define OPTIONS_INTERVAL_DEFAULT  10.0
#define OPTIONS_REFRESH_DEFAULT   2.0
#define OPTIONS_QUEUE_DEFAULT     10000U
#define OPTIONS_QUEUE_MAX         1000000U
#define OPTIONS_TABLE_MAX         (1U << 28)
#define OPTIONS_JOBS_MAX          64U /* NATIVE_THREADS_MOST */
#define OPTIONS_SECONDS_MAX       1e9
#define OPTIONS_PEN_REVERSE       29305

#define OPTIONS_SEVERITIES "info|notice|warning|critical"

/* Each behind a '|'. */
#define TUNNEL(id, name, what) "|" name
static const char options_tunnel_names[] =
#include "engine/tunnels.def"
	;
#undef TUNNEL

enum option_id {
#define OPTION(id, letter, name, argument, commands, help) OPTION_##id,
#include "userspace/options.def"
#undef OPTION
	OPTIONS
};

struct option_row {
	int letter;
	const char *name;
	const char *argument;
	int commands;
	const char *help;
};

static const struct option_row option_rows[OPTIONS] = {
#define OPTION(id, letter, name, argument, commands, help) \
	{ letter, name, argument, commands, help },
#include "userspace/options.def"
#undef OPTION
};

/* getopt_long() values: above every character. */
#define OPTION_VALUE(id) (256 + (int)(id))

static int options_complain(enum option_id id, const char *value, const char *takes)
{
	fprintf(stderr, "wscope: --%s cannot be '%s'; it takes %s\n", option_rows[id].name, value,
		takes);
	return -EINVAL;
}

/* The position of word among the '|'-separated names, or -1. */
static int options_choice(const char *names, const char *word)
{
	size_t len = strlen(word);
	int i = 0;

	for (const char *p = names; p; i++) {
		const char *end = strchr(p, '|');
		size_t n = end ? (size_t)(end - p) : strlen(p);

		if (n == len && !strncmp(p, word, n))
			return i;
		p = end ? end + 1 : NULL;
	}
	return -1;
}

static int options_number(enum option_id id, const char *value, __u64 max, __u64 *out)
{
	char *end, takes[64];

	errno = 0;
	*out = strtoull(value, &end, 10);
	if (!errno && !*end && isdigit((unsigned char)*value) && *out && *out <= max)
		return 0;
	snprintf(takes, sizeof(takes), "a number from 1 to %llu", (unsigned long long)max);
	return options_complain(id, value, takes);
}

static int options_size(enum option_id id, const char *value, __u32 max, __u32 *out)
{
	__u64 n;
	int err = options_number(id, value, max, &n);

	*out = (__u32)n;
	return err;
}

/* A private enterprise number: 32 bits, and not the one of reverse elements (RFC 5103, 6.1). */
static int options_enterprise(const char *value, __u32 *out)
{
	__u64 n;
	int err = options_number(OPTION_IPFIX_PEN, value, 0xffffffff, &n);

	if (!err && n == OPTIONS_PEN_REVERSE)
		err = options_complain(OPTION_IPFIX_PEN, value,
				       "a number that is not that of reverse elements");
	*out = (__u32)n;
	return err;
}

/* zero: 0 is taken, too. */
static int options_seconds(enum option_id id, const char *value, bool zero, double *out)
{
	char *end, takes[64];

	*out = strtod(value, &end);
	if (!*end && end != value && (*out > 0 || (zero && *out == 0)) &&
	    *out <= OPTIONS_SECONDS_MAX)
		return 0;
	snprintf(takes, sizeof(takes), "seconds%s, at most %.0f", zero ? "" : " above 0",
		 OPTIONS_SECONDS_MAX);
	return options_complain(id, value, takes);
}

/* A comma-separated list of names, each a bit by its place in names. takes: what else it may be. */
static int options_bits(enum option_id id, const char *names, const char *takes, const char *value,
			unsigned int *bits)
{
	char *copy = strdup(value), *rest = copy, *word;
	int err = copy ? 0 : -ENOMEM;

	*bits = 0;
	while (!err && (word = strsep(&rest, ","))) {
		int bit = options_choice(names, word);

		if (bit >= 0) {
			*bits |= 1U << bit;
			continue;
		}
		fprintf(stderr,
			"wscope: --%s cannot be '%s'%s; it takes %sa comma-separated list of %s\n",
			option_rows[id].name, word, strcmp(word, value) ? " in a list" : "", takes,
			names);
		err = -EINVAL;
	}
	free(copy);
	return err;
}

static int options_tunnels(const char *value, struct options *o)
{
	if (!strcmp(value, "all")) {
		o->config.tunnels = TUNNELS_ALL;
		return 0;
	}
	if (!strcmp(value, "none")) {
		o->config.tunnels = 0;
		return 0;
	}
	return options_bits(OPTION_TUNNELS, options_tunnel_names + 1, "all, none, or ", value,
			    &o->config.tunnels);
}

static int options_choose(enum option_id id, const char *names, const char *value, int *out)
{
	*out = options_choice(names, value);
	return *out < 0 ? options_complain(id, value, names) : 0;
}

static int options_interface(struct options *o, const char *name)
{
	if (o->interfaces_n == OPTIONS_INTERFACES_MAX) {
		fprintf(stderr, "wscope: more than %d interfaces\n", OPTIONS_INTERFACES_MAX);
		return -EINVAL;
	}
	o->interfaces[o->interfaces_n++] = name;
	return 0;
}

static int options_expect(struct options *o, const char *path)
{
	if (o->expects_n == OPTIONS_EXPECTS_MAX) {
		fprintf(stderr, "wscope: more than %d files of expectations\n",
			OPTIONS_EXPECTS_MAX);
		return -EINVAL;
	}
	o->expects[o->expects_n++] = path;
	return 0;
}

/* native, generic or offload */
static void options_mode(struct options *o, int choice)
{
	o->generic = choice == 1;
	o->offload = choice == 2;
}

/* Options that name one of a few words. */
static int options_apply_choice(struct options *o, enum option_id id, const char *value)
{
	bool severity = id == OPTION_FAIL_ON;
	int choice = 0, err;

	err = options_choose(id, severity ? OPTIONS_SEVERITIES : option_rows[id].argument, value,
			     &choice);
	if (err)
		return err;
	if (id == OPTION_ENGINE)
		o->engine = (enum option_engine)choice;
	else if (id == OPTION_READER)
		o->reader = (enum option_reader)choice;
	else if (id == OPTION_MODE)
		options_mode(o, choice);
	else if (id == OPTION_COLOR)
		o->color = (enum option_color)choice;
	else if (id == OPTION_SERIES_FORMAT)
		o->series_format = choice ? SERIES_CSV : SERIES_NDJSON;
	else
		o->fail_on = choice;
	return 0;
}

/* Options without an argument: what each sets; NULL for the others. */
static bool *options_flag(struct options *o, enum option_id id)
{
	switch (id) {
	case OPTION_SEPARATE:
		return &o->separate;
	case OPTION_ALLOW_TRUNCATED:
		return &o->allow_truncated;
	case OPTION_COMPARE_LIVE:
		return &o->compare;
	case OPTION_NAT:
		return &o->nat;
	case OPTION_JSON:
		return &o->json;
	case OPTION_TAP:
		return &o->tap;
	case OPTION_GITHUB:
		return &o->github;
	case OPTION_INIT:
		return &o->init;
	case OPTION_WRITE_ALL:
		return &o->write_all;
	case OPTION_PINNED:
		return &o->pinned;
	case OPTION_ONCE:
		return &o->once;
	case OPTION_KEEP:
		return &o->keep;
	case OPTION_VERBOSE:
		return &o->verbose;
	case OPTION_XDP_SINGLE:
		return &o->xdp_single;
	case OPTION_DRY_RUN:
		return &o->dry_run;
	case OPTION_HELP:
		return &o->help;
	default:
		return NULL;
	}
}

/* Options that are a size: what each sets; NULL for the others. */
static __u32 *options_size_of(struct options *o, enum option_id id)
{
	switch (id) {
	case OPTION_FLOWS:
		return &o->flows;
	case OPTION_PENDING:
		return &o->pending;
	case OPTION_ENDPOINTS:
		return &o->endpoints;
	case OPTION_JOBS:
		return &o->jobs;
	case OPTION_NATS_QUEUE:
		return &o->nats_queue;
	default:
		return NULL;
	}
}

/* Options whose argument is kept as it is. */
static int options_text(struct options *o, enum option_id id, const char *value)
{
	if (id == OPTION_METRICS)
		o->metrics = value;
	else if (id == OPTION_METRICS_FILE)
		o->metrics_file = value;
	else if (id == OPTION_NATS)
		o->nats = value;
	else if (id == OPTION_NATS_CREDS)
		o->nats_creds = value;
	else if (id == OPTION_NODE)
		o->node = value;
	else if (id == OPTION_JUNIT)
		o->junit = value;
	else if (id == OPTION_BASELINE)
		o->baseline = value;
	else if (id == OPTION_PIN)
		o->pin = value;
	else if (id == OPTION_USER)
		o->user = value;
	else if (id == OPTION_SAVE_BASELINE)
		o->save_baseline = value;
	else if (o->metrics_endpoints_n < OPTIONS_METRICS_ENDPOINTS_MAX)
		o->metrics_endpoints[o->metrics_endpoints_n++] = value;
	else
		return options_complain(id, value, "at most 64 endpoints");
	return 0;
}

/* The largest value of a size. */
static __u32 options_size_max(enum option_id id)
{
	if (id == OPTION_JOBS)
		return OPTIONS_JOBS_MAX;
	return id == OPTION_NATS_QUEUE ? OPTIONS_QUEUE_MAX : OPTIONS_TABLE_MAX;
}

static int options_apply(struct options *o, enum option_id id, const char *value)
{
	bool *flag = options_flag(o, id);
	__u32 *size = options_size_of(o, id);

	if (size)
		return options_size(id, value, options_size_max(id), size);
	if (flag) {
		*flag = true;
		return 0;
	}
	switch (id) {
	case OPTION_VLAN_DOMAIN:
		o->config.vlan_domain = 1;
		return 0;
	case OPTION_EXPECT:
		return options_expect(o, value);
	case OPTION_COUNT:
		return options_number(id, value, ~0ULL, &o->count);
	case OPTION_METRICS:
	case OPTION_METRICS_FILE:
	case OPTION_METRICS_ENDPOINT:
	case OPTION_NATS:
	case OPTION_NATS_CREDS:
	case OPTION_NODE:
	case OPTION_JUNIT:
	case OPTION_BASELINE:
	case OPTION_PIN:
	case OPTION_USER:
	case OPTION_SAVE_BASELINE:
		return options_text(o, id, value);
	case OPTION_INTERFACE:
		return options_interface(o, value);
	case OPTION_HOOKS:
		return options_bits(id, "xdp|tc-ingress|tc-egress", "", value, &o->hooks);
	case OPTION_DURATION:
		return options_seconds(id, value, false, &o->duration_s);
	case OPTION_INTERVAL:
		return options_seconds(id, value, false, &o->interval_s);
	case OPTION_RETIRE:
		return options_seconds(id, value, false, &o->retire_s);
	case OPTION_SERIES:
		o->series = value;
		return 0;
	case OPTION_HTML:
		o->html = value;
		return 0;
	case OPTION_WRITE:
		o->write = value;
		return 0;
	case OPTION_IPFIX:
		o->ipfix = value;
		return 0;
	case OPTION_IPFIX_PEN:
		return options_enterprise(value, &o->ipfix_pen);
	case OPTION_SERIES_INTERVAL:
		return options_seconds(id, value, true, &o->series_interval_s);
	case OPTION_TUNNELS:
		return options_tunnels(value, o);
	default:
		return options_apply_choice(o, id, value);
	}
}

static void options_default(struct options *o)
{
	memset(o, 0, sizeof(*o));
	o->config.tunnels = TUNNELS_ALL;
	o->flows = OPTIONS_TABLE_DEFAULT;
	o->pending = OPTIONS_TABLE_DEFAULT;
	o->endpoints = OPTIONS_ENDPOINTS_DEFAULT;
	o->interval_s = OPTIONS_INTERVAL_DEFAULT;
	o->series_interval_s = -1;
	o->jobs = 1;
	o->nats_queue = OPTIONS_QUEUE_DEFAULT;
	o->pin = PINS_DIR;
	o->hooks = 1U << HOOK_XDP | 1U << HOOK_TC_EGRESS;
	o->fail_on = -1;
}

/* What getopt_long() needs, for one command; letters has room for 2 * OPTIONS + 3. */
static void options_table(struct option *table, char *letters, int command)
{
	size_t n = 0;

	*letters++ = '+'; /* operands end the options: a filter has words of its own */
	*letters++ = ':'; /* tell a missing argument from an unknown option */
	for (int i = 0; i < OPTIONS; i++) {
		if (!(option_rows[i].commands & command))
			continue;
		table[n++] = (struct option){ option_rows[i].name, !!option_rows[i].argument, NULL,
					      OPTION_VALUE(i) };
		if (!option_rows[i].letter)
			continue;
		*letters++ = (char)option_rows[i].letter;
		if (option_rows[i].argument)
			*letters++ = ':';
	}
	*letters = '\0';
	table[n] = (struct option){ 0 };
}

static enum option_id options_id(int value)
{
	for (int i = 0; i < OPTIONS && value < 256; i++) {
		if (option_rows[i].letter == value)
			return (enum option_id)i;
	}
	return (enum option_id)(value - 256);
}

/* How many long options of the command begin with the n characters of word; the last of them. */
static int options_begin(int command, const char *word, size_t n, const char **last)
{
	int found = 0;

	for (int i = 0; i < OPTIONS; i++) {
		if (!(option_rows[i].commands & command) || strncmp(option_rows[i].name, word, n))
			continue;
		*last = option_rows[i].name;
		found++;
	}
	return found;
}

/* What getopt_long() did not take, in our words. word: the one it was at. */
static int options_refuse(int command, const char *verb, int why, const char *word)
{
	const char *value = strchr(word, '='), *last = "";
	size_t n = strcspn(word, "=");

	if (why == ':') {
		const struct option_row *row = &option_rows[options_id(optopt)];

		fprintf(stderr, "wscope: --%s needs an argument: %s\n", row->name, row->argument);
	} else if (optopt > 255 && value) {
		fprintf(stderr, "wscope: --%s takes no argument, and got '%s'\n",
			option_rows[options_id(optopt)].name, value + 1);
	} else if (!optopt && options_begin(command, word + 2, n - 2, &last) > 1) {
		fprintf(stderr,
			"wscope: '%.*s' may be --%s or another option of %s; write more of it\n",
			(int)n, word, last, verb);
	} else if (optopt && isprint(optopt)) {
		fprintf(stderr, "wscope: %s has no option '-%c'; `wscope %s --help` has them\n",
			verb, optopt, verb);
	} else {
		fprintf(stderr, "wscope: %s has no option '%.*s'; `wscope %s --help` has them\n",
			verb, (int)n, word, verb);
	}
	return -EINVAL;
}

/*
 * Options may also stand between and after the files: getopt stops at each operand,
 * which is moved aside, until "--" or the end.
 */
int options_parse(struct options *o, enum option_command command, int argc, char **argv)
{
	struct option table[OPTIONS + 1];
	char letters[2 * OPTIONS + 3];
	char **operands = calloc((size_t)argc + 1, sizeof(*operands));
	int n = 0, dashes = -1, value, err = 0;

	options_default(o);
	if (command == TOP)
		o->interval_s = OPTIONS_REFRESH_DEFAULT;
	if (command == COMPARE)
		o->fail_on = SEVERITY_INFO;
	if (!operands)
		return -ENOMEM;
	options_table(table, letters, (int)command);
	optind = 1;
	opterr = 0;
	while (optind < argc && !err) {
		const char *word = argv[optind];
		bool was_dashes = !strcmp(word, "--");

		value = getopt_long(argc, argv, letters, table, NULL);
		if (value == '?' || value == ':')
			err = options_refuse((int)command, argv[0], value, word);
		else if (value >= 0)
			err = options_apply(o, options_id(value), optarg);
		else if (was_dashes) {
			dashes = n;
			while (optind < argc)
				operands[n++] = argv[optind++];
		} else {
			operands[n++] = argv[optind++];
		}
	}
	if (!err && !o->help)
		err = options_rules(o, command);
	if (!err && !o->help)
		err = options_operands(o, command, argv[0], operands, n, dashes);
	free(operands);
	return err;
}

void options_free(struct options *o)
{
	free(o->files);
	free(o->filter);
	free(o->interface_names);
	o->interface_names = NULL;
	o->files = NULL;
	o->filter = NULL;
}

void options_help(FILE *out, enum option_command command)
{
	for (int i = 0; i < OPTIONS; i++) {
		const struct option_row *row = &option_rows[i];
		char name[64], letter[8] = "    ";

		if (!(row->commands & (int)command))
			continue;
		if (row->letter)
			snprintf(letter, sizeof(letter), "-%c, ", row->letter);
		snprintf(name, sizeof(name), "--%s%s%s", row->name, row->argument ? " " : "",
			 row->argument ? row->argument : "");
		fprintf(out, "  %s%-34s %s\n", letter, name, row->help);
	}
}
