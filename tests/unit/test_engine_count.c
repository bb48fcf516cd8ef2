/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is counted of a connection: segments, bytes, retransmissions, windows, and segments that were
 * met twice.
 *
 * RFC 9293, 3.8.4 (keepalives). A retransmission has data and ends at or below the highest end seen;
 * keepalives are none. Windows of SYN and RST do not count; a window of 0 beside a FIN is no zero
 * window. The same segment at another place within 5 ms is a duplicate, and changes nothing else.
 */
#include <stddef.h>

#include "tests/unit/engine_stream.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define SYN    "0.000 c id=1 : S seq=100 win=64240 [M1460 S T1 N W7]\n"
#define SYNACK "0.010 s id=2 : SA seq=900 ack=101 win=65160 [M1460 S T2 N W9]\n"
#define ACK    "0.030 c id=3 : A seq=101 ack=901 win=502\n"
#define OPEN   SYN SYNACK ACK

static const struct engine_stream_case cases[] = {
	/* ---- what is counted ---- */
	{ "retransmission, keepalive, overlap",
	  OPEN "0.040 c : A seq=101 ack=901 / data 100\n"
	       "0.300 c : A seq=101 ack=901 / data 100\n" /* again */
	       "0.400 c : A seq=151 ack=901 / data 100\n" /* half of it new */
	       "1.000 c : A seq=250 ack=901\n"            /* keepalive without data */
	       "2.000 c : A seq=250 ack=901 / data 1\n"   /* keepalive with one byte */
	       "3.000 c : A seq=249 ack=901 / data 2\n"   /* two bytes: data again */
	       "4.000 c : A seq=151 ack=901 / data 1\n"   /* one byte, but not the last */
	       "5.000 c : A seq=251 ack=901 / data 1\n",  /* new */
	  "confirmed c:retransmits=3 c:bytes=305 c:packets=10", NULL },
	{ "a RST far ahead moves nothing",
	  OPEN "0.040 c : R seq=9000\n"
	       "0.050 c : A seq=101 ack=901 / data 100\n",
	  "confirmed c:retransmits=0 c:rst", NULL },
	{ "FIN repeated is not data repeated",
	  OPEN "0.040 c : FA seq=101 ack=901\n"
	       "0.300 c : FA seq=101 ack=901\n",
	  "confirmed c:retransmits=0 c:fin c:packets=4", NULL },
	{ "data and FIN repeated",
	  OPEN "0.040 c : FA seq=101 ack=901 / data 10\n"
	       "0.300 c : FA seq=101 ack=901 / data 10\n",
	  "confirmed c:retransmits=1 c:bytes=20", NULL },
	{ "windows of SYN and RST do not count",
	  "0.000 c : S seq=100 win=1 [M1460 W7]\n"
	  "0.010 s : SA seq=900 ack=101 win=0 [M1460 W9]\n"
	  "0.020 c : A seq=101 ack=901 win=20\n"
	  "0.030 c : A seq=101 ack=901 win=65535\n"
	  "0.040 s : R seq=901 win=0\n",
	  "confirmed c:win=20-65535 s:win=none s:zero=0 s:spells=0", NULL },
	{ "two spells of zero window",
	  OPEN "1.000 s : A seq=901 ack=101 win=0\n"
	       "1.500 s : A seq=901 ack=101 win=0\n"
	       "2.000 s : A seq=901 ack=101 win=100\n"
	       "3.000 s : A seq=901 ack=101 win=0\n"
	       "3.250 s : A seq=901 ack=101 win=9\n",
	  "confirmed s:zero=3 s:spells=2 s:zero_ms=1250 s:win=0-100 -s:zero-open c:zero=0", NULL },
	{ "a spell that does not end",
	  OPEN "1.000 c : A seq=101 ack=901 win=0\n"
	       "9.000 s : A seq=901 ack=101 win=5 / data 1\n",
	  "confirmed c:zero=1 c:spells=1 c:zero-open c:zero_ms=0", NULL },
	{ "window probes lengthen a spell",
	  OPEN "1.000 c : A seq=101 ack=901 win=0\n"
	       "2.000 c : A seq=101 ack=901 win=0\n"
	       "4.000 c : A seq=101 ack=901 win=0\n"
	       "8.000 c : A seq=101 ack=901 win=1\n",
	  "confirmed c:zero=3 c:spells=1 c:zero_ms=7000 -c:zero-open", NULL },
	{ "a FIN with window 0 is no zero window", OPEN "1.000 s : FA seq=901 ack=101 win=0\n",
	  "confirmed s:zero=0 s:spells=0 s:win=0-0", NULL },

	/* ---- the same segment met twice ---- */
	{ "a box seen on both its interfaces",
	  "0.0000 c@1 ttl=64 id=1 : S seq=100 win=64240 [M1460 S T1 N W7]\n"
	  "0.0001 c@2 ttl=63 id=1 : S seq=100 win=64240 [M1460 S T1 N W7]\n"
	  "0.0100 s@2 ttl=64 id=2 : SA seq=900 ack=101 win=65160 [M1460 S T2 N W9]\n"
	  "0.0101 s@1 ttl=63 id=2 : SA seq=900 ack=101 win=65160 [M1460 S T2 N W9]\n"
	  "0.0200 c@1 ttl=64 id=3 : A seq=101 ack=901 win=502\n"
	  "0.0201 c@2 ttl=63 id=3 : A seq=101 ack=901 win=502\n"
	  "0.0300 c@1 ttl=64 id=4 : A seq=101 ack=901 win=502 / data 100\n"
	  "0.0301 c@2 ttl=63 id=4 : A seq=101 ack=901 win=502 / data 100\n",
	  "confirmed answered scaling=on c:packets=3 c:dup=3 s:packets=1 s:dup=1 c:bytes=100 c:copies=1 "
	  "s:copies=1 c:retransmits=0 rtt_us=20000 -!",
	  NULL },
	{ "a box seen on both its interfaces, a segment lost and repeated",
	  "0.0000 c@1 ttl=64 : S seq=100 [M1460 W7]\n"
	  "0.0001 c@2 ttl=63 : S seq=100 [M1460 W7]\n"
	  "0.0100 s@2 ttl=64 : SA seq=900 ack=101 [M1460 W9]\n"
	  "0.0200 c@1 ttl=64 : A seq=101 ack=901\n"
	  "0.0300 c@1 ttl=64 : A seq=101 ack=901 / data 10\n"
	  "0.0301 c@2 ttl=63 : A seq=101 ack=901 / data 10\n"
	  "0.3300 c@1 ttl=64 : A seq=101 ack=901 / data 10\n"
	  "0.3301 c@2 ttl=63 : A seq=101 ack=901 / data 10\n",
	  "confirmed c:packets=4 c:dup=3 c:retransmits=1 c:bytes=20", NULL },
	{ "a box seen on both its interfaces, three duplicate ACKs",
	  "0.0000 c@1 ttl=64 : S seq=100 [M1460 W7]\n"
	  "0.0001 c@2 ttl=63 : S seq=100 [M1460 W7]\n"
	  "0.0200 c@1 ttl=64 : A seq=101 ack=901\n"
	  "0.0201 c@2 ttl=63 : A seq=101 ack=901\n"
	  "0.0300 c@1 ttl=64 : A seq=101 ack=901\n"
	  "0.0302 c@1 ttl=64 : A seq=101 ack=901\n"
	  "0.0304 c@1 ttl=64 : A seq=101 ack=901\n"
	  "0.0306 c@2 ttl=63 : A seq=101 ack=901\n"
	  "0.0307 c@2 ttl=63 : A seq=101 ack=901\n"
	  "0.0308 c@2 ttl=63 : A seq=101 ack=901\n",
	  "confirmed c:packets=5 c:dup=5", NULL },
	{ "a box seen on both its interfaces, one of which missed an ACK",
	  "0.0000 c@1 ttl=64 : S seq=100 [M1460 W7]\n"
	  "0.0001 c@2 ttl=63 : S seq=100 [M1460 W7]\n"
	  "0.0200 c@1 ttl=64 : A seq=101 ack=901\n"
	  "0.0201 c@2 ttl=63 : A seq=101 ack=901\n"
	  "0.0210 c@2 ttl=63 : A seq=101 ack=1901\n",
	  "confirmed c:packets=3 c:dup=2", NULL },
	{ "the same interface, another TTL: a mirror port of a router",
	  OPEN "0.0400 c ttl=64 : A seq=101 ack=901 / data 100\n"
	       "0.0401 c ttl=63 : A seq=101 ack=901 / data 100\n",
	  "confirmed c:packets=3 c:dup=1 c:bytes=100 c:retransmits=0", NULL },
	{ "a burst of ten on one interface, then on the other",
	  "0.0000 c@1 ttl=64 : S seq=100 [M1460 W7]\n"
	  "0.0001 c@2 ttl=63 : S seq=100 [M1460 W7]\n"
	  "0.0100 s@2 ttl=64 : SA seq=900 ack=101 [M1460 W9]\n"
	  "0.0101 s@1 ttl=63 : SA seq=900 ack=101 [M1460 W9]\n"
	  "0.0200 c@1 ttl=64 : A seq=101 ack=901\n"
	  "0.0201 c@2 ttl=63 : A seq=101 ack=901\n"
	  "0.0300 s@2 ttl=64 : A seq=901 ack=101 / data 100\n"
	  "0.0300 s@2 ttl=64 : A seq=1001 ack=101 / data 100\n"
	  "0.0300 s@2 ttl=64 : A seq=1101 ack=101 / data 100\n"
	  "0.0300 s@2 ttl=64 : A seq=1201 ack=101 / data 100\n"
	  "0.0300 s@2 ttl=64 : A seq=1301 ack=101 / data 100\n"
	  "0.0300 s@2 ttl=64 : A seq=1401 ack=101 / data 100\n"
	  "0.0300 s@2 ttl=64 : A seq=1501 ack=101 / data 100\n"
	  "0.0310 s@1 ttl=63 : A seq=901 ack=101 / data 100\n"
	  "0.0310 s@1 ttl=63 : A seq=1001 ack=101 / data 100\n"
	  "0.0310 s@1 ttl=63 : A seq=1101 ack=101 / data 100\n"
	  "0.0310 s@1 ttl=63 : A seq=1201 ack=101 / data 100\n"
	  "0.0310 s@1 ttl=63 : A seq=1301 ack=101 / data 100\n"
	  "0.0310 s@1 ttl=63 : A seq=1401 ack=101 / data 100\n"
	  "0.0310 s@1 ttl=63 : A seq=1501 ack=101 / data 100\n",
	  "confirmed s:packets=8 s:dup=8 s:bytes=700 s:retransmits=0 c:packets=2 c:dup=2", NULL },
	{ "the same interface and TTL, at once: a retransmission",
	  OPEN "0.0400 c : A seq=101 ack=901 / data 100\n"
	       "0.0401 c : A seq=101 ack=901 / data 100\n",
	  "confirmed c:packets=4 c:dup=0 c:bytes=200 c:retransmits=1", NULL },
	{ "another interface, 10 ms later: a retransmission on another path",
	  "0.000 c@1 : S seq=100 [M1460 W7]\n"
	  "0.010 s@1 : SA seq=900 ack=101 [M1460 W9]\n"
	  "0.020 c@1 : A seq=101 ack=901\n"
	  "0.040 c@1 : A seq=101 ack=901 / data 100\n"
	  "0.050 c@2 : A seq=101 ack=901 / data 100\n",
	  "confirmed c:packets=4 c:dup=0 c:retransmits=1", NULL },
	{ "each direction by another interface is no duplicate",
	  "0.000 c@1 : S seq=100 [M1460 W7]\n"
	  "0.010 s@2 : SA seq=900 ack=101 [M1460 W9]\n"
	  "0.020 c@1 : A seq=101 ack=901\n"
	  "0.030 s@2 : A seq=901 ack=101 / data 100\n",
	  "confirmed c:packets=2 s:packets=2 c:dup=0 s:dup=0", NULL },
	{ "a GRE tunnel's device and its carrier",
	  "0.0000 c@1 : S seq=100 [M1460 W7]\n"
	  "0.0000 c@2 gre : S seq=100 [M1460 W7]\n"
	  "0.0100 s@2 gre : SA seq=900 ack=101 [M1460 W9]\n"
	  "0.0100 s@1 : SA seq=900 ack=101 [M1460 W9]\n"
	  "0.0200 c@1 : A seq=101 ack=901\n"
	  "0.0200 c@2 gre : A seq=101 ack=901\n",
	  "confirmed answered encap=0 c:packets=2 c:dup=2 s:packets=1 s:dup=1", NULL },
	{ "the same addresses and ports in two virtual networks",
	  "0.000 c vxlan=1 : S seq=100 [M1460 W7]\n"
	  "0.001 c vxlan=2 : S seq=100 [M1460]\n"
	  "0.010 s vxlan=1 : SA seq=900 ack=101 [M1460 W9]\n"
	  "0.011 s vxlan=2 : SA seq=900 ack=101 [M1460]\n"
	  "0.020 c vxlan=1 : A seq=101 ack=901\n"
	  "0.021 c vxlan=2 : A seq=101 ack=901\n",
	  "confirmed answered encap=1 scaling=on c:packets=2 s:packets=1 -!\n"
	  "confirmed answered encap=1 scaling=off c:packets=2 s:packets=1 !client-no-wscale",
	  NULL },
	{ "repeated pure ACKs from one place are not duplicates",
	  OPEN "0.0400 c : A seq=101 ack=901\n"
	       "0.0401 c : A seq=101 ack=901\n"
	       "0.0402 c : A seq=101 ack=901\n",
	  "confirmed c:packets=5 c:dup=0", NULL },
};

int main(void)
{
	return engine_stream_run(cases, COUNT(cases));
}
