// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What is weighed of a connection among others: SYN cookies, SYN proxies, lost state, a path that
 * strips; and which finding takes which other one's place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "tests/unit/diagnose_cases.h"
#include "tests/unit/transfer_text.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* A client without timestamps, and a listener seen 20 times with, 20 times without them. */
#define COOKIE       "syncookie-no-wscale"
#define COOKIE_FACTS "off s.mss s.syn.options_len=4 "
#define COOKIE_LISTENER                                                   \
	"listener.opportunities=40 listener.offers=20 listener.plain=20 " \
	"listener.plain_offers=0 "
#define COOKIE_FOUND "server host-or-path high warning 20,20 @1,2 replaces=server-no-wscale"

static const struct diagnose_case cookies[] = {
	{ COOKIE, "as a listener under SYN cookies does", COOKIE_FACTS COOKIE_LISTENER,
	  COOKIE_FOUND },
	{ COOKIE, "its answer was met leaving it", COOKIE_FACTS COOKIE_LISTENER "s.local",
	  "server host high warning 20,20 @1,2 replaces=server-no-wscale" },
	{ COOKIE, "19 handshakes with timestamps",
	  COOKIE_FACTS COOKIE_LISTENER "listener.opportunities=39 listener.offers=19", "" },
	{ COOKIE, "19 without",
	  COOKIE_FACTS COOKIE_LISTENER "listener.opportunities=39 listener.plain=19", "" },
	{ COOKIE, "90 % offers with timestamps", COOKIE_FACTS COOKIE_LISTENER "listener.offers=18",
	  COOKIE_FOUND },
	{ COOKIE, "85 %", COOKIE_FACTS COOKIE_LISTENER "listener.offers=17", "" },
	{ COOKIE, "10 % offers without",
	  COOKIE_FACTS COOKIE_LISTENER "listener.offers=22 listener.plain_offers=2", COOKIE_FOUND },
	{ COOKIE, "15 %", COOKIE_FACTS COOKIE_LISTENER "listener.offers=23 listener.plain_offers=3",
	  "" },
	{ COOKIE, "a host that refuses everybody", COOKIE_FACTS COOKIE_LISTENER "listener.offers=0",
	  "" },
	{ COOKIE, "the client has timestamps", COOKIE_FACTS COOKIE_LISTENER "c.timestamps", "" },
	{ COOKIE, "the client did not offer", COOKIE_FACTS COOKIE_LISTENER "c.syn=absent", "" },
	{ COOKIE, "the answer has other options",
	  COOKIE_FACTS COOKIE_LISTENER "s.syn.options_len=8", "" },
	{ COOKIE, "the answer's four bytes are no segment size",
	  "off s.syn.options_len=4 " COOKIE_LISTENER, "" },
	{ COOKIE, "the answer has the option", "s.mss s.syn.options_len=4 " COOKIE_LISTENER, "" },
	{ COOKIE, "no answer: both opened at once", COOKIE_FACTS COOKIE_LISTENER "s.no-ack", "" },
	{ COOKIE, "the listener is not known", COOKIE_FACTS, "" },
};

#define PROXY          "synproxy-no-wscale"
#define PROXY_REPLACES " @1,2 replaces=server-no-wscale,wscale-stripped,syncookie-no-wscale"
#define PROXY_FAR      "off s.w=502,502,502 s.packets=4 s.syn.ttl=64 "

static const struct diagnose_case proxies[] = {
	{ PROXY, "an answer with window 0", "off s.syn.window=0",
	  "server proxy high warning" PROXY_REPLACES },
	{ PROXY, "an answer with window 1", "off s.syn.window=1", "" },
	{ PROXY, "two hops nearer than all that follows", PROXY_FAR "s.ttl=62,62",
	  "server proxy medium warning" PROXY_REPLACES },
	{ PROXY, "two hops farther", PROXY_FAR "s.ttl=66,66",
	  "server proxy medium warning" PROXY_REPLACES },
	{ PROXY, "both signs", PROXY_FAR "s.ttl=62,62 s.syn.window=0",
	  "server proxy high warning" PROXY_REPLACES },
	{ PROXY, "the same packet with and without the option",
	  "off s.syn.window=0 s.other-same-packet",
	  "server proxy high warning @1,2 replaces=server-no-wscale,syncookie-no-wscale" },
	{ PROXY, "one hop", PROXY_FAR "s.ttl=63,63", "" },
	{ PROXY, "many ways: hops vary", PROXY_FAR "s.ttl=61,62", "" },
	{ PROXY, "three segments", PROXY_FAR "s.ttl=62,62 s.packets=3", "" },
	{ PROXY, "nothing follows", "off s.packets=4 s.syn.ttl=64", "" },
	{ PROXY, "the client did not offer", "off c.syn=absent s.syn.window=0", "" },
	{ PROXY, "no answer: both opened at once", "off s.no-ack s.syn.window=0", "" },
	{ PROXY, "options cut", "s.syn=unknown s.syn.window=0", "" },
	{ PROXY, "the answer has the option", "s.syn.window=0", "" },
};

