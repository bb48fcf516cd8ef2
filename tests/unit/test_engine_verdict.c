/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a connection's handshake is said to show, and, as important, what it is not.
 *
 * RFC 7323, 2.2: scaling is in use if both SYNs carry the option; a SYN-ACK may carry it only if
 * the SYN did; outside a SYN it is ignored. 2.3: shifts above 14 are used as 14. An option area
 * that was not read whole proves nothing.
 */
#include <stddef.h>

#include "tests/unit/engine_stream.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define ACK  "0.030 c : A seq=101 ack=901 win=502\n"
#define DATA "0.040 c : PA seq=101 ack=901 win=502 / data 10\n"

static const struct engine_stream_case cases[] = {
	/* ---- one side without the option ---- */
	{ "both sides on: nothing to say",
	  "0.000 c : S seq=100 [M1460 S T1 N W7]\n"
	  "0.010 s : SA seq=900 ack=101 [M1460 S T2 N W9]\n" ACK DATA,
	  "confirmed scaling=on -!\n"
	  "endpoint c client opportunities=1 offers=1 refusals=0 -!\n"
	  "endpoint s server opportunities=1 offers=1 refusals=0 -!",
	  NULL },
	{ "the server answers without W",
	  "0.000 c : S seq=100 [M1460 S T1 N W7]\n"
	  "0.010 s : SA seq=900 ack=101 [M1460 S T2 N N]\n" ACK DATA,
	  "confirmed scaling=off !server-no-wscale/server/host-or-path/high/warning !server-no-wscale@1,2 "
	  "-!client-no-wscale -!wscale-stripped\n"
	  "endpoint c client opportunities=1 offers=1 refusals=0\n"
	  "endpoint s server opportunities=1 offers=0 refusals=1 run=1 -!endpoint-off",
	  NULL },
	{ "the client opens without W, no data follows",
	  "0.000 c : S seq=100 [M1460]\n"
	  "0.010 s : SA seq=900 ack=101 [M1460]\n" ACK,
	  "confirmed scaling=off !client-no-wscale/client/host-or-path/high/info !client-no-wscale@1 "
	  "-!server-no-wscale\n"
	  "endpoint c client opportunities=1 offers=0 refusals=1",
	  NULL },
	{ "the client opens without W, and sends data",
	  "0.000 c : S seq=100 [M1460]\n"
	  "0.010 s : SA seq=900 ack=101 [M1460]\n" ACK DATA,
	  "confirmed scaling=off !client-no-wscale/client/host-or-path/high/warning -!server-no-wscale",
	  NULL },
	{ "the client opens without W, and gets data",
	  "0.000 c : S seq=100 [M1460]\n"
	  "0.010 s : SA seq=900 ack=101 [M1460]\n" ACK "0.050 s : A seq=901 ack=101 / data 9\n",
	  "confirmed !client-no-wscale/client/host-or-path/high/warning", NULL },
	{ "a scanner's SYN without any option", "0.000 c : S seq=100\n",
	  "unconfirmed scaling=off !client-no-wscale/client/host-or-path/high/info", NULL },
	{ "the server adds W that was not asked for",
	  "0.000 c : S seq=100 [M1460]\n"
	  "0.010 s : SA seq=900 ack=101 [M1460 W9]\n" ACK DATA,
	  "confirmed scaling=off !unsolicited-wscale/server/host-or-path/high/warning "
	  "!unsolicited-wscale@1,2 -!client-no-wscale -!server-no-wscale",
	  NULL },
	{ "a SYN-ACK that carries only MSS: SYN cookies",
	  "0.000 c : S seq=100 [M1460 N W7]\n"
	  "0.010 s : SA seq=900 ack=101 [M1460]\n" ACK,
	  "confirmed scaling=off !server-no-wscale", NULL },
	{ "an option area that was cut proves nothing, on the SYN",
	  "0.000 c : S seq=100 [M1460 S T1 N W7] / cut -2\n"
	  "0.010 s : SA seq=900 ack=101 [M1460 S T2 N W9]\n" ACK DATA,
	  "confirmed scaling=unknown -!", NULL },
	{ "an option area that was cut proves nothing, on the SYN-ACK",
	  "0.000 c : S seq=100 [M1460 S T1 N W7]\n"
	  "0.010 s : SA seq=900 ack=101 [M1460 S T2 N W9] / cut -2\n" ACK DATA,
	  "confirmed scaling=unknown -!", "v4" },
	{ "malformed options prove nothing",
	  "0.000 c : S seq=100 [M1460 W7]\n"
	  "0.010 s : SA seq=900 ack=101 [M1460 x0500 N N]\n" ACK DATA,
	  "confirmed scaling=unknown s:W=unknown -!", NULL },
	{ "the SYN was not seen", "0.010 s : SA seq=900 ack=101 [M1460]\n" ACK DATA,
	  "confirmed scaling=off -!", NULL },
	{ "an unanswered SYN says nothing of the server", "0.000 c : S seq=100 [M1460 W7]\n",
	  "unconfirmed scaling=unknown -!", NULL },

	/* ---- holes ---- */
	{ "NOPs where the client's W was",
	  "0.000 c : S seq=100 [M1460 S T1 N*4]\n"
	  "0.010 s : SA seq=900 ack=101 [M1460 S T2]\n" ACK DATA,
	  "confirmed scaling=off !wscale-stripped/client/path/high/warning !wscale-stripped@1 "
	  "-!client-no-wscale -!server-no-wscale\n"
	  "endpoint c client opportunities=1 refusals=1 stripped=1",
	  NULL },
	{ "NOPs where the server's W was",
	  "0.000 c : S seq=100 [M1460 S T1 N W7]\n"
	  "0.010 s : SA seq=900 ack=101 [M1460 S T2 N*4]\n" ACK DATA,
	  "confirmed scaling=off !wscale-stripped/server/path/high/warning !wscale-stripped@2 "
	  "-!server-no-wscale\n"
	  "endpoint c client offers=1\n"
	  "endpoint s server opportunities=1 refusals=1 stripped=1",
	  NULL },
	{ "NOPs where both were",
	  "0.000 c : S seq=100 [M1460 S T1 N*4]\n"
	  "0.010 s : SA seq=900 ack=101 [M1460 S T2 N*4]\n" ACK DATA,
	  "confirmed !wscale-stripped/client/path/high/warning -!client-no-wscale -!server-no-wscale",
	  NULL },
	{ "three NOPs in Windows' order",
	  "0.000 c : S seq=100 [M1460 N*4 N*2 S]\n"
	  "0.010 s : SA seq=900 ack=101 [M1460]\n" ACK,
	  "confirmed !wscale-stripped/client/path/high/warning", NULL },
	{ "three NOPs and no more",
	  "0.000 c : S seq=100 [M1460 N*3 S E]\n"
	  "0.010 s : SA seq=900 ack=101 [M1460]\n" ACK,
	  "confirmed !wscale-stripped/client/path/high/warning", NULL },
	{ "two NOPs are padding",
	  "0.000 c : S seq=100 [M1460 N N S]\n"
	  "0.010 s : SA seq=900 ack=101 [M1460]\n" ACK DATA,
	  "confirmed !client-no-wscale -!wscale-stripped", NULL },
	{ "MNWSNNNNT has four NOPs and its W",
	  "0.000 c : S seq=100 [M1460 N W3 S N*4 T1]\n"
	  "0.010 s : SA seq=900 ack=101 [M1460 N W3 S N*4 T1]\n" ACK DATA,
	  "confirmed scaling=on -!", NULL },
	{ "MNWSNNNNT of the client, a server that refuses",
	  "0.000 c : S seq=100 [M1460 N W3 S N*4 T1]\n"
	  "0.010 s : SA seq=900 ack=101 [M1460]\n" ACK DATA,
	  "confirmed scaling=off !server-no-wscale -!wscale-stripped", NULL },
	{ "a hole in a segment that is no SYN",
	  "0.000 c : S seq=100 [M1460 W3]\n"
	  "0.010 s : SA seq=900 ack=101 [M1460 W3]\n"
	  "0.030 c : A seq=101 ack=901 [N*4]\n",
	  "confirmed scaling=on -!", NULL },

	/* ---- the same SYN, saying two things ---- */
	{ "a retry without W after a second",
	  "0.000 c id=1 : S seq=100 [M1460 W7]\n"
	  "1.000 c id=2 : S seq=100 [M1460]\n"
	  "1.010 s : SA seq=900 ack=101 [M1460]\n"
	  "1.020 c : A seq=101 ack=901\n" DATA,
	  "confirmed scaling=off !syn-retry-no-wscale/client/host/high/warning !syn-retry-no-wscale@1,2 "
	  "-!client-no-wscale -!server-no-wscale -!wscale-stripped\n"
	  "endpoint c client opportunities=1 offers=1 refusals=0",
	  NULL },
	{ "a retry without W, but the answer has it: the first SYN was answered",
	  "0.000 c id=1 : S seq=100 [M1460 W7]\n"
	  "1.000 c id=2 : S seq=100 [M1460]\n"
	  "1.010 s : SA seq=900 ack=101 [M1460 W9]\n"
	  "1.020 c : A seq=101 ack=901\n",
	  "confirmed scaling=on -!unsolicited-wscale -!syn-retry-no-wscale", NULL },
	{ "a retry without W that nobody answers",
	  "0.000 c id=1 : S seq=100 [M1460 W7]\n"
	  "1.000 c id=2 : S seq=100 [M1460]\n",
	  "unconfirmed !syn-retry-no-wscale/client/host/high/info -!client-no-wscale", NULL },
	{ "two retries, the last without W",
	  "0.000 c id=1 : S seq=100 [M1460 W7]\n"
	  "1.000 c id=2 : S seq=100 [M1460 W7]\n"
	  "3.000 c id=3 : S seq=100 [M1460]\n"
	  "3.010 s : SA seq=900 ack=101 [M1460]\n"
	  "3.020 c : A seq=101 ack=901\n",
	  "confirmed c:copies=3 !syn-retry-no-wscale", NULL },
	{ "two retries without W",
	  "0.000 c id=1 : S seq=100 [M1460 W7]\n"
	  "1.000 c id=2 : S seq=100 [M1460]\n"
	  "3.000 c id=3 : S seq=100 [M1460]\n"
	  "3.010 s : SA seq=900 ack=101 [M1460]\n"
	  "3.020 c : A seq=101 ack=901\n",
	  "confirmed c:copies=3 !syn-retry-no-wscale", NULL },
	{ "a retry without W after 100 ms is too soon",
	  "0.000 c id=1 : S seq=100 [M1460 W7]\n"
	  "0.100 c id=2 : S seq=100 [M1460]\n"
	  "0.110 s : SA seq=900 ack=101 [M1460]\n"
	  "0.120 c : A seq=101 ack=901\n",
	  "confirmed scaling=off -!syn-retry-no-wscale", NULL },
	{ "a late copy with the same IP-ID is no retry",
	  "0.000 c id=7 : S seq=100 [M1460 W7]\n"
	  "0.300 c id=7 : S seq=100 [M1460]\n"
	  "0.310 s : SA seq=900 ack=101 [M1460]\n"
	  "0.320 c : A seq=101 ack=901\n",
	  "confirmed scaling=off -!syn-retry-no-wscale", "v4" },
	{ "a retry that adds W",
	  "0.000 c id=1 : S seq=100 [M1460]\n"
	  "1.000 c id=2 : S seq=100 [M1460 W7]\n"
	  "1.010 s : SA seq=900 ack=101 [M1460 W9]\n"
	  "1.020 c : A seq=101 ack=901\n",
	  "confirmed scaling=on -!client-no-wscale -!unsolicited-wscale -!syn-retry-no-wscale",
	  NULL },
	{ "first with W, then without, then with another shift",
	  "0.000 c id=1 : S seq=100 [M1460 W7]\n"
	  "1.000 c id=2 : S seq=100 [M1460]\n"
	  "3.000 c id=3 : S seq=100 [M1460 W3]\n"
	  "3.010 s : SA seq=900 ack=101 [M1460 W9]\n"
	  "3.020 c : A seq=101 ack=901\n",
	  "confirmed c:W=3 scaling=on !wscale-changed/client/unknown/medium/warning !wscale-changed@1,3",
	  NULL },
	{ "the same packet before and behind a box that strips it",
	  "0.0000 c@1 ttl=64 id=7 : S seq=100 [M1460 S T1 N W7]\n"
	  "0.0002 c@2 ttl=63 id=7 : S seq=100 [M1460 S T1 N*4]\n"
	  "0.0100 s@2 ttl=64 id=8 : SA seq=900 ack=101 [M1460 S T2]\n"
	  "0.0102 s@1 ttl=63 id=8 : SA seq=900 ack=101 [M1460 S T2]\n"
	  "0.0200 c@1 ttl=64 id=9 : A seq=101 ack=901\n",
	  "confirmed c:dup=1 !wscale-stripped/client/path/certain/warning !wscale-stripped@1,2 "
	  "-!server-no-wscale -!client-no-wscale -!syn-retry-no-wscale",
	  NULL },
	{ "the same, the option cut out and not overwritten",
	  "0.0000 c@1 ttl=64 id=7 : S seq=100 [M1460 S N W7]\n"
	  "0.0002 c@2 ttl=63 id=7 : S seq=100 [M1460 S]\n"
	  "0.0100 s@2 ttl=64 id=8 : SA seq=900 ack=101 [M1460]\n"
	  "0.0200 c@1 ttl=64 id=9 : A seq=101 ack=901\n",
	  "confirmed c:dup=1 !wscale-stripped/client/path/certain/warning -!server-no-wscale",
	  NULL },
	{ "the SYN-ACK before and behind a box that strips it",
	  "0.0000 c@1 ttl=64 id=7 : S seq=100 [M1460 W7]\n"
	  "0.0002 c@2 ttl=63 id=7 : S seq=100 [M1460 W7]\n"
	  "0.0100 s@2 ttl=64 id=8 : SA seq=900 ack=101 [M1460 W9]\n"
	  "0.0102 s@1 ttl=63 id=8 : SA seq=900 ack=101 [M1460]\n"
	  "0.0200 c@1 ttl=64 id=9 : A seq=101 ack=901\n",
	  "confirmed s:dup=1 !wscale-stripped/server/path/certain/warning -!server-no-wscale",
	  NULL },
	{ "a box that changes the shift, seen on both sides",
	  "0.0000 c@1 ttl=64 id=7 : S seq=100 [M1460 W7]\n"
	  "0.0002 c@2 ttl=63 id=7 : S seq=100 [M1460 W2]\n"
	  "0.0100 s@2 ttl=64 id=8 : SA seq=900 ack=101 [M1460 W9]\n"
	  "0.0200 c@1 ttl=64 id=9 : A seq=101 ack=901\n",
	  "confirmed !wscale-changed/client/path/certain/warning !wscale-changed@1,2 -!wscale-stripped",
	  NULL },
	{ "a SYN-ACK repeated with another shift",
	  "0.000 c id=1 : S seq=100 [M1460 W7]\n"
	  "0.010 s id=2 : SA seq=900 ack=101 [M1460 W9]\n"
	  "1.010 s id=3 : SA seq=900 ack=101 [M1460 W4]\n"
	  "1.020 c : A seq=101 ack=901\n",
	  "confirmed s:W=4 !wscale-changed/server/unknown/medium/warning !wscale-changed@2,3",
	  NULL },

	/* ---- odd options ---- */
	{ "shift 14 is allowed",
	  "0.000 c : S seq=100 [M1460 W14]\n"
	  "0.010 s : SA seq=900 ack=101 [M1460 W14]\n" ACK,
	  "confirmed scaling=on -!", NULL },
	{ "shift 15",
	  "0.000 c : S seq=100 [M1460 W15]\n"
	  "0.010 s : SA seq=900 ack=101 [M1460 W9]\n" ACK,
	  "confirmed scaling=on c:W=15 !wscale-too-large/client/host/certain/warning", NULL },
	{ "shift 255 from the server",
	  "0.000 c : S seq=100 [M1460 W7]\n"
	  "0.010 s : SA seq=900 ack=101 [M1460 W255]\n" ACK,
	  "confirmed scaling=on s:W=255 !wscale-too-large/server/host/certain/warning", NULL },
	{ "shift 0",
	  "0.000 c : S seq=100 [M1460 W0]\n"
	  "0.010 s : SA seq=900 ack=101 [M1460 W9]\n" ACK,
	  "confirmed scaling=on !wscale-zero/client/host/certain/info -!client-no-wscale", NULL },
	{ "W twice",
	  "0.000 c : S seq=100 [M1460 W7 W8]\n"
	  "0.010 s : SA seq=900 ack=101 [M1460 W9]\n" ACK,
	  "confirmed scaling=on c:W=8 !wscale-malformed/client/host-or-path/certain/warning",
	  NULL },
	{ "W of length 4",
	  "0.000 c : S seq=100 [M1460 W7]\n"
	  "0.010 s : SA seq=900 ack=101 [M1460 x03040900]\n" ACK,
	  "confirmed scaling=unknown !wscale-malformed/server/host-or-path/certain/warning "
	  "-!server-no-wscale",
	  NULL },
	{ "W on a data segment",
	  "0.000 c : S seq=100 [M1460 W7]\n"
	  "0.010 s : SA seq=900 ack=101 [M1460 W9]\n" ACK
	  "0.040 s : A seq=901 ack=101 [W5 N] / data 10\n",
	  "confirmed scaling=on s:W=9 !wscale-non-syn/server/unknown/certain/info !wscale-non-syn@4",
	  NULL },
	{ "W on the third ACK",
	  "0.000 c : S seq=100 [M1460]\n"
	  "0.010 s : SA seq=900 ack=101 [M1460]\n"
	  "0.020 c : A seq=101 ack=901 [W5 N]\n",
	  "confirmed scaling=off c:W=absent !wscale-non-syn/client/unknown/certain/info "
	  "!client-no-wscale -!unsolicited-wscale",
	  NULL },
	{ "W on a RST",
	  "0.000 c : S seq=100 [M1460 W7]\n"
	  "0.010 s : RA seq=0 ack=101 [W9 N]\n",
	  "unconfirmed s:W=unseen scaling=unknown !wscale-non-syn/server/unknown/certain/info",
	  NULL },

	/* ---- one direction only: the third ACK tells ---- */
	{ "client only, the window was shifted",
	  "0.000 c : S seq=100 win=64240 [M1460 S T1 N W10]\n"
	  "0.020 c : A seq=101 ack=901 win=63\n",
	  "confirmed scaling=unknown inferred=on -!", NULL },
	{ "client only, the window was not shifted",
	  "0.000 c : S seq=100 win=64240 [M1460 S T1 N W10]\n"
	  "0.020 c : A seq=101 ack=901 win=64240\n",
	  "confirmed scaling=unknown inferred=off "
	  "!server-no-wscale/server/host-or-path/inferred/warning !server-no-wscale@1",
	  NULL },
	{ "client only, rounded down",
	  "0.000 c : S seq=100 win=64240 [M1460 W7]\n"
	  "0.020 c : A seq=101 ack=901 win=501\n",
	  "confirmed inferred=on", NULL },
	{ "client only, a window that is neither",
	  "0.000 c : S seq=100 win=64240 [M1460 W7]\n"
	  "0.020 c : A seq=101 ack=901 win=9000\n",
	  "confirmed inferred=null -!", NULL },
	{ "client only, a constant 65535 tells nothing",
	  "0.000 c : S seq=100 win=65535 [M1460 W7]\n"
	  "0.020 c : A seq=101 ack=901 win=65535\n",
	  "confirmed inferred=null -!", NULL },
	{ "client only, shift 0 tells nothing",
	  "0.000 c : S seq=100 win=64240 [M1460 W0]\n"
	  "0.020 c : A seq=101 ack=901 win=64240\n",
	  "confirmed inferred=null -!server-no-wscale", NULL },
	{ "client only, its SYN had no W",
	  "0.000 c : S seq=100 win=64240 [M1460]\n"
	  "0.020 c : A seq=101 ack=901 win=64240\n",
	  "confirmed scaling=off inferred=null !client-no-wscale -!server-no-wscale", NULL },
	{ "both seen: nothing is inferred",
	  "0.000 c : S seq=100 win=64240 [M1460 W7]\n"
	  "0.010 s : SA seq=900 ack=101 [M1460 W9]\n"
	  "0.020 c : A seq=101 ack=901 win=64240\n",
	  "confirmed scaling=on inferred=null -!", NULL },
	{ "server only, its answer carries W: it was asked for",
	  "0.010 s : SA seq=900 ack=101 [M1460 W9]\n"
	  "0.030 s : A seq=901 ack=101 / data 10\n"
	  "0.040 s : A seq=911 ack=101 / data 10\n",
	  "confirmed client=c scaling=unknown inferred=on -!", NULL },
	{ "mid-stream: nothing is known",
	  "0.000 c : A seq=101 ack=901 win=64240 / data 1\n"
	  "0.010 c : A seq=102 ack=901 win=64240 / data 1\n",
	  "confirmed scaling=unknown inferred=null -!", NULL },

	/* ---- endpoints ---- */
	{ "a spoofed SYN accuses no client", "0.000 c : S seq=100 [M1460]\n", "unconfirmed", NULL },
	{ "a server that had no choice is not counted",
	  "0.000 c : S seq=100 [M1460]\n"
	  "0.010 s : SA seq=900 ack=101 [M1460]\n" ACK,
	  "confirmed\n"
	  "endpoint c client refusals=1",
	  NULL },
	{ "an unconfirmed refusal counts for the server, not for the client",
	  "0.000 c : S seq=100 [M1460 W7]\n"
	  "0.010 s : SA seq=900 ack=101 [M1460]\n",
	  "unconfirmed\n"
	  "endpoint s server opportunities=1 refusals=1",
	  NULL },
};

int main(void)
{
	return engine_stream_run(cases, COUNT(cases));
}
