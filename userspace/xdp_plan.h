/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How XDP would be attached to an interface: through a dispatcher, alone by a link, or not at
 * all, and why. Attaching and `--dry-run` both follow it.
 */
#ifndef USERSPACE_XDP_PLAN_H
#define USERSPACE_XDP_PLAN_H

#include "userspace/dispatcher.h"

#define XDP_PLAN_WHY 320

enum xdp_way {
	XDP_DISPATCHER,
	XDP_SINGLE, /* by a link, the only program on the hook */
	XDP_REFUSED
};

struct xdp_plan {
	enum xdp_way way;
	char why[XDP_PLAN_WHY]; /* XDP_SINGLE: why no dispatcher; XDP_REFUSED: what is in the way */
	struct dispatcher there;
};

/* dispatcher_probe(), asked once a run, and only if it matters. */
struct xdp_probe {
	bool asked;
	int err;
	char why[DISPATCHER_WHY];
};

/* Changes nothing. 0, or -errno when the interface cannot be asked. */
int xdp_plan(struct xdp_plan *out, struct xdp_probe *probe, int ifindex, const struct options *o);

#endif
