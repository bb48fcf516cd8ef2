/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is measured of a side's windows, packet by packet: edges, probes, slopes.
 *
 * RFC 9293: 3.4 (sequence numbers wrap), 3.8.6.1 (zero-window probes), 3.10.7.4 (SND.WL1 and
 * SND.WL2: which segment moves the window); RFC 7323, 2.4 (an edge that moves left by less than
 * 2^shift was rounded).
 */
#include <stddef.h>

#include "tests/unit/engine_stream.h"
#include "tests/unit/gauge_lines.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct engine_stream_case cases[] = {
	/* ---- right edges ---- */
	{ "where it is", READY, "confirmed s:edge=10341 s:shrinks=0", NULL },
	{ "moves on",
	  READY "0.050 c : A seq=101 ack=901 win=502 / data 10\n"
		"0.060 s : A seq=901 ack=111 win=20\n",
	  "confirmed s:edge=10351 s:shrinks=0 s:shrunk_most=0", NULL },
	{ "moves left by 2^9 - 1: rounded",
	  READY "0.050 c : A seq=101 ack=901 win=502 / data 10\n"
		"0.060 s : A seq=901 ack=102 win=19\n",
	  "confirmed s:edge=10341 s:shrinks=0", NULL },
	{ "by 2^9: taken back",
	  READY "0.050 c : A seq=101 ack=901 win=502 / data 10\n"
		"0.060 s : A seq=901 ack=101 win=19\n",
	  "confirmed s:edge=10341 s:shrinks=1 s:shrunk_most=512", NULL },
	{ "twice, and then right again",
	  READY "0.050 c : A seq=101 ack=901 win=502 / data 10\n"
		"0.060 s : A seq=901 ack=101 win=19\n"
		"0.070 s : A seq=901 ack=101 win=10\n"
		"0.080 s : A seq=901 ack=111 win=21\n",
	  "confirmed s:edge=10863 s:shrinks=2 s:shrunk_most=4608", NULL },
	{ "what comes with nothing newer may have been overtaken by the update",
	  READY "0.050 c : A seq=101 ack=901 win=502 / data 10\n"
		"0.060 s : A seq=901 ack=111 win=20\n"
		"0.060 s : A seq=901 ack=111 win=10\n"
		"0.070 s : A seq=901 ack=111 win=20\n"
		"0.080 s : A seq=901 ack=111 win=20 / data 10\n",
	  "confirmed s:win=10-20 s:edge=10351 s:shrinks=0 s:shrunk_most=0", NULL },
	{ "the next acknowledgment tells that it was taken back",
	  READY "0.045 c : A seq=101 ack=901 win=502 / data 1024\n"
		"0.0499 s : A seq=901 ack=101 win=10\n"
		"0.0500 s : A seq=901 ack=101 win=10\n"
		"0.070 s : A seq=901 ack=613 win=10\n"
		"0.080 s : A seq=901 ack=1125 win=10\n",
	  "confirmed s:edge=10341 s:shrinks=1 s:shrunk_most=4608", NULL },
	{ "so does the next data",
	  READY "0.045 s : A seq=901 ack=101 win=10\n"
		"0.070 s : A seq=901 ack=101 win=10 / data 100\n",
	  "confirmed s:edge=10341 s:shrinks=1 s:shrunk_most=5120", NULL },
	{ "and nothing comes 10 ms late", READY "0.050 s : A seq=901 ack=101 win=10\n",
	  "confirmed s:edge=10341 s:shrinks=1 s:shrunk_most=5120", NULL },
	{ "closes as it fills: stays where it is",
	  READY "0.050 c : A seq=10331 ack=901 win=502 / data 10\n"
		"0.060 s : A seq=901 ack=10341 win=0\n",
	  "confirmed s:edge=10341 s:shrinks=0 s:spells=1", NULL },
	{ "closes at once", READY "0.060 s : A seq=901 ack=101 win=0\n",
	  "confirmed s:edge=10341 s:shrinks=1 s:shrunk_most=10240", NULL },
	{ "shift 0: a byte is too much",
	  REFUSED FIFTEEN(IDLE) IDLE "0.040 s : A seq=901 ack=101 win=1000\n"
				     "0.050 c : A seq=101 ack=901 win=502 / data 10\n"
				     "0.060 s : A seq=901 ack=102 win=999\n"
				     "0.070 s : A seq=901 ack=102 win=998\n",
	  "confirmed scaling=off s:edge=1101 s:shrinks=1 s:shrunk_most=1", NULL },
	{ "shift 14: 16,383 bytes are not",
	  "0.000 c : S seq=100 [M1460 W7]\n"
	  "0.010 s : SA seq=900 ack=101 [M1460 W14]\n" FIFTEEN(IDLE) IDLE WINDOW
	  "0.050 c : A seq=101 ack=901 win=502 / data 10\n"
	  "0.060 s : A seq=901 ack=102 win=19\n",
	  "confirmed s:edge=327781 s:shrinks=0", NULL },
	{ "shift 14: 16,384 bytes are",
	  "0.000 c : S seq=100 [M1460 W7]\n"
	  "0.010 s : SA seq=900 ack=101 [M1460 W14]\n" FIFTEEN(IDLE) IDLE WINDOW
	  "0.050 c : A seq=101 ack=901 win=502 / data 10\n"
	  "0.060 s : A seq=901 ack=101 win=19\n",
	  "confirmed s:edge=327781 s:shrinks=1 s:shrunk_most=16384", NULL },
	{ "an acknowledgment that is older does not move the window",
	  READY "0.050 c : A seq=101 ack=901 win=502 / data 10\n"
		"0.060 s : A seq=901 ack=111 win=20\n"
		"0.070 s : A seq=901 ack=101 win=5\n"
		"0.080 c : A seq=8881 ack=901 win=502 / data 10\n",
	  "confirmed s:win=5-20 s:edge=10351 s:shrinks=0 c:sends=2 c:flight=8780 c:limited=0",
	  NULL },
	{ "nor does a segment that is older",
	  READY "0.050 s : A seq=901 ack=101 win=20 / data 100\n"
		"0.060 s : A seq=950 ack=101 win=5\n"
		"0.070 c : A seq=8000 ack=901 win=502 / data 881\n",
	  "confirmed s:win=5-20 s:shrinks=0 c:flight=8780 c:limited=0", NULL },
	{ "the newest one does",
	  READY "0.050 s : A seq=901 ack=101 win=20 / data 100\n"
		"0.060 s : A seq=1001 ack=101 win=5\n"
		"0.070 c : A seq=101 ack=901 win=502 / data 1101\n",
	  "confirmed s:shrinks=1 s:shrunk_most=7680 c:limited=1 c:limited_sum=2560", NULL },

	/* ---- probes ---- */
	{ "two, three, one",
	  READY "0.100 s : A seq=901 ack=101 win=0\n"
		"0.120 c : A seq=100 ack=901 win=502\n"
		"0.140 c : A seq=100 ack=901 win=502\n"
		"0.200 s : A seq=901 ack=101 win=20\n"
		"0.300 s : A seq=901 ack=101 win=0\n"
		"0.320 c : A seq=100 ack=901 win=502\n"
		"0.340 c : A seq=100 ack=901 win=502\n"
		"0.380 c : A seq=100 ack=901 win=502\n"
		"0.450 s : A seq=901 ack=101 win=20\n"
		"0.500 s : A seq=901 ack=101 win=0\n"
		"0.520 c : A seq=100 ack=901 win=502\n",
	  "confirmed s:spells=3 s:zero_ms=250 s:zero_longest_us=150000 s:zero-open c:probes=1 "
	  "c:probes_most=3 s:probes=0",
	  NULL },
	{ "of one byte, the same again and again",
	  READY "0.100 s : A seq=901 ack=101 win=0\n"
		"0.120 c : A seq=101 ack=901 win=502 / data 1\n"
		"0.140 c : A seq=101 ack=901 win=502 / data 1\n"
		"0.180 c : A seq=101 ack=901 win=502 / data 1\n",
	  "confirmed c:probes=3 c:probes_most=3 c:sends=1 c:stuck=0", NULL },
	{ "of a zero that may have been overtaken: the second tells, and since when",
	  READY "0.090 s : A seq=901 ack=101 win=20\n"
		"0.0999 s : A seq=901 ack=101 win=0\n"
		"0.120 c : A seq=100 ack=901 win=502\n"
		"0.121 s : A seq=901 ack=101 win=0\n"
		"0.200 c : A seq=100 ack=901 win=502\n"
		"0.300 s : A seq=901 ack=101 win=20\n",
	  "confirmed s:spells=1 s:zero=2 s:zero_ms=200 c:probes_most=1 s:shrinks=1", NULL },
	{ "of a zero 10 ms after an open window: it is one",
	  READY "0.090 s : A seq=901 ack=101 win=20\n"
		"0.100 s : A seq=901 ack=101 win=0\n"
		"0.300 s : A seq=901 ack=101 win=20\n",
	  "confirmed s:spells=1 s:zero=1 s:zero_ms=200 s:shrinks=1", NULL },
	{ "of a zero that was overtaken",
	  READY "0.100 s : A seq=901 ack=102 win=20\n"
		"0.100 s : A seq=901 ack=102 win=0\n"
		"0.900 s : A seq=901 ack=102 win=20\n"
		"0.901 s : A seq=901 ack=103 win=0\n"
		"0.903 s : A seq=901 ack=103 win=0\n",
	  "confirmed s:spells=1 s:zero=3 s:zero_ms=0 s:zero-open s:shrinks=1", NULL },
	{ "of a zero, or none, that is older: the spell goes on",
	  READY "0.100 s : A seq=901 ack=103 win=0\n"
		"0.110 s : A seq=901 ack=102 win=20\n"
		"0.200 s : A seq=901 ack=103 win=20\n"
		"0.210 s : A seq=901 ack=102 win=0\n"
		"0.900 s : A seq=901 ack=103 win=20\n",
	  "confirmed s:spells=1 s:zero=2 s:zero_ms=100", NULL },
	{ "an acknowledgment is none",
	  READY "0.100 s : A seq=901 ack=101 win=0\n"
		"0.120 c : A seq=101 ack=901 win=502\n",
	  "confirmed c:probes=0", NULL },
	{ "a keepalive while the window is open is none",
	  READY "0.120 c : A seq=100 ack=901 win=502\n", "confirmed c:probes=0", NULL },

	/* ---- slopes: bytes acknowledged by window given up ---- */
	{ "1000 by 8, 1000 by 4, 1000 by 245",
	  GAUGED "0.050 c : A seq=101 ack=1901 win=494\n"
		 "0.060 c : A seq=101 ack=2901 win=490\n"
		 "0.070 c : A seq=101 ack=3901 win=245\n",
	  "confirmed c:early=2x1,7x1,8x1 c:late=none s:early=none", NULL },
	{ "a unit or two at a time: rounding is none of it",
	  GAUGED "0.050 c : A seq=101 ack=902 win=501\n"
		 "0.051 c : A seq=101 ack=1002 win=500\n"
		 "0.052 c : A seq=101 ack=1157 win=499\n"
		 "0.053 c : A seq=101 ack=1158 win=498\n",
	  "confirmed c:early=6x1", NULL },
	{ "three units are not enough", GAUGED "0.050 c : A seq=101 ack=1285 win=499\n",
	  "confirmed c:early=none", NULL },
	{ "from where it last stood at its height",
	  GAUGED "0.050 c : A seq=101 ack=90901 win=502\n"
		 "0.051 c : A seq=101 ack=91413 win=498\n",
	  "confirmed c:early=7x1", NULL },
	{ "or rose",
	  GAUGED "0.050 c : A seq=101 ack=1101 win=500\n"
		 "0.051 c : A seq=101 ack=90901 win=501\n"
		 "0.052 c : A seq=101 ack=91413 win=497\n",
	  "confirmed c:early=7x1", NULL },
	{ "or was taken back",
	  GAUGED "0.050 c : A seq=101 ack=901 win=300 / data 1\n"
		 "0.051 c : A seq=102 ack=1413 win=296\n",
	  "confirmed c:shrinks=1 c:early=7x1", NULL },
	{ "more given up than acknowledged", GAUGED "0.050 c : A seq=101 ack=902 win=402\n",
	  "confirmed c:early=0x1", NULL },
	{ "the window stays", GAUGED "0.050 c : A seq=101 ack=1901 win=502\n",
	  "confirmed c:early=none", NULL },
	{ "it grows", GAUGED "0.050 c : A seq=101 ack=1901 win=503\n", "confirmed c:early=none",
	  NULL },
	{ "nothing is acknowledged", GAUGED "0.050 c : A seq=101 ack=901 win=494\n",
	  "confirmed c:early=none", NULL },
	{ "an older acknowledgment",
	  GAUGED "0.050 c : A seq=101 ack=1901 win=502\n"
		 "0.060 c : A seq=101 ack=1801 win=400\n",
	  "confirmed c:early=none", NULL },
	{ "scaling unknown", MIDSTREAM "0.050 c : A seq=101 ack=1901 win=494\n",
	  "confirmed scaling=unknown c:early=7x1 c:edge=none", NULL },
};

int main(void)
{
	return engine_stream_run(cases, COUNT(cases));
}
