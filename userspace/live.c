// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "userspace/live.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/signalfd.h>

#include "pcap-replay/compare_live.h"
#include "platform/clock.h"
#include "userspace/baseline.h"
#include "userspace/complain.h"
#include "userspace/exit_status.h"
#include "userspace/live_run.h"
#include "userspace/status.h"

#define LIVE_CLOCK_SLACK_NS 10000000LL

static __u64 live_now(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

static __s64 live_epoch_offset(void)
{
	__u64 before = live_now(), wall = clock_ns(CLOCK_REALTIME), after = live_now();

	return (__s64)(wall - (before + (after - before) / 2));
}

/* The programs' clock never jumps, the wall's may: follow it, but not its every tremor. */
static void live_follow_clock(struct live *v)
{
	__s64 offset = live_epoch_offset(), moved = offset - v->times.epoch_offset_ns;

	if (moved > LIVE_CLOCK_SLACK_NS || moved < -LIVE_CLOCK_SLACK_NS)
		v->times.epoch_offset_ns = offset;
}

/* Where what is said to people about this host goes; records go alone. */
static FILE *live_prose(const struct live *v)
{
	return v->options->json ? stderr : v->to;
}

static void live_on_event(void *arg, const struct event *event)
{
	struct live *v = arg;

	publish_event(v->publish, &v->times, event);
	if (event->kind == EVENT_ENDPOINT_FINDING &&
	    locals_has(v->locals, event->endpoint.addr, event->endpoint.domain & DOMAIN_IPV6))
		v->local_news = true;
}

/* The tables as they are now, complete with what only this run knows. 0 or -errno. */
static int live_snapshot(struct live *v, struct snapshot **out)
{
	struct publish_counts published;
	struct report *r;
	int err = snapshot_take(out, &v->loader->tables, v->events.ended, v->events.ended_n);

	if (err) {
		fprintf(stderr, "wscope: cannot read the tables: %s\n", strerror(-err));
		return err;
	}
	r = &(*out)->report;
	live_follow_clock(v);
	r->live = true;
	r->baseline = v->baseline;
	r->epoch_offset_ns = v->times.epoch_offset_ns;
	r->started_ns = v->times.started_ns;
	r->evictions += v->events.ended_lost;
	publish_counts(v->publish, &published);
	r->unsent = published.lost;
	return 0;
}

/* A summary on the way, or the last: *status (else NULL) gets its exit status, and it is saved. */
static int live_summary(struct live *v, int *status)
{
	struct snapshot *s;
	int err = live_snapshot(v, &s);

	if (err)
		return err;
	s->report.interim = !status;
	metrics_report(v->metrics, &s->report);
	if (v->screen && !status) {
		local_cause_write(v->to, &v->cause, &s->report, v->locals);
		v->local_news = false;
		v->screen->keep(v->screen->arg, s);
		return 0;
	}
	err = v->output->report(v->to, &s->report, v->options);
	if (fflush(v->to) && !err)
		err = -errno;
	if (!v->options->json)
		fputc('\n', v->to);
	local_cause_write(live_prose(v), &v->cause, &s->report, v->locals);
	if (s->report.counters[COUNTER_EVENTS_LOST])
		fprintf(stderr, "wscope: %llu events were lost: the ring had no room\n",
			(unsigned long long)s->report.counters[COUNTER_EVENTS_LOST]);
	if (status && s->report.unsent)
		complain("%llu events did not get to NATS", (unsigned long long)s->report.unsent);
	if (status)
		*status = status_worse(status_of_report(&s->report, v->options),
				       baseline_save(v->options, &s->report));
	if (fflush(v->to) && !err)
		err = -errno;
	v->local_news = false;
	snapshot_free(s);
	return err;
}

/* Only this host's part, when there is news about it. */
static void live_local(struct live *v)
{
	struct snapshot *s;

	v->local_news = false;
	if (live_snapshot(v, &s))
		return;
	local_cause_write(live_prose(v), &v->cause, &s->report, v->locals);
	fflush(live_prose(v));
	snapshot_free(s);
}

static void live_toggle(struct live *v)
{
	int err = loader_switch(v->loader, !v->off);

	if (err) {
		fprintf(stderr, "wscope: cannot switch: %s\n", strerror(-err));
		return;
	}
	v->off = !v->off;
	fprintf(stderr, "wscope: the work is switched %s\n",
		v->off ? "off: packets pass unseen until SIGUSR1 comes again" : "on again");
}

static void live_signal(struct live *v)
{
	struct signalfd_siginfo info;

	if (read(v->signals, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGUSR1)
		live_toggle(v);
	else
		v->stop = true;
}

static void live_addresses(struct live *v)
{
	locals_refresh(v->locals);
}

static void live_take_events(struct live *v)
{
	live_events_take(&v->events);
}

static void live_keys(struct live *v)
{
	if (v->screen->keys(v->screen->arg))
		v->stop = true;
}

static void live_metrics(struct live *v)
{
	metrics_serve(v->metrics);
}

/* Every time round: what is held back gets old without anything being readable. */
static void live_take_packets(struct live *v)
{
	if (sniff_take(v->sniff))
		v->stop = true; /* sniff_close() tells it again */
}

static void live_second(struct live *v, __u64 now)
{
	v->next_second = now + CLOCK_NS_PER_S;
	if (v->screen)
		v->events.left_out = 0; /* a screen shows connections anyway */
	live_events_second(&v->events);
	if (v->options->pinned)
		live_attached(v);
	metrics_serve(v->metrics);
	if ((local_cause_poll(&v->cause) || v->local_news) && !v->screen)
		live_local(v);
}

static bool live_is_over(const struct live *v, __u64 now)
{
	double limit = v->options->duration_s;

	return v->stop || v->events.write_error || live_events_enough(&v->events) ||
	       (limit > 0 && (double)(now - v->started) >= limit * (double)CLOCK_NS_PER_S);
}

/* Milliseconds until there is something to do anyway. */
static int live_patience(const struct live *v, __u64 now)
{
	__u64 next = v->next_second < v->next_summary ? v->next_second : v->next_summary;
	double limit = v->options->duration_s;

	if (limit > 0 && v->started + (__u64)(limit * (double)CLOCK_NS_PER_S) < next)
		next = v->started + (__u64)(limit * (double)CLOCK_NS_PER_S);
	if (v->sniff && now + SNIFF_PATIENCE_MS * (CLOCK_NS_PER_S / 1000) < next)
		return SNIFF_PATIENCE_MS;
	return next > now ? (int)((next - now) / 1000000 + 1) : 0;
}

static __u64 live_interval(const struct live *v)
{
	return (__u64)(v->options->interval_s * (double)CLOCK_NS_PER_S);
}

/* ready may be 0: the loop goes round. */
static void live_watch(struct live *v, int fd, void (*ready)(struct live *v))
{
	v->sources[v->sources_n] = (struct pollfd){ .fd = fd, .events = POLLIN };
	v->ready[v->sources_n++] = ready;
}

/* Everything that can come while the programs run. */
static void live_watch_all(struct live *v)
{
	live_watch(v, v->signals, live_signal);
	live_watch(v, locals_fd(v->locals), live_addresses);
	live_watch(v, live_events_fd(&v->events), live_take_events);
	if (metrics_fd(v->metrics) >= 0)
		live_watch(v, metrics_fd(v->metrics), live_metrics);
	if (v->sniff)
		live_watch(v, sniff_fd(v->sniff), NULL);
	if (v->screen)
		live_watch(v, v->screen->fd, live_keys);
}

/* A screen that stands still has nothing read for it. */
static int live_refresh(struct live *v, __u64 now)
{
	v->next_summary = now + live_interval(v);
	if (v->screen && v->screen->paused(v->screen->arg))
		return 0;
	return live_summary(v, NULL);
}

static int live_loop(struct live *v)
{
	int err = 0;
	__u64 now;

	live_watch_all(v);
	for (now = live_now(); !err && !live_is_over(v, now); now = live_now()) {
		if (poll(v->sources, v->sources_n, live_patience(v, now)) < 0 && errno != EINTR)
			return -errno;
		for (unsigned int i = 0; i < v->sources_n; i++) {
			if (v->sources[i].revents && v->ready[i])
				v->ready[i](v);
		}
		if (v->sniff)
			live_take_packets(v);
		now = live_now();
		if (now >= v->next_second)
			live_second(v, now);
		if (now >= v->next_summary)
			err = live_refresh(v, now);
		if (v->screen)
			v->screen->turn(v->screen->arg);
	}
	return err;
}
/* The end of the file of --write. Returns an exit status. */
static int live_written(struct live *v)
{
	int status = EXIT_NOTHING, err;
	struct sniff_missing missing;

	err = sniff_close(v->sniff, &missing);
	v->sniff = NULL;
	if (missing.findings)
		complain(
			"%llu findings stood only when the packets had passed: no comment has them",
			(unsigned long long)missing.findings);
	if (missing.packets)
		complain("%llu packets are not in '%s': the kernel had no room for them",
			 (unsigned long long)missing.packets, v->options->write);
	if (err)
		complain("cannot write '%s': %s", v->options->write, strerror(-err));
	if (missing.packets || err)
		status = EXIT_INCOMPLETE;
	return status;
}

static void live_start(struct live *v)
{
	local_cause_open(&v->cause);
	v->started = live_now();
	v->next_second = v->started + CLOCK_NS_PER_S;
	v->next_summary = v->started + live_interval(v);
	v->times.live = true;
	v->times.epoch_offset_ns = live_epoch_offset();
	v->times.started_ns = v->started + (__u64)v->times.epoch_offset_ns;
	if (v->options->pinned)
		v->times.started_ns = v->pinned.state.started_ns;
	fprintf(stderr, "wscope: watching; " LOCAL_CAUSE_SETTING " = %d here\n", v->cause.setting);
}

/* The loop, with a screen in front of it if there is one. As live_loop(). */
static int live_show(struct live *v)
{
	int err;

	if (!v->screen)
		return live_loop(v);
	v->next_summary = v->started; /* nobody looks at an empty screen */
	err = v->screen->open(v->screen->arg, &v->attached);
	if (!err)
		err = live_loop(v);
	v->screen->close(v->screen->arg);
	return err;
}

/* Detach first, so that the last summary is complete. Returns the exit status. */
static int live_finish(struct live *v, int err)
{
	int status = EXIT_NOTHING, undo = live_attach_undo(&v->attached);

	live_events_drain(&v->events);
	publish_finish(v->publish);
	local_cause_poll(&v->cause);
	if (!err && !v->events.write_error)
		err = live_summary(v, &status);
	else if (!err)
		err = v->events.write_error;
	if (err && err != -EPIPE)
		fprintf(stderr, "wscope: cannot go on: %s\n", strerror(-err));
	if (err || undo)
		status = status_worse(status, EXIT_INCOMPLETE);
	return status_worse(status, live_written(v));
}

int live_run(const struct options *o)
{
	return o->compare ? compare_live(o) : live_run_screen(o, NULL);
}

int live_run_screen(const struct options *o, const struct live_screen *screen)
{
	struct live *v = calloc(1, sizeof(*v));
	bool ended;
	int status;

	if (!v) {
		fprintf(stderr, "wscope: out of memory\n");
		return EXIT_INCOMPLETE;
	}
	v->options = o;
	v->to = o->write && !strcmp(o->write, "-") ? stderr : stdout;
	v->output = output_choose(o);
	if (screen) {
		v->screen = screen;
		v->to = screen->to;
		v->output = screen->output;
	}
	v->signals = v->reading = -1;
	attachments_none(&v->pinned);
	v->refused = EXIT_PRIVILEGE;
	v->events.options = o;
	v->events.output = v->output;
	v->events.to = v->to;
	v->events.times = &v->times;
	v->events.on_event = live_on_event;
	v->events.on_event_arg = v;
	if (live_setup(v)) {
		live_attach_undo(&v->attached);
		status = status_worse(v->refused, live_written(v));
	} else {
		live_start(v);
		status = live_finish(v, live_show(v));
	}
	metrics_close(v->metrics);
	ended = publish_close(v->publish);
	live_events_close(&v->events);
	locals_close(v->locals);
	loader_close(v->loader);
	baseline_free(v->baseline);
	if (v->signals >= 0)
		close(v->signals);
	if (v->reading >= 0)
		close(v->reading);
	attachments_close(&v->pinned);
	free(v);
	if (!ended) {
		fflush(NULL);
		_exit(status);
	}
	return status;
}
