/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The first lines of connections that have their gauges, for engine_stream.h. */
#ifndef TESTS_UNIT_GAUGE_LINES_H
#define TESTS_UNIT_GAUGE_LINES_H

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

#endif
