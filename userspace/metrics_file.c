// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The file for node_exporter's textfile collector, which reads it whenever it likes. */
#include "userspace/metrics_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <sys/stat.h>

/* The new file beside the old one; *name is its name, to be freed. NULL: errno says why. */
static FILE *file_create(const char *path, char **name)
{
	FILE *to;
	int fd;

	if (asprintf(name, "%s.XXXXXX", path) < 0) {
		*name = NULL;
		errno = ENOMEM;
		return NULL;
	}
	fd = mkstemp(*name);
	if (fd < 0)
		return NULL;
	/* Others read it; of what a run counts nothing is a secret. */
	to = fchmod(fd, 0644) ? NULL : fdopen(fd, "w");
	if (!to) {
		int err = errno;

		close(fd);
		unlink(*name);
		errno = err;
	}
	return to;
}

int metrics_file_write(const char *path, struct metrics *m)
{
	char *name;
	FILE *to = file_create(path, &name);
	int err = to ? metrics_write(m, to) : -errno;

	if (to && fclose(to) && !err)
		err = -errno;
	if (to && !err && rename(name, path))
		err = -errno;
	if (to && err)
		unlink(name);
	free(name);
	return err;
}
