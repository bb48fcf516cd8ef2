/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What was named on the command line, with the captures in a directory in its place. */
#ifndef PCAP_REPLAY_INPUTS_H
#define PCAP_REPLAY_INPUTS_H

#include "userspace/options.h"

struct inputs {
	struct options options; /* as given, with the captures as its files */
	char **names;           /* of those found in directories, NULL at the end */
	size_t names_n, room;
	int status; /* EXIT_NOTHING, or EXIT_INPUT: something could not be looked at */
};

/*
 * Takes the options' files as they are, and instead of a directory the captures in it and in those
 * below: sorted by name, byte by byte, directories among the files. A capture is a regular file
 * whose first bytes, decompressed, are those of one. What else is there is counted in a line on
 * stderr; symbolic links are not followed, so that no capture is met twice or from elsewhere. What
 * could not be opened to look is taken, so that the reader says why.
 *
 * The options are borrowed, and so is what they point to. Complains, and sets status, where a
 * directory cannot be read or has no capture. 0 or -ENOMEM; inputs_free() either way.
 */
int inputs_find(struct inputs *in, const struct options *o);
void inputs_free(struct inputs *in);

#endif
