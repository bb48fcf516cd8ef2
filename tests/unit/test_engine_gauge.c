/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is measured of a connection's transfer, packet by packet, and when measuring begins.
 *
 * RFC 9293: 3.4 (sequence numbers wrap), 3.8.6.1 (zero-window probes), 3.10.7.4 (SND.WL1 and
 * SND.WL2: which segment moves the window); RFC 7323, 2.4 (the highest right edge holds, one that
 * moves left by less than 2^shift was rounded).
 */
#include <stddef.h>

#include "tests/unit/engine_stream.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define SYN        "0.000 c : S seq=100 win=64240 [M1460 S T1 N W7]\n"
#define SYNACK     "0.010 s : SA seq=900 ack=101 win=65160 [M1460 S T2 N W9]\n"
#define IDLE       "0.030 c : A seq=101 ack=901 win=502\n"
#define FIVE(x)    x x x x x
#define FIFTEEN(x) FIVE(x) FIVE(x) FIVE(x)
#define OPEN       SYN SYNACK IDLE
#define SIXTEEN    OPEN FIVE(IDLE) FIVE(IDLE) IDLE IDLE IDLE IDLE
#define GAUGED     SIXTEEN IDLE
/* And a server that lets 20 << 9 = 10,240 bytes through, up to 10,341. */
#define WINDOW  "0.040 s : A seq=901 ack=101 win=20\n"
#define REFUSED SYN "0.010 s : SA seq=900 ack=101 win=65160 [M1460 S T2]\n"
#define READY   GAUGED WINDOW

/* The client begins 1,000 below 2^32. */
#define WRAP_IDLE "0.030 c : A seq=4294966296 ack=901 win=502\n"
#define WRAP                                                                                   \
	"0.000 c : S seq=4294966295 win=64240 [M1460 S T1 N W7]\n"                             \
	"0.010 s : SA seq=900 ack=4294966296 win=65160 [M1460 S T2 N W9]\n" FIFTEEN(WRAP_IDLE) \
		WRAP_IDLE "0.040 s : A seq=901 ack=4294966296 win=1\n"                         \
			  "0.041 s : A seq=901 ack=4294966296 win=20\n"

/* Begun before the capture: seventeen segments of the client's. */
#define MIDSTREAM_IDLE "0.010 c : A seq=101 ack=901 win=502\n"
#define MIDSTREAM      FIFTEEN(MIDSTREAM_IDLE) MIDSTREAM_IDLE MIDSTREAM_IDLE

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
	  READY "0.050 c : A seq=101 ack=901 win=502 / data 512\n"
		"0.060 s : A seq=901 ack=613 win=18\n",
	  "confirmed s:edge=10341 s:shrinks=1 s:shrunk_most=512", NULL },
	{ "twice, and then right again",
	  READY "0.050 c : A seq=101 ack=901 win=502 / data 10\n"
		"0.060 s : A seq=901 ack=102 win=18\n"
		"0.070 s : A seq=901 ack=103 win=9\n"
		"0.080 s : A seq=901 ack=111 win=21\n",
	  "confirmed s:edge=10863 s:shrinks=2 s:shrunk_most=4607", NULL },
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
	{ "closes at once",
	  READY "0.050 c : A seq=101 ack=901 win=502 / data 10\n"
		"0.060 s : A seq=901 ack=111 win=0\n",
	  "confirmed s:edge=10341 s:shrinks=1 s:shrunk_most=10230 s:spells=1", NULL },
	{ "shift 0: a byte is too much",
	  REFUSED FIFTEEN(IDLE) IDLE "0.040 s : A seq=901 ack=101 win=1000\n"
				     "0.050 c : A seq=101 ack=901 win=502 / data 10\n"
				     "0.060 s : A seq=901 ack=102 win=999\n"
				     "0.070 s : A seq=901 ack=103 win=997\n",
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
	  "0.050 c : A seq=15485 ack=901 win=502 / data 1000\n"
	  "0.060 s : A seq=901 ack=16485 win=18\n",
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
		"0.060 s : A seq=1001 ack=101 win=5 / data 1\n"
		"0.070 c : A seq=101 ack=901 win=502 / data 1101\n",
	  "confirmed s:shrinks=1 s:shrunk_most=7680 c:limited=1 c:limited_sum=2560", NULL },

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
	  READY "0.050 s : A seq=901 ack=102 win=10\n"
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
	  READY "0.050 s : A seq=901 ack=101 win=0 / data 1\n"
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

	/* ---- probes ---- */
	{ "two, three, one",
	  READY "0.100 s : A seq=901 ack=102 win=0\n"
		"0.120 c : A seq=100 ack=901 win=502\n"
		"0.140 c : A seq=100 ack=901 win=502\n"
		"0.200 s : A seq=901 ack=102 win=20\n"
		"0.300 s : A seq=901 ack=103 win=0\n"
		"0.320 c : A seq=100 ack=901 win=502\n"
		"0.340 c : A seq=100 ack=901 win=502\n"
		"0.380 c : A seq=100 ack=901 win=502\n"
		"0.450 s : A seq=901 ack=103 win=20\n"
		"0.500 s : A seq=901 ack=104 win=0\n"
		"0.520 c : A seq=100 ack=901 win=502\n",
	  "confirmed s:spells=3 s:zero_ms=250 s:zero_longest_us=150000 s:zero-open c:probes=1 "
	  "c:probes_most=3 s:probes=0",
	  NULL },
	{ "of one byte, the same again and again",
	  READY "0.100 s : A seq=901 ack=101 win=0 / data 1\n"
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
