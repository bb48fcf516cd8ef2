// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Floods beside live connections, through one of the kernel's programs with tables of their usual
 * size: ten times as many SYNs as a table holds, each answered by the listener, from one CPU, and as
 * many stray ACKs, each answered by a reset, from another; meanwhile 10,000 connections send a packet
 * every ten seconds of the packets' time. None of them may be lost, and the evictions that are
 * reported when all is quiet are what went in, was not taken out, and is not there.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "engine/counters.h"
#include "engine/layer.h"
#include "tests/unit/hook_runner.h"

#define TABLE    65536U
#define FLOOD    (10U * TABLE)
#define LIVE     10000U
#define STEP_NS  (10ULL * 1000000000)
#define START_NS 1700000000000000000ULL
#define PAYLOAD  100U

/* IPv4 addresses: the server, and the first one of each kind of client. */
#define SERVER     0x0a000001U
#define CLIENTS    0x0a010000U
#define SPOOFED    0x14000000U
#define STRAY      0x28000000U
#define PORT       443U
#define FRAME_ROOM 128U

struct segment {
	__u32 src, dst; /* one of them the server */
	__u32 seq, ack;
	__u8 flags;
	__u32 payload;
};

struct stream {
	struct hook_runner *runner;
	__u8 bytes[FRAME_ROOM];
	pthread_t thread;
	int cpu;
	__u32 first;        /* address */
	__u8 flags, answer; /* of what comes, and of what the server says to it */
	int err;
};

static _Atomic __u64 now_ns = START_NS;
static _Atomic unsigned int floods;

static void put16(__u8 *p, __u32 v)
{
	p[0] = (__u8)(v >> 8);
	p[1] = (__u8)v;
}

static void put32(__u8 *p, __u32 v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

/* One segment through the program; SYNs have MSS and a window scale of 7. 0 or -errno. */
static int send_segment(struct stream *s, const struct segment *g)
{
	static const __u8 options[] = { 2, 4, 5, 0xb4, 1, 3, 3, 7 };
	__u32 header = 20 + (g->flags & TCP_SYN ? (__u32)sizeof(options) : 0);
	__u32 length = 20 + header + g->payload;
	struct packet_builder_frame frame = {
		.bytes = s->bytes,
		.caplen = 14 + 20 + header,
		.wirelen = 14 + length,
		.linktype = LINKTYPE_ETHERNET,
	};
	__u8 *ip = s->bytes + 14, *tcp = ip + 20;

	memset(s->bytes, 0, sizeof(s->bytes));
	put16(s->bytes + 12, 0x0800);
	ip[0] = 0x45;
	put16(ip + 2, length);
	ip[8] = 64;
	ip[9] = 6;
	put32(ip + 12, g->src);
	put32(ip + 16, g->dst);
	put16(tcp, g->src == SERVER ? PORT : 40000);
	put16(tcp + 2, g->dst == SERVER ? PORT : 40000);
	put32(tcp + 4, g->seq);
	put32(tcp + 8, g->ack);
	tcp[12] = (__u8)(header / 4 << 4);
	tcp[13] = g->flags;
	put16(tcp + 14, 500);
	if (g->flags & TCP_SYN)
		memcpy(tcp + 20, options, sizeof(options));
	return hook_runner_frame(s->runner, &frame, atomic_load(&now_ns), 0);
}

static void *flood(void *arg)
{
	struct stream *s = arg;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)s->cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
	for (__u32 i = 0; i < FLOOD && !s->err; i++) {
		const struct segment in = {
			.src = s->first + i, .dst = SERVER, .seq = 1000, .ack = 7, .flags = s->flags
		};
		const struct segment out = { .src = SERVER,
					     .dst = s->first + i,
					     .seq = 7,
					     .ack = 1001,
					     .flags = s->answer };

		s->err = send_segment(s, &in);
		if (!s->err)
			s->err = send_segment(s, &out);
	}
	atomic_fetch_sub(&floods, 1);
	return NULL;
}

static int establish(struct stream *s)
{
	int err = 0;

	for (__u32 i = 0; i < LIVE && !err; i++) {
		const struct segment opening[] = {
			{ .src = CLIENTS + i, .dst = SERVER, .seq = 99, .flags = TCP_SYN },
			{ .src = SERVER,
			  .dst = CLIENTS + i,
			  .seq = 499,
			  .ack = 100,
			  .flags = TCP_SYN | TCP_ACK },
			{ .src = CLIENTS + i,
			  .dst = SERVER,
			  .seq = 100,
			  .ack = 500,
			  .flags = TCP_ACK },
		};

		for (int k = 0; k < 3 && !err; k++)
			err = send_segment(s, &opening[k]);
	}
	return err;
}

/* A packet of each connection every ten seconds, for as long as the floods go on. */
static int trickle(struct stream *s, __u32 *rounds)
{
	int err = 0;

	for (; atomic_load(&floods) && !err; ++*rounds) {
		atomic_fetch_add(&now_ns, STEP_NS);
		for (__u32 i = 0; i < LIVE && !err; i++) {
			const struct segment data = { .src = CLIENTS + i,
						      .dst = SERVER,
						      .seq = 100 + *rounds * PAYLOAD,
						      .ack = 500,
						      .flags = TCP_ACK,
						      .payload = PAYLOAD };

			err = send_segment(s, &data);
		}
	}
	return err;
}

