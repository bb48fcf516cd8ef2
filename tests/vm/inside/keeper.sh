#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# `wscope attach` and a reader without privileges: it serves metrics, events and records; readers and the
# keeper are ended and started again, and no connection is lost or counted twice; nothing stays.
# shellcheck disable=SC2154 # child, status and how are common.sh's
. /root/inside/common.sh
network 1500
serve 80

flows() {
	said "$1" '"type":"flow".*"visibility":"both","scaling":"off"' "$2"
}

start keeper wscope attach -i eth0
keeper=$child
said keeper 'eth0: xdp attached, native mode .*, in a dispatcher' && said keeper "eth0: tc-egress attached, $how"
result $? "attached: XDP in a dispatcher, TC by a $how"

# reader NAME [OPTION...]
reader() {
	name=$1
	shift
	start "$name" wscope live --pinned --json --interval 0.5 "$@"
}

reader one --metrics 127.0.0.1:9777
one=$child
grep -E '^(Cap|NoNewPrivs|Seccomp:|Uid|Gid)' "/proc/$one/status" | tr '\t' ' ' >/tmp/status.out
: >/tmp/status.err
cat /tmp/status.out
said status '^Cap(Inh|Prm|Eff|Bnd|Amb): 0+$' 5 && said status '^NoNewPrivs: 1$' && said status '^Seccomp: 2$' &&
	said status '^[UG]id:( [1-9][0-9]*){4} *$' 2
result $? "the reader is another user, without capabilities, under seccomp"

talk 80 2
mkfifo /tmp/held # written to by descriptor 9, which start closes
ip netns exec c socat -t 5 - TCP:192.0.2.2:80,connect-timeout=10 </tmp/held >/tmp/echo &
held=$!
exec 9>/tmp/held
echo 1 >&9
await grep 1 /tmp/echo
await said one '"type":"event".*"server-no-wscale".*"confidence":"certain"' 3 &&
	await said one '"type":"summary"' some
result $? "it tells what happens"
wget -q -O /tmp/metrics.out http://127.0.0.1:9777/metrics 2>/tmp/metrics.err
said metrics '^wscope_attached.interface="eth0",hook="xdp",mode="native". 1$' &&
	said metrics '^wscope_findings_total.*server-no-wscale.* 3$'
result $? "it serves metrics"
wscope attach -i eth0 >/tmp/second.out 2>/tmp/second.err
[ $? = 4 ] && said second 'another .wscope attach. keeps'
result $? "a second keeper is refused"
wscope status >/tmp/told.out 2>/tmp/told.err
status=$?
cat /tmp/told.out
[ $status = 0 ] && said told "process $keeper. runs" && said told 'eth0 +xdp +native, in a dispatcher, program [0-9]+, since 20' &&
	said told 'connections +3 of 65536'
result $? "status"

stop TERM "$one"
[ "$status" = 0 ] && flows one 3
result $? "the reader ends, with a record for each connection"
echo 2 >&9
talk 80 2 # while nobody reads
reader two
two=$child
await said two '"type":"event".*"server-no-wscale"' 2
result $? "the next one is told of what happened meanwhile, and of nothing twice"
echo 3 >&9
await grep 3 /tmp/echo
exec 9>&-
wait "$held"
stop TERM "$two"
[ "$status" = 0 ] && flows two 5 && said two '"type":"summary".*"flows":5,"handshakes":5,' some
result $? "no connection is lost, and none is counted twice"
[ "$(tr '\n' ' ' </tmp/echo)" = '1 2 3 ' ]
result $? "the one that was open all the time has passed"

stop KILL "$keeper"
start again wscope attach -i eth0
again=$child
said again 'goes on with the maps that are pinned'
result $? "the keeper is killed: the next one goes on with its maps"
talk 80
reader three
stop TERM "$child"
[ "$status" = 0 ] && flows three 6 && said three '"type":"summary".*"flows":6,"handshakes":6,' some
result $? "with all connections"
neighbour attach eth0 50 native
neighbour show eth0 >/tmp/beside.out
wscope detach -i eth0 >/tmp/asked.out 2>/tmp/asked.err
status=$?
neighbour show eth0 >/tmp/left.out
cat /tmp/asked.err /tmp/beside.out /tmp/left.out
[ "$status" = 0 ] && said beside 'dispatched xdp_analyze' && said left 'dispatched neighbour' &&
	said left xdp_analyze 0 && said again 'detached, as it was asked for' 2
result $? "detach -i: off the hooks, and the other program stays in the dispatcher"
neighbour detach eth0
stop TERM "$again"
neighbour show eth0 >/tmp/after.out
tc qdisc show dev eth0 2>/tmp/after.err >>/tmp/after.out
[ "$status" = 0 ] && ! test -e /sys/fs/bpf/wscope && said after '^nothing$' && said after clsact 0
result $? "at its end nothing is left: no pins, no programs, no clsact"
plan
