// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/live_dry_run.h"

#include <errno.h>
#include <string.h>

#include <bpf/bpf.h>

#include "userspace/exit_status.h"
#include "userspace/interface_kind.h"
#include "userspace/names.h"
#include "userspace/nic_features.h"
#include "userspace/xdp_plan.h"

struct dry_run {
	FILE *to;
	const struct options *options;
	struct links links;
	struct xdp_probe probe;
	bool refused;
};

static void dry_run_there(const struct dry_run *d, const struct dispatcher *there)
{
	fprintf(d->to, "  xdp: on the hook now: ");
	if (!there->there) {
		fprintf(d->to, "nothing\n");
		return;
	}
	fprintf(d->to, "program '%s' (id %u, %s)\n", there->hook.name, there->hook.program,
		names_of(NAMES_MODE, there->hook.mode));
	for (unsigned int i = 0; i < there->n; i++) {
		const struct dispatcher_program *p = &there->programs[i];
		const char *what = "";

		if (p->ours)
			what = p->owner == OWNER_GONE ? ", left by a killed run: would be removed"
						      : ", wscope's";
		fprintf(d->to, "  xdp:   it calls '%s' (id %u, priority %u%s)\n", p->name, p->id,
			p->priority, what);
	}
}

static const char *dry_run_state(enum nic_state state)
{
	static const char *const words[] = { "off", "on", "unknown" };

	return words[state];
}

static void dry_run_offloads(const struct dry_run *d, const char *interface)
{
	struct nic_offloads offloads;
	bool on;

	nic_offloads(&offloads, interface);
	on = offloads.lro == NIC_ON || offloads.gro_hw == NIC_ON;
	fprintf(d->to, "  xdp: LRO is %s, hardware GRO is %s%s\n", dry_run_state(offloads.lro),
		dry_run_state(offloads.gro_hw),
		!on ? ""
		: d->options->generic
			? ": generic XDP turns them off"
			: ": a driver turns them off for native XDP, or refuses it while they are on");
}

/* Whether the driver has what the mode needs, as far as the kernel tells. */
static const char *dry_run_driver(const struct dry_run *d, const struct link *l)
{
	__u64 features = 0;
	int err = nic_xdp_features(&features, l->index);

	if (err) {
		fprintf(d->to, "  xdp: whether the driver has native XDP is not known: %s\n",
			err == -EOPNOTSUPP ? "kernels before 6.3 do not tell" : strerror(-err));
		return NULL;
	}
	if (!(features & NIC_XDP_BASIC))
		return "its driver has no native XDP; --mode generic is possible";
	fprintf(d->to, "  xdp: the driver has native XDP, and may reset its queues for it%s\n",
		features & NIC_XDP_MULTIBUFFER
			? ""
			: "; it has no frames of several buffers, and may refuse at a large MTU");
	return NULL;
}

static void dry_run_xdp(struct dry_run *d, const char *interface, const struct link *l)
{
	const struct options *o = d->options;
	const char *why = NULL;
	struct xdp_plan plan;
	int err = xdp_plan(&plan, &d->probe, l->index, o);

	if (err) {
		fprintf(d->to, "  xdp: cannot be asked: %s\n", strerror(-err));
		d->refused = true;
		return;
	}
	dry_run_there(d, &plan.there);
	if (plan.way == XDP_REFUSED)
		why = plan.why;
	else if (!o->generic)
		why = dry_run_driver(d, l);
	if (why) {
		fprintf(d->to,
			"  xdp: would be refused: %s; TC is possible: "
			"--hooks tc-ingress,tc-egress\n",
			why);
		d->refused = true;
		return;
	}
	dry_run_offloads(d, interface);
	if (plan.way == XDP_DISPATCHER)
		fprintf(d->to,
			"  xdp: would be attached in %s mode through a dispatcher, at priority %u\n",
			o->generic ? "generic" : "native", DISPATCHER_PRIORITY);
	else
		fprintf(d->to, "  xdp: would be attached in %s mode alone on the hook: %s\n",
			o->generic ? "generic" : "native", plan.why);
}

static void dry_run_tc(struct dry_run *d, const struct link *l, enum hook hook)
{
	int filters = attach_filters(l->index, hook, NULL);
	int programs = attach_tcx_count(l->index, hook);

	fprintf(d->to, "  %s: would be attached by a %s", names_of(NAMES_HOOK, hook),
		programs < 0 ? "clsact filter" : "TCX link");
	if (programs >= 0)
		fprintf(d->to, ", behind %d TCX program%s", programs, programs == 1 ? "" : "s");
	fprintf(d->to, "; filters there now: %d\n", filters < 0 ? 0 : filters);
}

static void dry_run_interface(struct dry_run *d, const char *interface)
{
	const struct link *l = links_named(&d->links, interface);
	unsigned int hooks = d->options->hooks;
	char advice[INTERFACE_ADVICE];

	if (!l) {
		fprintf(d->to, "%s: is gone\n", interface);
		d->refused = true;
		return;
	}
	fprintf(d->to, "%s: %s%s%s, MTU %u\n", interface, l->kind, *l->kind ? ", " : "",
		l->up ? "up" : "down", l->mtu);
	if (*interface_advice(advice, &d->links, l, hooks & 1U << HOOK_XDP, d->options->generic))
		fprintf(d->to, "  note: %s\n", advice);
	for (unsigned int hook = 0; hook < HOOKS; hook++) {
		if (!(hooks & 1U << hook))
			continue;
		if (hook == HOOK_XDP)
			dry_run_xdp(d, interface, l);
		else
			dry_run_tc(d, l, (enum hook)hook);
	}
}

int live_dry_run(FILE *to, const struct options *o)
{
	struct dry_run d = { .to = to, .options = o };
	int err = links_read(&d.links);

	for (size_t i = 0; i < o->interfaces_n && !err; i++)
		dry_run_interface(&d, o->interfaces[i]);
	links_free(&d.links);
	if (err)
		fprintf(stderr, "wscope: cannot list the interfaces: %s\n", strerror(-err));
	else
		fprintf(to, "Nothing was attached.\n");
	return err || d.refused ? EXIT_PRIVILEGE : EXIT_NOTHING;
}