/* The server's own answer, with 9, came after the proxy's, packet 7, with 7. */
#define MISMATCH          "synproxy-mismatch"
#define MISMATCH_FACTS    "s.other=W7 s.other-no-window s.other.id=7 "
#define MISMATCH_ONE      "s.syn.window=0 "
#define MISMATCH_REPLACES " replaces=wscale-changed,window-limited,window-shrunk"

static const struct diagnose_case mismatches[] = {
	{ MISMATCH, "two answers", MISMATCH_FACTS,
	  "server proxy high warning 7,9,4 @7,2" MISMATCH_REPLACES },
	{ MISMATCH, "that differ by one", MISMATCH_FACTS "s.syn=W8",
	  "server proxy high warning 7,8,2 @7,2" MISMATCH_REPLACES },
	{ MISMATCH, "the proxy's is larger", MISMATCH_FACTS "s.syn=W0",
	  "server proxy high warning 7,0,128 @7,2" MISMATCH_REPLACES },
	{ MISMATCH, "the server's 15 counts as 14", MISMATCH_FACTS "s.syn=W15",
	  "server proxy high warning 7,14,128 @7,2" MISMATCH_REPLACES },
	{ MISMATCH, "of the same shift", MISMATCH_FACTS "s.syn=W7", "" },
	{ MISMATCH, "the first one had a window: no proxy's", "s.other=W7 s.other.id=7", "" },
	{ MISMATCH, "one answer, met twice", MISMATCH_FACTS "s.other-same-packet", "" },
	{ MISMATCH, "the first one had no option", MISMATCH_FACTS "s.other=absent", "" },
	{ MISMATCH, "one answer, the windows move by two less", MISMATCH_ONE "s.slope-early.7=8",
	  "server proxy medium warning 9,7,4 @1,2" MISMATCH_REPLACES },
	{ MISMATCH, "by two more: so they would, if it read", MISMATCH_ONE "s.slope-early.11=8",
	  "server proxy low notice 9,11,4 @1,2" },
	{ MISMATCH, "by two more, and one in eleven as announced",
	  MISMATCH_ONE "s.slope-early.9=1 s.slope-early.11=10",
	  "server proxy low notice 9,11,4 @1,2" },
	{ MISMATCH, "by two more, and one in ten as announced: it read, or its window grew",
	  MISMATCH_ONE "s.slope-early.9=1 s.slope-late.11=9", "" },
	{ MISMATCH, "by one less: slopes are not that exact", MISMATCH_ONE "s.slope-early.8=8",
	  "" },
	{ MISMATCH, "seven samples are no slope", MISMATCH_ONE "s.slope-early.5=7", "" },
	{ MISMATCH, "a window in the answer: no proxy's", "s.slope-early.5=8", "" },
	{ MISMATCH, "no gauges", MISMATCH_ONE, "" },
	{ MISMATCH, "the client is none", "c.syn.window=0 c.slope-early.0=8", "" },
};

#define LOSS "state-loss"

static const struct diagnose_case losses[] = {
	{ LOSS, "ten connections", "lost=10 first_ns=5s s.rst s.last_ns=65s",
	  "path path medium warning 10,60000000000 @1,2" },
	{ LOSS, "nine", "lost=9 first_ns=5s s.rst s.last_ns=65s", "" },
	{ LOSS, "not lost", "lost=0 first_ns=5s s.rst s.last_ns=65s", "" },
};

