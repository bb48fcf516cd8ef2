// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What is weighed of windows that both ends understand and that are in the way all the same: too
 * small, closed, taken back, too coarse, half given away, or of another unit than before.
 *
 * RFC 9293: 3.8.6.1 (zero windows and their probes); RFC 7323: 2.4 (right edges).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/diagnose_cases.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* The client sends, the server's window of 10,000 bytes is filled at 6 of 20 sends. */
#define LIMITED       "window-limited"
#define LIMITED_SENDS "c.sends=20 c.limited=6 c.limited_sum=60000 c.sent_ns=9s "
#define LIMITED_FOUND "server host-or-path high notice "

static const struct diagnose_case limited[] = {
	{ LIMITED, "30 % of 20 sends, a round trip of 1 ms is near", LIMITED_SENDS "rtt_us=1000",
	  LIMITED_FOUND "10000,1000,80000000 @1,2" },
	{ LIMITED, "19 sends", LIMITED_SENDS "rtt_us=1000 c.sends=19 c.limited=19", "" },
	{ LIMITED, "29.9 % of the sends", LIMITED_SENDS "rtt_us=1000 c.sends=1000 c.limited=299",
	  "" },
	{ LIMITED, "30 %", LIMITED_SENDS "rtt_us=1000 c.sends=1000 c.limited=300 c.limited_sum=900",
	  LIMITED_FOUND "3,1000,24000 @1,2" },
	{ LIMITED, "one send in a hundred, but 30 % of 10 s",
	  "rtt_us=1000 c.sends=100 c.limited=1 c.limited_sum=10000 first_ns=5s c.sent_ns=15s "
	  "c.limited_ns=3s",
	  LIMITED_FOUND "10000,1000,80000000 @1,2" },
	{ LIMITED, "less than 30 % of 10 s",
	  "rtt_us=1000 c.sends=100 c.limited=1 c.limited_sum=10000 first_ns=5s c.sent_ns=15s "
	  "c.limited_ns=3s-1",
	  "" },
	{ LIMITED, "the client's window",
	  "rtt_us=1000 s.sends=20 s.limited=6 s.limited_sum=600 s.sent_ns=9s",
	  "client host-or-path high notice 100,1000,800000 @1,2" },
	{ LIMITED, "a window that was met leaving its host", LIMITED_SENDS "rtt_us=1000 s.local",
	  "server host high notice 10000,1000,80000000 @1,2" },
	/* is the capture near the sender? */
	{ LIMITED,
	  "a round trip of more than 1 ms, the server is as far as it can be: near the client",
	  LIMITED_SENDS "rtt_us=1001 s.syn.first_ns=1001us",
	  LIMITED_FOUND "10000,1001,79920079 @1,2" },
	{ LIMITED, "a round trip of more than 1 ms, near the server",
	  LIMITED_SENDS "rtt_us=1001 s.syn.first_ns=0", "" },
	{ LIMITED, "the client's leg is 25 %", LIMITED_SENDS "rtt_us=10000 s.syn.first_ns=7500us",
	  LIMITED_FOUND "10000,10000,8000000 @1,2" },
	{ LIMITED, "the client's leg is more than 25 %",
	  LIMITED_SENDS "rtt_us=10000 s.syn.first_ns=7499us", "" },
	{ LIMITED, "the server sends, its leg is 25 %",
	  "rtt_us=10000 s.syn.first_ns=2500us s.sends=20 s.limited=6 s.limited_sum=600 s.sent_ns=9s",
	  "client host-or-path high notice 100,10000,80000 @1,2" },
	{ LIMITED, "the server sends, its leg is more than 25 %",
	  "rtt_us=10000 s.syn.first_ns=2501us s.sends=20 s.limited=6 s.limited_sum=600 s.sent_ns=9s",
	  "" },
	{ LIMITED, "the SYN was met leaving its host", LIMITED_SENDS "rtt_us=10000 c.local",
	  LIMITED_FOUND "10000,10000,8000000 @1,2" },
	{ LIMITED, "the answer was met leaving its host, the client sends",
	  LIMITED_SENDS "rtt_us=10000 s.local", "" },
	/* the round trip */
	{ LIMITED, "not known", LIMITED_SENDS, "" },
	{ LIMITED, "data was acknowledged sooner than the SYN: in 102.4 ms",
	  LIMITED_SENDS "rtt_us=200000 c.local s.ack_rtt=100000",
	  LIMITED_FOUND "10000,102400,781250 @1,2" },
	{ LIMITED, "data was acknowledged later",
	  LIMITED_SENDS "rtt_us=50000 c.local s.ack_rtt=100000",
	  LIMITED_FOUND "10000,50000,1600000 @1,2" },
	{ LIMITED, "what the client acknowledged is none of the client's round trips",
	  LIMITED_SENDS "rtt_us=200000 c.local c.ack_rtt=100000",
	  LIMITED_FOUND "10000,200000,400000 @1,2" },
	/* scaled or not, if that is known */
	{ LIMITED, "scaling is off", LIMITED_SENDS "off rtt_us=1000",
	  LIMITED_FOUND "10000,1000,80000000 @1,2" },
	{ LIMITED, "a proxy answered: its round trip says nothing",
	  LIMITED_SENDS "rtt_us=1000 s.syn.window=0", "" },
	{ LIMITED, "scaling is unknown", LIMITED_SENDS "s.syn=unknown rtt_us=1000", "" },
	{ LIMITED, "no gauges", "rtt_us=1000", "" },
};

