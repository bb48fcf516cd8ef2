/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The short way through the parser (engine/fast.h) finds the same facts as the walk (engine/walk.h)
 * for every frame it takes; and the walk is not led astray by what it left behind in those that it
 * did not take.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "platform/native.h"
#include "tests/unit/engine_text.h"
#include "tests/unit/packet_builder.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define FRAMES   400000

static const struct engine_config config = { .tunnels = TUNNELS_ALL };

struct fast_case {
	const char *name;
	const char *frame;
	_Bool taken;
};

/* What most packets are must go the short way: else the rest of this file proves nothing. */
static const struct fast_case cases[] = {
	{ "pure ACK", "eth / ipv4 / tcp A", 1 },
	{ "pure ACK, IPv6", "eth / ipv6 / tcp A / trailer 6", 1 },
	{ "data", "eth / ipv4 / tcp PA / data 100", 1 },
	{ "data with timestamps", "eth / ipv4 / tcp PA [N N T77] / data 100", 1 },
	{ "data with timestamps, IPv6", "eth / ipv6 / tcp PA [N N T77] / data 100", 1 },
	{ "FIN", "eth / ipv4 / tcp FA [N N T77]", 1 },
	{ "RST", "eth / ipv4 / tcp R", 1 },
	{ "cut behind TCP", "eth / ipv4 / tcp A / data 100 / cut 54", 1 },
	{ "padded Ethernet frame", "eth / ipv4 / tcp A / trailer 6", 1 },
	{ "SYN", "eth / ipv4 / tcp S", 0 },
	{ "SYN-ACK", "eth / ipv6 / tcp SA [M1460]", 0 },
	{ "SACK blocks", "eth / ipv4 / tcp A [N N K5:10]", 0 },
	{ "twelve bytes of other options", "eth / ipv4 / tcp A [N*12]", 0 },
	{ "IPv4 options", "eth / ipv4 ihl=6 / tcp A", 0 },
	{ "first fragment", "eth / ipv4 mf / tcp A / data 10", 0 },
	{ "later fragment", "eth / ipv4 frag=9 / tcp A / data 10", 0 },
	{ "IP length 0", "eth / ipv4 len=0 / tcp A / data 10", 0 },
	{ "IPv6 payload length 0", "eth / ipv6 len=0 / tcp A / data 30", 0 },
	{ "IP length inside the header", "eth / ipv4 len=50 / tcp A [N N T7] / data 10", 0 },
	{ "extension header", "eth / ipv6 / dest / tcp A", 0 },
	{ "VLAN", "eth / vlan 5 / ipv4 / tcp A", 0 },
	{ "UDP", "eth / ipv4 / udp 53 / data 40", 0 },
	{ "IPv4 header of version 6", "eth / ipv4 ver=6 / tcp A / data 30", 0 },
	{ "cut in TCP", "eth / ipv4 / tcp A / cut 53", 0 },
	{ "cut in the timestamps", "eth / ipv4 / tcp A [N N T7] / cut 65", 0 },
	{ "data offset 4", "eth / ipv4 / tcp A doff=4 / data 9", 0 },
	{ "data offset past the segment", "eth / ipv4 / tcp A doff=8", 0 },
};

static struct native *world;

static int open_world(void **state)
{
	(void)state;
	world = native_open(&config);
	native_current = world;
	return !world;
}

static int close_world(void **state)
{
	(void)state;
	native_close(world);
	return 0;
}

/* A packet as the frame before left it, and the facts of this one. */
static void begin(struct packet *p, const struct packet_builder_frame *f)
{
	memset(p, 0x5a, sizeof(*p));
	engine_begin(p, HOOK_XDP);
	p->ns = 1;
	p->id = 2;
	p->ifindex = 3;
	p->wirelen = f->wirelen;
	p->linktype = f->linktype;
}

static __u32 captured_of(const struct packet_builder_frame *f)
{
	return f->caplen < ENGINE_WINDOW ? f->caplen : ENGINE_WINDOW;
}