static void a_connection_shows_more_among_others(void **state)
{
	(void)state;
	assert_int_equal(diagnose_cases_run(cookies, COUNT(cookies)), 0);
	assert_int_equal(diagnose_cases_run(proxies, COUNT(proxies)), 0);
	assert_int_equal(diagnose_cases_run(mismatches, COUNT(mismatches)), 0);
	assert_int_equal(diagnose_cases_run(losses, COUNT(losses)), 0);
}

/* When a connection that began at 5 s was lost; 0: it was not, or was too young. */
static void a_connection_is_lost_at(void **state)
{
	static const struct {
		const char *name;
		const char *facts;
		__u64 due;
	} table[] = {
		{ "a reset at 30 s of age", "c.rst c.last_ns=35s", 35000000000 },
		{ "a reset before", "c.rst c.last_ns=35s-1", 0 },
		{ "a reset of an unconfirmed one", "c.rst c.last_ns=35s unconfirmed", 0 },
		{ "the earlier of two resets", "c.rst c.last_ns=50s s.rst s.last_ns=40s",
		  40000000000 },
		{ "three resends that nothing answers",
		  "c.stuck_n=3 c.stuck_ns=35s c.stuck_ack=77 s.ack=77", 35000000000 },
		{ "two", "c.stuck_n=2 c.stuck_ns=35s c.stuck_ack=77 s.ack=77", 0 },
		{ "three, and then an answer", "c.stuck_n=3 c.stuck_ns=35s c.stuck_ack=77 s.ack=78",
		  0 },
		{ "three, too young", "c.stuck_n=3 c.stuck_ns=35s-1 c.stuck_ack=77 s.ack=77", 0 },
		{ "of the server", "s.stuck_n=3 s.stuck_ns=40s s.stuck_ack=5 c.ack=5",
		  40000000000 },
		{ "resends, and then a reset",
		  "c.stuck_n=9 c.stuck_ns=36s c.stuck_ack=77 s.ack=77 s.rst s.last_ns=50s",
		  36000000000 },
		{ "nothing of the kind", "c.last_ns=90s s.last_ns=90s", 0 },
	};

	(void)state;
	for (size_t i = 0; i < 2 * COUNT(table); i++) {
		struct transfer_facts t;
		char words[TRANSFER_TEXT_ROOM];
		__u64 ns;

		snprintf(words, sizeof(words), "first_ns=5s %s", table[i / 2].facts);
		transfer_text_make(&t, words, i % 2);
		ns = state_loss_ns(&t.flow, t.transfer.gauge);
		if (ns != table[i / 2].due)
			fail_msg("%s: %llu", table[i / 2].name, ns);
	}
}

