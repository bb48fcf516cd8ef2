// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "pcap-replay/result_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pcap-replay/reader_file.h"

static bool result_file_is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Whether the file is that of another result, too. */
static bool result_file_is_taken(const char *path, const struct options *o, const struct stat *own)
{
	const char *const others[] = { o->series, o->html, o->write, o->ipfix, o->save_baseline };
	struct stat other;

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (others[i] && others[i] != path && strcmp(others[i], "-") != 0 &&
		    !stat(others[i], &other) && result_file_is_same(own, &other))
			return true;
	}
	return false;
}

/* What would be lost if the file, open as fd, were written to; 0: nothing. */
static const char *result_file_destroys(const char *path, bool captures, const struct options *o,
					int fd)
{
	struct stat own, other;

	if (fstat(fd, &own) || !(S_ISREG(own.st_mode) || S_ISFIFO(own.st_mode)))
		return NULL;
	if (!fstat(STDOUT_FILENO, &other) && result_file_is_same(&own, &other))
		return "standard output, which has the report";
	if (result_file_is_taken(path, o, &own))
		return "another result's file";
	if (o->baseline && !stat(o->baseline, &other) && result_file_is_same(&own, &other))
		return "the baseline to read";
	if (!S_ISREG(own.st_mode))
		return NULL;
	for (size_t i = 0; i < o->files_n; i++) {
		bool input = !strcmp(o->files[i], "-");

		if (!(input ? fstat(STDIN_FILENO, &other) : stat(o->files[i], &other)) &&
		    result_file_is_same(&own, &other))
			return "one of the captures to read";
	}
	return captures && reader_detect_capture(path) > 0 ? "a capture" : NULL;
}

static int result_file_descriptor(const char *option, const char *path, bool captures,
				  const struct options *o, char *err, size_t err_len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666), error = 0;
	const char *destroyed;
	struct stat st;

	if (fd < 0) {
		error = -errno;
		snprintf(err, err_len, "cannot open '%s': %s", path, strerror(-error));
		return error;
	}
	destroyed = result_file_destroys(path, captures, o, fd);
	if (destroyed) {
		snprintf(err, err_len, "--%s cannot be '%s': it is %s", option, path, destroyed);
		error = -EEXIST;
	} else if (!fstat(fd, &st) && S_ISREG(st.st_mode) && ftruncate(fd, 0)) {
		error = -errno;
		snprintf(err, err_len, "cannot empty '%s': %s", path, strerror(-error));
	}
	if (!error)
		return fd;
	close(fd);
	return error;
}

int result_file_open(FILE **out, const char *option, const char *path, bool captures,
		     const struct options *o, char *err, size_t err_len)
{
	int fd = result_file_descriptor(option, path, captures, o, err, err_len);

	if (fd < 0)
		return fd;
	*out = fdopen(fd, "w");
	if (*out)
		return 0;
	close(fd);
	snprintf(err, err_len, "out of memory");
	return -ENOMEM;
}
