// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/attach_status.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "platform/clock.h"
#include "userspace/attachments.h"
#include "userspace/complain.h"
#include "userspace/exit_status.h"
#include "userspace/loader.h"
#include "userspace/names.h"
#include "userspace/output/json.h"
#include "userspace/owner.h"

#define STATUS_SAMPLE_S 1 /* how long the kernel's statistics are on, where they are off */
#define STATUS_TIME     32

/* Values of NAMES_KEEPER: those of enum owner_state, and one more. */
#define STATUS_NO_KEEPER (OWNER_UNKNOWN + 1)

static const char *const status_keepers[] = {
	[OWNER_RUNS] = "runs",
	[OWNER_GONE] = "is gone: nobody watches over it",
	[OWNER_PINS] = "ended on purpose: pins keep it",
	[OWNER_UNKNOWN] = "cannot be asked from here",
};

enum status_state { STATUS_ATTACHED, STATUS_MISSING, STATUS_DETACHED, STATUS_STATES };

struct status_cost {
	__u64 ns, packets;
};

/* All that is known, before it is printed one way or the other. */
struct status {
	const char *dir;
	struct attachments all;
	enum owner_state keeper;
	enum status_state state[ATTACHMENTS_MOST];
	struct status_cost cost[ATTACHMENTS_MOST];
	unsigned int n[STATUS_STATES];
	bool readable; /* then also: */
	bool off;
	struct record_table flows, pending, endpoints;
	__u64 counters[COUNTER_SLOTS];
};

/* ---- what there is ---- */

/* As the kernel has it: the keeper may not have looked since. */
static enum status_state status_state(const struct attachment *one)
{
	struct attach a = attachment_as_attach(one, -1);

	if (one->released)
		return STATUS_DETACHED;
	return attach_is_there(&a) ? STATUS_ATTACHED : STATUS_MISSING;
}

/* What the kernel has added up for a program while its statistics were on. */
static struct status_cost status_cost(const struct attachment *one)
{
	struct bpf_prog_info info = { 0 };
	__u32 size = sizeof(info);
	int fd = one->attached ? bpf_prog_get_fd_by_id(one->program) : -ENOENT;

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size))
		memset(&info, 0, sizeof(info));
	if (fd >= 0)
		close(fd);
	return (struct status_cost){ info.run_time_ns, info.run_cnt };
}

/* Of each program, over a short time in which the statistics are on. */
static void status_costs(struct status *s)
{
	struct timespec sample = { .tv_sec = STATUS_SAMPLE_S };
	int on = bpf_enable_stats(BPF_STATS_RUN_TIME);

	for (__u32 i = 0; i < s->all.state.n; i++)
		s->cost[i] = status_cost(&s->all.list[i]);
	if (on >= 0)
		nanosleep(&sample, NULL);
	for (__u32 i = 0; i < s->all.state.n; i++) {
		struct status_cost now = status_cost(&s->all.list[i]);

		s->cost[i].ns = now.ns - s->cost[i].ns;
		s->cost[i].packets = now.packets - s->cost[i].packets;
	}
	if (on >= 0)
		close(on);
}

static struct record_table status_table(__u64 inserts, __u64 deletes, __u32 size)
{
	__u64 n = inserts - deletes, more = n > size ? n - size : 0;

	return (struct record_table){ .entries = n - more, .size = size, .evicted = more };
}

/* Fill as the programs count it: the tables are not walked. 0 or -errno. */
static int status_tables(struct status *s)
{
	const __u64 *c = s->counters;
	struct loader *l;
	int err = loader_open_pinned(&l, s->dir);

	if (!err)
		err = snapshot_counters(l->tables.counters, s->counters);
	if (!err) {
		s->readable = true;
		s->off = l->switches.off;
		s->flows = status_table(c[COUNTER_FLOW_INSERTS], c[COUNTER_FLOW_DELETES], l->flows);
		s->pending = status_table(c[COUNTER_PENDING_INSERTS], c[COUNTER_PENDING_DELETES],
					  l->pending);
		s->endpoints = status_table(c[COUNTER_ENDPOINT_INSERTS], 0, l->endpoints);
	}
	loader_close(l);
	return err;
}

