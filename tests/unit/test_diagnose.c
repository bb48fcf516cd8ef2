// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What is weighed of a connection's windows: each detector at, just below and just above every
 * threshold of thresholds.h, and what must not fool it.
 *
 * RFC 7323: 2.2 (scaling needs the option of both SYNs, whose own windows are not scaled), 2.3
 * (shifts above 14 are used as 14), 2.4 (a right edge may move left by rounding, no further).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/diagnose_cases.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* The client offered 7, the server refused; the client's windows are 64240 >> 7. */
#define PHANTOM       "phantom-scaling"
#define PHANTOM_FACTS "off c.w=501,501,502 c.packets=8 "
#define PHANTOM_REPLACES \
	" @1,2 replaces=server-no-wscale,client-no-wscale,window-limited,window-shrunk"
#define PHANTOM_HIGH "client path high warning 128,502,0" PHANTOM_REPLACES

static const struct diagnose_case phantom[] = {
	{ PHANTOM, "eight segments", PHANTOM_FACTS, PHANTOM_HIGH },
	{ PHANTOM, "seven segments", PHANTOM_FACTS "c.packets=7", "" },
	{ PHANTOM, "four segments over four round trips",
	  PHANTOM_FACTS "c.packets=4 rtt_us=20000 first_ns=5s c.last_ns=5s+80000000",
	  "client path high warning 128,502,200800" PHANTOM_REPLACES },
	{ PHANTOM, "four segments over hardly four round trips",
	  PHANTOM_FACTS "c.packets=4 rtt_us=20000 first_ns=5s c.last_ns=5s+79999999", "" },
	{ PHANTOM, "three segments over four round trips",
	  PHANTOM_FACTS "c.packets=3 rtt_us=20000 c.last_ns=80ms", "" },
	{ PHANTOM, "seven segments over a long time, the round trip is not known",
	  PHANTOM_FACTS "c.packets=7 c.last_ns=80s", "" },
	{ PHANTOM, "a ceiling over 100 ms", PHANTOM_FACTS "rtt_us=100000",
	  "client path high warning 128,502,40160" PHANTOM_REPLACES },
	{ PHANTOM, "grows to a quarter of the SYN's window", "off c.w=501,501,16060 c.packets=8",
	  "client path high warning 128,16060,0" PHANTOM_REPLACES },
	{ PHANTOM, "grows beyond a quarter, and began as the SYN's, shifted",
	  "off c.w=501,501,16061 c.packets=8",
	  "client path high warning 128,16061,0" PHANTOM_REPLACES },
	{ PHANTOM, "the same, and began 3 % off", "off c.w=486,486,16061 c.packets=8", "" },
	{ PHANTOM, "the first window is 8 % too large", "off c.w=542,542,542",
	  "client path high warning 128,542,0" PHANTOM_REPLACES },
	{ PHANTOM, "more than 8 % too large, never grows", "off c.w=543,543,543", "" },
	{ PHANTOM, "8 % too small", "off c.w=462,462,462",
	  "client path high warning 128,462,0" PHANTOM_REPLACES },
	{ PHANTOM, "more than 8 % too small, never grows", "off c.w=461,461,461", "" },
	{ PHANTOM, "another first window, but it grows", "off c.w=200,200,700 c.window_rises=1",
	  "client path medium warning 128,700,0" PHANTOM_REPLACES },
	{ PHANTOM, "and its peer pauses three times with the raw window full",
	  "off c.w=200,200,700 c.window_rises=1 rtt_us=1000 s.pauses_raw=3 s.pauses_scaled=1",
	  "client path high warning 128,700,5600000" PHANTOM_REPLACES },
	{ PHANTOM, "twice", "off c.w=200,200,700 c.window_rises=1 rtt_us=1000 s.pauses_raw=2",
	  "client path medium warning 128,700,5600000" PHANTOM_REPLACES },
	{ PHANTOM, "and half as often with the shifted one full",
	  "off c.w=200,200,700 c.window_rises=1 rtt_us=1000 s.pauses_raw=4 s.pauses_scaled=2",
	  "client path medium warning 128,700,5600000" PHANTOM_REPLACES },
	{ PHANTOM, "it is not near enough to know its pauses",
	  "off c.w=200,200,700 c.window_rises=1 rtt_us=10000 s.syn.first_ns=9ms s.pauses_raw=9",
	  "client path medium warning 128,700,560000" PHANTOM_REPLACES },
	{ PHANTOM, "shift 2", "off c.syn=W2 c.w=16060,16060,16060",
	  "client path high warning 4,16060,0" PHANTOM_REPLACES },
	{ PHANTOM, "shift 1 is too little to tell",
	  "off c.syn=W1 c.w=16060,100,16060 c.window_rises=9", "" },
	{ PHANTOM, "shift 0 shifts nothing", "off c.syn=W0 c.w=100,100,200 c.window_rises=9", "" },
	{ PHANTOM, "shift 255 counts as 14",
	  "off c.syn=W255 c.syn.window=65535 c.w=4,4,4 c.packets=8",
	  "client path high warning 16384,4,0" PHANTOM_REPLACES },
	{ PHANTOM, "the server shifts, its option was taken out behind it",
	  "off s.w=127,127,509 s.packets=8",
	  "server path high warning 512,509,0" PHANTOM_REPLACES },
	{ PHANTOM, "the server offered nothing, its windows are no power of two of its first",
	  "off s.w=100,100,509 s.window_rises=9", "" },
	{ PHANTOM, "its first window had grown by twice what had arrived by then",
	  "off s.syn.first_acked=3054 s.w=557,557,795",
	  "server path high warning 128,795,0" PHANTOM_REPLACES },
	{ PHANTOM, "by more than that", "off s.syn.first_acked=3054 s.w=602,602,795", "" },
	{ PHANTOM, "by twice a quarter of the SYN's window",
	  "off s.syn.first_acked=16290 s.w=763,763,795",
	  "server path high warning 128,795,0" PHANTOM_REPLACES },
	{ PHANTOM, "by twice more than that: it could be another shift's",
	  "off s.syn.first_acked=16291 s.w=763,763,795", "" },
	{ PHANTOM, "neither offers, both shift", "off c.syn=absent c.w=501,501,501 s.w=255,255,255",
	  "client path high warning 128,501,0" PHANTOM_REPLACES
	  "\nserver path high warning 256,255,0" PHANTOM_REPLACES },
	/* what it is not */
	{ PHANTOM, "plain off: windows as large as the SYN's", "off c.w=64240,60000,64240", "" },
	{ PHANTOM, "a small receive buffer: the SYN's window is small, too",
	  "off c.syn.window=2304 c.w=2304,577,2304 c.window_rises=9", "" },
	{ PHANTOM, "a small receive buffer that fills up", "off c.w=14480,300,14480", "" },
	{ PHANTOM, "a constant 65535", "off c.syn.window=65535 c.w=65535,65535,65535", "" },
	{ PHANTOM, "never anything but zero", "off c.w=0,0,0 c.window_rises=9", "" },
	{ PHANTOM, "no window was seen", "off c.packets=100", "" },
	{ PHANTOM, "scaling is on: so it should be", "c.w=501,501,502", "" },
	{ PHANTOM, "scaling is unknown", "s.syn=unknown c.w=501,501,502", "" },
	{ PHANTOM, "the SYN was not seen", "off c.syn=unseen c.w=501,501,502 c.window_rises=9",
	  "" },
};