/* A server that refused 20 times, and what stands around it. */
static void a_path_strips(void **state)
{
	static const struct {
		const char *name;
		__u16 role, bits;
		__u64 offers, refusals;
		struct vicinity around;
		const char *due;
	} table[] = {
		{ "three hosts, and one elsewhere that offers",
		  ENDPOINT_SERVER,
		  0,
		  0,
		  1,
		  { 3, 0, 1, 0 },
		  "path-strips server host-or-path low warning 3,1 @5,9" },
		{ "one of them shifts its windows",
		  ENDPOINT_SERVER,
		  0,
		  0,
		  1,
		  { 3, 0, 1, 1 },
		  "path-strips server path medium warning 3,1 @5,9" },
		{ "two hosts", ENDPOINT_SERVER, 0, 0, 1, { 2, 0, 9, 0 }, "" },
		{ "a single server in its prefix", ENDPOINT_SERVER, 0, 0, 20, { 1, 0, 9, 0 }, "" },
		{ "a neighbour that offers", ENDPOINT_SERVER, 0, 0, 1, { 9, 1, 9, 0 }, "" },
		{ "nobody anywhere offers", ENDPOINT_SERVER, 0, 0, 1, { 9, 0, 0, 0 }, "" },
		{ "it has offered itself", ENDPOINT_SERVER, 0, 1, 20, { 9, 0, 9, 0 }, "" },
		{ "it has not refused", ENDPOINT_SERVER, 0, 0, 0, { 9, 0, 9, 0 }, "" },
		{ "its refusals were met leaving it",
		  ENDPOINT_SERVER,
		  ENDPOINT_LOCAL,
		  0,
		  1,
		  { 9, 0, 9, 0 },
		  "" },
		{ "clients", ENDPOINT_CLIENT, 0, 0, 1, { 9, 0, 9, 0 }, "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		const struct endpoint_key key = { .role = table[i].role };
		const struct endpoint e = { .offers = table[i].offers,
					    .refusals = table[i].refusals,
					    .bits = table[i].bits,
					    .run_first_id = 5,
					    .last_refusal_id = 9 };
		char text[TRANSFER_TEXT_ROOM] = "";
		struct finding f;

		if (detect_path_strips(&key, &e, &table[i].around, &f))
			transfer_text_finding(text, &f);
		if (strcmp(text, table[i].due) != 0)
			fail_msg("%s: '%s'", table[i].name, text);
	}
}

/* The findings as text, a line each; only codes and what they replace. */
static void codes_of(char *out, size_t room, const struct finding *f, __u32 n)
{
	out[0] = '\0';
	for (__u32 i = 0; i < n; i++) {
		char text[TRANSFER_TEXT_ROOM];
		const char *replaces;

		transfer_text_finding(text, &f[i]);
		replaces = strstr(text, " replaces=");
		snprintf(out + strlen(out), room - strlen(out), "%s%.*s%s", i ? "; " : "",
			 (int)strcspn(text, " "), text, replaces ? replaces + 9 : "");
	}
}

#define BIT FINDING_BIT

static const struct replacement_case {
	const char *name;
	struct {
		__u8 code, side;
		__u32 replaces;
	} found[4];
	__u32 n;
	const char *due;
} replacements[] = {
	{ "nothing", { { 0 } }, 0, "" },
	{ "nothing to replace: nothing is listed",
	  { { FINDING_phantom_scaling, SIDE_CLIENT,
	      BIT(server_no_wscale) | BIT(client_no_wscale) } },
	  1,
	  "phantom-scaling" },
	{ "only what was there is listed",
	  { { FINDING_server_no_wscale, SIDE_SERVER, 0 },
	    { FINDING_phantom_scaling, SIDE_CLIENT,
	      BIT(server_no_wscale) | BIT(client_no_wscale) } },
	  2,
	  "phantom-scaling=server-no-wscale" },
	{ "the replaced one comes later",
	  { { FINDING_missing_scaling, SIDE_CLIENT, BIT(window_limited) },
	    { FINDING_window_limited, SIDE_CLIENT, 0 } },
	  2,
	  "missing-scaling=window-limited" },
	{ "the other side's window is another one",
	  { { FINDING_missing_scaling, SIDE_CLIENT, BIT(window_limited) | BIT(window_shrunk) },
	    { FINDING_window_limited, SIDE_SERVER, 0 },
	    { FINDING_window_shrunk, SIDE_SERVER, 0 } },
	  3,
	  "missing-scaling; window-limited; window-shrunk" },
	{ "a proxy's NOPs are not the other side's",
	  { { FINDING_wscale_stripped, SIDE_CLIENT, 0 },
	    { FINDING_wscale_stripped, SIDE_SERVER, 0 },
	    { FINDING_synproxy_no_wscale, SIDE_SERVER, BIT(wscale_stripped) } },
	  3,
	  "wscale-stripped; synproxy-no-wscale=wscale-stripped" },
	{ "of two sides' windows the one that is meant",
	  { { FINDING_window_shrunk, SIDE_CLIENT, 0 },
	    { FINDING_window_shrunk, SIDE_SERVER, 0 },
	    { FINDING_phantom_scaling, SIDE_SERVER, BIT(window_shrunk) } },
	  3,
	  "window-shrunk; phantom-scaling=window-shrunk" },
	{ "by one that is replaced itself",
	  { { FINDING_server_no_wscale, SIDE_SERVER, 0 },
	    { FINDING_syncookie_no_wscale, SIDE_SERVER, BIT(server_no_wscale) },
	    { FINDING_synproxy_no_wscale, SIDE_SERVER,
	      BIT(server_no_wscale) | BIT(syncookie_no_wscale) } },
	  3,
	  "synproxy-no-wscale=server-no-wscale,syncookie-no-wscale" },
	{ "none replaces its own kind",
	  { { FINDING_tiny_window, SIDE_CLIENT, BIT(tiny_window) },
	    { FINDING_tiny_window, SIDE_CLIENT, BIT(tiny_window) } },
	  2,
	  "tiny-window; tiny-window" },
	{ "the rest stays, in order",
	  { { FINDING_wscale_zero, SIDE_CLIENT, 0 },
	    { FINDING_wscale_changed, SIDE_SERVER, 0 },
	    { FINDING_signed_window, SIDE_SERVER, 0 },
	    { FINDING_synproxy_mismatch, SIDE_SERVER, BIT(wscale_changed) } },
	  4,
	  "wscale-zero; signed-window; synproxy-mismatch=wscale-changed" },
};

static void the_specific_takes_the_place_of_the_generic(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(replacements); i++) {
		struct finding f[4];
		char text[512];

		memset(f, 0, sizeof(f));
		for (__u32 k = 0; k < replacements[i].n; k++) {
			f[k].code = replacements[i].found[k].code;
			f[k].side = replacements[i].found[k].side;
			f[k].replaces = replacements[i].found[k].replaces;
		}
		codes_of(text, sizeof(text), f, diagnose_replace(f, replacements[i].n));
		if (strcmp(text, replacements[i].due) != 0)
			fail_msg("%s: '%s'", replacements[i].name, text);
	}
}

