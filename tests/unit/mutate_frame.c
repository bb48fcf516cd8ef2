/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/mutate_frame.h"
#include "tests/unit/packet_text.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
/* What one damage, and all of them together, may add to a frame. */
#define STEP   8U
#define GROWTH 64U

static const char *const texts[] = {
#define FRAME(text) text,
#include "tests/unit/mutate_frames.def"
#undef FRAME
};

static struct packet_builder_frame originals[COUNT(texts)];

/* splitmix64: any state will do, consecutive ones too. */
static __u32 next(__u64 *state)
{
	__u64 z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return (__u32)(z >> 32);
}

static __u32 below(__u64 *state, __u32 n)
{
	return n ? next(state) % n : 0;
}

/* A byte at `at`: another bit, a value that means something to some header, or anything. */
static void spoil(struct packet_builder_frame *f, __u32 at, __u64 *random)
{
	static const __u8 values[] = { 0x00, 0x01, 0x02, 0x03, 0x04, 0x06, 0x08, 0x0a, 0x11, 0x12,
				       0x29, 0x2b, 0x2c, 0x2f, 0x33, 0x3c, 0x40, 0x45, 0x46, 0x4f,
				       0x50, 0x60, 0x7f, 0x80, 0x81, 0x86, 0x88, 0xf0, 0xfe, 0xff };
	__u32 kind = below(random, 3);

	if (kind == 0)
		f->bytes[at] ^= (__u8)(1U << below(random, 8));
	else if (kind == 1)
		f->bytes[at] = values[below(random, COUNT(values))];
	else
		f->bytes[at] = (__u8)next(random);
}

/* One to four bytes of the options, or of the TCP header before them. */
static void spoil_tcp(struct packet_builder_frame *f, __u64 *random)
{
	__u32 end = f->tcp_at + 60 < f->caplen ? f->tcp_at + 60 : f->caplen;
	__u32 from = below(random, 4) ? f->tcp_at + 20 : f->tcp_at;

	if (!f->tcp_at || from >= end)
		return;
	for (__u32 n = 1 + below(random, 4); n; n--)
		spoil(f, from + below(random, end - from), random);
}

static void spoil_anywhere(struct packet_builder_frame *f, __u32 most, __u64 *random)
{
	if (!f->caplen)
		return;
	for (__u32 n = 1 + below(random, most); n; n--)
		spoil(f, below(random, f->caplen), random);
}

/* Bytes go, or come, in the middle: everything behind shifts. */
static void shift(struct packet_builder_frame *f, __u64 *random)
{
	__u32 at = below(random, f->caplen + 1), n = 1 + below(random, STEP);

	if (below(random, 2)) {
		n = n > f->caplen - at ? f->caplen - at : n;
		memmove(f->bytes + at, f->bytes + at + n, f->caplen - at - n);
		f->caplen -= n;
		return;
	}
	memmove(f->bytes + at + n, f->bytes + at, f->caplen - at);
	for (__u32 i = 0; i < n; i++)
		f->bytes[at + i] = (__u8)next(random);
	f->caplen += n;
}

/* The end of another frame takes the place of this one's. */
static void splice(struct packet_builder_frame *f, __u64 *random)
{
	const struct packet_builder_frame *o = &originals[below(random, COUNT(originals))];
	__u32 at = below(random, f->caplen + 1), from = below(random, o->caplen + 1);
	__u32 n = o->caplen - from;

	n = n > f->caplen + STEP - at ? f->caplen + STEP - at : n;
	memcpy(f->bytes + at, o->bytes + from, n);
	f->caplen = at + n;
}

/* What the capture says beside the frame: how much there was, of what kind. */
static void spoil_record(struct packet_builder_frame *f, __u64 *random)
{
	static const __u16 linktypes[] = { 0,   1,   9,   12,  50,  101, 104,
					   105, 108, 113, 127, 228, 276, 999 };

	switch (below(random, 3)) {
	case 0:
		f->caplen = below(random, f->caplen + 1);
		break;
	case 1:
		f->wirelen = below(random, 4) ? f->caplen + below(random, 3000) : next(random);
		break;
	default:
		f->linktype = linktypes[below(random, COUNT(linktypes))];
	}
}

static void damage(struct packet_builder_frame *f, __u64 *random)
{
	__u32 kind = below(random, 16);

	if (kind < 3)
		return;
	if (kind < 8)
		spoil_tcp(f, random);
	else if (kind < 12)
		spoil_anywhere(f, 2, random);
	else if (kind < 13)
		spoil_anywhere(f, 16, random);
	else if (kind < 14)
		shift(f, random);
	else if (kind < 15)
		splice(f, random);
	else
		spoil_record(f, random);
}

/* Many connections rather than one: ports, numbers and addresses vary, some come again. */
static void vary(struct packet_builder_frame *f, __u64 *random)
{
	if (!f->tcp_at || f->tcp_at + 12 > f->caplen)
		return;
	f->bytes[f->tcp_at + 1] = (__u8)below(random, 16);
	if (below(random, 2))
		f->bytes[f->tcp_at + 7] = (__u8)next(random);
	if (below(random, 4) == 0)
		f->bytes[f->tcp_at + 11] = (__u8)next(random);
}

bool mutate_frame_original(struct packet_builder_frame *f, __u32 i)
{
	if (i >= COUNT(texts))
		return false;
	packet_builder_make(f, texts[i]);
	return true;
}

void mutate_frame_make(struct packet_builder_frame *f, __u64 seed, __u64 number)
{
	__u64 random = seed * 0xd1342543de82ef95ULL + number;
	const struct packet_builder_frame *original;
	struct packet_builder_frame work;

	for (__u32 i = 0; !originals[COUNT(texts) - 1].bytes && i < COUNT(texts); i++)
		packet_builder_make(&originals[i], texts[i]);
	original = &originals[below(&random, COUNT(originals))];
	work = *original;
	work.bytes = malloc(work.caplen + GROWTH);
	if (!work.bytes)
		packet_text_die("out of memory", "");
	memcpy(work.bytes, original->bytes, original->caplen);
	vary(&work, &random);
	for (__u32 n = below(&random, 8) ? 1 : 3; n; n--)
		damage(&work, &random);
	packet_builder_cut(f, &work, work.caplen);
	free(work.bytes);
}

__u64 mutate_frame_ns(__u64 number)
{
	return 1700000000000000000ULL + number * 100000;
}

void mutate_frame_done(void)
{
	for (size_t i = 0; i < COUNT(originals); i++)
		packet_builder_free(&originals[i]);
}
