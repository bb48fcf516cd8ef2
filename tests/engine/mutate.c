/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Mutated frames by the hundred thousand, the same ones for every build of the engine:
 *
 *   mutate native|xdp|tc     runs MUTATE_FRAMES (100000) frames made from MUTATE_SEED
 *   mutate seeds DIR         writes what the mutations begin with as inputs of fuzz_frame
 *
 * native measures how deep the frames get, and fails if too few get there (to be compiled with
 * sanitizers, it finds what reads too far). xdp and tc fail unless each frame comes out as it went
 * in and is passed on, every 64th is understood as natively, and the counters agree in the end.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "platform/native.h"
#include "tests/unit/mutate_frame.h"
#include "tests/unit/hook_runner.h"
#include "userspace/names.h"

#define COMPARED 64

static const struct engine_config config = { .tunnels = TUNNELS_ALL };

/* How many frames got where. */
struct reach {
	__u64 frames;
	__u64 tcp;
	__u64 options;
	__u64 tunnels[TUNNEL_KINDS];
};

static const char *const tunnel_names[] = {
#define TUNNEL(id, name, what) name,
#include "engine/tunnels.def"
#undef TUNNEL
};

static __u64 number_from(const char *name, __u64 otherwise)
{
	const char *value = getenv(name);

	return value ? strtoull(value, NULL, 0) : otherwise;
}

static __u16 walk(struct packet *p, const struct packet_builder_frame *f, __u32 tunnels)
{
	const struct engine_config some = { .tunnels = tunnels };
	__u32 captured = f->caplen < ENGINE_WINDOW ? f->caplen : ENGINE_WINDOW;
	struct walk w;

	engine_begin(p, HOOK_XDP);
	p->linktype = f->linktype;
	p->wirelen = f->wirelen < captured ? captured : f->wirelen;
	return walk_frame(&w, p, f->bytes, captured, &some);
}

/* A tunnel was entered if the frame does not get on without it. */
static void measure(struct reach *r, const struct packet_builder_frame *f)
{
	struct packet p;
	__u16 result = walk(&p, f, TUNNELS_ALL);

	r->frames++;
	r->tcp += result == LAYER_DONE || result == LAYER_SKIP(TCP_MALFORMED);
	r->options += result == LAYER_DONE && p.header_len > 20;
	for (unsigned int i = 0; i < TUNNEL_KINDS; i++)
		r->tunnels[i] += walk(&p, f, TUNNELS_ALL & ~(1U << i)) == LAYER_SKIP(TUNNEL_OFF);
}

static int report(const char *what, __u64 n, __u64 of, double least)
{
	double percent = 100.0 * (double)n / (double)of;

	printf("reached %s %.1f %%, at least %g\n", what, percent, least);
	return percent < least;
}

static struct frame native_frame_of(const struct packet_builder_frame *f, __u64 i)
{
	return (struct frame){
		.ns = mutate_frame_ns(i),
		.number = i + 1,
		.data = f->bytes,
		.caplen = f->caplen,
		.wirelen = f->wirelen,
		.linktype = f->linktype,
	};
}

static int run_native(__u64 frames, __u64 seed)
{
	struct native *world = native_open(&config);
	struct reach r = { 0 };
	int low = 0;

	if (!world)
		return 1;
	for (__u64 i = 0; i < frames; i++) {
		struct packet_builder_frame f;
		struct frame n;

		mutate_frame_make(&f, seed, i);
		n = native_frame_of(&f, i);
		native_frames(world, &n, 1);
		measure(&r, &f);
		packet_builder_free(&f);
	}
	native_flush(world);
	low += report("tcp", r.tcp, r.frames, 50);
	low += report("options", r.options, r.frames, 20);
	for (unsigned int i = 0; i < TUNNEL_KINDS; i++)
		low += report(tunnel_names[i], r.tunnels[i], r.frames, 1);
	printf("connections %u, unconfirmed %u, handed on %u\n", world->flows.used,
	       world->pending.used, world->ended.used);
	native_close(world);
	return low != 0;
}

/* What the kernel's program and this process make of a frame. */
static int differ(const struct engine_facts *kernel, const struct packet_builder_frame *f,
		  __u64 number)
{
	char text[2][ENGINE_TEXT_ROOM];
	struct engine_facts native = { 0 };
	__u16 result = walk(&native.pkt, f, TUNNELS_ALL);
	const struct packet *a = &kernel->pkt, *b = &native.pkt;

	native.skip = result & LAYER_STOP ? result & 0xff : 0;
	if (native.skip == kernel->skip &&
	    (native.skip || (a->seq == b->seq && a->ack == b->ack && a->payload == b->payload &&
			     a->sport == b->sport && a->dport == b->dport && a->flags == b->flags &&
			     a->window == b->window && a->domain == b->domain &&
			     a->encap == b->encap && a->tsval == b->tsval && a->ipv6 == b->ipv6 &&
			     a->wscale_state == b->wscale_state && a->opt_bits == b->opt_bits &&
			     !memcmp(a->src, b->src, 16) && !memcmp(a->dst, b->dst, 16))))
		return 0;
	engine_text_facts(text[0], kernel);
	engine_text_facts(text[1], &native);
	fprintf(stderr, "frame %" PRIu64 "\nkernel: %s\nnative: %s\n", (uint64_t)number, text[0],
		text[1]);
	return -EILSEQ;
}

