/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is known of the window-scale option after a SYN was parsed.
 *
 * RFC 9293, 3.1 and 3.2: options of any kind may come in any order; EOL ends them, a kind that is
 * not known is skipped by its length; a length below 2 must not hang the parser. RFC 7323, 2.2: the
 * option is kind 3, length 3. An option is present, proven absent, or unknown: absent only if the
 * whole area was captured and every length in it made sense.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "tests/unit/engine_parser.h"

struct options_case {
	const char *name;
	const char *options; /* of the SYN, and its words */
	const char *want;
	const char *rest; /* headers behind it: data, cut */
};

static const struct options_case cases[] = {
	/* as stacks send them */
	{ "Linux", "[M1460 S T7 N W7]", "W=7 layout=MSTNW nops=1 mss=1460 tsval=7 header=40", "" },
	{ "Windows", "[M1460 N W8 N N S]", "W=8 layout=MNWNNS nops=2 -timestamps", "" },
	{ "Apple", "[M1460 N W6 N N T9 S E]", "W=6 layout=MNWNNTSE tsval=9", "" },
	{ "FreeBSD", "[M1460 N W6 S T9]", "W=6 layout=MNWST", "" },
	{ "old BSD, MNWSNNNNT", "[M1460 N W3 S N*4 T9]", "W=3 layout=MNWSNNNNT nops=4", "" },
	{ "no options at all", "", "W=absent layout= nops=0 header=20 mss=0 tsval=0", "" },
	{ "MSS only, as SYN cookies answer", "[M1460]", "W=absent layout=M mss=1460", "" },
	{ "everything but W", "[M1460 S T7 N N]", "W=absent layout=MSTNNE nops=2", "" },
	{ "Fast Open cookie", "[M1460 S T7 N W7 F8 N N]", "W=7 fast-open layout=MSTNWXNN", "" },
	{ "only W", "[W7]", "W=7 layout=WE header=24", "" },

	/* where W stands */
	{ "37 NOPs then wscale", "[N*37 W9]", "W=9 nops=37 header=60 -cut -malformed", "" },
	{ "wscale then 37 NOPs", "[W9 N*37]", "W=9 nops=37 header=60", "" },
	{ "40 NOPs", "[N*40]", "W=absent nops=40 header=60 -cut -malformed", "" },
	{ "40 EOLs", "[E*40]", "W=absent layout=E header=60", "" },
	{ "38-byte unknown option", "[K253:38 N N]", "W=absent layout=XNN", "" },
	{ "40-byte unknown option", "[K253:40]", "W=absent layout=X header=60", "" },
	{ "37-byte unknown option then wscale", "[K253:37 W4]", "W=4 layout=XW", "" },
	{ "twenty empty unknown options", "[K253:2*20]", "W=absent header=60", "" },
	{ "eighteen empty unknown options then wscale", "[K253:2*18 N W2]", "W=2", "" },
	{ "W as the value of another option", "[x0605030307 N N N]", "W=absent nops=3", "" },
	{ "W inside timestamps", "[x080a0303070303070303 N N]", "W=absent timestamps", "" },
	{ "EOL, then what looks like W", "[M1460 E W7]", "W=absent layout=ME -malformed", "" },
	{ "EOL then garbage", "[M1460 E x03000102ff00ff]", "W=absent layout=ME -malformed", "" },
	{ "W, then EOL and garbage", "[W7 E xffffffff]", "W=7 -malformed", "" },

	/* NOP holes: the option was overwritten where it stood */
	{ "hole of W in Linux's options", "[M1460 S T7 N*4]", "W=absent nops=4", "" },
	{ "hole of W in Windows' options", "[M1460 N*6 S]", "W=absent nops=6", "" },
	{ "three NOPs", "[M1460 N*3 E]", "W=absent nops=3", "" },
	{ "runs are not added up", "[N*3 M1460 N*2 S N]", "W=absent nops=3", "" },

	/* values */
	{ "shift 0 is an offer", "[N W0]", "W=0", "" },
	{ "shift 14", "[N W14]", "W=14", "" },
	{ "shift 15 stays as on the wire", "[N W15]", "W=15", "" },
	{ "shift 255", "[N W255]", "W=255", "" },
	{ "two wscales, the last counts", "[W3 W5 N N]", "W=5 w-repeated layout=WWNN", "" },
	{ "two wscales that agree", "[W5 W5 N N]", "W=5 w-repeated", "" },
	{ "thirteen wscales", "[W1*12 W9 E]", "W=9 w-repeated -malformed", "" },

	/* lengths of W other than 3 */
	{ "W of length 2", "[x0302 N N]", "W=unknown w-length", "" },
	{ "W of length 4", "[x03040707]", "W=unknown w-length -w-repeated", "" },
	{ "W of length 4, then a good one", "[x03040707 W6 N]", "W=6 w-length -w-repeated", "" },
	{ "a good W, then one of length 4", "[W6 N x03040707]", "W=6 w-length -w-repeated", "" },
	{ "W of length 40", "[K3:40]", "W=unknown w-length", "" },
	{ "MSS of length 3 is no MSS", "[x020305 N]", "W=absent layout=MN mss=0 -mss", "" },
	{ "timestamps of length 9", "[x08090000000700000000 N*3]", "W=absent tsval=0 -timestamps",
	  "" },

	/* lengths that make no sense: what follows cannot be known */
	{ "length 0", "[x0500 N N W7]", "W=unknown malformed", "" },
	{ "length 1", "[x0501 N N W7]", "W=unknown malformed", "" },
	{ "W of length 0", "[x0300 N N]", "W=unknown malformed", "" },
	{ "W of length 1", "[x0301 N N]", "W=unknown malformed", "" },
	{ "W, then length 0", "[W7 N x0500 N N]", "W=7 malformed", "" },
	{ "length past the header", "[N N xfd09]", "W=unknown malformed", "" },
	{ "length one past the header", "[xfd05 N N]", "W=unknown malformed", "" },
	{ "length 255", "[xfdff N N]", "W=unknown malformed", "" },
	{ "W whose value is past the header", "[N N x0303]", "W=unknown malformed", "" },
	{ "a kind in the last byte, no length", "[N N N x03]", "W=unknown malformed", "" },
	{ "an unknown kind in the last byte", "[N N N xfd]", "W=unknown malformed", "" },

	/* cut by the capture's length: unknown, unless W came before */
	{ "options end exactly at the packet's end", "[M1460 S T7 N W7]", "W=7 -cut", "" },
	{ "cut in W's value", "[M1460 S T7 N W7]", "W=unknown cut", " / cut -1" },
	{ "cut between W's kind and length", "[M1460 S T7 N W7]", "W=unknown cut", " / cut -2" },
	{ "cut before W", "[M1460 S T7 N W7]", "W=unknown cut", " / cut -3" },
	{ "cut right behind W", "[W7 N M1460 S N N]", "W=7 cut", " / cut -9" },
	{ "cut to the fixed header", "[M1460 S T7 N W7]", "W=unknown cut", " / cut -20" },
	{ "cut into the fixed header", "[M1460 S T7 N W7]", "skip=truncated", " / cut -21" },
	{ "W absent, one byte cut", "[M1460 S T7 N N N N]", "W=unknown cut", " / cut -1" },
	{ "cut behind EOL", "[M1460 E N N N]", "W=absent -cut", " / cut -3" },
	{ "cut behind the options, in data", "[M1460 S T7 N N]", "W=absent payload=90 -cut",
	  " / data 90 / cut -90" },
	{ "snap length 64", "[M1460 S T7 N W7]", "W=unknown cut", " / data 90 / cut 64" },
	{ "snap length 96", "[M1460 S T7 N W7]", "W=7 payload=90 -cut", " / data 90 / cut 96" },

	/* the header's own length */
	{ "data offset past the segment", "doff=15 [M1460 S N N]", "W=unknown payload=0", "" },
	{ "data offset past the segment, EOL inside it", "doff=15 [M1460 S]", "W=absent payload=0",
	  "" },
	{ "data offset past the segment, a trailer behind it", "doff=15 [M1460 S N N]",
	  "W=unknown payload=0", " / trailer 40" },
	{ "data offset below the options: the rest is data", "doff=6 [M1460 W7 N]",
	  "W=absent payload=4 header=24", "" },
	{ "data offset 5: W would be data", "doff=5 [W7 N]", "W=absent payload=4 header=20", "" },
	{ "data offset 4", "doff=4 [M1460]", "skip=tcp-malformed", "" },
	{ "data offset 0", "doff=0 [M1460]", "skip=tcp-malformed", "" },
	{ "data that looks like options", "[M1460]", "W=absent payload=6", " / hex 030307030307" },
	{ "a trailer that looks like options", "", "W=absent header=20 payload=0", " / trailer 6" },
};