static int start(struct stream *s, const struct stream *first)
{
	int err = hook_runner_share(&s->runner, first->runner);

	if (err)
		return err;
	atomic_fetch_add(&floods, 1);
	err = -pthread_create(&s->thread, NULL, flood, s);
	if (err)
		atomic_fetch_sub(&floods, 1);
	return err;
}

/* Entries of a table, one by one. */
static __u64 population(int map)
{
	struct flow_key key, next;
	__u64 n = 0;
	void *from = NULL;

	while (!bpf_map_get_next_key(map, from, &next)) {
		key = next;
		from = &key;
		n++;
	}
	return n;
}

static int complain(const char *what, __u64 got, __u64 due)
{
	if (got == due)
		return 0;
	printf("%s: %llu where %llu are due\n", what, (unsigned long long)got,
	       (unsigned long long)due);
	return 1;
}

/* What must hold once all is quiet. The number of things that do not. */
static int judge(const struct hook_runner *r, __u32 rounds)
{
	struct snapshot_maps maps = hook_runner_maps(r);
	__u64 c[COUNTER_SLOTS], lost, confirmed = 0, whole = 0;
	__u64 flows = population(maps.flows), pending = population(maps.pending);
	struct snapshot *s;
	int wrong = 0;

	if (snapshot_counters(maps.counters, c) || snapshot_take(&s, &maps, NULL, 0)) {
		printf("the tables cannot be read\n");
		return 1;
	}
	for (size_t i = 0; i < s->report.flows_n; i++) {
		const struct flow *f = &s->report.flows[i]->flow;
		const struct half *client = &f->half[f->client & 1], *server = &f->half[!f->client];

		if (!(f->bits & FLOW_CONFIRMED))
			continue;
		confirmed++;
		whole += client->packets == 2 + rounds && server->packets == 1 &&
			 client->bytes == (__u64)rounds * PAYLOAD;
	}
	lost = c[COUNTER_PENDING_INSERTS] - c[COUNTER_PENDING_DELETES] - pending;
	wrong += complain("confirmed connections", confirmed, LIVE);
	wrong += complain("of them with all their packets", whole, LIVE);
	wrong += complain("entered into the table of connections", c[COUNTER_FLOW_INSERTS], LIVE);
	wrong += complain("in it", flows, LIVE);
	wrong += complain("taken out of it", c[COUNTER_FLOW_DELETES], 0);
	wrong += complain("unconfirmed ones that were entered, or refused",
			  c[COUNTER_PENDING_INSERTS] + c[COUNTER_INSERTS_FAILED],
			  LIVE + 2ULL * FLOOD);
	wrong += complain("evictions", s->report.evictions, lost);
	wrong += complain("events lost", c[COUNTER_EVENTS_LOST], 0);
	if (lost < 2ULL * FLOOD - 2ULL * TABLE) {
		printf("only %llu evictions: that was no flood\n", (unsigned long long)lost);
		wrong++;
	}
	printf("%u SYNs and %u stray ACKs, all answered, beside %u connections of %u packets: %llu lost; "
	       "%llu entries of unconfirmed ones evicted\n",
	       FLOOD, FLOOD, LIVE, 3 + rounds, (unsigned long long)(LIVE - whole),
	       (unsigned long long)lost);
	snapshot_free(s);
	return wrong;
}

static int run(enum hook hook)
{
	static const struct engine_config config = { .tunnels = TUNNELS_ALL };
	struct stream live = { 0 };
	struct stream both[] = {
		{ .cpu = 0, .first = SPOOFED, .flags = TCP_SYN, .answer = TCP_SYN | TCP_ACK },
		{ .cpu = 1, .first = STRAY, .flags = TCP_ACK, .answer = TCP_RST },
	};
	__u32 rounds = 0;
	cpu_set_t all;
	int err;

	sched_getaffinity(0, sizeof(all), &all);
	err = hook_runner_open_sized(&live.runner, hook, &config, TABLE);
	if (err)
		return err;
	sched_setaffinity(0, sizeof(all), &all);
	err = establish(&live);
	for (int i = 0; i < 2 && !err; i++)
		err = start(&both[i], &live);
	if (!err)
		err = trickle(&live, &rounds);
	for (int i = 0; i < 2; i++) {
		if (both[i].thread)
			pthread_join(both[i].thread, NULL);
		err = err ? err : both[i].err;
		hook_runner_close(both[i].runner);
	}
	if (!err)
		err = judge(live.runner, rounds);
	hook_runner_close(live.runner);
	return err;
}

int main(int argc, char **argv)
{
	int err;

	if (argc != 2 || (strcmp(argv[1], "xdp") != 0 && strcmp(argv[1], "tc") != 0)) {
		fprintf(stderr, "usage: flood xdp|tc\n");
		return 2;
	}
	err = run(strcmp(argv[1], "xdp") ? HOOK_TC_INGRESS : HOOK_XDP);
	if (err == -EPERM) {
		printf("the kernel's programs need root\n");
		return 77;
	}
	if (err < 0)
		printf("%s\n", strerror(-err));
	return err != 0;
}
