// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "pcap-replay/check.h"
#include "pcap-replay/compare.h"
#include "pcap-replay/extcap.h"
#include "pcap-replay/replay.h"
#include "userspace/attach_status.h"
#include "userspace/exit_status.h"
#include "userspace/explain.h"
#include "userspace/keeper.h"
#include "userspace/live.h"
#include "userspace/merge.h"
#include "userspace/options.h"
#include "userspace/text_style.h"
#include "userspace/top.h"
#include "userspace/version.h"

/* Both kinds of run return an exit status. */
struct main_command {
	const char *name;
	const char *what;
	int (*run)(int argc, char **argv); /* argv[0] is the command */
	/* Instead, where the arguments are those of options.def: */
	int (*analyse)(const struct options *o);
	enum option_command command;
	const char *usage;
};

/* What was printed is written, or the one line that says why not. Returns an exit status. */
static int main_printed(int err)
{
	if (fflush(stdout))
		err = -errno;
	else if (!err && ferror(stdout))
		err = -EIO;
	if (!err)
		return EXIT_NOTHING;
	fprintf(stderr, "wscope: cannot write: %s\n", strerror(-err));
	return EXIT_INCOMPLETE;
}

/* Options first, then what they name. */
static int main_analyse(const struct main_command *c, int argc, char **argv)
{
	struct options o;
	int status = EXIT_USAGE;

	if (options_parse(&o, c->command, argc, argv))
		goto out;
	if (o.help) {
		printf("%s", c->usage);
		options_help(stdout, c->command);
		status = main_printed(0);
		goto out;
	}
	status = c->analyse(&o);
out:
	options_free(&o);
	return status;
}

static int main_no_argument(int argc, char **argv)
{
	if (argc == 1)
		return 0;
	fprintf(stderr, "wscope: %s takes no argument, and got '%s'\n", argv[0], argv[1]);
	return EXIT_USAGE;
}

static int main_list(int argc, char **argv)
{
	int status = main_no_argument(argc, argv);

	return status ? status : main_printed(explain_list(stdout));
}

static int main_schema(int argc, char **argv)
{
	int status = main_no_argument(argc, argv);

	return status ? status : main_printed(explain_schema(stdout));
}

static int main_explain(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "wscope: explain takes one finding code; `wscope list` has them\n");
		return EXIT_USAGE;
	}
	if (explain_code(stdout, argv[1])) {
		fprintf(stderr, "wscope: no finding code '%s'; `wscope list` has them\n", argv[1]);
		return EXIT_USAGE;
	}
	return main_printed(0);
}