static const char *const variants[] = { "eth / ipv4", "eth / ipv6", "eth / ipv4 ihl=15",
					"eth / vlan 5 / ipv6 / dest" };

static void make(struct packet_builder_frame *f, const struct options_case *c, const char *ip)
{
	char text[512];

	snprintf(text, sizeof(text), "%s / tcp S %s%s", ip, c->options, c->rest);
	packet_builder_make(f, text);
}

static void check_case(struct engine_parser *p, size_t i)
{
	for (size_t v = 0; v < sizeof(variants) / sizeof(variants[0]); v++) {
		struct packet_builder_frame f;

		/* a snap length counts from the frame's first byte: it is meant for the plain frame */
		if (v && strstr(cases[i].rest, "cut ") && !strstr(cases[i].rest, "cut -"))
			continue;
		make(&f, &cases[i], variants[v]);
		engine_parser_expect(p, &f, cases[i].want);
		packet_builder_free(&f);
	}
}

static const char *case_name(size_t i)
{
	return cases[i].name;
}

/*
 * Whatever a shorter capture claims, the longer one does not contradict: never absent unless the
 * whole frame says so, never present unless it says so too.
 */
static void check_cuts(struct engine_parser *p, size_t i)
{
	struct packet_builder_frame whole, part;
	struct engine_facts full, facts;

	make(&whole, &cases[i], "eth / ipv4");
	engine_parser_facts(p, &whole, &full);
	for (__u32 cut = 0; cut <= whole.caplen; cut++) {
		if (!engine_parser_native(p) && cut % 7)
			continue;
		packet_builder_cut(&part, &whole, cut);
		engine_parser_facts(p, &part, &facts);
		packet_builder_free(&part);
		if (facts.skip)
			continue;
		if (facts.pkt.wscale_state != WSCALE_UNKNOWN &&
		    facts.pkt.wscale_state != full.pkt.wscale_state)
			engine_parser_fail(p, "cut at %u of %u: state %u, whole %u", cut,
					   whole.caplen, facts.pkt.wscale_state,
					   full.pkt.wscale_state);
	}
	packet_builder_free(&whole);
}

