/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which segments make which connection, and when a connection counts as real.
 *
 * RFC 9293: 3.5 (handshakes, simultaneous open), 3.4 (sequence numbers wrap); RFC 7413 (Fast Open);
 * RFC 5961, 4 (challenge ACKs). A connection is confirmed by the initiator's
 * ACK of the handshake or, begun before the capture, by a second segment in sequence of the same
 * direction; never by a SYN-ACK or a RST.
 */
#include <stddef.h>

#include "tests/unit/engine_stream.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define SYN    "0.000 c id=1 : S seq=100 win=64240 [M1460 S T1 N W7]\n"
#define SYNACK "0.010 s id=2 : SA seq=900 ack=101 win=65160 [M1460 S T2 N W9]\n"
#define ACK    "0.030 c id=3 : A seq=101 ack=901 win=502\n"
#define OPEN   SYN SYNACK ACK

static const struct engine_stream_case cases[] = {
	/* ---- confirmed or not ---- */
	{ "a connection from SYN to FIN",
	  OPEN "0.040 c : A seq=101 ack=901 win=502 / data 100\n"
	       "0.050 s : A seq=901 ack=201 win=510\n"
	       "0.060 s : PA seq=901 ack=201 win=510 / data 1000\n"
	       "0.070 c : A seq=201 ack=1901 win=500\n"
	       "0.080 c : FA seq=201 ack=1901 win=501\n"
	       "0.090 s : FA seq=1901 ack=202 win=509\n"
	       "0.100 c : A seq=202 ack=1902 win=501\n",
	  "confirmed answered client=c role=syn scaling=on rtt_us=30000 c:W=7 s:W=9 c:packets=6 s:packets=4 "
	  "c:bytes=100 s:bytes=1000 c:win=500-502 s:win=509-510 c:first_acked=0 s:first_acked=100 c:fin s:fin -c:rst c:retransmits=0 "
	  "s:retransmits=0 c:dup=0 s:dup=0 c:copies=1 s:copies=1 -!",
	  NULL },
	{ "what a first window acknowledges: more than is counted",
	  OPEN "0.050 s : A seq=901 ack=65636 win=510\n", "s:win=510-510 s:first_acked=65535",
	  NULL },
	{ "or its peer's SYN was not seen", SYNACK ACK "0.050 s : A seq=901 ack=201 win=510\n",
	  "s:win=510-510 s:first_acked=65535", NULL },
	{ "SYN without an answer", SYN,
	  "unconfirmed -answered client=c role=syn scaling=unknown c:W=7 s:W=unseen c:win=none s:packets=0",
	  NULL },
	{ "a SYN-ACK with W, repeated without: nobody knows which one arrived",
	  "0.000 c : S seq=100 [M1460 W7]\n"
	  "0.010 s : SA seq=900 ack=101 [M1460 W9]\n"
	  "1.010 s : SA seq=900 ack=101 [M1460]\n",
	  "unconfirmed answered scaling=unknown -!", NULL },
	{ "a SYN-ACK does not confirm", SYN SYNACK, "unconfirmed answered scaling=on -!", NULL },
	{ "SYN refused by RST", SYN "0.010 s : RA seq=0 ack=101 win=0\n",
	  "unconfirmed -answered s:rst s:packets=1 s:win=none s:zero=0", NULL },
	{ "RST instead of the third ACK", SYN SYNACK "0.030 c : R seq=101 win=0\n",
	  "unconfirmed answered c:rst c:packets=2 c:zero=0", NULL },
	{ "RST with ACK instead of the third ACK", SYN SYNACK "0.030 c : RA seq=101 ack=901\n",
	  "unconfirmed answered c:rst", NULL },
	{ "third ACK that acknowledges something else", SYN SYNACK "0.030 c : A seq=101 ack=950\n",
	  "unconfirmed answered", NULL },
	{ "third ACK with another sequence number", SYN SYNACK "0.030 c : A seq=500 ack=901\n",
	  "unconfirmed answered", NULL },
	{ "the server's data does not confirm",
	  SYN SYNACK "0.020 s : PA seq=901 ack=101 / data 10\n", "unconfirmed answered s:bytes=10",
	  NULL },
	{ "lost third ACK, data says the same",
	  SYN SYNACK "0.030 c : PA seq=101 ack=901 / data 5\n",
	  "confirmed answered c:bytes=5 rtt_us=30000", NULL },
	{ "third ACK without a SYN-ACK", SYN ACK,
	  "confirmed -answered scaling=unknown s:W=unseen rtt_us=0", NULL },

	/* ---- out of order ---- */
	{ "SYN-ACK captured before its SYN",
	  "0.000 s : SA seq=900 ack=101 [M1460 W9]\n"
	  "0.001 c : S seq=100 [M1460 W7]\n"
	  "0.030 c : A seq=101 ack=901\n",
	  "confirmed answered client=c role=syn scaling=on c:W=7 s:W=9", NULL },
	{ "third ACK captured before the SYN-ACK",
	  SYN "0.010 c : A seq=101 ack=901\n"
	      "0.011 s : SA seq=900 ack=101 [M1460 W9]\n",
	  "confirmed answered scaling=on s:W=9 -!", NULL },
	{ "third ACK before a SYN-ACK that refuses",
	  SYN "0.010 c : A seq=101 ack=901\n"
	      "0.011 s : SA seq=900 ack=101 [M1460]\n",
	  "confirmed answered scaling=off !server-no-wscale", NULL },
	{ "SYN-ACK alone", "0.000 s : SA seq=900 ack=101 [M1460 W9]\n",
	  "unconfirmed -answered client=c role=synack scaling=unknown inferred=on s:W=9 c:W=unseen",
	  NULL },
	{ "SYN-ACK, then the client's ACK",
	  "0.000 s : SA seq=900 ack=101 [M1460 W9]\n"
	  "0.020 c : A seq=101 ack=901\n"
	  "0.030 c : PA seq=101 ack=901 / data 10\n",
	  "confirmed client=c role=synack scaling=unknown inferred=on", NULL },
	{ "SYN-ACK captured before a SYN that it does not answer",
	  "0.000 s : SA seq=900 ack=101 [M1460 W9]\n"
	  "0.001 c : S seq=5000 [M1460 W7]\n",
	  "unconfirmed -answered role=synack s:isn=900 c:W=unseen\n"
	  "unconfirmed -answered role=syn c:isn=5000 s:W=unseen",
	  NULL },
	{ "data segments swapped",
	  OPEN "0.040 c : A seq=201 ack=901 / data 100\n"
	       "0.041 c : A seq=101 ack=901 / data 100\n",
	  "confirmed c:bytes=200 c:retransmits=1", NULL },

	/* ---- begun before the capture ---- */
	{ "mid-stream, one segment", "0.000 c : A seq=500 ack=800 win=77 / data 10\n",
	  "unconfirmed client=c role=port scaling=unknown c:W=unseen c:bytes=10 c:win=77-77",
	  NULL },
	{ "mid-stream, a second segment in sequence",
	  "0.000 c : A seq=500 ack=800 / data 10\n"
	  "0.001 c : A seq=510 ack=800 / data 10\n",
	  "confirmed client=c role=port scaling=unknown c:bytes=20 -!", NULL },
	{ "mid-stream, two pure ACKs",
	  "0.000 c : A seq=500 ack=800\n"
	  "0.001 c : A seq=500 ack=900\n",
	  "confirmed c:packets=2", NULL },
	{ "mid-stream, a second segment with a gap",
	  "0.000 c : A seq=500 ack=800 / data 10\n"
	  "0.001 c : A seq=700 ack=800 / data 10\n",
	  "unconfirmed c:packets=2", NULL },
	{ "mid-stream, a gap, then in sequence",
	  "0.000 c : A seq=500 ack=800 / data 10\n"
	  "0.001 c : A seq=700 ack=800 / data 10\n"
	  "0.002 c : A seq=710 ack=800 / data 10\n",
	  "confirmed c:bytes=30", NULL },
	{ "mid-stream, one segment each way",
	  "0.000 c : A seq=500 ack=800 / data 10\n"
	  "0.001 s : A seq=800 ack=510\n",
	  "unconfirmed c:packets=1 s:packets=1", NULL },
	{ "mid-stream, the server twice",
	  "0.000 s : A seq=800 ack=510 / data 10\n"
	  "0.001 s : A seq=810 ack=510 / data 10\n",
	  "confirmed client=c role=port s:bytes=20 c:packets=0", NULL },
	{ "a stray ACK answered by RST",
	  "0.000 c : A seq=500 ack=800\n"
	  "0.001 s : R seq=800\n",
	  "unconfirmed c:packets=1 s:rst", NULL },
	{ "RSTs never confirm",
	  "0.000 s : R seq=800\n"
	  "0.001 s : R seq=800\n"
	  "0.002 s : R seq=800\n",
	  "unconfirmed s:packets=3 s:rst", NULL },
	{ "equal ports: the first sender is the client",
	  "0.000 s : A 500>500 seq=500 ack=800 / data 1\n"
	  "0.001 s : A 500>500 seq=501 ack=800 / data 1\n",
	  "confirmed client=s role=first", NULL },

	/* ---- retransmitted handshakes ---- */
	{ "SYN retransmitted",
	  SYN "1.000 c id=9 : S seq=100 win=64240 [M1460 S T9 N W7]\n"
	      "1.010 s : SA seq=900 ack=101 [M1460 S T2 N W9]\n"
	      "1.030 c : A seq=101 ack=901\n",
	  "confirmed answered c:copies=2 c:packets=3 c:dup=0 rtt_us=0 scaling=on c:retransmits=0 -!",
	  NULL },
	{ "SYN-ACK retransmitted",
	  SYN SYNACK "1.010 s id=9 : SA seq=900 ack=101 win=65160 [M1460 S T9 N W9]\n"
		     "1.030 c : A seq=101 ack=901\n",
	  "confirmed answered s:copies=2 s:packets=2 s:dup=0 rtt_us=0", NULL },
	{ "SYN retransmitted after the SYN-ACK",
	  SYN SYNACK "1.000 c : S seq=100 win=64240 [M1460 S T9 N W7]\n"
		     "1.020 s : SA seq=900 ack=101 win=65160 [M1460 S T9 N W9]\n"
		     "1.040 c : A seq=101 ack=901\n",
	  "confirmed answered c:copies=2 s:copies=2 rtt_us=0", NULL },
	{ "SYN-ACK retransmitted to a confirmed connection",
	  OPEN "1.010 s id=9 : SA seq=900 ack=101 win=65160 [M1460 S T9 N W9]\n"
	       "1.020 c : A seq=101 ack=901\n",
	  "confirmed answered s:copies=2 c:packets=3 s:packets=2", NULL },
	{ "same-ISN retry without W, answered without",
	  SYN "1.000 c id=9 : S seq=100 win=64240 [M1460]\n"
	      "1.010 s : SA seq=900 ack=101 [M1460]\n"
	      "1.020 c : A seq=101 ack=901\n",
	  "confirmed c:copies=2 c:W=absent s:W=absent scaling=off", NULL },

	/* ---- the same 4-tuple again ---- */
	{ "port reuse after FINs",
	  OPEN "0.040 c : FA seq=101 ack=901\n"
	       "0.050 s : FA seq=901 ack=102\n"
	       "0.060 c : A seq=102 ack=902\n"
	       "5.000 c : S seq=7100 [M1460 W3]\n"
	       "5.010 s : SA seq=7900 ack=7101 [M1460 W4]\n"
	       "5.020 c : A seq=7101 ack=7901\n",
	  "confirmed c:isn=100 c:W=7 c:fin s:fin c:packets=4\n"
	  "confirmed c:isn=7100 c:W=3 s:W=4 -c:fin c:packets=2 rtt_us=20000",
	  NULL },
	{ "port reuse after RST",
	  OPEN "0.040 s : R seq=901\n"
	       "5.000 c : S seq=7100 [M1460 W3]\n"
	       "5.010 s : SA seq=7900 ack=7101 [M1460 W4]\n"
	       "5.020 c : A seq=7101 ack=7901\n",
	  "confirmed c:isn=100 s:rst\n"
	  "confirmed c:isn=7100 -s:rst c:packets=2 s:packets=1",
	  NULL },
	{ "port reuse after FINs, not answered",
	  OPEN "0.040 c : FA seq=101 ack=901\n"
	       "0.050 s : FA seq=901 ack=102\n"
	       "5.000 c : S seq=7100 [M1460 W3]\n",
	  "confirmed c:isn=100 c:packets=3\n"
	  "unconfirmed c:isn=7100 c:packets=1",
	  NULL },
	{ "the client rebooted: a new SYN on a live connection is answered",
	  OPEN "0.040 c : A seq=101 ack=901 / data 10\n"
	       "5.000 c : S seq=7100 [M1460 W3]\n"
	       "5.010 s : SA seq=7900 ack=7101 [M1460 W4]\n"
	       "5.020 c : A seq=7101 ack=7901\n"
	       "5.030 c : A seq=7101 ack=7901 / data 20\n",
	  "confirmed c:isn=100 c:bytes=10 c:packets=3\n"
	  "confirmed c:isn=7100 c:bytes=20 c:packets=3 s:packets=1",
	  NULL },
	{ "one spoofed SYN does not split a live connection",
	  OPEN "0.040 c : A seq=101 ack=901 / data 10\n"
	       "5.000 c ttl=9 : S seq=7100 [M1460]\n"
	       "5.010 c : A seq=111 ack=901 / data 10\n"
	       "5.020 s : A seq=901 ack=121 / data 10\n",
	  "confirmed c:isn=100 c:W=7 scaling=on c:bytes=20 c:packets=4 s:bytes=10 -!\n"
	  "unconfirmed c:isn=7100 c:W=absent c:packets=1 s:packets=0",
	  NULL },
	{ "a spoofed SYN, and the challenge ACK it gets",
	  OPEN "5.000 c ttl=9 : S seq=7100 [M1460]\n"
	       "5.001 s : A seq=901 ack=101\n"
	       "5.010 c : A seq=101 ack=901 / data 10\n",
	  "confirmed c:isn=100 c:bytes=10 s:packets=2\n"
	  "unconfirmed c:isn=7100 c:packets=1 s:packets=0",
	  NULL },
	{ "a spoofed SYN inside the window of a live connection, refused by RST",
	  OPEN "5.000 c ttl=9 : S seq=7100 [M1460]\n"
	       "5.001 s : RA seq=0 ack=7101\n"
	       "5.010 c : A seq=101 ack=901 / data 10\n",
	  "confirmed c:isn=100 c:bytes=10 -s:rst\n"
	  "unconfirmed c:isn=7100 s:rst s:packets=1",
	  NULL },
	{ "SYN retransmitted on a live connection",
	  OPEN "0.040 c id=9 : S seq=100 win=64240 [M1460 S T1 N W7]\n"
	       "0.050 c : A seq=101 ack=901 / data 10\n",
	  "confirmed c:copies=2 c:packets=4 c:bytes=10", NULL },
	{ "two SYNs with different ISNs, the second answered",
	  "0.000 c : S seq=100 [M1460 W7]\n"
	  "0.100 c : S seq=5000 [M1460 W3]\n"
	  "0.110 s : SA seq=900 ack=5001 [M1460 W9]\n"
	  "0.120 c : A seq=5001 ack=901\n",
	  "unconfirmed c:isn=100 c:W=7 c:packets=1 s:packets=0\n"
	  "confirmed answered c:isn=5000 c:W=3 c:packets=2 s:packets=1",
	  NULL },
	{ "two SYNs with different ISNs, the first answered",
	  "0.000 c : S seq=100 [M1460 W7]\n"
	  "0.100 c : S seq=5000 [M1460 W3]\n"
	  "0.110 s : SA seq=900 ack=101 [M1460 W9]\n"
	  "0.120 c : A seq=101 ack=901\n",
	  "confirmed answered c:isn=100 c:W=7 c:packets=2\n"
	  "unconfirmed c:isn=5000 c:W=3 c:packets=1 s:packets=0",
	  NULL },
	{ "two SYNs with different ISNs, none answered",
	  "0.000 c : S seq=100 [M1460 W7]\n"
	  "0.100 c : S seq=5000 [M1460 W3]\n",
	  "unconfirmed c:isn=100\n"
	  "unconfirmed c:isn=5000",
	  NULL },
	{ "two SYNs, only the client's ACK of the second was seen",
	  "0.000 c : S seq=100 [M1460 W7]\n"
	  "0.100 c : S seq=5000 [M1460 W3]\n"
	  "0.120 c : A seq=5001 ack=901\n",
	  "unconfirmed c:isn=100\n"
	  "confirmed c:isn=5000",
	  NULL },
	{ "three SYNs with different ISNs, the last answered",
	  "0.000 c : S seq=100 [M1460 W7]\n"
	  "0.100 c : S seq=5000 [M1460 W3]\n"
	  "0.200 c : S seq=9000 [M1460 W4]\n"
	  "0.210 s : SA seq=900 ack=9001 [M1460 W9]\n"
	  "0.220 c : A seq=9001 ack=901\n",
	  "unconfirmed c:isn=100\n"
	  "unconfirmed c:isn=5000\n"
	  "confirmed c:isn=9000",
	  NULL },
	{ "a rival SYN, retransmitted, then answered",
	  "0.000 c : S seq=100 [M1460 W7]\n"
	  "0.100 c id=7 : S seq=5000 [M1460 W3]\n"
	  "1.100 c id=8 : S seq=5000 [M1460 W3]\n"
	  "1.110 s : SA seq=900 ack=5001 [M1460 W9]\n"
	  "1.120 c : A seq=5001 ack=901\n",
	  "unconfirmed c:isn=100 c:packets=1\n"
	  "confirmed c:isn=5000 c:packets=3 c:copies=2 rtt_us=0",
	  NULL },
	{ "a SYN refused by RST, and another try",
	  "0.000 c : S seq=100 [M1460 W7]\n"
	  "0.010 s : RA seq=0 ack=101\n"
	  "1.000 c : S seq=5000 [M1460 W3]\n"
	  "1.010 s : SA seq=900 ack=5001 [M1460 W9]\n"
	  "1.020 c : A seq=5001 ack=901\n",
	  "unconfirmed c:isn=100 s:rst\n"
	  "confirmed c:isn=5000 -s:rst",
	  NULL },
	{ "a SYN-ACK that acknowledges another SYN than the one seen",
	  SYN "0.010 s : SA seq=900 ack=5001 [M1460 W9]\n",
	  "unconfirmed -answered scaling=unknown c:isn=100 s:W=unseen", NULL },
	{ "a stray SYN-ACK on a live connection",
	  OPEN "0.040 s ttl=9 : SA seq=6000 ack=5001 [M1460]\n"
	       "0.050 c : A seq=101 ack=901 / data 10\n",
	  "confirmed answered c:isn=100 s:isn=900 s:W=9 scaling=on c:bytes=10 -!", NULL },

	{ "a stray SYN-ACK on a connection whose own was not seen",
	  SYN ACK "0.040 s ttl=9 : SA seq=6000 ack=5001 [M1460]\n"
		  "0.050 c : A seq=101 ack=901 / data 10\n",
	  "confirmed -answered scaling=unknown s:W=unseen c:bytes=10 -!", NULL },
	{ "a stray SYN-ACK on a connection begun before the capture",
	  "0.000 c : A seq=500 ack=800 / data 10\n"
	  "0.001 c : A seq=510 ack=800 / data 10\n"
	  "0.002 s ttl=9 : SA seq=6000 ack=5001 [M1460 W4]\n",
	  "confirmed -answered client=c role=port scaling=unknown inferred=null s:W=unseen -!",
	  NULL },
	{ "a new SYN on a connection begun before the capture, answered",
	  "0.000 c : A seq=500 ack=800 / data 10\n"
	  "0.001 c : A seq=510 ack=800 / data 10\n"
	  "5.000 c : S seq=7100 [M1460 W3]\n"
	  "5.010 s : SA seq=7900 ack=7101 [M1460 W4]\n"
	  "5.020 c : A seq=7101 ack=7901\n",
	  "confirmed role=port c:bytes=20 c:packets=2 s:packets=0\n"
	  "confirmed role=syn c:isn=7100 c:packets=2 s:packets=1",
	  NULL },
	{ "port reuse, only the client is seen, after its FIN",
	  SYN ACK "0.040 c : FA seq=101 ack=901\n"
		  "0.060 c : A seq=102 ack=902\n"
		  "5.000 c : S seq=7100 [M1460 W3]\n"
		  "5.020 c : A seq=7101 ack=7901\n",
	  "confirmed c:isn=100 c:packets=4\n"
	  "confirmed c:isn=7100 c:packets=2",
	  NULL },
	{ "port reuse, only the client is seen, without a FIN",
	  SYN ACK "5.000 c : S seq=7100 [M1460 W3]\n"
		  "5.020 c : A seq=7101 ack=7901\n",
	  "confirmed c:isn=100 c:packets=2\n"
	  "confirmed c:isn=7100 c:packets=2",
	  NULL },
	{ "a SYN on a live connection, met at two interfaces, not answered",
	  "0.000 c@1 ttl=64 : S seq=100 [M1460 W7]\n"
	  "0.010 s@1 : SA seq=900 ack=101 [M1460 W9]\n"
	  "0.020 c@1 ttl=64 : A seq=101 ack=901\n"
	  "5.000 c@1 ttl=64 : S seq=7100 [M1460 W3]\n"
	  "5.0001 c@2 ttl=63 : S seq=7100 [M1460 W3]\n"
	  "5.010 c@1 ttl=64 : A seq=101 ack=901 / data 10\n",
	  "confirmed c:isn=100 c:bytes=10 c:dup=0\n"
	  "unconfirmed c:isn=7100 c:packets=1 c:copies=1 c:dup=1",
	  NULL },
	{ "a rival SYN, met at two interfaces, then answered",
	  "0.0000 c@1 ttl=64 id=1 : S seq=100 [M1460 W7]\n"
	  "0.0001 c@2 ttl=63 id=1 : S seq=100 [M1460 W7]\n"
	  "0.1000 c@1 ttl=64 id=2 : S seq=5000 [M1460 W3]\n"
	  "0.1001 c@2 ttl=63 id=2 : S seq=5000 [M1460 W3]\n"
	  "0.1100 s@2 ttl=64 id=3 : SA seq=900 ack=5001 [M1460 W9]\n"
	  "0.1101 s@1 ttl=63 id=3 : SA seq=900 ack=5001 [M1460 W9]\n"
	  "0.1200 c@1 ttl=64 id=4 : A seq=5001 ack=901\n",
	  "unconfirmed c:isn=100 c:packets=1 c:copies=1 c:dup=1\n"
	  "confirmed answered c:isn=5000 c:packets=2 c:copies=1 c:dup=1 rtt_us=20000",
	  NULL },
	{ "both ends open at once, and the second end changes its mind",
	  "0.000 c : S seq=100 [M1460 W7]\n"
	  "0.001 s : S seq=900 [M1460 W9]\n"
	  "0.100 s : S seq=5000 [M1460 W2]\n",
	  "unconfirmed client=c c:isn=100 c:packets=1 s:isn=900 s:packets=1\n"
	  "unconfirmed client=s s:isn=5000 s:packets=1 c:packets=0",
	  NULL },

	/* ---- unusual openings ---- */
	{ "simultaneous open",
	  "0.000 c : S seq=100 [M1460 W7]\n"
	  "0.001 s : S seq=900 [M1460 W9]\n"
	  "0.020 c : SA seq=100 ack=901 [M1460 W7]\n"
	  "0.021 s : SA seq=900 ack=101 [M1460 W9]\n"
	  "0.040 c : A seq=101 ack=901\n",
	  "confirmed answered client=c role=syn scaling=on c:packets=3 s:packets=2 c:dup=0 s:dup=0 -!",
	  NULL },
	{ "simultaneous open, the server's end was first",
	  "0.000 s : S seq=900 [M1460 W9]\n"
	  "0.001 c : S seq=100 [M1460 W7]\n"
	  "0.020 c : SA seq=100 ack=901 [M1460 W7]\n"
	  "0.021 s : SA seq=900 ack=101 [M1460 W9]\n"
	  "0.040 s : A seq=901 ack=101 / data 1\n",
	  "confirmed answered client=s role=syn scaling=on -!", NULL },
	{ "simultaneous open, one end without W",
	  "0.000 c : S seq=100 [M1460 W7]\n"
	  "0.001 s : S seq=900 [M1460]\n"
	  "0.020 c : SA seq=100 ack=901 [M1460 W7]\n"
	  "0.021 s : SA seq=900 ack=101 [M1460]\n"
	  "0.040 c : A seq=101 ack=901\n",
	  "confirmed answered client=c scaling=off -!unsolicited-wscale", NULL },
	{ "split handshake: the server ACKs, then sends a SYN of its own",
	  "0.000 c : S seq=100 [M1460 W7]\n"
	  "0.010 s : A seq=899 ack=101\n"
	  "0.011 s : S seq=900 [M1460 W9]\n"
	  "0.020 c : SA seq=100 ack=901 [M1460 W7]\n"
	  "0.030 s : A seq=901 ack=101\n"
	  "0.040 c : A seq=101 ack=901 / data 10\n",
	  "confirmed client=c role=syn scaling=on c:bytes=10 -!", NULL },
	{ "Fast Open, the data is taken",
	  "0.000 c : S seq=100 [M1460 S T1 N W7 F8 N N] / data 10\n"
	  "0.010 s : SA seq=900 ack=111 [M1460 S T2 N W9]\n"
	  "0.020 c : A seq=111 ack=901\n",
	  "confirmed answered scaling=on c:bytes=10 c:retransmits=0 rtt_us=20000 -!", NULL },
	{ "Fast Open, the data is not taken",
	  "0.000 c : S seq=100 [M1460 S T1 N W7 F8 N N] / data 10\n"
	  "0.010 s : SA seq=900 ack=101 [M1460 S T2 N W9]\n"
	  "0.020 c : PA seq=101 ack=901 / data 10\n",
	  "confirmed answered scaling=on c:bytes=20 c:retransmits=1", NULL },
	{ "Fast Open, given up when the SYN is repeated",
	  "0.000 c : S seq=100 [M1460 W7 F8 N N] / data 10\n"
	  "1.000 c : S seq=100 [M1460 W7]\n"
	  "1.010 s : SA seq=900 ack=101 [M1460 W9]\n"
	  "1.020 c : PA seq=101 ack=901 / data 10\n",
	  "confirmed answered scaling=on c:copies=2 c:bytes=20 rtt_us=0 -!", NULL },
	{ "Fast Open, acknowledged in part",
	  "0.000 c : S seq=100 [M1460 W7 F8 N N] / data 10\n"
	  "0.010 s : SA seq=900 ack=106 [M1460 W9]\n"
	  "0.020 c : PA seq=106 ack=901 / data 5\n",
	  "confirmed answered scaling=on", NULL },
	{ "Fast Open, a SYN-ACK beyond the data",
	  "0.000 c : S seq=100 [M1460 W7 F8 N N] / data 10\n"
	  "0.010 s : SA seq=900 ack=112 [M1460 W9]\n",
	  "unconfirmed -answered scaling=unknown", NULL },
	{ "Fast Open, the server's data before the third ACK",
	  "0.000 c : S seq=100 [M1460 W7 F8 N N] / data 10\n"
	  "0.010 s : SA seq=900 ack=111 [M1460 W9]\n"
	  "0.011 s : PA seq=901 ack=111 / data 500\n"
	  "0.020 c : A seq=111 ack=1401\n",
	  "confirmed answered s:bytes=500", NULL },
	{ "Fast Open, data in the SYN-ACK",
	  "0.000 c : S seq=100 [M1460 W7 F8 N N] / data 10\n"
	  "0.010 s : SA seq=900 ack=111 [M1460 W9] / data 50\n"
	  "0.020 c : A seq=111 ack=951\n",
	  "confirmed answered s:bytes=50", NULL },
	{ "lost third ACK, the server speaks first",
	  SYN SYNACK "0.020 s : PA seq=901 ack=101 / data 50\n"
		     "0.030 c : A seq=101 ack=951\n",
	  "confirmed answered s:bytes=50", NULL },
	{ "initial sequence numbers that wrap",
	  "0.000 c : S seq=4294967295 [M1460 W7]\n"
	  "0.010 s : SA seq=4294967290 ack=0 [M1460 W9]\n"
	  "0.020 c : A seq=0 ack=4294967291\n"
	  "0.030 s : A seq=4294967291 ack=0 / data 100\n"
	  "0.040 s : A seq=95 ack=0 / data 100\n"
	  "0.050 s : A seq=95 ack=0 / data 100\n",
	  "confirmed answered scaling=on s:bytes=300 s:retransmits=1", NULL },
	{ "SYN with FIN, SYN with RST",
	  "0.000 c : SF seq=100 [M1460]\n"
	  "0.010 s : SR seq=100 [M1460 W3]\n",
	  "unconfirmed c:fin s:rst s:W=unseen", NULL },
};

int main(void)
{
	return engine_stream_run(cases, COUNT(cases));
}
