/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * `wscope replay --series`: windows and bytes in flight over time, written as the packets pass.
 * Nothing is kept of a packet, and of connections only what an interval that is open takes.
 */
#ifndef PCAP_REPLAY_SERIES_H
#define PCAP_REPLAY_SERIES_H

#include "pcap-replay/series_point.h"
#include "userspace/options.h"

/* Directions that may change within one interval, see series_interval.h. */
#define SERIES_DIRECTIONS_MOST 65536U

struct series;

/*
 * Opens o->series, the file, and empties it; as CSV it gets its first line. 0, -EEXIST where that
 * would destroy a capture or the report on standard output, or -errno; then one line in err.
 */
int series_open(struct series **out, const struct options *o, char *err, size_t err_len);

/* What comes is of these files, of which so many were before; they outlive the next call. */
void series_stream(struct series *s, const char *const *files, unsigned int files_n,
		   unsigned int before);

/* The points of one segment, as series_points() made them. */
void series_add(struct series *s, const struct series_point *points, unsigned int n);

/* The end of a stream: writes what the open interval has. */
void series_flush(struct series *s);

/* Whether directions have more than one sample in an interval, since too many changed in it. */
bool series_is_crowded(const struct series *s);

/* Closes the file. 0 or -errno of the first failure to write. Accepts NULL. */
int series_close(struct series *s);

#endif
