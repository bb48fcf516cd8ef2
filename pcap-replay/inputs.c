// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "pcap-replay/inputs.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "pcap-replay/reader_file.h"
#include "platform/grow.h"
#include "userspace/complain.h"
#include "userspace/exit_status.h"
#include "userspace/status.h"
#include "userspace/text_style.h"

#define INPUTS_MOST (1U << (64 - PACKET_ID_NUMBER_BITS)) /* what packets can be told apart of */

/* Paths still to be looked at, the next one last. */
struct inputs_todo {
	char **paths;
	size_t n, room;
};

/* What a directory has, all levels together. */
struct inputs_count {
	size_t captures, others, links;
};

static int inputs_push(char ***list, size_t *n, size_t *room, char *path)
{
	if (GROW(*list, *n + 1, room))
		return -ENOMEM;
	(*list)[(*n)++] = path;
	(*list)[*n] = NULL;
	return 0;
}

static int inputs_order(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int inputs_entry(const struct dirent *e)
{
	return strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
}

/* Puts what is in a directory before all that is still to be looked at. */
static int inputs_directory(struct inputs *in, struct inputs_todo *todo, const char *path)
{
	const char *slash = path[strlen(path) - 1] == '/' ? "" : "/";
	struct dirent **entries = NULL;
	int n = scandir(path, &entries, inputs_entry, inputs_order), err = 0;

	if (n < 0) {
		complain("cannot read directory '%s': %s", path, strerror(errno));
		in->status = EXIT_INPUT;
		return 0;
	}
	while (n--) {
		char *inside = NULL;

		if (!err && asprintf(&inside, "%s%s%s", path, slash, entries[n]->d_name) < 0)
			err = -ENOMEM;
		if (!err)
			err = inputs_push(&todo->paths, &todo->n, &todo->room, inside);
		if (err)
			free(inside);
		free(entries[n]);
	}
	free(entries);
	return err;
}

/* One path that was found: kept, or freed. */
static int inputs_look(struct inputs *in, struct inputs_todo *todo, char *path,
		       struct inputs_count *count)
{
	struct stat st;
	bool there = !lstat(path, &st);
	int err = 0;

	if (there && S_ISDIR(st.st_mode)) {
		err = inputs_directory(in, todo, path);
	} else if (there && S_ISLNK(st.st_mode)) {
		count->links++;
	} else if (there && (!S_ISREG(st.st_mode) || !reader_detect_capture(path))) {
		/* What cannot be read this far is left to the reader, which says why. */
		count->others++;
	} else {
		count->captures++;
		err = inputs_push(&in->names, &in->names_n, &in->room, path);
		if (!err)
			return 0;
	}
	free(path);
	return err;
}

static void inputs_tell(struct inputs *in, const char *path, const struct inputs_count *count)
{
	char captures[TEXT_COUNTED_ROOM], others[TEXT_COUNTED_ROOM], links[TEXT_COUNTED_ROOM];

	text_counted(captures, count->captures, "capture");
	text_counted(others, count->others, "other file");
	text_counted(links, count->links, "symbolic link");
	if (count->others || count->links)
		complain("'%s' has %s; left out: %s%s%s", path, captures,
			 count->others ? others : "", count->others && count->links ? ", " : "",
			 count->links ? links : "");
	if (count->captures)
		return;
	if (!count->others && !count->links)
		complain("'%s' has no captures", path);
	in->status = EXIT_INPUT;
}

/* A directory that was named; one that is behind a symbolic link, too. */
static int inputs_walk(struct inputs *in, const char *path)
{
	struct inputs_count count = { 0 };
	struct inputs_todo todo = { 0 };
	int unread = in->status, err = inputs_directory(in, &todo, path);

	unread = in->status != unread; /* that it cannot be read was said */
	while (!err && todo.n)
		err = inputs_look(in, &todo, todo.paths[--todo.n], &count);
	while (todo.n)
		free(todo.paths[--todo.n]);
	free(todo.paths);
	if (!err && !unread)
		inputs_tell(in, path, &count);
	return err;
}

static int inputs_take(struct inputs *in, const char *path)
{
	struct stat st;
	char *copy;
	int err;

	if (strcmp(path, "-") != 0 && !stat(path, &st) && S_ISDIR(st.st_mode))
		return inputs_walk(in, path);
	copy = strdup(path);
	if (!copy)
		return -ENOMEM;
	err = inputs_push(&in->names, &in->names_n, &in->room, copy);
	if (err)
		free(copy);
	return err;
}

int inputs_find(struct inputs *in, const struct options *o)
{
	int err = 0;

	memset(in, 0, sizeof(*in));
	in->options = *o;
	for (size_t i = 0; i < o->files_n && !err; i++)
		err = inputs_take(in, o->files[i]);
	in->options.files = (const char **)in->names;
	in->options.files_n = in->names_n;
	if (!err && in->names_n > INPUTS_MOST) {
		complain("more than %u captures", INPUTS_MOST);
		in->status = status_worse(in->status, EXIT_USAGE);
	}
	return err;
}

void inputs_free(struct inputs *in)
{
	while (in->names_n)
		free(in->names[--in->names_n]);
	free(in->names);
	in->names = NULL;
}
