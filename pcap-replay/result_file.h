/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A file that an option names, for a result beside the report: never one that has to be kept. */
#ifndef PCAP_REPLAY_RESULT_FILE_H
#define PCAP_REPLAY_RESULT_FILE_H

#include <stdio.h>

#include "userspace/options.h"

/*
 * Opens and empties path, which --option names. 0, -EEXIST where that would destroy a capture, the
 * report on standard output, or the file at taken (0: none is), or -errno; then one line in err.
 */
int result_file_open(FILE **out, const char *option, const char *path, const char *taken,
		     const struct options *o, char *err, size_t err_len);

#endif
