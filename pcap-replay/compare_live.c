// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "pcap-replay/compare_live.h"

#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <pcap/pcap.h>
#include <sys/signalfd.h>

#include "pcap-replay/compare_judge.h"
#include "pcap-replay/reader_file.h"
#include "platform/clock.h"
#include "userspace/complain.h"
#include "userspace/exit_status.h"
#include "userspace/status.h"

/* Tunnels, IPv6 and all TCP options fit. */
#define LIVE_SNAPLEN 256
#define LIVE_BUFFER  (32 << 20)
/* Packets of one socket that are taken in one go. */
#define LIVE_TURN 4096
/* A packet has that long to come out of the box. */
#define LIVE_PATIENCE_NS (5 * CLOCK_NS_PER_S)
/* With more connections, or packets that wait, what was found is put aside and all begins anew. */
#define LIVE_LEGS    (1U << 17)
#define LIVE_WAITING (COMPARE_WAITING / 2)

struct live_side {
	struct live *live;
	pcap_t *pcap;
	__u64 number;
	__u32 ifindex;
	__u32 linktype;
	unsigned int side;
};

struct live {
	const struct options *options;
	struct compare compare;
	struct compare_report before; /* what was put aside */
	struct native *native;
	struct live_side sides[2];
	int signals;
	bool renewed;
};

/* ---- sockets ---- */

static int live_refused(const struct live_side *s, const char *name, int err, const char *what)
{
	const char *hint = "";

	if (err == PCAP_ERROR_PERM_DENIED)
		hint = "; root, or the capability CAP_NET_RAW, is needed";
	if (!what)
		what = pcap_geterr(s->pcap);
	complain("cannot capture on '%s': %s%s", name, *what ? what : pcap_statustostr(err), hint);
	return EXIT_PRIVILEGE;
}

static int live_open(struct live_side *s, const char *name)
{
	char why[PCAP_ERRBUF_SIZE] = "";
	struct bpf_program program;
	int err;

	s->ifindex = if_nametoindex(name);
	s->pcap = pcap_create(name, why);
	if (!s->pcap)
		return live_refused(s, name, 0, why);
	pcap_set_snaplen(s->pcap, LIVE_SNAPLEN);
	pcap_set_immediate_mode(s->pcap, 1);
	pcap_set_buffer_size(s->pcap, LIVE_BUFFER);
	pcap_set_tstamp_precision(s->pcap, PCAP_TSTAMP_PRECISION_NANO);
	err = pcap_activate(s->pcap);
	if (err < 0)
		return live_refused(s, name, err, NULL);
	s->linktype = reader_linktype((__u32)pcap_datalink(s->pcap));
	if (pcap_setnonblock(s->pcap, 1, why))
		return live_refused(s, name, 0, why);
	/* Nothing that has no IP in it can be a segment; ARP and the like need not be copied. */
	if (s->linktype == 1 &&
	    !pcap_compile(s->pcap, &program, "not arp", 1, PCAP_NETMASK_UNKNOWN)) {
		pcap_setfilter(s->pcap, &program);
		pcap_freecode(&program);
	}
	return EXIT_NOTHING;
}

static void live_packet(u_char *arg, const struct pcap_pkthdr *h, const u_char *data)
{
	struct live_side *s = (struct live_side *)arg;
	const struct frame frame = {
		.ns = (__u64)h->ts.tv_sec * CLOCK_NS_PER_S + (__u64)h->ts.tv_usec,
		.number = ++s->number,
		.data = data,
		.caplen = h->caplen,
		.wirelen = h->len,
		.linktype = s->linktype,
		.ifindex = s->ifindex,
	};
	struct compare_segment segment;
	struct flow_key key;

	if (compare_segment(&segment, &key, &s->live->native->scratch.walk, &frame))
		compare_add(&s->live->compare, s->side, &segment, &key);
}

