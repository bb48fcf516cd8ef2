// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/options_operands.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "userspace/interfaces.h"

/* All words from argv on, joined by blanks; 0: out of memory. */
static char *options_join(char **argv, int n)
{
	size_t len = 1;
	char *joined;

	for (int i = 0; i < n; i++)
		len += strlen(argv[i]) + 1;
	joined = calloc(1, len);
	for (int i = 0; joined && i < n; i++) {
		if (i)
			strcat(joined, " ");
		strcat(joined, argv[i]);
	}
	return joined;
}

/* Whether a word after the first file is one more file, there or missing, and not a filter. */
static bool options_is_file(const char *word)
{
	if (!strcmp(word, "-") || !access(word, F_OK))
		return true;
	return strpbrk(word, "/.") && !strpbrk(word, " ()");
}

/*
 * Files, then the words of a filter. It begins behind "--", or for replay with the first word
 * after the first file that names nothing that exists: check does not guess, merge has none.
 */
static int options_files(struct options *o, enum option_command command, const char *verb,
			 char **argv, int n, int dashes)
{
	bool guess = command == REPLAY && dashes < 0;
	const char *what = command == MERGE ? "output of `wscope replay --json`" : "capture";
	int files = command == MERGE ? n : 0, inputs = 0;

	while (files < n && files != dashes && (!files || !guess || options_is_file(argv[files])))
		files++;
	if (!files) {
		fprintf(stderr, "wscope: %s takes at least one %s%s\n", verb, what,
			dashes < 0 ? "" : " before '--'");
		return -EINVAL;
	}
	o->files = calloc((size_t)files + 1, sizeof(*o->files));
	if (files < n)
		o->filter = options_join(argv + files, n - files);
	o->filter_guessed = guess;
	if (!o->files || (files < n && !o->filter))
		return -ENOMEM;
	for (int i = 0; i < files; i++) {
		inputs += !strcmp(argv[i], "-");
		o->files[o->files_n++] = argv[i];
	}
	if (inputs < 2)
		return 0;
	fprintf(stderr, "wscope: '-' goes once: standard input is one %s\n", what);
	return -EINVAL;
}

/* Compare: exactly two, each a capture, a directory or a pattern. */
static int options_two(struct options *o, char **argv, int n)
{
	const char *why = NULL;

	if (n != 2)
		why = n > 2 ? "takes two operands, BEFORE and AFTER: for many captures a directory "
			      "each, or a pattern in quotes"
			    : "takes two captures, BEFORE and AFTER";
	else if (!strcmp(argv[0], "-") && !strcmp(argv[1], "-"))
		why = "takes '-' once: standard input is one capture";
	if (why) {
		fprintf(stderr, "wscope: compare %s\n", why);
		return -EINVAL;
	}
	o->files = calloc(2, sizeof(*o->files));
	if (!o->files)
		return -ENOMEM;
	o->files[0] = argv[0];
	o->files[1] = argv[1];
	o->files_n = 2;
	return 0;
}

int options_operands(struct options *o, enum option_command command, const char *verb, char **argv,
		     int n, int dashes)
{
	if (command == COMPARE)
		return options_two(o, argv, n);
	if (!((int)command & (LIVE | TOP | ATTACH | STATUS | DETACH)))
		return options_files(o, command, verb, argv, n, dashes);
	if (n) {
		fprintf(stderr, "wscope: %s takes no '%s'%s\n", verb, argv[0],
			(int)command & (LIVE | TOP) ? ": filters are for replay" : "");
		return -EINVAL;
	}
	if (command == STATUS || command == DETACH || o->pinned)
		return 0;
	if (!o->interfaces_n) {
		fprintf(stderr, "wscope: %s takes at least one -i IF\n", verb);
		return -EINVAL;
	}
	return interfaces_expand(o);
}
