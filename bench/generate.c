// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/frame.h"
#include "bench/generate.h"
#include "engine/packet.h"

/* A connection: SYN, SYN-ACK, ACK, request, then data with ACKs, then three packets of the end. */
#define HANDSHAKE 3U
#define CLOSING   3U
/* The shortest and longest connection differ from the average by this part of it. */
#define SPREAD 4U

#define REQUEST 300U
#define SEGMENT 1448U

/* One segment in so many is sent twice; one connection in so many is IPv6. */
#define LOSS 256U
#define IPV6 8U

#define CLIENTS 20000U
#define SERVERS 64U
/* The one server that does not scale its window. */
#define REFUSING 5U

struct conn {
	__u32 id;
	__u32 sent;    /* packets so far */
	__u32 packets; /* in all */
	__u32 client_seq;
	__u32 server_seq;
	__u32 client_ack; /* what the client has acknowledged */
	__u16 window;     /* the client's, raw */
};

struct generator {
	const struct generate_shape *shape;
	FILE *out;
	__u64 random;
	__u64 us; /* time of the capture */
	__u32 started;
	__u32 open;
	struct conn *conns;
};

/* splitmix64 (public domain, Sebastiano Vigna). */
static __u64 generate_random(struct generator *g)
{
	__u64 z = g->random += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

/* Uniform below n, n below 2^32. */
static __u32 generate_below(struct generator *g, __u32 n)
{
	return (__u32)((generate_random(g) >> 32) * n >> 32);
}

/* Connections come in pairs, one as much longer as the other is shorter. */
static __u32 generate_length(struct generator *g, __u32 id)
{
	__u32 mean = (__u32)(g->shape->packets / g->shape->flows);
	__u32 spread = mean / SPREAD;
	__u32 pair = id / 2 * 0x9e3779b9U, off;

	if (g->shape->stay_open || (id | 1) >= g->shape->flows)
		return mean;
	off = (pair >> 8) % (spread + 1);
	return id & 1 ? mean + off : mean - off;
}

static void generate_start(struct generator *g, struct conn *c)
{
	memset(c, 0, sizeof(*c));
	c->id = g->started++;
	c->packets = generate_length(g, c->id);
	c->client_seq = (__u32)generate_random(g);
	c->server_seq = (__u32)generate_random(g);
	c->client_ack = c->server_seq;
	c->window = 502;
}

static void generate_handshake(struct conn *c, struct frame *f)
{
	switch (c->sent) {
	case 0:
		f->flags = TCP_SYN;
		f->seq = c->client_seq++;
		f->ack = 0;
		f->tsecr = 0;
		break;
	case 1:
		f->flags = TCP_SYN | TCP_ACK;
		f->seq = c->server_seq++;
		break;
	default:
		f->flags = TCP_ACK;
		f->ack = c->client_ack = c->server_seq;
	}
}

static void generate_closing(struct conn *c, struct frame *f)
{
	switch (c->packets - c->sent) {
	case 3:
		f->flags = TCP_FIN | TCP_ACK;
		f->seq = c->server_seq++;
		break;
	case 2:
		f->flags = TCP_FIN | TCP_ACK;
		f->ack = c->server_seq;
		c->client_ack = c->server_seq;
		f->seq = c->client_seq++;
		break;
	default:
		f->flags = TCP_ACK;
	}
}

/*
 * Another window with each ACK, as of a buffer that is tuned. Two segments are 22 units of
 * 2^7: it gives up fewer, so that its right edge never moves left (RFC 7323, 2.4).
 */
static __u16 generate_window(struct generator *g, __u16 window)
{
	__u32 next = window + generate_below(g, 60) - 20;

	return (__u16)(next < 3500 ? next : 3500);
}

/* Two segments from the server, then the client's ACK; now and then a segment again. */
static void generate_data(struct generator *g, struct conn *c, struct frame *f)
{
	f->flags = TCP_ACK;
	if (c->sent == HANDSHAKE) {
		f->flags |= TCP_PSH;
		f->payload = REQUEST;
		c->client_seq += REQUEST;
	} else if ((c->sent - HANDSHAKE) % 3) {
		f->payload = SEGMENT;
		if (c->client_ack != c->server_seq && !generate_below(g, LOSS))
			f->seq = c->server_seq - SEGMENT;
		else
			c->server_seq += SEGMENT;
	} else {
		f->ack = c->client_ack = c->server_seq;
		f->window = c->window = generate_window(g, c->window);
	}
}

/* Whether the client sends the next packet. */
static bool generate_from_client(const struct generator *g, const struct conn *c)
{
	if (c->sent < HANDSHAKE + 1)
		return c->sent != 1;
	if (c->packets - c->sent <= CLOSING && !g->shape->stay_open)
		return c->packets - c->sent == 2;
	return (c->sent - HANDSHAKE) % 3 == 0;
}

/* Who talks: no two connections are between the same ends. */
static void generate_ends(const struct conn *c, bool from_client, struct frame *f)
{
	__u32 client = c->id % CLIENTS;
	__u32 client_addr = 0x0a000000 + (client * 2654435761U & 0xffffff); /* 10.0.0.0/8 */
	__u32 server_addr = 0xc6336401 + c->id % SERVERS;                   /* 198.51.100.0/24 */
	__u16 port = (__u16)(32768 + (c->id / CLIENTS + client * 61) % 28000);

	f->ipv6 = c->id % IPV6 == 0;
	f->src = from_client ? client_addr : server_addr;
	f->dst = from_client ? server_addr : client_addr;
	f->sport = from_client ? port : 443;
	f->dport = from_client ? 443 : port;
}

/* The next frame of a connection; the connection moves on. */
static void generate_frame(struct generator *g, struct conn *c, struct frame *f)
{
	bool client = generate_from_client(g, c);

	memset(f, 0, sizeof(*f));
	generate_ends(c, client, f);
	f->seq = client ? c->client_seq : c->server_seq;
	f->ack = client ? c->client_ack : c->client_seq;
	f->tsval = (__u32)(g->us / 1000) + c->id;
	f->tsecr = f->tsval - 10;
	f->window = c->sent < 2 ? 64240 : client ? c->window : 502;
	f->wscale = !client && c->id % SERVERS == REFUSING ? FRAME_NO_WSCALE : 7;
	if (c->sent < HANDSHAKE)
		generate_handshake(c, f);
	else if (c->packets - c->sent <= CLOSING && !g->shape->stay_open)
		generate_closing(c, f);
	else
		generate_data(g, c, f);
	c->sent++;
}

static int generate_record(struct generator *g, const struct frame *f)
{
	struct {
		__u32 sec, us, caplen, len;
		__u8 data[GENERATE_SNAP];
	} record = { .sec = (__u32)(g->us / 1000000), .us = (__u32)(g->us % 1000000) };
	size_t headers = frame_write(f, record.data);

	record.len = (__u32)headers + f->payload;
	record.caplen = record.len < GENERATE_SNAP ? record.len : GENERATE_SNAP;
	return fwrite(&record, 16 + record.caplen, 1, g->out) == 1 ? 0 : -EIO;
}

static int generate_header(FILE *out)
{
	const struct {
		__u32 magic;
		__u16 major, minor;
		__u32 zone, sigfigs, snaplen, linktype;
	} header = { 0xa1b2c3d4, 2, 4, 0, 0, GENERATE_SNAP, 1 };

	return fwrite(&header, sizeof(header), 1, out) == 1 ? 0 : -EIO;
}

static int generate_packets(struct generator *g, __u64 limit)
{
	int err = generate_header(g->out);
	struct frame f;

	while (g->open < g->shape->interleaved && g->started < g->shape->flows)
		generate_start(g, &g->conns[g->open++]);
	for (__u64 n = 0; g->open && !err && (!limit || n < limit); n++) {
		struct conn *c = &g->conns[generate_below(g, g->open)];

		g->us += 1 + generate_below(g, 8);
		generate_frame(g, c, &f);
		err = generate_record(g, &f);
		if (c->sent < c->packets)
			continue;
		if (g->started < g->shape->flows)
			generate_start(g, c);
		else
			*c = g->conns[--g->open];
	}
	return err;
}

int generate_capture(const struct generate_shape *shape, __u64 limit, const char *path)
{
	struct generator g = { .shape = shape, .us = 1700000000ULL * 1000000 };
	char part[4096];
	int err = 0;

	if (snprintf(part, sizeof(part), "%s.part", path) >= (int)sizeof(part))
		return -ENAMETOOLONG;
	g.conns = calloc(shape->interleaved, sizeof(*g.conns));
	g.out = fopen(part, "wb");
	if (!g.conns || !g.out) {
		err = -errno;
		goto out;
	}
	err = generate_packets(&g, limit);
	/* On the disk now, so that nothing is written back during the measurement. */
	if (!err && (fflush(g.out) || fsync(fileno(g.out))))
		err = -errno;
out:
	if (g.out && fclose(g.out) && !err)
		err = -errno;
	if (!err && rename(part, path))
		err = -errno;
	free(g.conns);
	return err;
}
