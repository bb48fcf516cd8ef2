// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "pcap-replay/extra_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pcap-replay/reader_file.h"

#define EXTRA_MAGIC_MODIFIED 0xa1b2cd34U
#define EXTRA_MAGIC_SNOOP    0x736e6f6fU

static bool extra_is_same(const struct stat *own, const char *path)
{
	struct stat other;

	return path && !stat(path, &other) && own->st_dev == other.st_dev &&
	       own->st_ino == other.st_ino;
}

/* Whether a file begins as a capture does; never, when it cannot be read. */
static bool extra_is_capture(const char *path)
{
	FILE *in = fopen(path, "re");
	__u32 magic = 0;

	if (!in)
		return false;
	if (fread(&magic, sizeof(magic), 1, in) != 1)
		magic = 0;
	fclose(in);
	for (int i = 0; i < 2; i++, magic = bswap_32(magic)) {
		if (magic == READER_MAGIC_MICRO || magic == READER_MAGIC_NANO ||
		    magic == READER_MAGIC_PCAPNG || magic == EXTRA_MAGIC_MODIFIED ||
		    magic == EXTRA_MAGIC_SNOOP)
			return true;
	}
	return false;
}

/* What would be lost if the file, open as fd, were written to; 0: nothing. */
static const char *extra_destroys(const struct options *o, const char *path, int fd)
{
	const char *const others[] = { o->baseline, o->save_baseline, o->series, o->ipfix };
	struct stat own, out;

	if (fstat(fd, &own) || !(S_ISREG(own.st_mode) || S_ISFIFO(own.st_mode)))
		return NULL;
	if (!fstat(STDOUT_FILENO, &out) && own.st_dev == out.st_dev && own.st_ino == out.st_ino)
		return "standard output, which has the report";
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (others[i] != path && extra_is_same(&own, others[i]))
			return "the file of another option";
	}
	if (!S_ISREG(own.st_mode))
		return NULL;
	for (size_t i = 0; i < o->files_n; i++) {
		if (extra_is_same(&own, o->files[i]))
			return "one of the captures to read";
	}
	return extra_is_capture(path) ? "a capture" : NULL;
}

int extra_file_open(FILE **out, const struct options *o, const char *option, const char *path,
		    char *err, size_t err_len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666), error = 0;
	const char *destroyed;
	struct stat st;

	if (fd < 0) {
		error = -errno;
		snprintf(err, err_len, "cannot open '%s': %s", path, strerror(-error));
		return error;
	}
	destroyed = extra_destroys(o, path, fd);
	if (destroyed) {
		snprintf(err, err_len, "--%s cannot be '%s': it is %s", option, path, destroyed);
		error = -EEXIST;
	} else if (!fstat(fd, &st) && S_ISREG(st.st_mode) && ftruncate(fd, 0)) {
		error = -errno;
		snprintf(err, err_len, "cannot empty '%s': %s", path, strerror(-error));
	} else {
		*out = fdopen(fd, "w");
		if (*out)
			return 0;
		error = -ENOMEM;
		snprintf(err, err_len, "out of memory");
	}
	close(fd);
	return error;
}
