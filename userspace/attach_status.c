// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/attach_status.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "userspace/attachments.h"
#include "userspace/complain.h"
#include "userspace/dispatcher.h"
#include "userspace/exit_status.h"
#include "userspace/names.h"
#include "userspace/owner.h"
#include "userspace/pins.h"
#include "userspace/text_style.h"
#include "userspace/xdp_plan.h"

#define STATUS_NS_PER_S 1000000000ULL
#define STATUS_SAMPLE_S 1 /* how long the kernel's statistics are on, where they are off */
#define STATUS_TIME     32

static const char *const status_keepers[] = {
	[OWNER_RUNS] = "runs",
	[OWNER_GONE] = "is gone: nobody watches over it",
	[OWNER_PINS] = "ended on purpose: pins keep it",
	[OWNER_UNKNOWN] = "cannot be asked from here",
};

static void status_time(char out[STATUS_TIME], __u64 ns)
{
	time_t seconds = (time_t)(ns / STATUS_NS_PER_S);
	struct tm tm;

	*out = '\0';
	if (ns && gmtime_r(&seconds, &tm))
		strftime(out, STATUS_TIME, "%Y-%m-%d %H:%M:%S UTC", &tm);
}

/* Whether the kernel still has it: the keeper may not have looked since. */
static bool status_is_there(const struct attachment *one)
{
	struct attach a = attachment_as_attach(one, -1);

	if (!one->attached)
		return false;
	return one->how == ATTACH_DISPATCHER ? dispatcher_has(&a) : attach_is_there(&a) != 0;
}

struct status_cost {
	__u64 ns, packets;
};

/* What the kernel has added up for a program while its statistics were on. */
static struct status_cost status_cost(__u32 program)
{
	struct bpf_prog_info info = { 0 };
	__u32 size = sizeof(info);
	int fd = bpf_prog_get_fd_by_id(program);

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size))
		memset(&info, 0, sizeof(info));
	if (fd >= 0)
		close(fd);
	return (struct status_cost){ info.run_time_ns, info.run_cnt };
}

/* Of each program, over a short time in which the statistics are on. */
static void status_costs(const struct attachments *all, struct status_cost cost[ATTACHMENTS_MOST])
{
	struct timespec sample = { .tv_sec = STATUS_SAMPLE_S };
	int on = bpf_enable_stats(BPF_STATS_RUN_TIME);

	for (__u32 i = 0; i < all->state.n; i++)
		cost[i] = status_cost(all->list[i].program);
	if (on >= 0)
		nanosleep(&sample, NULL);
	for (__u32 i = 0; i < all->state.n; i++) {
		struct status_cost now = status_cost(all->list[i].program);

		cost[i].ns = now.ns - cost[i].ns;
		cost[i].packets = now.packets - cost[i].packets;
	}
	if (on >= 0)
		close(on);
}

static void status_one(const struct attachment *one, bool there, const struct status_cost *cost)
{
	char when[STATUS_TIME];

	status_time(when, one->since_ns);
	printf("  %-15s %-11s ", one->interface, names_of(NAMES_HOOK, one->hook));
	if (!there)
		printf("NOT ATTACHED");
	else if (one->hook != HOOK_XDP)
		printf("%s", one->how == ATTACH_LINK ? "link" : "clsact filter");
	else
		printf("%s%s", xdp_plan_mode((enum attach_mode)one->mode),
		       one->how == ATTACH_DISPATCHER ? ", in a dispatcher" : "");
	printf(", program %u, since %s", one->program, when);
	if (cost->packets)
		printf(", %.0f ns a packet (%llu packets)",
		       (double)cost->ns / (double)cost->packets, (unsigned long long)cost->packets);
	putchar('\n');
	if (!one->faults)
		return;
	status_time(when, one->fault_ns);
	printf("  %-15s %-11s %u events, attached again %u times; the last one at %s: %s\n", "", "",
	       one->faults, one->reattached, when, attachment_fault_text(one->fault));
}

static void status_table(const char *what, __u64 inserts, __u64 deletes, __u32 size)
{
	bool more = inserts - deletes > size;
	__u64 n = more ? size : inserts - deletes;

	printf("  %-23s %llu of %u (%.0f %%)", what, (unsigned long long)n, size,
	       size ? 100.0 * (double)n / size : 0);
	if (more)
		printf(", and more than fit: the oldest make room");
	putchar('\n');
}

/* Fill as the programs count it: the tables are not walked. */
static int status_tables(const char *dir)
{
	struct loader *l;
	__u64 c[COUNTER_SLOTS];
	int err = loader_open_pinned(&l, dir);

	if (!err)
		err = snapshot_counters(l->tables.counters, c);
	if (!err) {
		status_table("connections", c[COUNTER_FLOW_INSERTS], c[COUNTER_FLOW_DELETES],
			     l->flows);
		status_table("unconfirmed connections", c[COUNTER_PENDING_INSERTS],
			     c[COUNTER_PENDING_DELETES], l->pending);
		status_table("hosts", c[COUNTER_ENDPOINT_INSERTS], 0, l->endpoints);
		printf("  %-23s %llu, %llu lost\n", "events",
		       (unsigned long long)c[COUNTER_EVENTS_SENT],
		       (unsigned long long)c[COUNTER_EVENTS_LOST]);
		if (l->switches.off)
			printf("  the work is switched off: packets pass unseen\n");
	}
	loader_close(l);
	return err;
}

static int status_print(const struct attachments *all, const char *dir)
{
	struct status_cost cost[ATTACHMENTS_MOST] = { 0 };
	char when[STATUS_TIME];
	int status = all->state.n ? EXIT_NOTHING : EXIT_FINDINGS, err;
	bool same = all->state.layout == loader_layout();

	status_costs(all, cost);
	status_time(when, all->state.started_ns);
	printf("keeper of '%s' ", dir);
	if (all->state.keeper.pid)
		printf("(process %u) ", all->state.keeper.pid);
	printf("%s; the maps gather since %s\n", status_keepers[owner_ask(&all->state.keeper)],
	       when);
	for (__u32 i = 0; i < all->state.n; i++) {
		bool there = status_is_there(&all->list[i]);

		status_one(&all->list[i], there, &cost[i]);
		status = there ? status : EXIT_FINDINGS;
	}
	if (!same) {
		printf("  the maps have another layout than this build knows: attach again\n");
		return EXIT_FINDINGS;
	}
	err = status_tables(dir);
	if (err)
		complain("cannot read the maps: %s", strerror(-err));
	return err ? EXIT_PRIVILEGE : status;
}

int attach_status_run(const struct options *o)
{
	struct attachments all;
	int err = attachments_open(&all, o->pin), status = EXIT_PRIVILEGE;

	if (err == -ENOENT) {
		printf("nothing is attached: there are no pins in '%s'\n", o->pin);
		status = EXIT_FINDINGS;
	} else if (err == -ESTALE) {
		complain("the pins in '%s' are another version's", o->pin);
	} else if (err) {
		complain("cannot open the pins in '%s': %s", o->pin, strerror(-err));
	} else {
		status = status_print(&all, o->pin);
	}
	attachments_close(&all);
	if (fflush(stdout)) {
		complain("cannot write: %s", strerror(errno));
		return EXIT_INCOMPLETE;
	}
	return status;
}
