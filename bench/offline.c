// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bench/command.h"
#include "bench/generate.h"
#include "bench/offline.h"
#include "bench/report.h"

/* A: many connections, far more state than a cache holds. B: few. C: all open at once. */
static const struct generate_shape shape_a = {
	.name = "a", .packets = 2000000, .flows = 100000, .interleaved = 20000
};
static const struct generate_shape shape_b = {
	.name = "b", .packets = 1000000, .flows = 2000, .interleaved = 200
};
static const struct generate_shape shape_c = {
	.name = "c", .packets = 3000000, .flows = 1000000, .interleaved = 10000, .stay_open = true
};

/* With the gauges on; 1.8 and 0.9 without. */
#define TARGET_A          2.25
#define TARGET_B          1.125
#define TARGET_FLOW_BYTES 512

#define ROUNDS       20
#define ROUNDS_QUICK 5

#define PATH_LENGTH 512

/* The slow tools get the first packets of A only: one of so many. */
#define PART       10U
#define PART_QUICK 40U

/*
 * The capture of a shape (its first 1/part), made unless it is there and newer than this program.
 * 0 with its path, or -errno.
 */
static int offline_capture(const struct offline *o, const struct generate_shape *shape, __u32 part,
			   char *path)
{
	struct stat self, capture;
	char suffix[16] = "";
	int err;

	if (part > 1)
		snprintf(suffix, sizeof(suffix), "-%u", part);
	snprintf(path, PATH_LENGTH, "%s/%s%s.pcap", o->dir, shape->name, suffix);
	if (!stat(path, &capture) && !stat(o->self, &self) && capture.st_mtime > self.st_mtime)
		return 0;
	err = generate_capture(shape, part > 1 ? shape->packets / part : 0, path);
	if (err)
		fprintf(stderr, "bench: cannot write '%s': %s\n", path, strerror(-err));
	return err;
}

/* Runs what must succeed. 0, or -errno with one line on stderr. */
static int offline_run(const char *const *argv, const char *output, const char *feed,
		       struct command_result *result)
{
	const struct command command = { .argv = argv, .output = output, .feed = feed };
	int err = command_run(&command, result);

	if (err)
		fprintf(stderr, "bench: cannot run '%s': %s\n", argv[0], strerror(-err));
	else if (result->status)
		fprintf(stderr, "bench: %s %s: exit status %d\n", argv[0], argv[1], result->status);
	return err || !result->status ? err : -EBADMSG;
}

/* The number behind "name": in a line of JSON, or -1. */
static double json_number(const char *line, const char *name)
{
	char key[64];
	const char *at;

	snprintf(key, sizeof(key), "\"%s\":", name);
	at = strstr(line, key);
	return at ? strtod(at + strlen(key), NULL) : -1;
}

/* The last record of a replay, read back from the file it was written to; NULL if there is none. */
static char *offline_summary(const struct offline *o, const char *path, int *err)
{
	const char *const argv[] = { "sh",      "-c", "\"$0\" replay --json \"$1\" | tail -n 1",
				     o->wscope, path, NULL };
	char output[PATH_LENGTH + 16], *line = NULL;
	struct command_result result;
	size_t size = 0;
	FILE *in;

	snprintf(output, sizeof(output), "%s/summary.json", o->dir);
	*err = offline_run(argv, output, NULL, &result);
	if (*err)
		return NULL;
	in = fopen(output, "r");
	if (!in || getline(&line, &size, in) < 0) {
		free(line);
		line = NULL;
	}
	if (in)
		fclose(in);
	return line;
}

/* That a run on the capture sees all its packets and connections. */
static int offline_check(const struct offline *o, const struct generate_shape *shape,
			 const char *path)
{
	int err;
	char *line = offline_summary(o, path, &err);

	if (err)
		return err;
	if (!line || json_number(line, "tcp_packets") != (double)shape->packets ||
	    json_number(line, "flows") != shape->flows ||
	    json_number(line, "handshakes") != shape->flows) {
		fprintf(stderr, "bench: replay of '%s' does not give %llu packets, %u flows: %s\n",
			path, (unsigned long long)shape->packets, shape->flows,
			line ? line : "no summary");
		err = -EBADMSG;
	}
	free(line);
	return err;
}

static double smaller(double a, double b)
{
	return a < b ? a : b;
}

