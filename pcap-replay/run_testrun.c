// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The kernel's own programs, frame by frame, through BPF_PROG_TEST_RUN. What the
 * capture knows beside the frame travels as struct replay_meta: in front of it as XDP
 * metadata, in cb[], mark and priority for TC. Root only.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#include "pcap-replay/run.h"
#include "platform/grow.h"
#include "platform/native.h"
#include "userspace/snapshot.h"
#include "wscope.skel.h"

/* The kernel takes no shorter IPv6 frame on the TC hook; zeros are added behind the frame. */
#define TESTRUN_MIN 54U

struct testrun {
	struct wscope *skel;
	struct ring_buffer *ring;
	struct snapshot_flow *ended; /* records handed on before the end */
	size_t ended_n, ended_room;
	struct snapshot *snapshot;
	int program;
	bool xdp;
	bool out_of_memory;
	__u8 frame[sizeof(struct replay_meta) + ENGINE_WINDOW];
};

static int testrun_quiet(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

static void testrun_close(void *state)
{
	struct testrun *t = state;

	if (!t)
		return;
	snapshot_free(t->snapshot);
	ring_buffer__free(t->ring);
	wscope__destroy(t->skel);
	free(t->ended);
	free(t);
}

/* Keeps the last record of a connection; findings are made again from the facts. */
static int testrun_event(void *arg, void *data, size_t size)
{
	struct testrun *t = arg;
	const struct event_ended *e = data;

	if (size < sizeof(*e) || e->kind != EVENT_FLOW_ENDED)
		return 0;
	if (GROW(t->ended, t->ended_n, &t->ended_room)) {
		t->out_of_memory = true;
		return 0;
	}
	t->ended[t->ended_n].entry.key = e->key;
	t->ended[t->ended_n].entry.flow = e->live.flow;
	memcpy(t->ended[t->ended_n++].gauge, e->live.gauge, sizeof(e->live.gauge));
	return 0;
}

static int testrun_load(struct testrun *t, const struct options *o)
{
	int err;

	t->skel = wscope__open();
	if (!t->skel)
		return -errno;
	t->skel->rodata->cfg = o->config;
	t->skel->rodata->cfg.replay = 1;
	bpf_program__set_autoload(t->skel->progs.xdp_analyze, t->xdp);
	bpf_program__set_autoload(t->skel->progs.tc_ingress, !t->xdp);
	bpf_program__set_autoload(t->skel->progs.tc_egress, false);
	bpf_map__set_max_entries(t->skel->maps.flows, o->flows);
	bpf_map__set_max_entries(t->skel->maps.pending, o->pending);
	bpf_map__set_max_entries(t->skel->maps.endpoints, o->endpoints);
	err = wscope__load(t->skel);
	if (err)
		return err;
	t->program =
		bpf_program__fd(t->xdp ? t->skel->progs.xdp_analyze : t->skel->progs.tc_ingress);
	t->ring = ring_buffer__new(bpf_map__fd(t->skel->maps.events), testrun_event, t, NULL);
	return t->ring ? 0 : -errno;
}

static int testrun_open(void **state, const struct options *o, char *err, size_t err_len)
{
	struct testrun *t = calloc(1, sizeof(*t));
	int ret = -ENOMEM;

	libbpf_set_print(testrun_quiet);
	if (t) {
		t->xdp = o->engine == ENGINE_XDP;
		ret = testrun_load(t, o);
	}
	if (ret) {
		snprintf(err, err_len, "cannot load the kernel's programs: %s%s", strerror(-ret),
			 ret == -EPERM || ret == -EACCES ? " (--engine xdp and tc need root)" : "");
		testrun_close(t);
		return ret;
	}
	*state = t;
	return 0;
}

static int testrun_xdp(struct testrun *t, const struct replay_meta *meta, __u32 len)
{
	struct xdp_md ctx = {
		.data = sizeof(*meta),
		.data_end = (__u32)sizeof(*meta) + len,
	};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = t->frame,
		    .data_size_in = (__u32)sizeof(*meta) + len, .ctx_in = &ctx,
		    .ctx_size_in = sizeof(ctx));
	int err;

	memcpy(t->frame, meta, sizeof(*meta));
	err = bpf_prog_test_run_opts(t->program, &opts);
	if (err)
		return err;
	return opts.retval == XDP_PASS ? 0 : -EPROTO;
}