#define STALL          "zero-window-stall"
#define STALL_REPLACES " replaces=window-limited"
#define STALL_FOUND    "client host-or-path high "

static const struct diagnose_case stalls[] = {
	{ STALL, "closed for 100 ms", "c.zero_spells=1 c.zero_ns=100ms c.zero_longest_us=100000",
	  STALL_FOUND "notice 100000000,100000000,0 @1,2" STALL_REPLACES },
	{ STALL, "for less", "c.zero_spells=1 c.zero_ns=100ms-1 c.zero_longest_us=99999", "" },
	{ STALL, "for 100 ms in two spells",
	  "c.zero_spells=2 c.zero_ns=100ms c.zero_longest_us=60000",
	  STALL_FOUND "notice 100000000,60000000,0 @1,2" STALL_REPLACES },
	{ STALL, "for less than a second",
	  "c.zero_spells=1 c.zero_ns=1s-1 c.zero_longest_us=999999",
	  STALL_FOUND "notice 999999999,999999000,0 @1,2" STALL_REPLACES },
	{ STALL, "for a second", "c.zero_spells=1 c.zero_ns=1s c.zero_longest_us=1000000",
	  STALL_FOUND "warning 1000000000,1000000000,0 @1,2" STALL_REPLACES },
	{ STALL, "still closed when the other side was last heard of",
	  "c.zero_spells=1 c.zero-open c.zero_since_ns=5s c.last_ns=5s s.last_ns=7s s.probes_most=3",
	  STALL_FOUND "warning 2000000000,2000000000,3 @1,2" STALL_REPLACES },
	{ STALL, "a longer one before it",
	  "c.zero_spells=2 c.zero-open c.zero_since_ns=5s s.last_ns=7s c.zero_ns=3s "
	  "c.zero_longest_us=3000000",
	  STALL_FOUND "warning 5000000000,3000000000,0 @1,2" STALL_REPLACES },
	{ STALL, "closed by the last packet of all",
	  "c.zero_spells=1 c.zero-open c.zero_since_ns=5s c.last_ns=5s s.last_ns=4s", "" },
	{ STALL, "for 60 s, four probes",
	  "c.zero_spells=1 c.zero_ns=60s c.zero_longest_us=60000000 s.probes_most=4",
	  STALL_FOUND "warning 60000000000,60000000000,4 @1,2" STALL_REPLACES },
	{ STALL, "for more than 60 s, four probes: for good",
	  "c.zero_spells=1 c.zero_ns=60s+1000 c.zero_longest_us=60000001 s.probes_most=4",
	  STALL_FOUND "critical 60000001000,60000001000,4 @1,2" STALL_REPLACES },
	{ STALL, "for more than 60 s, three probes",
	  "c.zero_spells=1 c.zero_ns=60s+1000 c.zero_longest_us=60000001 s.probes_most=3",
	  STALL_FOUND "warning 60000001000,60000001000,3 @1,2" STALL_REPLACES },
	{ STALL, "for more than 60 s in all, not at a time",
	  "c.zero_spells=2 c.zero_ns=90s c.zero_longest_us=60000000 s.probes_most=9",
	  STALL_FOUND "warning 90000000000,60000000000,9 @1,2" STALL_REPLACES },
	{ STALL, "the server, whatever scaling is",
	  "s.syn=unknown s.zero_spells=1 s.zero_ns=1s s.zero_longest_us=1000000 c.probes_most=2",
	  "server host-or-path high warning 1000000000,1000000000,2 @1,2" STALL_REPLACES },
	{ STALL, "the client's own probes do not count",
	  "c.zero_spells=1 c.zero_ns=1s c.zero_longest_us=1000000 c.probes_most=2",
	  STALL_FOUND "warning 1000000000,1000000000,0 @1,2" STALL_REPLACES },
	{ STALL, "still closed, but the other side has finished",
	  "c.zero_spells=1 c.zero-open c.zero_since_ns=5s s.last_ns=9s s.fin", "" },
	{ STALL, "closed before the other side finished",
	  "c.zero_spells=2 c.zero_ns=1s c.zero_longest_us=1000000 c.zero-open c.zero_since_ns=5s "
	  "s.last_ns=9s s.fin",
	  STALL_FOUND "warning 1000000000,1000000000,0 @1,2" STALL_REPLACES },
	{ STALL, "met leaving its host",
	  "c.local c.zero_spells=1 c.zero_ns=1s c.zero_longest_us=1000000",
	  "client host high warning 1000000000,1000000000,0 @1,2" STALL_REPLACES },
	{ STALL, "no spell", "c.zero_ns=0", "" },
};

