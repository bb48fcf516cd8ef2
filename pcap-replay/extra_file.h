/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A file that replay writes beside its report. */
#ifndef PCAP_REPLAY_EXTRA_FILE_H
#define PCAP_REPLAY_EXTRA_FILE_H

#include <stddef.h>
#include <stdio.h>

#include "userspace/options.h"

/*
 * Opens path, which the option of this name has, and empties it. 0, -EEXIST where that would
 * destroy a capture, another file of the command line, or the report on standard output, or
 * -errno; then one line in err.
 */
int extra_file_open(FILE **out, const struct options *o, const char *option, const char *path,
		    char *err, size_t err_len);

#endif
