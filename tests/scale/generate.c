// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * generate CONNECTIONS [GAP]: a capture of that many TCP connections on standard output, pcap with
 * whole frames, about 21 KB a connection; nothing is stored. On standard error, at the end, one
 * JSON object: what the capture holds, and how often each finding is in it.
 *
 * Connections begin GAP (500) us apart and last about a second: handshake, request, 14 full
 * segments with ACKs, FINs. Of each hundred some are faulty, by their number (enum kind); of the
 * healthy ones one pauses for PAUSE_S, and of the first hundred LOST die together after 45 s.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/types.h>

#include "engine/packet.h"

#define SEGMENT  1448U
#define REQUEST  300U
#define HEADERS  66U /* Ethernet, IPv4, TCP, timestamps */
#define ROUNDS   7U  /* of two segments and an ACK */
#define GAP_US   500U
#define EPOCH_US 1700000000000000ULL

#define PAUSE_S   60U
#define STALL_US  300000U
#define LOST_FROM 50U /* of the first hundred */
#define LOST      40U
#define LOST_US   45000000U
#define BEATS     9U /* of one that will be lost: a round every 5 s */

#define SERVERS  64U
#define STRIPPED 4U
#define CLIENTS  20000U

enum kind {
	KIND_REFUSED,      /* by one server */
	KIND_UNOFFERED,    /* by one client */
	KIND_STALLED,      /* the client's window closes for a while */
	KIND_COOKIE,       /* no timestamps, and a listener that cannot remember the option */
	KIND_COOKIE_SOUND, /* the same listener with timestamps */
	KIND_STRIPPED,     /* servers of one prefix scale, and their option is gone */
	KIND_PAUSED,
	KIND_LOST,
	KIND_SOUND,
	KINDS,
};

/* What happens next in a connection. */
enum step { STEP_SYN, STEP_SYNACK, STEP_ACK, STEP_REQUEST, STEP_ROUNDS };

struct conn {
	__u64 us; /* of its next segment */
	__u32 id;
	__u32 step;
	__u32 seq[2]; /* next of client and server */
	enum kind kind;
};

struct frame {
	__u8 *at;
	__u32 options;
	__u8 bytes[HEADERS + 32 + SEGMENT];
};

static struct conn *heap;
static size_t heap_n, heap_room;
static __u64 packets, bytes, kinds[KINDS], gap_us = GAP_US;

/* ---- who is next ---- */