/* What the sockets hold; false: an interface went away, or down. */
static bool live_read(struct live *v)
{
	for (unsigned int side = 0; side < 2; side++) {
		struct live_side *s = &v->sides[side];

		if (pcap_dispatch(s->pcap, LIVE_TURN, live_packet, (u_char *)s) == PCAP_ERROR) {
			complain("cannot go on with '%s': %s", v->options->interfaces[side],
				 pcap_geterr(s->pcap));
			return false;
		}
	}
	return !v->compare.out_of_memory;
}

static __u64 live_lost(const struct live *v)
{
	__u64 lost = 0;

	for (unsigned int side = 0; side < 2; side++) {
		struct pcap_stat count;

		if (!pcap_stats(v->sides[side].pcap, &count))
			lost += count.ps_drop;
	}
	return lost;
}

/* ---- what was found ---- */

/* Judges what there is, with what was put aside. 0 or -ENOMEM; compare_judge_free() either way. */
static int live_judge(struct live *v, struct compare_report *r, bool last)
{
	struct compare_report now = { 0 };
	int err = compare_judge(&now, &v->compare);

	if (!err && v->renewed)
		err = compare_judge_add(r, &v->before);
	if (!err && (v->renewed || !last)) {
		err = compare_judge_add(r, &now);
		compare_judge_free(&now);
	} else {
		*r = now;
	}
	r->live = true;
	r->lost = live_lost(v);
	r->refused = v->before.refused + v->compare.refused;
	for (unsigned int side = 0; side < 2; side++) {
		r->file[side] = v->options->interfaces[side];
		r->files[side] = 1;
	}
	memcpy(r->counters, v->native->counters, sizeof(r->counters));
	return err;
}

/* All is put aside, and from here on connections count that begin now. */
static int live_renew(struct live *v)
{
	struct compare_report now = { 0 };
	bool lossy = v->compare.lossy;
	int err;

	v->compare.young_ns = 0;
	compare_finish(&v->compare);
	err = compare_judge(&now, &v->compare);
	if (!err)
		err = compare_judge_add(&v->before, &now);
	v->before.refused += v->compare.refused;
	compare_judge_free(&now);
	compare_free(&v->compare);
	v->renewed = true;
	if (!err)
		err = compare_init(&v->compare, v->options->nat);
	v->compare.only_new = true;
	v->compare.lossy = lossy;
	return err;
}

static int live_worst(const struct live *v, const struct compare_report *r)
{
	int severity = v->options->fail_on < 0 ? SEVERITY_INFO : v->options->fail_on;

	for (size_t i = 0; i < r->changes_n; i++) {
		if ((int)change_name(r->changes[i].code)->severity >= severity)
			return EXIT_FINDINGS;
	}
	return EXIT_NOTHING;
}

static int live_print(struct live *v, bool last, int *status)
{
	struct compare_report r = { 0 };
	int err = live_judge(v, &r, last);

	if (!err && (last || r.packets)) {
		err = v->options->json ? compare_json(stdout, &r)
				       : compare_text(stdout, &r, v->options);
		if (!v->options->json && !last)
			fputc('\n', stdout);
		if (!err && fflush(stdout))
			err = -errno;
	}
	*status = live_worst(v, &r);
	if (last && !r.packets) {
		complain("nothing could be compared: no packet passed both interfaces");
		*status = EXIT_INCOMPLETE;
	}
	if (last && r.incomplete) {
		complain("the comparison is incomplete: too many packets have no partner");
		*status = EXIT_INCOMPLETE;
	}
	if (last && r.lost) {
		complain("the comparison is incomplete: the kernel had no room for %llu packets",
			 (unsigned long long)r.lost);
		*status = EXIT_INCOMPLETE;
	}
	compare_judge_free(&r);
	return err;
}

/* ---- the loop ---- */

static int live_wait_signals(struct live *v)
{
	struct sigaction hangup;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	if (!sigaction(SIGHUP, NULL, &hangup) && hangup.sa_handler != SIG_IGN) /* not under nohup */
		sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -errno;
	signal(SIGPIPE, SIG_IGN);
	signal(SIGUSR1, SIG_IGN); /* switches programs off that are not there */
	v->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return v->signals < 0 ? -errno : 0;
}

