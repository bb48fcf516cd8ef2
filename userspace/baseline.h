/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How hosts behaved in an earlier run, kept in a file: a host that is off now and was on
 * then has regressed. The file is JSON, an endpoint a line; docs/baseline.md describes it.
 */
#ifndef USERSPACE_BASELINE_H
#define USERSPACE_BASELINE_H

#include <stddef.h>

#include "userspace/options.h"
#include "userspace/report.h"

#define BASELINE_SCHEMA     1
#define BASELINE_MOST       65536U      /* endpoints in a file */
#define BASELINE_BYTES_MOST (32U << 20) /* of a file */
#define BASELINE_SMALL_MIN  3           /* refusals, and nothing else, of an endpoint too small */
#define BASELINE_ERROR_ROOM 512         /* why a file cannot be used */

/* What a file says of an endpoint. */
struct baseline_endpoint {
	struct endpoint_key key;
	__u64 opportunities;
	__u64 offers;
	__s64 first_ns; /* it was counted first and last, since the epoch */
	__s64 last_ns;
};

struct baseline {
	struct baseline_endpoint *endpoints; /* sorted by the bytes of the key */
	size_t n;
};

/*
 * Corrects the n findings of an endpoint by what the baseline says of it (NULL: nothing): one
 * that was on then is endpoint-regressed where it would be endpoint-off, and also where it
 * is too small for that but left the option out each time. A pure function; out has room for
 * one more. Returns how many there are now.
 */
unsigned int baseline_findings(const struct endpoint_entry *e,
			       const struct baseline_endpoint *before, struct finding *out,
			       unsigned int n);

/* The endpoint of that address, port, role and domain, or NULL; b may be NULL. */
const struct baseline_endpoint *baseline_find(const struct baseline *b,
					      const struct endpoint_key *key);

/*
 * Reads a file. *out is to be released with baseline_free(). 0, or -errno with the reason in
 * error: -EINVAL when it is no baseline of BASELINE_SCHEMA, -EFBIG when it is too large, or
 * that of opening and reading it; *out is then NULL.
 */
int baseline_read(struct baseline **out, const char *path, char error[BASELINE_ERROR_ROOM]);

/* Accepts NULL. */
void baseline_free(struct baseline *b);

/*
 * Writes what a report has of endpoints, the busiest BASELINE_MOST of them, in place of what
 * was at path: the file is there whole (mode 0644), or as it was before. 0 or -errno; -EINVAL
 * when there is something else than a file.
 */
int baseline_write(const char *path, const struct report *r);

/* Whether baseline_write() could write there now. 0 or -errno. */
int baseline_writable(const char *path);

/* ---- for commands: each says in one line on stderr what went wrong; returns an exit status ---- */

/* The files of the options, before the work: reads one, looks whether the other can be written. */
int baseline_prepare(struct baseline **out, const struct options *o);

/* Saves the report, where the options ask for it. */
int baseline_save(const struct options *o, const struct report *r);

#endif
