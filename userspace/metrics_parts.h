/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the metrics*.c files share. */
#ifndef USERSPACE_METRICS_PARTS_H
#define USERSPACE_METRICS_PARTS_H

#include "engine/slots.h"
#include "userspace/metrics.h"
#include "userspace/metrics_address.h"
#include "userspace/record.h"

#define METRICS_MODE_ROOM 16

struct metrics_count {
	__u64 opportunities, offers;
};

/* An endpoint that was asked for. Its entry may be given up and begin anew: what went before is
 * kept. */
struct metrics_endpoint {
	struct endpoint_key key;
	struct metrics_count sum, last;
	const char *name; /* as it was asked for */
};

/* One attachment, as it was at the start. */
struct metrics_attachment {
	char interface[64];
	char mode[METRICS_MODE_ROOM];
};

struct metrics_http;

struct metrics {
	const struct options *options;
	const struct loader *loader;
	const struct live_attach *attached;
	const struct publish *publish; /* or 0 */
	struct metrics_attachment attachments[OPTIONS_INTERFACES_MAX * HOOKS];
	size_t attachments_n;
	struct metrics_endpoint endpoints[METRICS_ENDPOINTS_MAX];
	size_t endpoints_n;
	struct metrics_count others[2]; /* by role; never goes back */
	__u64 n[COUNTER_SLOTS];         /* at this scrape */
	__u64 evictions;
	double started, reported; /* since the epoch, seconds */
	struct record_summary summary;
	double began; /* this scrape, monotonic */
	struct metrics_http *http;
};

/* Opens a listening socket; *fd. 0, or -errno after one line on stderr. */
int metrics_listen(int *fd, const char *address);

/* Serves on the socket, which is taken over either way. 0 or -errno. */
int metrics_http_open(struct metrics_http **out, int fd, struct metrics *m);
void metrics_http_close(struct metrics_http *h);
int metrics_http_fd(const struct metrics_http *h);
void metrics_http_run(struct metrics_http *h);

/* Replaces the file of that name at once. 0 or -errno; the old file is then still there. */
int metrics_file_write(const char *path, struct metrics *m);

/* Writes the metrics from what was collected. */
void metrics_text(FILE *to, const struct metrics *m);

/* Whether the kernel still has it. */

#endif