#define SHRUNK "window-shrunk"
#define TINY   "tiny-window"
#define SIGNED "signed-window"

static const struct diagnose_case shapes[] = {
	{ SHRUNK, "once", "c.shrinks=1 c.shrunk_most=128",
	  "client host-or-path high notice 1,128 @1,2" },
	{ SHRUNK, "often, by the server", "s.shrinks=65535 s.shrunk_most=33553920",
	  "server host-or-path high notice 65535,33553920 @1,2" },
	{ SHRUNK, "met leaving its host", "c.local c.shrinks=2 c.shrunk_most=128",
	  "client host high notice 2,128 @1,2" },
	{ SHRUNK, "never", "c.shrinks=0", "" },
	{ SHRUNK, "no gauges", "", "" },

	{ TINY, "shift 10, two steps, four segments", "c.syn=W10 c.w=2,1,2 c.packets=4",
	  "client host-or-path high notice 1024,2 @1,2" },
	{ TINY, "met leaving its host", "c.local c.syn=W10 c.w=2,1,2",
	  "client host high notice 1024,2 @1,2" },
	{ TINY, "shift 9", "c.syn=W9 c.w=2,1,2", "" },
	{ TINY, "three steps", "c.syn=W10 c.w=2,1,3", "" },
	{ TINY, "three segments", "c.syn=W10 c.w=2,1,2 c.packets=3", "" },
	{ TINY, "shift 15 counts as 14", "c.syn=W15 c.w=1,1,1",
	  "client host-or-path high notice 16384,1 @1,2" },
	{ TINY, "by the copy of the SYN that had the option", "c.syn=absent c.other=W11 c.w=2,2,2",
	  "client host-or-path high notice 2048,2 @1,2" },
	{ TINY, "scaling is off", "off c.syn=W10 c.w=2,1,2", "" },
	{ TINY, "no window was seen", "c.syn=W10", "" },

	{ SIGNED, "eight segments", "off s.w=32767,100,32767 s.packets=8",
	  "server host-or-path medium info 32767 @1,2" },
	{ SIGNED, "met leaving its host", "off s.local s.w=32767,100,32767",
	  "server host medium info 32767 @1,2" },
	{ SIGNED, "seven segments", "off s.w=32767,100,32767 s.packets=7", "" },
	{ SIGNED, "never 32767", "off s.w=32766,100,32766", "" },
	{ SIGNED, "more than 32767", "off s.w=32767,100,32768", "" },
	{ SIGNED, "scaling is on", "s.w=32767,100,32767", "" },
	{ SIGNED, "scaling is unknown", "s.syn=unknown s.w=32767,100,32767", "" },
};