static int testrun_tc(struct testrun *t, const struct replay_meta *meta, __u32 len)
{
	struct __sk_buff ctx = {
		.mark = meta->wirelen,
		.priority = meta->ifindex,
		.cb = { (__u32)meta->ns, (__u32)(meta->ns >> 32), (__u32)meta->id,
			(__u32)(meta->id >> 32), (__u32)meta->linktype << 16 | meta->caplen },
	};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = t->frame + sizeof(*meta),
		    .data_size_in = len, .ctx_in = &ctx, .ctx_size_in = sizeof(ctx));
	int err = bpf_prog_test_run_opts(t->program, &opts);

	if (err)
		return err;
	return (int)opts.retval == TC_ACT_UNSPEC ? 0 : -EPROTO;
}

static int testrun_packet(struct testrun *t, const struct frame *p)
{
	__u32 captured = p->caplen < ENGINE_WINDOW ? p->caplen : ENGINE_WINDOW;
	__u32 len = captured < TESTRUN_MIN ? TESTRUN_MIN : captured;
	struct replay_meta meta = {
		.ns = p->ns,
		.id = frame_id(p),
		.wirelen = p->wirelen,
		.caplen = (__u16)captured,
		.linktype = frame_linktype(p),
		.ifindex = p->ifindex,
	};
	__u8 *frame = t->frame + sizeof(meta);

	memcpy(frame, p->data, captured);
	memset(frame + captured, 0, len - captured);
	return t->xdp ? testrun_xdp(t, &meta, len) : testrun_tc(t, &meta, len);
}

static int testrun_feed(void *state, const struct frame *packets, unsigned int n)
{
	struct testrun *t = state;
	int err = 0;

	for (unsigned int i = 0; i < n && !err; i++)
		err = testrun_packet(t, &packets[i]);
	ring_buffer__consume(t->ring);
	return err ? err : t->out_of_memory ? -ENOMEM : 0;
}

static int testrun_report(void *state, struct report *r)
{
	struct testrun *t = state;
	struct snapshot_maps maps = {
		.flows = bpf_map__fd(t->skel->maps.flows),
		.pending = bpf_map__fd(t->skel->maps.pending),
		.endpoints = bpf_map__fd(t->skel->maps.endpoints),
		.counters = bpf_map__fd(t->skel->maps.counters),
	};
	int err = snapshot_take(&t->snapshot, &maps, t->ended, t->ended_n);

	if (err)
		return err;
	r->flows = t->snapshot->report.flows;
	r->flows_n = t->snapshot->report.flows_n;
	r->gauges_at = t->snapshot->report.gauges_at;
	r->endpoints = t->snapshot->report.endpoints;
	r->endpoints_n = t->snapshot->report.endpoints_n;
	r->evictions = t->snapshot->report.evictions;
	r->span_ns = t->snapshot->report.span_ns;
	r->around = t->snapshot->report.around;
	memcpy(r->counters, t->snapshot->report.counters, sizeof(r->counters));
	return 0;
}

/* Takes every entry out of a hash map. 0 or -errno. */
static int testrun_clear(const struct bpf_map *map)
{
	__u8 key[sizeof(struct flow_key)];
	int fd = bpf_map__fd(map), err;

	_Static_assert(sizeof(key) >= sizeof(struct endpoint_key), "one room for both");
	while (!(err = bpf_map_get_next_key(fd, NULL, key))) {
		err = bpf_map_delete_elem(fd, key);
		if (err && err != -ENOENT)
			return err;
	}
	return err == -ENOENT ? 0 : err;
}

static int testrun_clear_counters(const struct bpf_map *map)
{
	int cpus = libbpf_num_possible_cpus(), err = 0;
	__u64 *zeros = cpus > 0 ? calloc((size_t)cpus, sizeof(*zeros)) : NULL;

	if (!zeros)
		return -ENOMEM;
	for (__u32 i = 0; i < COUNTER_SLOTS && !err; i++)
		err = bpf_map_update_elem(bpf_map__fd(map), &i, zeros, BPF_ANY);
	free(zeros);
	return err;
}

static int testrun_reset(void *state)
{
	struct testrun *t = state;
	int err = testrun_clear(t->skel->maps.flows);

	if (!err)
		err = testrun_clear(t->skel->maps.pending);
	if (!err)
		err = testrun_clear(t->skel->maps.endpoints);
	if (!err)
		err = testrun_clear_counters(t->skel->maps.counters);
	ring_buffer__consume(t->ring);
	snapshot_free(t->snapshot);
	t->snapshot = NULL;
	t->ended_n = 0;
	return err;
}

const struct run_engine run_testrun = {
	.open = testrun_open,
	.feed = testrun_feed,
	.report = testrun_report,
	.reset = testrun_reset,
	.close = testrun_close,
};