static const struct main_command main_commands[] = {
	{
		"replay",
		"analyse captures, without privileges",
		.analyse = replay_run,
		.command = REPLAY,
		.usage =
			"usage: wscope replay [OPTION]... FILE... [FILTER]\n\n"
			"Analyses captures (pcap, pcapng, snoop; .gz and .zst too; - is standard "
			"input;\na directory stands for the captures in it).\nFILTER is a tcpdump expression, after -- or from the first word "
			"that names no file.\n\n",
	},
	{
		"live",
		"attach to interfaces and watch",
		.analyse = live_run,
		.command = LIVE,
		.usage = "usage: wscope live -i IF [-i IF]... [OPTION]...\n\n"
			 "Attaches to interfaces and watches until it is interrupted.\n\n",
	},
	{
		"attach",
		"attach for long: pins, a watchdog, and readers without privileges",
		.analyse = keeper_run,
		.command = ATTACH,
		.usage =
			"usage: wscope attach -i IF [-i IF]... [OPTION]...\n\n"
			"Attaches to interfaces, pins what it attached, and stays to see that it stays "
			"so.\n`wscope live --pinned` reads what is seen.\n\n",
	},
	{
		"status",
		"what is attached, since when, and at what cost",
		.analyse = attach_status_run,
		.command = STATUS,
		.usage =
			"usage: wscope status [OPTION]...\n\n"
			"Says what `wscope attach` has attached. All of it: status 0; not all: 1.\n\n",
	},
	{
		"detach",
		"take away what `attach` has left",
		.analyse = keeper_detach,
		.command = DETACH,
		.usage =
			"usage: wscope detach [OPTION]...\n\n"
			"Takes away what `wscope attach --once` or --keep has attached, or one that was "
			"killed.\nWith -i only from these interfaces, also while it runs.\n\n",
	},
	{
		"top",
		"attach to interfaces and show who is at fault, on a screen",
		.analyse = top_run,
		.command = TOP,
		.usage =
			"usage: wscope top -i IF [-i IF]... [OPTION]...\n\n"
			"Attaches to interfaces and shows on the terminal who is at fault, until q is "
			"pressed;\n? has the other keys.\n\n",
	},
	{
		"compare",
		"what a box between two captures changed",
		.analyse = compare_run,
		.command = COMPARE,
		.usage =
			"usage: wscope compare [OPTION]... BEFORE AFTER\n\n"
			"Compares two captures of the same traffic on the two sides of a box, and "
			"says what the\nbox changed. No change: status 0, changes: 1. A side of many "
			"captures is a directory, or a\npattern in quotes.\n\n",
	},
	{
		"check",
		"captures against expectations: a regression gate",
		.analyse = check_run,
		.command = CHECK,
		.usage = "usage: wscope check OPTION... CAPTURE... [-- FILTER]\n\n"
			 "Compares captures with expectations: exit status 0 when all hold, 1 when "
			 "one does not.\n\n",
	},
	{
		"merge",
		"outputs of several replays as one",
		.analyse = merge_run,
		.command = MERGE,
		.usage =
			"usage: wscope merge [OPTION]... FILE...\n\n"
			"Makes one output of those of several `wscope replay --json`: connections in "
			"the order of\ntime, hosts judged by their totals, one summary.\n\n",
	},
	{ "extcap", "Wireshark's interfaces with findings as comments", .run = extcap_run },
	{ "explain", "what a finding code means and what to do", .run = main_explain },
	{ "list", "finding codes, skip reasons, tunnels", .run = main_list },
	{ "schema", "JSON Schema of the --json records", .run = main_schema },
};

#define MAIN_COMMANDS (sizeof(main_commands) / sizeof(main_commands[0]))

static void main_usage(FILE *out)
{
	fprintf(out, "usage: wscope COMMAND [ARGUMENT]...\n\n"
		     "Which host, or which box in the path, shrinks TCP windows: since when, and "
		     "what to change.\n\n");
	for (size_t i = 0; i < MAIN_COMMANDS; i++)
		fprintf(out, "  %-8s %s\n", main_commands[i].name, main_commands[i].what);
	fprintf(out, "\n`wscope COMMAND --help` has the options, wscope(1) the manual.\n");
}

/*
 * A standard stream that was closed must not become the next file that is opened. In its place
 * stands one that refuses: reading from 0 and writing to 1 and 2 fail as if it were still closed.
 */
static void main_standard_streams(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0)
			(void)!open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
	}
}

int main(int argc, char **argv)
{
	main_standard_streams();
	if (argc && !strcmp(text_base(argv[0]), EXTCAP_PROGRAM))
		return extcap_run(argc, argv);
	if (argc < 2) {
		main_usage(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
		main_usage(stdout);
		return main_printed(0);
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		printf("wscope %s\n", WSCOPE_VERSION);
		return main_printed(0);
	}
	for (size_t i = 0; i < MAIN_COMMANDS; i++) {
		const struct main_command *c = &main_commands[i];

		if (!strcmp(argv[1], c->name))
			return c->run ? c->run(argc - 1, argv + 1)
				      : main_analyse(c, argc - 1, argv + 1);
	}
	if (argv[1][0] == '-')
		fprintf(stderr, "wscope: a command goes before '%s'; `wscope --help` has them\n",
			argv[1]);
	else
		fprintf(stderr, "wscope: no command '%s'; `wscope --help` has them\n", argv[1]);
	return EXIT_USAGE;
}
