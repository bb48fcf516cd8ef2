/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is said of a host after many connections: endpoint-off, endpoint-regressed.
 *
 * Twenty opportunities or more and offers in 5 % of them at most, or twenty refusals in a row since
 * the last offer; never where a box left a hole in more than one of twenty refusals. Regressed, and
 * nothing else, if there were offers in 95 % or more of twenty opportunities or more before that
 * row. A server is counted at its SYN-ACK, a client when its connection is confirmed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/engine_stream.h"
#include "tests/unit/packet_text.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/*
 * connections: letters, each with *COUNT: o both offer; r the server refuses; c the client does
 * not offer; h a hole where the server's option was; u the server refuses a SYN whose client
 * never speaks again.
 */
struct endpoint_case {
	const char *name;
	const char *connections;
	const char *want;
};

static const struct endpoint_case cases[] = {
	{ "19 refusals are no alarm", "r*19",
	  "endpoint s server opportunities=19 offers=0 refusals=19 run=19 -!\n"
	  "endpoint c client opportunities=19 offers=19 refusals=0 -!" },
	{ "20 refusals are one", "r*20",
	  "endpoint s server opportunities=20 offers=0 run=20 "
	  "!endpoint-off/server/host-or-path/high/critical !endpoint-off@2,59\n"
	  "endpoint c client -!" },
	{ "since the first of the run", "o*30 r*20",
	  "endpoint s server opportunities=50 offers=30 refusals=20 run=20 "
	  "!endpoint-regressed/server/host-or-path/high/critical !endpoint-regressed@92,149 "
	  "-!endpoint-off\n"
	  "endpoint c client -!" },
	{ "on in 20 before is enough", "o*20 r*20",
	  "endpoint s server offers=20 run=20 !endpoint-regressed -!endpoint-off\n"
	  "endpoint c client -!" },
	{ "on in 19 before is not", "o*19 r*20",
	  "endpoint s server offers=19 run=20 !endpoint-off -!endpoint-regressed\n"
	  "endpoint c client -!" },
	{ "on in 95 % before", "o*10 r o*9 r*20",
	  "endpoint s server offers=19 refusals=21 run=20 !endpoint-regressed@62,119 -!endpoint-off\n"
	  "endpoint c client -!" },
	{ "on in 90 % before", "o*9 r*2 o*9 r*20",
	  "endpoint s server offers=18 refusals=22 run=20 !endpoint-off -!endpoint-regressed\n"
	  "endpoint c client -!" },
	{ "off before and now", "r*20 o r*20",
	  "endpoint s server offers=1 run=20 !endpoint-off -!endpoint-regressed\n"
	  "endpoint c client -!" },
	{ "on before, 19 refusals", "o*40 r*19",
	  "endpoint s server offers=40 run=19 -!\n"
	  "endpoint c client -!" },
	{ "a client that did offer", "o*20 c*20",
	  "endpoint c client offers=20 run=20 !endpoint-regressed/client/host-or-path/high/critical "
	  "!endpoint-regressed@61,118 -!endpoint-off\n"
	  "endpoint s server opportunities=20 offers=20 -!" },
	{ "on before, then holes: it is the path", "o*20 h*25",
	  "endpoint s server offers=20 run=25 stripped=25 -!\n"
	  "endpoint c client -!" },
	{ "an offer ends the run", "o*30 r*19 o r*19",
	  "endpoint s server offers=31 refusals=38 run=19 -!\n"
	  "endpoint c client -!" },
	{ "5 % of offers, the last connection refused", "o r*19",
	  "endpoint s server opportunities=20 offers=1 !endpoint-off\n"
	  "endpoint c client -!" },
	{ "5 % of offers, the last one of them", "r*19 o",
	  "endpoint s server opportunities=20 offers=1 run=0 !endpoint-off\n"
	  "endpoint c client -!" },
	{ "more than 5 %, no run of 20", "r*18 o*2",
	  "endpoint s server opportunities=20 offers=2 -!\n"
	  "endpoint c client -!" },
	{ "switched on again after an outage", "r*40 o*10",
	  "endpoint s server opportunities=50 offers=10 run=0 -!\n"
	  "endpoint c client -!" },
	{ "the client does not offer", "c*20",
	  "endpoint c client opportunities=20 offers=0 refusals=20 "
	  "!endpoint-off/client/host-or-path/high/critical !endpoint-off@1,58" },
	{ "a server is not judged by SYNs without the option", "c*20 o",
	  "endpoint c client opportunities=21 offers=1 !endpoint-off\n"
	  "endpoint s server opportunities=1 offers=1 -!" },
	{ "holes: it is the path", "h*25",
	  "endpoint s server opportunities=25 refusals=25 stripped=25 -!\n"
	  "endpoint c client -!" },
	{ "one hole in 20 refusals acquits nobody", "h r*19",
	  "endpoint s server refusals=20 stripped=1 !endpoint-off\n"
	  "endpoint c client -!" },
	{ "two holes in 25: a box may have made them all", "h*2 r*23",
	  "endpoint s server refusals=25 stripped=2 -!\n"
	  "endpoint c client -!" },
	{ "unconfirmed connections accuse the server, not the client", "u*20",
	  "endpoint s server opportunities=20 refusals=20 !endpoint-off" },
};

static size_t add_connection(char *out, size_t room, char kind, unsigned int number)
{
	const char *syn = kind == 'c' ? "M1460" : "M1460 S T1 N W7";
	const char *answer = kind == 'o'   ? "M1460 S T1 N W9"
			     : kind == 'h' ? "M1460 S T1 N*4"
					   : "M1460 S T1 N N";
	double at = number * 0.1;
	int n = snprintf(out, room,
			 "%.3f c : S %u>443 seq=100 [%s]\n"
			 "%.3f s : SA %u>443 seq=900 ack=101 [%s]\n",
			 at, 40000 + number, syn, at + 0.01, 40000 + number, answer);

	if (kind != 'u')
		n += snprintf(out + n, room - (size_t)n, "%.3f c : A %u>443 seq=101 ack=901\n",
			      at + 0.02, 40000 + number);
	return (size_t)n;
}

/* The packets of the connections, a line each; the caller's to free. */
static char *script_of(const char *connections)
{
	size_t room = 64 << 10, n = 0;
	char *script = malloc(room);
	unsigned int number = 0;

	if (!script)
		packet_text_die("out of memory", "");
	for (const char *c = connections; *c; c++) {
		char *end = NULL;
		long times = c[1] == '*' ? strtol(c + 2, &end, 10) : 1;

		for (; *c != ' ' && times; times--)
			n += add_connection(script + n, room - n, *c, number++);
		if (end)
			c = end - 1;
	}
	return script;
}

int main(void)
{
	struct engine_stream_case streams[COUNT(cases)];
	char *scripts[COUNT(cases)], wants[COUNT(cases)][1024];
	int failed;

	for (size_t i = 0; i < COUNT(cases); i++) {
		scripts[i] = script_of(cases[i].connections);
		snprintf(wants[i], sizeof(wants[i]), "*\n%s", cases[i].want);
		streams[i] = (struct engine_stream_case){ .name = cases[i].name,
							  .script = scripts[i],
							  .want = wants[i] };
	}
	failed = engine_stream_run(streams, COUNT(streams));
	for (size_t i = 0; i < COUNT(cases); i++)
		free(scripts[i]);
	return failed;
}
