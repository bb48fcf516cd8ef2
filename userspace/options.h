/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The command line, understood. */
#ifndef USERSPACE_OPTIONS_H
#define USERSPACE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "engine/config.h"
#include "engine/finding.h"
#include "engine/packet.h"

#define OPTIONS_INTERFACES_MAX 64
#define OPTIONS_EXPECTS_MAX    64

#define OPTIONS_METRICS_ENDPOINTS_MAX 64

enum option_engine { ENGINE_NATIVE, ENGINE_XDP, ENGINE_TC };
enum option_reader { OPTION_READER_AUTO, OPTION_READER_MAPPED, OPTION_READER_LIBPCAP };
/* How a series is written; the first: by the file's name. */
enum option_series { SERIES_BY_NAME, SERIES_NDJSON, SERIES_CSV };
enum option_color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

struct options {
	enum option_engine engine;
	enum option_reader reader;
	enum option_color color;
	enum option_series series_format;
	bool separate;
	bool allow_truncated;
	bool json;
	bool verbose;
	bool generic;       /* --mode generic */
	bool offload;       /* --mode offload */
	bool xdp_single;    /* never through a dispatcher */
	bool dry_run;       /* live: say what attaching would do */
	const char *pin;    /* folder of pins */
	bool pinned;        /* live: of what `attach` has attached */
	bool once;          /* attach: do not stay */
	bool keep;          /* attach: leave all attached at the end */
	const char *user;   /* live --pinned: who to be; 0: choose */
	unsigned int hooks; /* bit per enum hook */
	__u64 count;        /* 0: no limit */
	double duration_s;  /* 0: no limit */
	double interval_s;
	double retire_s;                 /* replay: 0: nothing is retired */
	double series_interval_s;        /* 0: every change; below: not said, which is the same */
	const char *series;              /* replay: the file for the series, or 0 */
	const char *ipfix;               /* replay: the file for IPFIX, or 0 */
	__u32 ipfix_pen;                 /* 0: not said */
	const char *html;                /* replay: the file for the page, or 0 */
	const char *write;               /* a pcapng file, "-": standard output, or 0 */
	bool write_all;                  /* all packets, not only those of flagged connections */
	__u32 flows, pending, endpoints; /* table sizes, entries */
	int fail_on;                     /* enum severity, -1: findings do not change the status */
	struct engine_config config;
	const char *baseline;      /* a file to compare with, or 0 */
	const char *save_baseline; /* a file to write at the end, or 0 */
	const char *interfaces[OPTIONS_INTERFACES_MAX];
	size_t interfaces_n;
	char *interface_names;    /* what interfaces points into; owned */
	const char *metrics;      /* live: [ADDR:]PORT to serve metrics on, or 0 */
	const char *metrics_file; /* live: a file for them, or 0 */
	const char *metrics_endpoints[OPTIONS_METRICS_ENDPOINTS_MAX]; /* that are named there */
	size_t metrics_endpoints_n;
	const char *nats;                         /* live: URLs of NATS servers, or 0 */
	const char *nats_creds;                   /* a file of credentials for them, or 0 */
	const char *node;                         /* this host in subjects; 0: its name */
	__u32 nats_queue;                         /* events that wait for a server at most */
	__u32 jobs;                               /* replay: threads that track */
	bool compare;                             /* live: compare two interfaces */
	bool nat;                                 /* compare: addresses are not trusted */
	const char *expects[OPTIONS_EXPECTS_MAX]; /* check: files of expectations */
	size_t expects_n;
	const char *junit; /* check: a file for JUnit XML, or 0 */
	bool init;         /* check: write expectations */
	bool tap;
	bool github;
	const char **files; /* replay, check, merge: FILE..., compare: BEFORE AFTER; owned */
	size_t files_n;
	char *filter;        /* trailing tcpdump expression, or 0; owned */
	bool filter_guessed; /* it begins with the first word that names no file, not behind -- */
	bool help;
};

enum option_command {
	REPLAY = 1,
	LIVE = 2,
	COMPARE = 4,
	CHECK = 8,
	MERGE = 16,
	ATTACH = 32,
	STATUS = 64,
	DETACH = 128,
	TOP = 256,
};

/*
 * Fills o from argv[1..] (argv[0] is the command's name). 0, or -EINVAL after one
 * line on stderr. Release with options_free(), also after an error.
 */
int options_parse(struct options *o, enum option_command command, int argc, char **argv);
void options_free(struct options *o);

/* What options do not allow each other. As options_parse(), which asks. */
int options_rules(const struct options *o, enum option_command command);

/* The command's options, one a line, for --help. */
void options_help(FILE *out, enum option_command command);

#endif
