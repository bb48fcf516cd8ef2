/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A file that an option names, for a result beside the report: never one that has to be kept. */
#ifndef PCAP_REPLAY_RESULT_FILE_H
#define PCAP_REPLAY_RESULT_FILE_H

#include <stdio.h>

#include "userspace/options.h"

/*
 * Opens and empties path, or makes it; --option names it. 0; -EEXIST where that would destroy a
 * capture that is read, the report on standard output, the file of another result, or, with
 * captures, any capture; or -errno. Then one line is in err. path is the options' own pointer.
 */
int result_file_open(FILE **out, const char *option, const char *path, bool captures,
		     const struct options *o, char *err, size_t err_len);

#endif