#define CHANGED       "shift-changed"
#define CHANGED_FOUND "client path medium warning "
#define CHANGED_LOW   "client path low notice "

static const struct diagnose_case slopes[] = {
	{ CHANGED, "began to shift", "c.slope-early.0=8 c.slope-late.7=8",
	  CHANGED_FOUND "0,7,128 @1,2" },
	{ CHANGED, "ceased to", "c.slope-early.7=8 c.slope-late.0=8",
	  CHANGED_FOUND "7,0,128 @1,2" },
	{ CHANGED, "by two, where the window was taken back",
	  "c.slope-early.7=8 c.slope-late.9=8 c.shrinks=1", CHANGED_FOUND "7,9,4 @1,2" },
	{ CHANGED, "by two: so it would, if it began to read", "c.slope-early.7=8 c.slope-late.9=8",
	  CHANGED_LOW "7,9,4 @1,2" },
	{ CHANGED, "or ceased to read", "c.slope-early.9=8 c.slope-late.7=8 c.shrinks=1",
	  CHANGED_LOW "9,7,4 @1,2" },
	{ CHANGED, "by two, to one less than is announced", "c.slope-early.8=8 c.slope-late.6=8",
	  CHANGED_LOW "8,6,4 @1,2" },
	{ CHANGED, "by two, to two less than is announced", "c.slope-early.7=8 c.slope-late.5=8",
	  CHANGED_FOUND "7,5,4 @1,2" },
	{ CHANGED, "by one", "c.slope-early.7=8 c.slope-late.8=8", "" },
	{ CHANGED, "seven samples at first", "c.slope-early.0=7 c.slope-late.7=8", "" },
	{ CHANGED, "seven samples later", "c.slope-early.0=8 c.slope-late.7=7", "" },
	{ CHANGED, "no samples later", "c.slope-early.0=16", "" },
	{ CHANGED, "of 16 samples 11 together",
	  "c.slope-early.0=8 c.slope-late.5=11 c.slope-late.9=5", CHANGED_FOUND "0,5,32 @1,2" },
	{ CHANGED, "of 16 samples 10 together",
	  "c.slope-early.0=8 c.slope-late.5=10 c.slope-late.9=6", "" },
	{ CHANGED, "neighbours are together",
	  "c.slope-early.0=8 c.slope-late.4=2 c.slope-late.5=4 c.slope-late.6=2",
	  CHANGED_FOUND "0,5,32 @1,2" },
	{ CHANGED, "between two", "c.slope-early.0=8 c.slope-late.5=4 c.slope-late.7=4", "" },
	{ CHANGED, "the highest class", "c.slope-early.15=8 c.slope-late.1=8",
	  CHANGED_FOUND "15,1,16384 @1,2" },
	{ CHANGED, "the server, whatever scaling is",
	  "s.syn=unknown s.slope-early.2=8 s.slope-late.9=8",
	  "server path low notice 2,9,128 @1,2" },
	{ CHANGED, "of two sides one each", "c.slope-early.2=8 s.slope-late.9=8", "" },
	{ CHANGED, "no gauges", "", "" },
};

static void a_window_is_too_small(void **state)
{
	(void)state;
	assert_int_equal(diagnose_cases_run(limited, COUNT(limited)), 0);
}

static void a_window_is_closed(void **state)
{
	(void)state;
	assert_int_equal(diagnose_cases_run(stalls, COUNT(stalls)), 0);
}

static void a_window_has_a_shape(void **state)
{
	(void)state;
	assert_int_equal(diagnose_cases_run(shapes, COUNT(shapes)), 0);
}

static void a_window_has_another_unit(void **state)
{
	(void)state;
	assert_int_equal(diagnose_cases_run(slopes, COUNT(slopes)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_window_is_too_small),
		cmocka_unit_test(a_window_is_closed),
		cmocka_unit_test(a_window_has_a_shape),
		cmocka_unit_test(a_window_has_another_unit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
