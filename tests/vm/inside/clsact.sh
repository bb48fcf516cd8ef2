#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# TC filters of `wscope attach` and `wscope live` on a kernel without links to TC, beside filters of
# others: the watchdog, and what is left by a process that is killed in the instant between attaching
# a filter and noting it.
# shellcheck disable=SC2154 # child, status and how are common.sh's
. /root/inside/common.sh
network 1500
serve 80

# filters: all filters of eth0, a line each; those of others are of the kinds matchall and bytecode
filters() {
	for side in ingress egress; do
		tc filter show dev eth0 $side | grep handle | sed "s/^/$side /"
	done >/tmp/filters
	cat /tmp/filters
}

# ours COUNT: that many filters are wscope's
ours() {
	filters >/dev/null
	[ "$(grep -c 'name tc_[ie]n*gress' /tmp/filters)" = "$1" ] || { filters; false; }
}

# others COUNT: that many are not
others() {
	filters >/dev/null
	[ "$(grep -vc 'name tc_[ie]n*gress' /tmp/filters)" = "$1" ] || { filters; false; }
}

clsact() {
	tc qdisc show dev eth0 | grep -q clsact
}

foreign() {
	tc filter add dev eth0 ingress prio 7 protocol all matchall classid 1:1
	tc filter add dev eth0 egress prio 7 protocol all bpf da bytecode '1,6 0 0 4294967295,'
	tc filter add dev eth0 egress prio 49152 protocol ip bpf da bytecode '1,6 0 0 4294967295,'
}

# noticed NAME PATTERN TIMES: until it has said so that often; five at most
noticed() {
	began=$(cut -d. -f1 /proc/uptime)
	await said "$1" "$2" "$3"
	seconds=$(($(cut -d. -f1 /proc/uptime) - began))
	echo "noticed after $seconds s"
	[ $seconds -le 5 ]
}

# ---- the watchdog ----

lost='eth0: tc-(in|e)gress: our program is not on the hook any more'
removed='filters that a run that was killed had left'
start keeper wscope attach -i eth0 --hooks tc-ingress,tc-egress
keeper=$child
ours 2
result $? "attached, as filters"
tc qdisc del dev eth0 clsact
noticed keeper "$lost" 2
result $? "the clsact is deleted: noticed within five seconds, and told"
await ours 2
result $? "attached again"
wscope status >/tmp/status.out 2>/tmp/status.err
cat /tmp/status.out
said status 'attached again 1 time' 2
result $? "counted"
talk 80 2
start reader wscope live --pinned --json
stop TERM "$child"
said reader '"type":"flow".*"visibility":"both","scaling":"off"' 2
result $? "packets are seen again"
# Those of others, one of them where ours were; and nothing of ours goes into their places.
kill -STOP "$keeper"
tc qdisc del dev eth0 clsact
tc qdisc add dev eth0 clsact
foreign
kill -CONT "$keeper"
noticed keeper "$lost" 4 && await ours 2 && others 3
result $? "another clsact with filters of others is there: attached again beside them"
stop TERM "$keeper"
[ "$status" = 0 ] && ours 0 && others 3
result $? "the end takes away what is ours, and leaves the clsact and the filters of others"

# ---- killed between attaching and noting ----

# A wscope that runs, whose filter has the same name, and is none of ours.
start beside wscope live -i eth0 --hooks tc-egress --json
beside=$child
both=tc-ingress,tc-egress

# cut_at N HOOKS: a keeper that is killed as its Nth filter is in the kernel
cut_at() {
	cut "$1" wscope attach -i eth0 --hooks "$2"
}

cut_at 2 $both
result $? "killed as its second filter is in the kernel"
ours 3 && others 3
result $? "both stay, and nobody has noted the second"
wscope detach
result $? "detach"
ours 1 && others 3 && clsact
result $? "what the killed one left is gone; a filter of a wscope that runs and those of others stay"

cut_at 1 $both
ours 2
result $? "killed as its first filter is in the kernel"
start next wscope attach -i eth0 --hooks $both
said next "eth0: removed tc-ingress $removed" && ours 3 && others 3
result $? "the next start removes it, and only that"
stop KILL "$child"
ours 3 && wscope detach && ours 1 && others 3
result $? "killed later: detach removes what was noted"
stop TERM "$beside"
ours 0 && others 3 && clsact
result $? "nothing of wscope is left"

# ---- a clsact of our own ----


tc qdisc del dev eth0 clsact
cut_at 1 tc-egress
ours 1 && wscope detach && ours 0 && ! clsact
result $? "a clsact that the killed one had made goes with its filter"
cut_at 2 $both
ours 2 && wscope detach && ours 0 && ! clsact
result $? "and with two of them"
cut_at 1 tc-egress
tc filter add dev eth0 ingress prio 7 protocol all matchall classid 1:1
ours 1 && wscope detach && ours 0 && others 1 && clsact
result $? "but not when others use it meanwhile"
tc qdisc del dev eth0 clsact
tc qdisc add dev eth0 clsact
cut_at 1 tc-egress
ours 1 && wscope detach && ours 0 && clsact
result $? "nor when it was there before, without filters"

# ---- live ----

start killed wscope live -i eth0 --hooks tc-egress --json
stop KILL "$child"
ours 1
left=$?
start after wscope live -i eth0 --hooks tc-egress --json
said after "eth0: removed tc-egress $removed" && ours 1 && [ $left = 0 ]
result $? "live: the next start removes what a killed one left"
stop TERM "$child"
ours 0
result $? "and its own at the end"
! test -e /sys/fs/bpf/wscope
result $? "no pins are left"
plan