static int offline_ratio(const struct offline *o, const struct generate_shape *shape, double target)
{
	char path[PATH_LENGTH], name[64];
	const char *const wscope[] = { o->wscope, "replay", path, NULL };
	const char *const empty[] = { o->self, "empty", path, NULL };
	double wscope_best = 1e9, empty_best = 1e9, packets = (double)shape->packets;
	int rounds = o->quick ? ROUNDS_QUICK : ROUNDS;
	struct command_result result;
	int err = offline_capture(o, shape, 1, path);

	if (!err)
		err = offline_check(o, shape, path);
	for (int i = 0; i < rounds && !err; i++) {
		err = offline_run(empty, NULL, NULL, &result);
		if (err)
			break;
		empty_best = smaller(empty_best, result.seconds);
		err = offline_run(wscope, NULL, NULL, &result);
		wscope_best = smaller(wscope_best, result.seconds);
	}
	if (err)
		return err;
	snprintf(name, sizeof(name), "replay-%s", shape->name);
	report_ratio(name, wscope_best / empty_best, target);
	snprintf(name, sizeof(name), "replay-%s-wscope", shape->name);
	report_figure(name, wscope_best / packets * 1e9, "ns/packet");
	snprintf(name, sizeof(name), "replay-%s-empty", shape->name);
	report_figure(name, empty_best / packets * 1e9, "ns/packet");
	return 0;
}

int offline_time(const struct offline *o)
{
	int err = offline_ratio(o, &shape_a, TARGET_A);

	return err ? err : offline_ratio(o, &shape_b, TARGET_B);
}

/* One tool on one file: how many times the time of wscope on the same file it takes. */
static int offline_tool(const struct offline *o, const char *const *argv, const char *path,
			__u64 packets)
{
	const char *const wscope[] = { o->wscope, "replay", path, NULL };
	const struct command command = { .argv = argv, .quiet = true };
	struct command_result tool, own;
	double best = 1e9;
	char name[64];
	int err = command_run(&command, &tool);

	if (err == -ENOENT) {
		report_missing(argv[0], "not installed");
		return 0;
	}
	for (int i = 0; i < 3 && !err; i++) {
		err = offline_run(wscope, NULL, NULL, &own);
		best = smaller(best, own.seconds);
	}
	if (err)
		return err;
	if (tool.status) {
		report_missing(argv[0], "failed");
		return 0;
	}
	snprintf(name, sizeof(name), "%s-a", argv[0]);
	report_figure(name, tool.seconds / best, "times the time of wscope");
	snprintf(name, sizeof(name), "%s-a-time", argv[0]);
	report_figure(name, tool.seconds / (double)packets * 1e9, "ns/packet");
	return 0;
}

int offline_tools(const struct offline *o)
{
	char all[PATH_LENGTH], some[PATH_LENGTH];
	const char *fast = o->quick ? some : all;
	const char *const tcptrace[] = { "tcptrace", "-n", fast, NULL };
	const char *const tcpdump[] = { "tcpdump", "-n", "-r", fast, NULL };
	const char *const tshark[] = { "tshark", "-n",
				       "-r",     some,
				       "-T",     "fields",
				       "-e",     "tcp.stream",
				       "-e",     "tcp.window_size",
				       "-e",     "tcp.options.wscale.shift",
				       "-e",     "tcp.analysis.zero_window",
				       NULL };
	__u32 part = o->quick ? PART_QUICK : PART;
	__u64 packets = shape_a.packets / (o->quick ? part : 1);
	int err = offline_capture(o, &shape_a, 1, all);

	if (!err)
		err = offline_capture(o, &shape_a, part, some);
	if (!err)
		err = offline_tool(o, tcptrace, fast, packets);
	if (!err)
		err = offline_tool(o, tcpdump, fast, packets);
	return err ? err : offline_tool(o, tshark, some, shape_a.packets / part);
}

/* Through a pipe, so that no part of the file counts as the program's memory. */
int offline_memory(const struct offline *o)
{
	const char *const argv[] = { o->wscope, "replay", "-", NULL };
	struct command_result result;
	char path[PATH_LENGTH];
	int err = offline_capture(o, &shape_c, 1, path);

	/* A million records take their time to write. */
	if (!err && !o->quick)
		err = offline_check(o, &shape_c, path);
	if (!err)
		err = offline_run(argv, NULL, path, &result);
	if (err)
		return err;
	report_ratio("replay-c-flow-bytes", result.peak / shape_c.flows, TARGET_FLOW_BYTES);
	report_figure("replay-c-peak", result.peak / 1048576, "MiB");
	report_figure("replay-c-wscope", result.seconds / (double)shape_c.packets * 1e9,
		      "ns/packet, through a pipe");
	return 0;
}