/* ---- for people ---- */

static void status_time(char out[STATUS_TIME], __u64 ns)
{
	time_t seconds = (time_t)(ns / CLOCK_NS_PER_S);
	struct tm tm;

	*out = '\0';
	if (ns && gmtime_r(&seconds, &tm))
		strftime(out, STATUS_TIME, "%Y-%m-%d %H:%M:%S UTC", &tm);
}

static void status_print_where(const struct attachment *one, enum status_state state)
{
	char when[STATUS_TIME];

	status_time(when, one->since_ns);
	printf("  %-15s %-11s ", one->interface, names_of(NAMES_HOOK, one->hook));
	if (state == STATUS_DETACHED) {
		printf("detached on purpose, since %s", when);
		return;
	}
	if (state == STATUS_MISSING)
		printf("NOT ATTACHED");
	else if (one->hook != HOOK_XDP)
		printf("%s", one->how == ATTACH_LINK ? "link" : "clsact filter");
	else
		printf("%s%s", names_of(NAMES_MODE, one->mode),
		       one->how == ATTACH_DISPATCHER ? ", in a dispatcher" : "");
	printf(", program %u, since %s", one->program, when);
}

static void status_print_one(const struct status *s, unsigned int i)
{
	const struct attachment *one = &s->all.list[i];
	const struct status_cost *cost = &s->cost[i];
	char when[STATUS_TIME];

	status_print_where(one, s->state[i]);
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

static void status_print_table(const char *what, const struct record_table *t)
{
	printf("  %-23s %llu of %llu (%.0f %%)", what, (unsigned long long)t->entries,
	       (unsigned long long)t->size,
	       t->size ? 100.0 * (double)t->entries / (double)t->size : 0);
	if (t->evicted)
		printf(", and more than fit: the oldest make room");
	putchar('\n');
}

static void status_print(const struct status *s)
{
	const struct attachments_state *state = &s->all.state;
	char when[STATUS_TIME];

	status_time(when, state->started_ns);
	printf("keeper of '%s' ", s->dir);
	if (state->keeper.pid)
		printf("(process %u) ", state->keeper.pid);
	printf("%s; the maps gather since %s\n", status_keepers[s->keeper], when);
	for (__u32 i = 0; i < state->n; i++)
		status_print_one(s, i);
	if (state->layout != loader_layout())
		printf("  the maps have another layout than this build knows: attach again\n");
	if (!s->readable)
		return;
	status_print_table("connections", &s->flows);
	status_print_table("unconfirmed connections", &s->pending);
	status_print_table("hosts", &s->endpoints);
	printf("  %-23s %llu, %llu lost\n", "events",
	       (unsigned long long)s->counters[COUNTER_EVENTS_SENT],
	       (unsigned long long)s->counters[COUNTER_EVENTS_LOST]);
	if (s->counters[COUNTER_INSERTS_FAILED])
		printf("  %-23s %llu\n", "entries refused",
		       (unsigned long long)s->counters[COUNTER_INSERTS_FAILED]);
	if (s->off)
		printf("  the work is switched off: packets pass unseen\n");
}

/* ---- for programs ---- */

static __s64 status_time_null(__u64 ns)
{
	return ns ? (__s64)ns : RECORD_NO_TIME;
}

static void status_record_one(struct record_attachment *out, const struct status *s, unsigned int i)
{
	const struct attachment *one = &s->all.list[i];
	const struct status_cost *cost = &s->cost[i];
	bool there = s->state[i] == STATUS_ATTACHED;

	*out = (struct record_attachment){
		.interface = one->interface,
		.ifindex = one->ifindex,
		.hook = names_of(NAMES_HOOK, one->hook),
		.state = names_of(NAMES_ATTACHMENT, s->state[i]),
		.since = s->state[i] == STATUS_MISSING ? RECORD_NO_TIME
						       : status_time_null(one->since_ns),
		.how = there ? names_of(NAMES_ATTACH_HOW, one->how) : NULL,
		.mode = there && one->hook == HOOK_XDP ? names_of(NAMES_MODE, one->mode) : NULL,
		.program = there ? (__s64)one->program : RECORD_NO_NUMBER,
		.sampled_packets = cost->packets,
		.packet_ns = cost->packets ? (__s64)((cost->ns + cost->packets / 2) / cost->packets)
					   : RECORD_NO_NUMBER,
		.faults = one->faults,
		.reattached = one->reattached,
		.fault = names_of(NAMES_FAULT, one->fault),
		.fault_time = status_time_null(one->fault_ns),
	};
}

/* What is in the maps. */
static void status_record_maps(struct record_status *out, const struct status *s)
{
	out->readable = s->readable;
	out->events = out->events_lost = out->inserts_failed = RECORD_NO_NUMBER;
	if (!s->readable)
		return;
	out->work = names_of(NAMES_WORK, s->off);
	out->connections = s->flows;
	out->unconfirmed = s->pending;
	out->hosts = s->endpoints;
	out->events = (__s64)s->counters[COUNTER_EVENTS_SENT];
	out->events_lost = (__s64)s->counters[COUNTER_EVENTS_LOST];
	out->inserts_failed = (__s64)s->counters[COUNTER_INSERTS_FAILED];
}

/* keeper: a value of NAMES_KEEPER. */
static void status_json(const struct status *s, unsigned int keeper)
{
	const struct attachments_state *state = &s->all.state;
	struct record_status last = { .pins = s->dir };
	struct writer w;

	writer_start(&w, stdout);
	for (__u32 i = 0; i < state->n; i++) {
		struct record_attachment one;

		status_record_one(&one, s, i);
		json_attachment(&w, &one);
	}
	last.keeper = names_of(NAMES_KEEPER, keeper);
	last.pid = state->keeper.pid ? (__s64)state->keeper.pid : RECORD_NO_NUMBER;
	last.since = status_time_null(state->started_ns);
	last.attached = s->n[STATUS_ATTACHED];
	last.missing = s->n[STATUS_MISSING];
	last.detached = s->n[STATUS_DETACHED];
	status_record_maps(&last, s);
	json_status(&w, &last);
	writer_flush(&w); /* attach_status_run() asks the stream */
}

/* ---- the command ---- */

/* Looks, and prints. Returns the exit status. */
static int status_of_pins(struct status *s, const struct options *o)
{
	bool same = s->all.state.layout == loader_layout();
	int err = 0;

	s->keeper = owner_ask(&s->all.state.keeper);
	status_costs(s);
	for (__u32 i = 0; i < s->all.state.n; i++) {
		s->state[i] = status_state(&s->all.list[i]);
		s->n[s->state[i]]++;
	}
	if (same)
		err = status_tables(s);
	if (o->json)
		status_json(s, s->keeper);
	else
		status_print(s);
	if (err)
		complain("cannot read the maps: %s", strerror(-err));
	if (err)
		return EXIT_PRIVILEGE;
	return same && s->n[STATUS_ATTACHED] && !s->n[STATUS_MISSING] ? EXIT_NOTHING
								      : EXIT_FINDINGS;
}

int attach_status_run(const struct options *o)
{
	struct status s = { .dir = o->pin };
	int err = attachments_open(&s.all, o->pin), status = EXIT_PRIVILEGE;

	if (err == -ENOENT) {
		if (o->json)
			status_json(&s, STATUS_NO_KEEPER);
		else
			printf("nothing is attached: there are no pins in '%s'\n", o->pin);
		status = EXIT_FINDINGS;
	} else if (err == -ESTALE) {
		complain("the pins in '%s' are another version's", o->pin);
	} else if (err) {
		complain("cannot open the pins in '%s': %s", o->pin, strerror(-err));
	} else {
		status = status_of_pins(&s, o);
	}
	attachments_close(&s.all);
	if (fflush(stdout)) {
		complain("cannot write: %s", strerror(errno));
		return EXIT_INCOMPLETE;
	}
	return status;
}
