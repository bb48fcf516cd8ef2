/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A file that a run writes beside its report, opened so that nothing is lost by a slip of the hand. */
#ifndef PCAP_REPLAY_OUTPUT_FILE_H
#define PCAP_REPLAY_OUTPUT_FILE_H

#include "userspace/options.h"

/*
 * Opens and empties path, or makes it. option names it in complaints ("series"). captures: no
 * capture may be overwritten, whichever; those that are read, and standard output, never are.
 * A descriptor; -EEXIST where that would destroy something, or -errno, and one line in err.
 */
int output_file_open(const struct options *o, const char *option, const char *path, bool captures,
		     char *err, size_t err_len);

#endif