static void test_taken(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct packet_builder_frame f;
		struct packet p;

		packet_builder_make(&f, cases[i].frame);
		begin(&p, &f);
		if (engine_plain(&p, captured_of(&f), f.bytes, f.bytes + captured_of(&f)) !=
		    cases[i].taken)
			fail_msg("%s: %s the short way", cases[i].name,
				 cases[i].taken ? "did not go" : "went");
		packet_builder_free(&f);
	}
}

/* Facts that only SYNs are asked for; the short way takes none. */
static void forget_syn_facts(struct packet *p)
{
	p->key = (struct flow_key){ 0 };
	p->layout = 0;
	p->mss = 0;
	p->header_len = 0;
	p->wscale = 0;
	p->nop_run = 0;
}

static void complain(const struct packet *short_way, const struct packet *walk, const char *what)
{
	char text[2][ENGINE_TEXT_ROOM];
	struct engine_facts facts[2] = { { .pkt = *short_way }, { .pkt = *walk } };

	engine_text_facts(text[0], &facts[0]);
	engine_text_facts(text[1], &facts[1]);
	fail_msg("%s:\n%s\n%s", what, text[0], text[1]);
}

/* Both ways over one frame; true when the short way took it. */
static _Bool compare(const struct packet_builder_frame *f)
{
	struct packet plain, walked, after;
	struct walk walk;
	_Bool taken, good;

	begin(&plain, f);
	begin(&walked, f);
	taken = engine_plain(&plain, captured_of(f), f->bytes, f->bytes + captured_of(f));
	good = engine_parse(&walk, &walked, f->bytes, captured_of(f));
	if (!taken) {
		after = plain;
		if (engine_parse(&walk, &after, f->bytes, captured_of(f)) != good)
			fail_msg("the walk thinks otherwise behind the short way");
		if (good && memcmp(&after, &walked, sizeof(after)))
			complain(&after, &walked, "the walk behind the short way, and alone");
		return 0;
	}
	if (!good)
		complain(&plain, &walked, "taken, and refused by the walk");
	forget_syn_facts(&plain);
	forget_syn_facts(&walked);
	if (memcmp(&plain, &walked, sizeof(plain)))
		complain(&plain, &walked, "the short way, and the walk");
	return 1;
}

static __u32 next(__u64 *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (__u32)(*state >> 32);
}

/* Changes a few bytes, most of them where the two parsers look. */
static void spoil(struct packet_builder_frame *f, __u64 *random)
{
	static const __u8 values[] = { 0, 1, 2, 4, 5, 6, 8, 10, 0x45, 0x60, 0x50, 0x80, 0xff };
	__u32 changes = next(random) % 4;

	while (changes-- && f->caplen) {
		__u32 room = f->caplen > 80 ? 80 : f->caplen;
		__u32 at = next(random) % 8 ? 12 + next(random) % 68 : next(random);
		__u32 r = next(random);

		f->bytes[at % room] = r & 0x100 ? (__u8)r : values[r % COUNT(values)];
	}
}

/* Frames made of the cases above, cut and spoilt at random. */
static void test_same_facts(void **state)
{
	__u64 random = 0x5eed5eed5eed5eedULL;
	__u32 taken = 0;

	(void)state;
	for (__u32 i = 0; i < FRAMES; i++) {
		struct packet_builder_frame whole, f;
		__u32 caplen;

		packet_builder_make(&whole, cases[next(&random) % COUNT(cases)].frame);
		caplen = next(&random) % 3 ? whole.caplen : next(&random) % (whole.caplen + 1);
		packet_builder_cut(&f, &whole, caplen);
		if (!(next(&random) % 8))
			f.wirelen = caplen;
		spoil(&f, &random);
		taken += compare(&f);
		packet_builder_free(&f);
		packet_builder_free(&whole);
	}
	print_message("# %u of %u frames went the short way\n", taken, FRAMES);
	assert_true(taken > FRAMES / 10);
	assert_true(taken < FRAMES / 10 * 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_taken),
		cmocka_unit_test(test_same_facts),
	};

	return cmocka_run_group_tests(tests, open_world, close_world);
}