/* All detectors together, as a report runs them; emitted: the program has found something. */
static void a_connection_is_diagnosed(void **state)
{
	static const struct {
		const char *name;
		const char *facts;
		const char *due;
	} table[] = {
		{ "healthy", "c.w=502,490,511 s.w=509,500,509 c.shrinks=0", "" },
		{ "the server refused", "off emitted=1 c.w=64240,60000,64240", "server-no-wscale" },
		{ "phantom, never plain", "off emitted=1 c.w=501,501,502 s.w=65160,65160,65160",
		  "phantom-scaling=server-no-wscale" },
		{ "a proxy, not the host", "off emitted=1 s.syn.window=0",
		  "synproxy-no-wscale=server-no-wscale" },
		{ "cookies, not the host", "emitted=1 " COOKIE_FACTS COOKIE_LISTENER,
		  "syncookie-no-wscale=server-no-wscale" },
		{ "a window that is closed is not called too small",
		  "s.zero_spells=1 s.zero_ns=2s rtt_us=500 c.sends=20 c.limited=20 "
		  "c.limited_sum=40960 c.sent_ns=9s",
		  "zero-window-stall=window-limited" },
		{ "one is closed, the other one too small",
		  "c.zero_spells=1 c.zero_ns=2s rtt_us=500 c.sends=20 c.limited=20 "
		  "c.limited_sum=40960 c.sent_ns=9s",
		  "window-limited; zero-window-stall" },
		{ "missing, its windows grow from the first one on",
		  "c.w=64240,64240,65535 s.w=502,502,502 c.packets=8", "missing-scaling" },
		{ "a stall of a connection without gauges",
		  "s.zero_spells=1 s.zero_ns=2s c.w=502,502,502 s.w=509,509,509",
		  "zero-window-stall" },
	};

	(void)state;
	for (size_t i = 0; i < 2 * COUNT(table); i++) {
		struct finding f[VERDICT_MAX];
		struct transfer_facts t;
		char text[512];

		transfer_text_make(&t, table[i / 2].facts, i % 2);
		codes_of(text, sizeof(text), f, diagnose_flow(&t.transfer, f));
		if (strcmp(text, table[i / 2].due) != 0)
			fail_msg("%s: '%s'", table[i / 2].name, text);
	}
}

/* That a path strips is said beside what the host does. */
static void a_host_is_diagnosed(void **state)
{
	const struct endpoint_key key = { .role = ENDPOINT_SERVER };
	const struct endpoint e = { .opportunities = 20, .refusals = 20, .run = 20 };
	const struct vicinity alone = { 1, 0, 5, 0 }, prefix = { 3, 0, 5, 1 };
	struct finding f[VERDICT_MAX];
	char text[512];

	(void)state;
	codes_of(text, sizeof(text), f, diagnose_endpoint(&key, &e, &alone, f));
	assert_string_equal(text, "endpoint-off");
	codes_of(text, sizeof(text), f, diagnose_endpoint(&key, &e, &prefix, f));
	assert_string_equal(text, "endpoint-off; path-strips");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_connection_shows_more_among_others),
		cmocka_unit_test(a_connection_is_lost_at),
		cmocka_unit_test(a_path_strips),
		cmocka_unit_test(the_specific_takes_the_place_of_the_generic),
		cmocka_unit_test(a_connection_is_diagnosed),
		cmocka_unit_test(a_host_is_diagnosed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