#define MISSING          "missing-scaling"
#define MISSING_FACTS    "c.w=64240,60000,64240 c.packets=4 "
#define MISSING_REPLACES " @1,2 replaces=window-limited,window-shrunk"
#define MISSING_REST     " 128,64240,8222720" MISSING_REPLACES
#define MISSING_SURE     "client path high warning" MISSING_REST

static const struct diagnose_case missing[] = {
	{ MISSING, "four segments", MISSING_FACTS, MISSING_SURE },
	{ MISSING, "three segments", MISSING_FACTS "c.packets=3", "" },
	{ MISSING, "one window only", MISSING_FACTS "c.w=64240,64240,64240", "" },
	{ MISSING, "a constant 65535", "c.syn.window=65535 c.w=65535,65535,65535 c.packets=900",
	  "" },
	{ MISSING, "the first window is half of the SYN's: large buffers do that",
	  MISSING_FACTS "c.w=32120,30000,32120", "" },
	{ MISSING, "half of it, and its windows do not move by 2^7",
	  MISSING_FACTS "c.w=32120,30000,32120 c.slope-early.0=8",
	  "client path high warning 128,32120,4111360" MISSING_REPLACES },
	{ MISSING, "half of it, and it reads its peer's windows as they stand",
	  MISSING_FACTS "c.w=32120,30000,32120 rtt_us=1000 c.pauses_raw=3",
	  "client path high warning 128,32120,4111360" MISSING_REPLACES },
	{ MISSING, "65535 at first, and less later", "c.syn.window=65535 c.w=65535,65000,65535",
	  "" },
	{ MISSING, "65535 at first, and its windows do not move by 2^7",
	  "c.syn.window=65535 c.w=65535,65000,65535 c.slope-early.0=8",
	  "client path high warning 128,65535,8388480" MISSING_REPLACES },
	{ MISSING, "less than half", MISSING_FACTS "c.w=32119,30000,32119 c.slope-early.0=8", "" },
	{ MISSING, "8 % less than the SYN's", MISSING_FACTS "c.w=59101,59000,59101",
	  "client path high warning 128,59101,7564928" MISSING_REPLACES },
	{ MISSING, "more than 8 % less, no slope", MISSING_FACTS "c.w=59100,59000,59100", "" },
	{ MISSING, "shift 4", MISSING_FACTS "c.syn=W4",
	  "client path high warning 16,64240,1027840" MISSING_REPLACES },
	{ MISSING, "shift 3", MISSING_FACTS "c.syn=W3", "" },
	{ MISSING, "shift 15 counts as 14", MISSING_FACTS "c.syn=W15",
	  "client path high warning 16384,64240,1052508160" MISSING_REPLACES },
	{ MISSING, "its windows move by 2^5: two less than agreed",
	  MISSING_FACTS "c.slope-early.5=8", MISSING_SURE },
	{ MISSING, "its windows move by 2^6", MISSING_FACTS "c.slope-early.6=8", "" },
	{ MISSING, "its windows move by 2^7 after all", MISSING_FACTS "c.slope-early.7=8", "" },
	{ MISSING, "seven samples of 2^7 are no slope", MISSING_FACTS "c.slope-early.7=7",
	  MISSING_SURE },
	{ MISSING, "the later slope counts", MISSING_FACTS "c.slope-early.0=8 c.slope-late.7=8",
	  "" },
	{ MISSING, "16384 and a slope are sure",
	  "c.syn.window=32768 c.w=16384,16000,16384 c.slope-early.0=8",
	  "client path high warning 128,16384,2097152" MISSING_REPLACES },
	{ MISSING, "16383 is not", "c.syn.window=32766 c.w=16383,16000,16383 c.slope-early.0=8",
	  "" },
	{ MISSING, "the server", "s.w=65160,60000,65160 s.packets=4",
	  "server path high warning 512,65160,33361920" MISSING_REPLACES },
	{ MISSING, "scaling is off", MISSING_FACTS "off", "" },
	{ MISSING, "scaling is unknown", MISSING_FACTS "s.syn=unknown", "" },
	{ MISSING, "no window was seen", "c.packets=99", "" },
	{ MISSING, "it shifts", "c.w=501,400,502", "" },
};