/* Once a second: what had its time is given up. */
static int live_second(struct live *v)
{
	if (live_lost(v))
		v->compare.lossy = true;
	if (v->compare.legs_n > LIVE_LEGS || v->compare.waiting > LIVE_WAITING)
		return live_renew(v);
	compare_expire(&v->compare, clock_ns(CLOCK_REALTIME) - LIVE_PATIENCE_NS);
	return v->compare.out_of_memory ? -ENOMEM : 0;
}

/* Until a signal, the end of the time, or an error. */
static int live_loop(struct live *v)
{
	__u64 start = clock_ns(CLOCK_MONOTONIC), interval, end = ~0ULL, second, report;
	struct pollfd fds[3] = { { .fd = v->signals, .events = POLLIN } };
	int err = 0, status;

	interval = (__u64)(v->options->interval_s * (double)CLOCK_NS_PER_S);
	if (v->options->duration_s > 0)
		end = start + (__u64)(v->options->duration_s * (double)CLOCK_NS_PER_S);
	second = start + CLOCK_NS_PER_S;
	report = start + interval;
	for (unsigned int side = 0; side < 2; side++)
		fds[side + 1] = (struct pollfd){ .fd = pcap_get_selectable_fd(v->sides[side].pcap),
						 .events = POLLIN };
	while (!err) {
		__u64 now;

		if (poll(fds, 3, 200) < 0 && errno != EINTR)
			return -errno;
		if (!live_read(v))
			return -EIO;
		now = clock_ns(CLOCK_MONOTONIC);
		if (fds[0].revents || now >= end)
			break;
		if (now >= second) {
			err = live_second(v);
			second = now + CLOCK_NS_PER_S;
		}
		if (!err && interval && now >= report) {
			err = live_print(v, false, &status);
			report = now + interval;
		}
	}
	return err;
}

static int live_watch(struct live *v)
{
	int status = EXIT_NOTHING, err;

	for (unsigned int side = 0; side < 2 && status == EXIT_NOTHING; side++) {
		v->sides[side].live = v;
		v->sides[side].side = side;
		status = live_open(&v->sides[side], v->options->interfaces[side]);
	}
	if (status != EXIT_NOTHING)
		return status;
	err = live_wait_signals(v);
	if (!err) {
		fprintf(stderr, "wscope: watching what goes through between '%s' and '%s'\n",
			v->options->interfaces[0], v->options->interfaces[1]);
		err = live_loop(v);
	}
	/* What was on its way when it ended is behind the last partner of its side, and not claimed. */
	v->compare.young_ns = 0;
	if (live_lost(v))
		v->compare.lossy = true;
	compare_finish(&v->compare);
	if (err != -EPIPE && err != -ENOMEM) {
		int wrote = live_print(v, true, &status);

		err = err ? err : wrote;
	}
	if (err && err != -EPIPE)
		complain("cannot go on: %s", strerror(-err));
	return err ? status_worse(status, EXIT_INCOMPLETE) : status;
}

int compare_live(const struct options *o)
{
	struct live *v = calloc(1, sizeof(*v));
	int status = EXIT_INCOMPLETE;

	if (!v || compare_init(&v->compare, o->nat) || !(v->native = native_open(&o->config))) {
		complain("out of memory");
		goto out;
	}
	v->options = o;
	v->signals = -1;
	native_current = v->native;
	status = live_watch(v);
	if (v->signals >= 0)
		close(v->signals);
out:
	if (v) {
		for (unsigned int side = 0; side < 2; side++) {
			if (v->sides[side].pcap)
				pcap_close(v->sides[side].pcap);
		}
		native_close(v->native);
		compare_free(&v->compare);
		compare_judge_free(&v->before);
	}
	free(v);
	return status;
}