/* The option in each place an area of each length has for it, found; without it, absent. */
static void check_places(struct engine_parser *p, size_t i)
{
	size_t area = 4 * (i + 1);

	for (size_t at = 0; at + 3 <= area; at++) {
		struct packet_builder_frame f;
		char text[128], want[32];

		snprintf(text, sizeof(text), "eth / ipv4 / tcp S [N*%zu W%zu N*%zu]", at, i,
			 area - at - 3);
		snprintf(want, sizeof(want), "W=%zu header=%zu", i, 20 + area);
		packet_builder_make(&f, text);
		engine_parser_expect(p, &f, want);
		f.bytes[f.tcp_at + 20 + at] = 253;
		engine_parser_expect(p, &f, "W=absent");
		packet_builder_free(&f);
	}
}

static const char *places_name(size_t i)
{
	static const char *const names[] = { "area of 4",  "area of 8",  "area of 12", "area of 16",
					     "area of 20", "area of 24", "area of 28", "area of 32",
					     "area of 36", "area of 40" };

	return names[i];
}

int main(void)
{
	static const struct engine_config config = { .tunnels = TUNNELS_ALL };
	static const size_t n = sizeof(cases) / sizeof(cases[0]);
	const struct engine_table tables[] = {
		{ "options", n, case_name, check_case, &config, 0 },
		{ "options cut anywhere", n, case_name, check_cuts, &config, 0 },
		{ "W in every place", 10, places_name, check_places, &config, 0 },
	};

	return engine_parser_run(tables, sizeof(tables) / sizeof(tables[0]));
}