#define OVERRUN "window-overrun"

static const struct diagnose_case overrun[] = {
	{ OVERRUN, "three sends in two rounds",
	  "off c.sends=100 c.overs=3 c.over_rounds=2 c.over_class=9",
	  "client host-or-path medium warning 9,3 @1,2" },
	{ OVERRUN, "two sends", "off c.sends=100 c.overs=2 c.over_rounds=2 c.over_class=9", "" },
	{ OVERRUN, "one round: an acknowledgment was not captured",
	  "off c.sends=100 c.overs=9 c.over_rounds=1 c.over_class=9", "" },
	{ OVERRUN, "20 % of all sends", "off s.sends=100 s.overs=20 s.over_rounds=2 s.over_class=7",
	  "server host-or-path high warning 7,20 @1,2" },
	{ OVERRUN, "less than 20 %", "off s.sends=101 s.overs=20 s.over_rounds=9 s.over_class=7",
	  "server host-or-path medium warning 7,20 @1,2" },
	{ OVERRUN, "by no shift", "off c.sends=100 c.overs=3 c.over_rounds=2 c.over_class=0", "" },
	{ OVERRUN, "by one", "off c.sends=100 c.overs=3 c.over_rounds=2 c.over_class=1",
	  "client host-or-path medium warning 1,3 @1,2" },
	{ OVERRUN, "by 14", "off c.sends=100 c.overs=3 c.over_rounds=2 c.over_class=14",
	  "client host-or-path medium warning 14,3 @1,2" },
	{ OVERRUN, "beyond every shift",
	  "off c.sends=100 c.overs=3 c.over_rounds=2 c.over_class=15", "" },
	{ OVERRUN, "2^11 where 2^9 was agreed: by two",
	  "c.sends=100 c.overs=3 c.over_rounds=2 c.over_class=11",
	  "client host-or-path medium warning 2,3 @1,2" },
	{ OVERRUN, "what was agreed", "c.sends=100 c.overs=3 c.over_rounds=2 c.over_class=9", "" },
	{ OVERRUN, "scaling is unknown",
	  "s.syn=unknown s.sends=100 s.overs=3 s.over_rounds=2 s.over_class=7", "" },
	{ OVERRUN, "no gauges", "off", "" },
};