static int run_frame(struct hook_runner *r, struct native *world,
		     const struct packet_builder_frame *f, __u64 i)
{
	struct frame n = native_frame_of(f, i);
	struct engine_facts facts;
	int err;

	native_frames(world, &n, 1);
	if (i % COMPARED)
		return hook_runner_frame(r, f, n.ns, frame_id(&n));
	err = hook_runner_facts(r, f, n.ns, frame_id(&n), &facts);
	return err ? err : differ(&facts, f, i);
}

/* Frames in, and reasons why they were not analysed. */
static int counters_differ(struct hook_runner *r, const struct native *world)
{
	__u64 sums[COUNTER_SLOTS];
	int differs = hook_runner_counters(r, sums) != 0;

	for (__u32 i = 0; i < COUNTERS && !differs; i++) {
		if ((i != COUNTER_PACKETS && i < COUNTER_FIRST_SKIP) ||
		    sums[i] == world->counters[i])
			continue;
		fprintf(stderr, "%s: %llu, natively %llu\n", names_counters[i].name, sums[i],
			world->counters[i]);
		differs = 1;
	}
	return differs;
}

static int run_hook(enum hook hook, __u64 frames, __u64 seed)
{
	struct native *world = native_open(&config);
	struct hook_runner *r = NULL;
	int err = world ? hook_runner_open(&r, hook, &config) : -ENOMEM;

	if (err) {
		fprintf(stderr, "cannot load the program: %s\n", strerror(-err));
		native_close(world);
		return err == -EPERM || err == -EACCES ? 77 : 1;
	}
	for (__u64 i = 0; i < frames && !err; i++) {
		struct packet_builder_frame f;

		mutate_frame_make(&f, seed, i);
		err = run_frame(r, world, &f, i);
		if (err)
			fprintf(stderr, "frame %llu: %s\n", i,
				err == -EPROTO   ? "not passed on"
				: err == -EILSEQ ? "comes out changed, or is understood otherwise"
						 : strerror(-err));
		packet_builder_free(&f);
	}
	if (!err)
		err = counters_differ(r, world);
	hook_runner_close(r);
	native_close(world);
	return err != 0;
}

/* One file a frame, as fuzz_frame.c reads a single one. */
static int write_seeds(const char *dir)
{
	struct packet_builder_frame f;
	int err = 0;

	for (__u32 i = 0; mutate_frame_original(&f, i) && !err; i++) {
		__u8 head[4] = { 0, (__u8)(f.linktype >> 8), (__u8)f.linktype, 0 };
		char name[32];
		int at, fd;

		snprintf(name, sizeof(name), "frame-%02u", i);
		at = open(dir, O_DIRECTORY | O_CLOEXEC);
		fd = at < 0 ? -1 : openat(at, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
		if (fd < 0 || write(fd, head, sizeof(head)) != sizeof(head) ||
		    write(fd, f.bytes, f.caplen) != (ssize_t)f.caplen)
			err = errno ? errno : EIO;
		if (fd >= 0)
			close(fd);
		if (at >= 0)
			close(at);
		packet_builder_free(&f);
	}
	if (err)
		fprintf(stderr, "cannot write to '%s': %s\n", dir, strerror(err));
	return err != 0;
}

int main(int argc, char **argv)
{
	__u64 frames = number_from("MUTATE_FRAMES", 100000);
	__u64 seed = number_from("MUTATE_SEED", 0x77736361);
	int status = 2;

	if (argc == 3 && !strcmp(argv[1], "seeds"))
		return write_seeds(argv[2]);
	if (argc == 2)
		printf("seed %#llx, %llu frames\n", seed, frames);
	if (argc == 2 && !strcmp(argv[1], "native"))
		status = run_native(frames, seed);
	else if (argc == 2 && !strcmp(argv[1], "xdp"))
		status = run_hook(HOOK_XDP, frames, seed);
	else if (argc == 2 && !strcmp(argv[1], "tc"))
		status = run_hook(HOOK_TC_INGRESS, frames, seed);
	else
		fprintf(stderr, "usage: mutate native|xdp|tc, mutate seeds DIR\n");
	mutate_frame_done();
	return status;
}