static int heap_push(const struct conn *c)
{
	size_t i = heap_n;

	if (heap_n == heap_room) {
		size_t room = heap_room ? 2 * heap_room : 4096;
		struct conn *grown = realloc(heap, room * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		heap = grown;
		heap_room = room;
	}
	for (heap_n++; i && heap[(i - 1) / 2].us > c->us; i = (i - 1) / 2)
		heap[i] = heap[(i - 1) / 2];
	heap[i] = *c;
	return 0;
}

static struct conn heap_pop(void)
{
	struct conn first = heap[0], last = heap[--heap_n];
	size_t i = 0, child;

	for (; (child = 2 * i + 1) < heap_n; i = child) {
		if (child + 1 < heap_n && heap[child + 1].us < heap[child].us)
			child++;
		if (last.us <= heap[child].us)
			break;
		heap[i] = heap[child];
	}
	heap[i] = last;
	return first;
}

/* ---- one segment ---- */

static void put(struct frame *f, __u64 value, unsigned int n)
{
	while (n--)
		*f->at++ = (__u8)(value >> 8 * n);
}

static __u32 server_of(const struct conn *c)
{
	switch (c->kind) {
	case KIND_REFUSED:
		return 0xc6120505; /* 198.18.5.5 */
	case KIND_COOKIE:
	case KIND_COOKIE_SOUND:
		return 0xc6120606;
	case KIND_STRIPPED:
		return 0xcb007101 + c->id / 100 % STRIPPED; /* 203.0.113.0/24 */
	default:
		return 0xc6336401 + c->id % SERVERS; /* 198.51.100.0/24 */
	}
}

/* No two connections are between the same ends; of the first ones' clients one never offers. */
static void put_ends(struct frame *f, const struct conn *c, _Bool server)
{
	__u32 client = c->kind == KIND_UNOFFERED ? 0x0a630001 : 0x0a000000 + c->id % CLIENTS;
	__u32 ends[2] = { client, server_of(c) };
	__u32 ports[2] = {
		20000 + (c->kind == KIND_UNOFFERED ? c->id / 100 : c->id / CLIENTS) % 40000, 443
	};

	put(f, ends[server], 4);
	put(f, ends[!server], 4);
	put(f, ports[server], 2);
	put(f, ports[!server], 2);
}

static _Bool has_timestamps(const struct conn *c)
{
	return c->kind != KIND_COOKIE;
}

static _Bool offers(const struct conn *c, _Bool server)
{
	if (c->kind == KIND_UNOFFERED)
		return 0;
	return !server ||
	       (c->kind != KIND_REFUSED && c->kind != KIND_COOKIE && c->kind != KIND_STRIPPED);
}

static void put_options(struct frame *f, const struct conn *c, __u8 flags, _Bool server, __u64 us)
{
	if (flags & TCP_SYN) {
		put(f, 0x020405b4, 4);
		/* No three NOPs in a row: they are what is left where an option was. */
		if (!server || c->kind != KIND_COOKIE)
			put(f, has_timestamps(c) ? 0x0402 : 0x01010402, has_timestamps(c) ? 2 : 4);
	}
	if (has_timestamps(c)) {
		put(f, flags & TCP_SYN ? 0x080a : 0x0101080a, flags & TCP_SYN ? 2 : 4);
		put(f, us / 1000, 4);
		put(f, us / 1000 - 1, 4);
	}
	if (flags & TCP_SYN && offers(c, server))
		put(f, 0x01030307, 4);
}

/*
 * As a host with a buffer of 64 KB says it; shifted by 7 when it believes that scaling is on. Of a
 * client that will stall two segments less each round: its right edge stays, as it must.
 */
static __u32 window_of(const struct conn *c, __u8 flags, _Bool server)
{
	_Bool on = offers(c, 0) && (offers(c, 1) || (server && c->kind == KIND_STRIPPED));
	__u32 step = c->step - 1, buffer = 64240;

	if (c->kind == KIND_STALLED && !server && step < STEP_ROUNDS + 3 * (ROUNDS / 2))
		buffer = (90 - (step < STEP_ROUNDS ? 0 : (step - STEP_ROUNDS) / 3 + 1) * 22) << 7;
	if (c->kind == KIND_STALLED && !server && step == STEP_ROUNDS + 3 * (ROUNDS / 2) - 1)
		buffer = 23 << 7;
	return flags & TCP_SYN || !on ? buffer : buffer >> 7;
}

static int send_segment(struct conn *c, _Bool server, __u8 flags, __u32 payload, __s64 window)
{
	struct frame f = { .at = f.bytes };
	__u32 sizes[4] = { (__u32)(c->us / 1000000), (__u32)(c->us % 1000000) };
	__u8 *ip, *tcp;

	put(&f, 0x020000000001ULL, 6);
	put(&f, 0x020000000002ULL, 6);
	put(&f, 0x0800, 2);
	ip = f.at;
	put(&f, 0x45000000, 4);
	put(&f, c->seq[server] & 0xffff, 2); /* some IP-ID */
	put(&f, 0x400040060000ULL, 6);
	tcp = f.at + 8;
	put_ends(&f, c, server);
	put(&f, c->seq[server], 4);
	put(&f, flags & TCP_ACK ? c->seq[!server] : 0, 4);
	put(&f, flags, 2);
	put(&f, window < 0 ? window_of(c, flags, server) : (__u64)window, 2);
	put(&f, 0, 4);
	put_options(&f, c, flags, server, c->us);
	tcp[12] = (__u8)((f.at - tcp) / 4 << 4);
	sizes[2] = sizes[3] = (__u32)(f.at - f.bytes) + payload;
	ip[2] = (__u8)((sizes[2] - 14) >> 8);
	ip[3] = (__u8)(sizes[2] - 14);
	c->seq[server] += payload + !!(flags & (TCP_SYN | TCP_FIN));
	packets++;
	bytes += 16 + sizes[2];
	if (fwrite(sizes, sizeof(sizes), 1, stdout) != 1 ||
	    fwrite(f.bytes, sizes[2], 1, stdout) != 1)
		return -EIO;
	return 0;
}

/* ---- one connection ---- */

static _Bool will_be_lost(const struct conn *c)
{
	return c->kind == KIND_LOST;
}

/* Data, and the pauses between. Returns the time to the next segment, us; 0: an error. */
static __u64 round_step(struct conn *c, __u32 step)
{
	if (step % 3 < 2)
		return send_segment(c, 1, TCP_ACK, SEGMENT, -1) ? 0 : step % 3 ? 5000 : 200;
	if (c->kind == KIND_STALLED && step / 3 == ROUNDS / 2) {
		if (send_segment(c, 0, TCP_ACK, 0, 0))
			return 0;
		c->us += STALL_US;
	}
	if (send_segment(c, 0, TCP_ACK, 0, -1))
		return 0;
	if (c->kind == KIND_PAUSED && step / 3 == ROUNDS / 2)
		return PAUSE_S * 1000000ULL;
	return will_be_lost(c) ? LOST_US / BEATS : 100000;
}

/* The end: FIN, FIN, ACK; or a reset. */
static __u64 end_step(struct conn *c, __u32 step)
{
	if (will_be_lost(c))
		return send_segment(c, 1, TCP_RST | TCP_ACK, 0, -1) ? 0 : 1;
	return send_segment(c, step != 1, step == 2 ? TCP_ACK : TCP_FIN | TCP_ACK, 0, -1) ? 0
											  : 1000;
}

/* The next segments of a connection. 1: it goes on, 0: that was the last, -errno. */
static int conn_step(struct conn *c)
{
	__u32 rounds = 3 * (will_be_lost(c) ? BEATS : ROUNDS), step = c->step++;
	__u64 wait = 1000;
	int err = 0;

	switch (step) {
	case STEP_SYN:
		err = send_segment(c, 0, TCP_SYN, 0, -1);
		break;
	case STEP_SYNACK:
		err = send_segment(c, 1, TCP_SYN | TCP_ACK, 0, -1);
		break;
	case STEP_ACK:
		err = send_segment(c, 0, TCP_ACK, 0, -1);
		break;
	case STEP_REQUEST:
		err = send_segment(c, 0, TCP_ACK | TCP_PSH, REQUEST, -1);
		break;
	default:
		wait = step - STEP_ROUNDS < rounds ? round_step(c, step - STEP_ROUNDS)
						   : end_step(c, step - STEP_ROUNDS - rounds);
		err = wait ? 0 : -EIO;
	}
	c->us += wait;
	return err ? err : step + 1 < STEP_ROUNDS + rounds + (will_be_lost(c) ? 1 : 3);
}

static void conn_begin(struct conn *c, __u32 id)
{
	memset(c, 0, sizeof(*c));
	c->id = id;
	c->us = EPOCH_US + id * gap_us;
	c->seq[0] = id * 2654435761U;
	c->seq[1] = ~c->seq[0];
	c->kind = id % 100 < KIND_LOST ? (enum kind)(id % 100) : KIND_SOUND;
	if (id >= LOST_FROM && id < LOST_FROM + LOST)
		c->kind = KIND_LOST;
	kinds[c->kind]++;
}

/* A stalled one sends twice in one step, so time may go back by less than STALL_US: as in captures. */
static int generate(__u32 connections)
{
	__u32 begun = 0;
	int more = 0;

	while ((begun < connections || heap_n) && more >= 0) {
		struct conn c;

		if (begun < connections && (!heap_n || heap[0].us >= EPOCH_US + begun * gap_us))
			conn_begin(&c, begun++);
		else
			c = heap_pop();
		more = conn_step(&c);
		if (more > 0)
			more = heap_push(&c);
	}
	return more;
}

static void tell(__u32 connections)
{
	fprintf(stderr,
		"{\"connections\":%u,\"packets\":%llu,\"bytes\":%llu,\"paused\":%llu,\"findings\":{"
		"\"server-no-wscale\":%llu,\"client-no-wscale\":%llu,\"zero-window-stall\":%llu,"
		"\"syncookie-no-wscale\":%llu,\"phantom-scaling\":%llu,\"state-loss\":%llu,"
		"\"endpoint-off\":%u,\"path-strips\":%u}}\n",
		connections, packets, bytes, kinds[KIND_PAUSED], kinds[KIND_REFUSED],
		kinds[KIND_UNOFFERED], kinds[KIND_STALLED], kinds[KIND_COOKIE],
		kinds[KIND_STRIPPED], kinds[KIND_LOST], 2 + STRIPPED, STRIPPED);
}

int main(int argc, char **argv)
{
	const __u32 header[] = { 0xa1b2c3d4, 4 << 16 | 2, 0, 0, 65535, 1 };
	char *end = NULL;
	unsigned long n = argc > 1 ? strtoul(argv[1], &end, 10) : 0;
	int err;

	/* From here on each kind is there often enough for what is found of hosts. */
	if (argc > 2)
		gap_us = strtoul(argv[2], NULL, 10);
	if (n < 10000 || n > 0xffffffff || *end || !gap_us || argc > 3) {
		fprintf(stderr, "usage: generate CONNECTIONS [GAP_US] (10000 or more)\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOFBF, 1 << 20);
	bytes = sizeof(header);
	err = fwrite(header, sizeof(header), 1, stdout) == 1 ? generate((__u32)n) : -EIO;
	free(heap);
	if (err || fflush(stdout)) {
		fprintf(stderr, "generate: cannot write\n");
		return 1;
	}
	tell((__u32)n);
	return 0;
}