/* The server's windows are shifted by 9. */
#define BOUNDARY       "drop-boundary"
#define BOUNDARY_FOUND "server path high warning "

static const struct diagnose_case boundary[] = {
	{ BOUNDARY, "five arrived, five were lost", "c.lost_rounds=3 c.delivered.3=5 c.lost.4=5",
	  BOUNDARY_FOUND "3,9 @1,2" },
	{ BOUNDARY, "lost in two round trips: two bursts",
	  "c.lost_rounds=2 c.delivered.3=5 c.lost.4=5", "" },
	{ BOUNDARY, "four arrived", "c.lost_rounds=3 c.delivered.3=4 c.lost.4=5", "" },
	{ BOUNDARY, "four were lost", "c.lost_rounds=3 c.delivered.3=5 c.lost.4=4", "" },
	{ BOUNDARY, "in several classes",
	  "c.lost_rounds=3 c.delivered.0=2 c.delivered.5=3 c.lost.6=1 c.lost.9=3 c.lost.15=1",
	  BOUNDARY_FOUND "5,9 @1,2" },
	{ BOUNDARY, "within the raw window only", "c.lost_rounds=3 c.delivered.0=5 c.lost.1=5",
	  BOUNDARY_FOUND "0,9 @1,2" },
	{ BOUNDARY, "one less than agreed", "c.lost_rounds=3 c.delivered.8=5 c.lost.9=5",
	  BOUNDARY_FOUND "8,9 @1,2" },
	{ BOUNDARY, "as agreed", "c.lost_rounds=3 c.delivered.9=5 c.lost.10=5", "" },
	{ BOUNDARY, "one in eight lost within: chance",
	  "c.lost_rounds=3 c.delivered.3=48 c.lost.3=6 c.lost.4=5", BOUNDARY_FOUND "3,9 @1,2" },
	{ BOUNDARY, "burst loss: more lost within",
	  "c.lost_rounds=3 c.delivered.3=47 c.lost.3=6 c.lost.4=5", "" },
	{ BOUNDARY, "a queue: one arrived beyond",
	  "c.lost_rounds=3 c.delivered.3=50 c.delivered.5=1 c.lost.4=50", "" },
	{ BOUNDARY, "what lies across it is lost",
	  "c.lost_rounds=3 c.delivered.3=5 c.lost.4=9 c.across_lost=8 c.across_arrived=2",
	  BOUNDARY_FOUND "3,9 @1,2" },
	{ BOUNDARY, "what lies across it arrives",
	  "c.lost_rounds=3 c.delivered.3=9 c.lost.4=5 c.across_lost=0 c.across_arrived=8",
	  BOUNDARY_FOUND "3,9 @1,2" },
	{ BOUNDARY, "a queue: what lies across it now arrives, now is lost",
	  "c.lost_rounds=3 c.delivered.3=9 c.lost.4=9 c.across_lost=7 c.across_arrived=2", "" },
	{ BOUNDARY, "a queue: one of many across it is lost",
	  "c.lost_rounds=9 c.delivered.3=99 c.lost.4=9 c.across_lost=9 c.across_arrived=80", "" },
	{ BOUNDARY, "large segments are lost, whatever the window",
	  "c.lost_rounds=3 c.delivered.0=50 c.lost.0=50", "" },
	{ BOUNDARY, "nothing arrived", "c.lost.4=50", "" },
	{ BOUNDARY, "nothing was lost", "c.delivered.3=50", "" },
	{ BOUNDARY, "the server sends, the client's shift is 7",
	  "s.lost_rounds=3 s.delivered.6=5 s.lost.7=5", "client path high warning 6,7 @1,2" },
	{ BOUNDARY, "scaling is off", "off c.lost_rounds=3 c.delivered.3=5 c.lost.4=5", "" },
	{ BOUNDARY, "scaling is unknown",
	  "s.syn=unknown c.lost_rounds=3 c.delivered.3=5 c.lost.4=5", "" },
};

static void what_a_side_does_not_know(void **state)
{
	(void)state;
	assert_int_equal(diagnose_cases_run(phantom, COUNT(phantom)), 0);
	assert_int_equal(diagnose_cases_run(missing, COUNT(missing)), 0);
}

static void what_a_sender_does_not_know(void **state)
{
	(void)state;
	assert_int_equal(diagnose_cases_run(overrun, COUNT(overrun)), 0);
}

static void what_a_box_does_not_know(void **state)
{
	(void)state;
	assert_int_equal(diagnose_cases_run(boundary, COUNT(boundary)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_side_does_not_know),
		cmocka_unit_test(what_a_sender_does_not_know),
		cmocka_unit_test(what_a_box_does_not_know),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
