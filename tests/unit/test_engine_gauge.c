/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is measured of a connection's sending, packet by packet, and when measuring begins.
 *
 * RFC 9293: 3.4 (sequence numbers wrap); RFC 7323, 2.4 (the highest right edge holds).
 */
#include <stddef.h>

#include "tests/unit/engine_stream.h"
#include "tests/unit/gauge_lines.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct engine_stream_case cases[] = {
	/* ---- when it begins ---- */
	{ "sixteen packets", SIXTEEN, "confirmed c:packets=16 ungauged", NULL },
	{ "the seventeenth", GAUGED, "confirmed c:packets=17 gauged c:sends=0 c:edge=none", NULL },
	{ "sixteen of either direction, not of both",
	  OPEN FIVE(IDLE) IDLE FIVE(WINDOW) FIVE(WINDOW),
	  "confirmed c:packets=8 s:packets=11 ungauged", NULL },
	{ "the server's seventeenth", OPEN FIFTEEN(WINDOW) WINDOW, "confirmed s:packets=17 gauged",
	  NULL },
	{ "a retransmission",
	  OPEN "0.050 c : A seq=101 ack=901 win=502 / data 10\n"
	       "0.060 c : A seq=101 ack=901 win=502 / data 10\n",
	  "confirmed gauged c:sends=0 c:stuck=1 c:stuck_ack=101 c:stuck_us=60000", NULL },
	{ "new data is none",
	  OPEN "0.050 c : A seq=101 ack=901 win=502 / data 10\n"
	       "0.060 c : A seq=111 ack=901 win=502 / data 10\n",
	  "confirmed c:bytes=20 ungauged", NULL },
	{ "a zero window", OPEN "0.040 s : A seq=901 ack=101 win=0\n",
	  "confirmed gauged s:spells=1 s:zero-open", NULL },
	{ "a reset has none", OPEN "0.050 c : RA seq=101 ack=901 win=0\n",
	  "confirmed c:rst ungauged", NULL },
	{ "as much in flight as the window",
	  OPEN WINDOW "0.050 c : A seq=10331 ack=901 win=502 / data 10\n", "confirmed ungauged",
	  NULL },
	{ "one byte more", OPEN WINDOW "0.050 c : A seq=10331 ack=901 win=502 / data 11\n",
	  "confirmed gauged c:sends=1 c:flight=10241 c:limited=1 c:limited_sum=10240 c:overs=0",
	  NULL },
	{ "much in flight before any window was seen",
	  OPEN "0.050 c : A seq=99000 ack=901 win=502 / data 11\n", "confirmed ungauged", NULL },
	{ "much in flight and scaling unknown",
	  "0.010 c : A seq=101 ack=901 win=502\n"
	  "0.010 c : A seq=101 ack=901 win=502\n" WINDOW
	  "0.050 c : A seq=99000 ack=901 win=502 / data 11\n",
	  "confirmed scaling=unknown ungauged", NULL },
	{ "not before it is confirmed", SYN SYNACK "0.040 s : A seq=901 ack=101 win=0\n",
	  "unconfirmed s:spells=1 ungauged", NULL },

	/* ---- the segment size: the least of both and 1460 ---- */
	{ "of both", READY, "confirmed c:mss=1460 s:mss=1460", NULL },
	{ "the client's is smaller",
	  "0.000 c : S seq=100 [M536 W7]\n"
	  "0.010 s : SA seq=900 ack=101 [M9000 W9]\n" IDLE FIVE(
		  WINDOW) "0.050 s : A seq=901 ack=101 win=0\n",
	  "confirmed c:mss=536 s:mss=536", NULL },
	{ "the server's is smaller",
	  "0.000 c : S seq=100 [M9000 W7]\n"
	  "0.010 s : SA seq=900 ack=101 [M1200 W9]\n" IDLE "0.050 s : A seq=901 ack=101 win=0\n",
	  "confirmed c:mss=1200 s:mss=1200", NULL },
	{ "none was told",
	  "0.000 c : S seq=100 [W7]\n"
	  "0.010 s : SA seq=900 ack=101 [W9]\n" IDLE "0.050 s : A seq=901 ack=101 win=0\n",
	  "confirmed c:mss=1460 s:mss=1460", NULL },

	/* ---- sends, and the room that they leave ---- */
	{ "one segment", READY "0.050 c : A seq=101 ack=901 win=502 / data 1000\n",
	  "confirmed c:sends=1 c:flight=1000 c:flight_most=1000 c:limited=0 c:overs=0 s:sends=0",
	  NULL },
	{ "a segment of room is left", READY "0.050 c : A seq=8000 ack=901 win=502 / data 881\n",
	  "confirmed c:sends=1 c:flight=8780 c:limited=0 c:limited_sum=0", NULL },
	{ "a byte less", READY "0.050 c : A seq=8000 ack=901 win=502 / data 882\n",
	  "confirmed c:sends=1 c:flight=8781 c:limited=1 c:limited_sum=10240", NULL },
	{ "from a limited send until the peer spoke: what passes then is the sender's own",
	  READY "0.050 c : A seq=8000 ack=901 win=502 / data 882\n"
		"0.060 s : A seq=901 ack=8882 win=20\n"
		"9.000 c : A seq=8882 ack=901 win=502 / data 100\n",
	  "confirmed c:sends=2 c:limited=1 c:limited_sum=10240 c:limited_ns=10000000", NULL },
	{ "limited sends that nothing was waited for",
	  READY "0.050 c : A seq=8000 ack=901 win=502 / data 882\n"
		"0.060 c : A seq=8882 ack=901 win=502 / data 1\n"
		"0.080 c : A seq=8883 ack=901 win=502 / data 1\n",
	  "confirmed c:sends=3 c:limited=3 c:limited_sum=30720 c:limited_ns=0 "
	  "c:flight_most=8783",
	  NULL },
	{ "less in flight later: the most is kept",
	  READY "0.050 c : A seq=8000 ack=901 win=502 / data 880\n"
		"0.060 s : A seq=901 ack=8880 win=20\n"
		"0.070 c : A seq=8880 ack=901 win=502 / data 100\n",
	  "confirmed c:sends=2 c:flight=100 c:flight_most=8779 c:limited_ns=0", NULL },
	{ "a spell of zero window is no limited time, it is a stall",
	  READY "0.050 c : A seq=8000 ack=901 win=502 / data 882\n"
		"0.060 s : A seq=901 ack=8882 win=0\n"
		"0.160 s : A seq=901 ack=8882 win=20\n"
		"0.170 c : A seq=8882 ack=901 win=502 / data 1\n",
	  "confirmed c:limited=1 c:limited_ns=0 s:spells=1 s:zero_ms=100", NULL },
	{ "a wait that ends with a segment sent again was for what got lost",
	  READY "0.050 c : A seq=8000 ack=901 win=502 / data 882\n"
		"0.060 s : A seq=901 ack=101 win=20\n"
		"0.070 c : A seq=8000 ack=901 win=502 / data 882\n"
		"0.080 s : A seq=901 ack=8882 win=20\n"
		"0.090 c : A seq=8882 ack=901 win=502 / data 1\n",
	  "confirmed c:sends=2 c:retransmits=1 c:limited=1 c:limited_ns=0", NULL },
	{ "behind a hole the edge stands still, however large the window",
	  READY "0.050 c : A seq=101 ack=901 win=502 / data 1000\n"
		"0.060 c : A seq=101 ack=901 win=502 / data 1000\n"
		"0.070 c : A seq=8000 ack=901 win=502 / data 882\n",
	  "confirmed c:sends=2 c:retransmits=1 c:stuck=1 c:flight=8781 c:limited=0", NULL },
	{ "behind a hole that is filled it moves again",
	  READY "0.050 c : A seq=101 ack=901 win=502 / data 1000\n"
		"0.060 c : A seq=101 ack=901 win=502 / data 1000\n"
		"0.070 s : A seq=901 ack=1101 win=20\n"
		"0.080 c : A seq=9000 ack=901 win=502 / data 882\n",
	  "confirmed c:sends=2 c:flight=8781 c:limited=1 c:limited_sum=10240", NULL },
	{ "a closed window has no room to be measured",
	  READY "0.050 s : A seq=901 ack=101 win=0\n"
		"0.060 c : A seq=101 ack=901 win=502 / data 100\n",
	  "confirmed c:sends=1 c:flight=100 c:limited=0 c:overs=0", NULL },
	{ "before any window was seen", GAUGED "0.050 c : A seq=30000 ack=901 win=502 / data 100\n",
	  "confirmed c:sends=1 c:flight=29999 c:limited=0 c:overs=0", NULL },
	{ "the server sends, the client's window is 502 << 7",
	  GAUGED "0.050 s : A seq=901 ack=101 win=20 / data 1000\n"
		 "0.060 s : A seq=63697 ack=101 win=20 / data 1\n"
		 "0.070 s : A seq=63698 ack=101 win=20 / data 1\n",
	  "confirmed s:sends=3 s:flight=62798 s:limited=2 s:limited_sum=128512 c:sends=0", NULL },
	{ "scaling unknown: sends count, windows are not judged",
	  MIDSTREAM WINDOW "0.050 c : A seq=101 ack=901 win=502 / data 1000\n"
			   "0.060 c : A seq=99000 ack=901 win=502 / data 10\n",
	  "confirmed scaling=unknown gauged c:sends=2 c:flight_most=98909 c:limited=0 c:overs=0 "
	  "s:edge=none s:shrinks=0",
	  NULL },
	{ "nothing is known of what the other side acknowledged",
	  MIDSTREAM "0.050 c : A seq=101 ack=901 win=502 / data 1000\n",
	  "confirmed gauged c:bytes=1000 c:sends=0 c:flight_most=0", NULL },
	{ "scaling off: windows as they stand",
	  "0.000 c : S seq=100 [M1460 W7]\n"
	  "0.010 s : SA seq=900 ack=101 [M1460]\n" IDLE "0.040 s : A seq=901 ack=101 win=10000\n"
	  "0.050 c : A seq=101 ack=901 win=502 / data 10\n"
	  "0.060 c : A seq=101 ack=901 win=502 / data 10\n"
	  "0.065 s : A seq=901 ack=111 win=10000\n"
	  "0.070 c : A seq=8000 ack=901 win=502 / data 651\n"
	  "0.080 c : A seq=8651 ack=901 win=502 / data 1\n",
	  "confirmed scaling=off gauged c:sends=2 c:limited=1 c:limited_sum=10000", NULL },
	{ "a copy of a segment, met elsewhere",
	  READY "0.050 c : A seq=101 ack=901 win=502 / data 1000\n"
		"0.0501 c@2 ttl=63 : A seq=101 ack=901 win=502 / data 1000\n",
	  "confirmed c:dup=1 c:sends=1 c:stuck=0", NULL },
	{ "from one side of 2^32 to the other", WRAP, "confirmed s:edge=9240 s:shrinks=0", NULL },
	{ "across 2^32",
	  WRAP "0.050 c : A seq=4294966296 ack=901 win=502 / data 1000\n"
	       "0.060 c : A seq=0 ack=901 win=502 / data 1000\n"
	       "0.070 c : A seq=8000 ack=901 win=502 / data 500\n"
	       "0.080 c : A seq=0 ack=901 win=502 / data 1000\n"
	       "0.090 s : A seq=901 ack=1000 win=20\n",
	  "confirmed c:sends=3 c:flight_most=9500 c:limited=1 c:overs=0 c:retransmits=1 c:stuck=1 "
	  "c:stuck_ack=4294966296 s:edge=11240 s:shrinks=0",
	  NULL },

	/* ---- beyond the edge ---- */
	{ "by a segment",
	  GAUGED "0.040 s : A seq=901 ack=101 win=1\n"
		 "0.050 c : A seq=2000 ack=901 win=502 / data 73\n",
	  "confirmed s:edge=613 c:sends=1 c:limited=1 c:overs=0", NULL },
	{ "by more",
	  GAUGED "0.040 s : A seq=901 ack=101 win=1\n"
		 "0.050 c : A seq=2000 ack=901 win=502 / data 74\n",
	  "confirmed c:sends=1 c:limited=0 c:overs=1 c:over_rounds=1 c:over_class=11", NULL },
	{ "by less than half a window: an acknowledgment was missed",
	  READY "0.050 c : A seq=15400 ack=901 win=502 / data 60\n",
	  "confirmed c:sends=1 c:flight=15359 c:overs=0", NULL },
	{ "by half a window", READY "0.050 c : A seq=15400 ack=901 win=502 / data 61\n",
	  "confirmed c:sends=1 c:flight=15360 c:overs=1 c:over_rounds=1 c:over_class=10", NULL },
	{ "again before something is acknowledged: one round",
	  READY "0.050 c : A seq=15400 ack=901 win=502 / data 61\n"
		"0.060 c : A seq=15461 ack=901 win=502 / data 10\n",
	  "confirmed c:overs=2 c:over_rounds=1", NULL },
	{ "and after it: two",
	  READY "0.050 c : A seq=15400 ack=901 win=502 / data 61\n"
		"0.060 c : A seq=15461 ack=901 win=502 / data 10\n"
		"0.070 s : A seq=901 ack=15471 win=20\n"
		"0.080 c : A seq=30800 ack=901 win=502 / data 31\n",
	  "confirmed s:edge=25711 c:overs=3 c:over_rounds=2 c:over_class=10", NULL },
	{ "two rounds, the second just within",
	  READY "0.050 c : A seq=15400 ack=901 win=502 / data 61\n"
		"0.060 c : A seq=15461 ack=901 win=502 / data 10\n"
		"0.070 s : A seq=901 ack=15471 win=20\n"
		"0.080 c : A seq=30800 ack=901 win=502 / data 30\n",
	  "confirmed c:overs=2 c:over_rounds=1", NULL },
	{ "a larger window before: the highest edge holds",
	  READY "0.050 s : A seq=901 ack=101 win=10\n"
		"0.060 c : A seq=10331 ack=901 win=502 / data 10\n",
	  "confirmed s:edge=10341 s:shrinks=1 c:sends=1 c:overs=0", NULL },
	{ "a byte that probes a closed window",
	  READY "0.050 c : A seq=10331 ack=901 win=502 / data 10\n"
		"0.060 s : A seq=901 ack=10341 win=0\n"
		"0.070 c : A seq=10341 ack=901 win=502 / data 1\n",
	  "confirmed c:overs=0 c:probes=1", NULL },
	{ "a retransmission is no overrun",
	  READY "0.050 c : A seq=10331 ack=901 win=502 / data 10\n"
		"0.060 s : A seq=901 ack=101 win=1\n"
		"0.070 c : A seq=10331 ack=901 win=502 / data 10\n",
	  "confirmed c:overs=0 c:retransmits=1 c:sends=1", NULL },

	/* ---- segments are watched: 1,000 bytes by a raw window of 20 are of class 6 ---- */
	{ "acknowledged, not asked for yet",
	  READY "0.1024 c : A seq=101 ack=901 win=502 / data 1000\n"
		"0.2048 s : A seq=901 ack=1101 win=20\n",
	  "confirmed c:delivered=none c:lost=none s:ack_rtt=100000 c:ack_rtt=none", NULL },
	{ "arrived",
	  READY "0.1024 c : A seq=101 ack=901 win=502 / data 1000\n"
		"0.2048 s : A seq=901 ack=1101 win=20\n"
		"0.300 c : A seq=1101 ack=901 win=502 / data 1\n",
	  "confirmed c:delivered=6x1 c:lost=none", NULL },
	{ "the next one is of another class",
	  READY "0.100 c : A seq=101 ack=901 win=502 / data 1000\n"
		"0.200 s : A seq=901 ack=1101 win=20\n"
		"0.300 c : A seq=2000 ack=901 win=502 / data 382\n"
		"0.400 s : A seq=901 ack=2382 win=20\n"
		"0.500 c : A seq=2382 ack=901 win=502 / data 1\n",
	  "confirmed c:delivered=6x1,7x1", NULL },
	{ "four at a time, not five",
	  READY "0.100 c : A seq=101 ack=901 win=502 / data 1000\n"
		"0.101 c : A seq=1101 ack=901 win=502 / data 1000\n"
		"0.102 c : A seq=2101 ack=901 win=502 / data 1000\n"
		"0.103 c : A seq=3101 ack=901 win=502 / data 1000\n"
		"0.104 c : A seq=4101 ack=901 win=502 / data 1000\n"
		"0.200 s : A seq=901 ack=5101 win=20\n"
		"0.300 c : A seq=5101 ack=901 win=502 / data 1\n",
	  "confirmed c:sends=6 c:delivered=6x1,7x1,8x2", NULL },
	{ "two of four acknowledged: room for two",
	  READY "0.100 c : A seq=101 ack=901 win=502 / data 1000\n"
		"0.101 c : A seq=1101 ack=901 win=502 / data 1000\n"
		"0.102 c : A seq=2101 ack=901 win=502 / data 1000\n"
		"0.103 c : A seq=3101 ack=901 win=502 / data 1000\n"
		"0.200 s : A seq=901 ack=2101 win=20\n"
		"0.201 c : A seq=4101 ack=901 win=502 / data 400\n"
		"0.202 c : A seq=4501 ack=901 win=502 / data 100\n"
		"0.300 s : A seq=901 ack=4601 win=20\n"
		"0.400 c : A seq=4601 ack=901 win=502 / data 1\n",
	  "confirmed c:sends=7 c:delivered=6x1,7x3,8x2", NULL },
	{ "lost",
	  READY "0.100 c : A seq=101 ack=901 win=502 / data 1000\n"
		"0.300 c : A seq=101 ack=901 win=502 / data 1000\n",
	  "confirmed c:delivered=none c:lost=6x1", NULL },
	{ "lost, sent again with more",
	  READY "0.100 c : A seq=101 ack=901 win=502 / data 500\n"
		"0.110 c : A seq=601 ack=901 win=502 / data 500\n"
		"0.300 c : A seq=101 ack=901 win=502 / data 1000\n",
	  "confirmed c:lost=5x1,6x1 c:lost_rounds=1", NULL },
	{ "the second of two was lost",
	  READY "0.100 c : A seq=101 ack=901 win=502 / data 1000\n"
		"0.110 c : A seq=1101 ack=901 win=502 / data 1000\n"
		"0.300 c : A seq=1101 ack=901 win=502 / data 1000\n"
		"0.400 s : A seq=901 ack=2101 win=20\n"
		"0.500 c : A seq=2101 ack=901 win=502 / data 1\n",
	  "confirmed c:retransmits=1 c:delivered=6x1 c:lost=7x1 c:lost_rounds=1", NULL },
	{ "lost again after an acknowledgment: two rounds",
	  READY "0.100 c : A seq=101 ack=901 win=502 / data 1000\n"
		"0.200 c : A seq=101 ack=901 win=502 / data 1000\n"
		"0.300 s : A seq=901 ack=1101 win=20\n"
		"0.400 c : A seq=1101 ack=901 win=502 / data 1000\n"
		"0.500 c : A seq=1101 ack=901 win=502 / data 1000\n",
	  "confirmed c:lost=6x2 c:lost_rounds=2", NULL },
	{ "two of one round trip, found lost at two acknowledgments: one round",
	  READY "0.100 c : A seq=101 ack=901 win=502 / data 1000\n"
		"0.110 c : A seq=1101 ack=901 win=502 / data 1000\n"
		"0.300 c : A seq=101 ack=901 win=502 / data 1000\n"
		"0.400 s : A seq=901 ack=1101 win=20\n"
		"0.500 c : A seq=1101 ack=901 win=502 / data 1000\n",
	  "confirmed c:lost=6x1,7x1 c:lost_rounds=1", NULL },
	{ "across the border of two classes: lost, it is of the higher one",
	  READY "0.100 c : A seq=101 ack=901 win=502 / data 16\n"
		"0.110 c : A seq=117 ack=901 win=502 / data 8\n"
		"0.300 c : A seq=117 ack=901 win=502 / data 8\n",
	  "confirmed c:lost=1x1 c:across=0,1 c:alert=20", NULL },
	{ "arrived, it is of the lower one; what begins in a class is of it",
	  READY "0.100 c : A seq=101 ack=901 win=502 / data 16\n"
		"0.110 c : A seq=117 ack=901 win=502 / data 8\n"
		"0.120 c : A seq=125 ack=901 win=502 / data 8\n"
		"0.300 s : A seq=901 ack=133 win=20\n"
		"0.400 c : A seq=133 ack=901 win=502 / data 1\n",
	  "confirmed c:delivered=0x2,1x1 c:lost=none c:across=0,0 c:alert=0", NULL },
	{ "across it one was lost, the next one arrives: a queue's way",
	  READY "0.100 c : A seq=101 ack=901 win=502 / data 16\n"
		"0.110 c : A seq=117 ack=901 win=502 / data 8\n"
		"0.300 c : A seq=117 ack=901 win=502 / data 8\n"
		"0.310 s : A seq=901 ack=125 win=20\n"
		"0.400 c : A seq=125 ack=901 win=502 / data 16\n"
		"0.410 c : A seq=141 ack=901 win=502 / data 8\n"
		"0.500 s : A seq=901 ack=149 win=20\n"
		"0.600 c : A seq=149 ack=901 win=502 / data 1\n",
	  "confirmed c:delivered=0x2 c:lost=1x1 c:across=1,1", NULL },
	{ "a segment that is large against the window is of where it ends",
	  READY "0.100 c : A seq=101 ack=901 win=502 / data 12\n"
		"0.110 c : A seq=113 ack=901 win=502 / data 12\n"
		"0.300 s : A seq=901 ack=125 win=20\n"
		"0.400 c : A seq=125 ack=901 win=502 / data 1\n",
	  "confirmed c:delivered=0x1,1x1", NULL },
	{ "what is like one that was lost takes two of the four places",
	  READY "0.100 c : A seq=101 ack=901 win=502 / data 30\n"
		"0.200 c : A seq=101 ack=901 win=502 / data 30\n"
		"0.300 s : A seq=901 ack=131 win=20\n"
		"0.400 c : A seq=131 ack=901 win=502 / data 4\n"
		"0.401 c : A seq=135 ack=901 win=502 / data 4\n"
		"0.402 c : A seq=139 ack=901 win=502 / data 4\n"
		"0.403 c : A seq=143 ack=901 win=502 / data 4\n"
		"0.404 c : A seq=147 ack=901 win=502 / data 12\n"
		"0.405 c : A seq=159 ack=901 win=502 / data 12\n"
		"0.406 c : A seq=171 ack=901 win=502 / data 12\n"
		"0.500 s : A seq=901 ack=183 win=20\n"
		"0.600 c : A seq=183 ack=901 win=502 / data 1\n",
	  "confirmed c:delivered=0x2,1x2 c:lost=1x1", NULL },
	{ "sent again in part: not what was watched",
	  READY "0.100 c : A seq=101 ack=901 win=502 / data 1000\n"
		"0.200 c : A seq=101 ack=901 win=502 / data 999\n",
	  "confirmed c:retransmits=1 c:lost=none", NULL },
	{ "sent again although it had arrived",
	  READY "0.100 c : A seq=101 ack=901 win=502 / data 1000\n"
		"0.200 s : A seq=901 ack=1101 win=20\n"
		"0.300 c : A seq=101 ack=901 win=502 / data 1000\n"
		"0.400 c : A seq=1101 ack=901 win=502 / data 1\n",
	  "confirmed c:delivered=6x1 c:lost=none c:lost_rounds=0", NULL },
	{ "what was sent twice is not timed",
	  READY "0.100 c : A seq=101 ack=901 win=502 / data 1000\n"
		"0.150 c : A seq=101 ack=901 win=502 / data 1000\n"
		"0.200 s : A seq=901 ack=1101 win=20\n",
	  "confirmed c:lost=6x1 s:ack_rtt=none", NULL },
	{ "acknowledged in part",
	  READY "0.100 c : A seq=101 ack=901 win=502 / data 1000\n"
		"0.200 s : A seq=901 ack=1100 win=20\n",
	  "confirmed s:ack_rtt=none", NULL },
	{ "the shortest time counts",
	  READY "0.1024 c : A seq=101 ack=901 win=502 / data 1000\n"
		"0.2048 s : A seq=901 ack=1101 win=20\n"
		"0.3072 c : A seq=1101 ack=901 win=502 / data 1\n"
		"0.31744 s : A seq=901 ack=1102 win=20\n"
		"0.4096 c : A seq=1102 ack=901 win=502 / data 1\n"
		"0.6144 s : A seq=901 ack=1103 win=20\n",
	  "confirmed s:ack_rtt=10000 c:delivered=0x1,6x1", NULL },
	{ "no window was known: timed, of no class",
	  GAUGED "0.1024 c : A seq=101 ack=901 win=502 / data 1000\n"
		 "0.2048 s : A seq=901 ack=1101 win=20\n"
		 "0.300 c : A seq=1101 ack=901 win=502 / data 1\n",
	  "confirmed c:delivered=none s:ack_rtt=100000", NULL },
	{ "a closed window has no classes",
	  READY "0.050 s : A seq=901 ack=101 win=0\n"
		"0.100 c : A seq=101 ack=901 win=502 / data 1000\n"
		"0.200 s : A seq=901 ack=1101 win=20\n"
		"0.300 c : A seq=1101 ack=901 win=502 / data 1\n",
	  "confirmed c:delivered=none", NULL },
	{ "across 2^32",
	  WRAP "0.1024 c : A seq=4294966296 ack=901 win=502 / data 1400\n"
	       "0.2048 s : A seq=901 ack=400 win=20\n"
	       "0.300 c : A seq=400 ack=901 win=502 / data 1\n",
	  "confirmed c:delivered=7x1 s:ack_rtt=100000", NULL },

	/* ---- resends that nothing answers ---- */
	{ "three",
	  READY "0.050 c : A seq=101 ack=901 win=502 / data 10\n"
		"0.100 c : A seq=101 ack=901 win=502 / data 10\n"
		"0.200 c : A seq=101 ack=901 win=502 / data 10\n"
		"0.400 c : A seq=101 ack=901 win=502 / data 10\n",
	  "confirmed c:stuck=3 c:stuck_ack=101 c:stuck_us=100000 s:stuck=0", NULL },
	{ "keepalives of one byte are none",
	  READY "0.050 c : A seq=101 ack=901 win=502 / data 10\n"
		"0.060 s : A seq=901 ack=111 win=20\n"
		"10.00 c : A seq=110 ack=901 win=502 / data 1\n"
		"20.00 c : A seq=110 ack=901 win=502 / data 1\n"
		"30.00 c : A seq=110 ack=901 win=502 / data 1\n",
	  "confirmed c:sends=1 c:stuck=0 c:lost=none", NULL },
	{ "answered, and one more",
	  READY "0.050 c : A seq=101 ack=901 win=502 / data 20\n"
		"0.100 c : A seq=101 ack=901 win=502 / data 20\n"
		"0.200 c : A seq=101 ack=901 win=502 / data 20\n"
		"0.300 s : A seq=901 ack=111 win=20\n"
		"0.400 c : A seq=111 ack=901 win=502 / data 10\n",
	  "confirmed c:stuck=1 c:stuck_ack=111 c:stuck_us=400000", NULL },

	/* ---- pauses: half of the round trip of 30 ms and more ---- */
	{ "15 ms",
	  READY "0.050 c : A seq=8000 ack=901 win=502 / data 882\n"
		"0.065 c : A seq=8882 ack=901 win=502 / data 1\n",
	  "confirmed rtt_us=30000 c:pauses=0", NULL },
	{ "more, the window as offered was full",
	  READY "0.050 c : A seq=8000 ack=901 win=502 / data 882\n"
		"0.0651 c : A seq=8882 ack=901 win=502 / data 1\n",
	  "confirmed c:pauses=1 c:pauses_raw=0 c:pauses_scaled=1", NULL },
	{ "more, the raw window was full",
	  GAUGED "0.040 s : A seq=901 ack=101 win=1000\n"
		 "0.050 c : A seq=101 ack=901 win=502 / data 1000\n"
		 "0.0651 c : A seq=1101 ack=901 win=502 / data 1\n",
	  "confirmed c:pauses=1 c:pauses_raw=1 c:pauses_scaled=0", NULL },
	{ "more, neither was",
	  READY "0.050 c : A seq=3000 ack=901 win=502 / data 10\n"
		"0.0651 c : A seq=3010 ack=901 win=502 / data 1\n",
	  "confirmed c:pauses=1 c:pauses_raw=0 c:pauses_scaled=0", NULL },
};

int main(void)
{
	return engine_stream_run(cases, COUNT(cases));
}
