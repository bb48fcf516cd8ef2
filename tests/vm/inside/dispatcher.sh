#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# `wscope live` beside another XDP program through libxdp's dispatcher, at an MTU of 9000: both run,
# wscope first; each goes without the other; what kill -9 left goes with the next start.
# shellcheck disable=SC2154 # child, status and how are common.sh's
. /root/inside/common.sh
network 9000
serve 80 81

ours='dispatched xdp_analyze priority 5'
other='dispatched neighbour priority 50'
first='dispatched neighbour priority 1'

# hook LINE...: what is on the hook now, in order, and nothing else
hook() {
	neighbour show eth0 >/tmp/hook.all
	cat /tmp/hook.all
	printf '%s\n' "$@" >/tmp/hook.want
	sed 's/ seen .*//' /tmp/hook.all | cmp -s - /tmp/hook.want
}

# pins COUNT: that many folders of dispatchers
pins() {
	[ "$(find /sys/fs/bpf/xdp -mindepth 1 -maxdepth 1 2>/dev/null | wc -l)" = "$1" ]
}

# live NAME [OPTION...]
live() {
	name=$1
	shift
	start "$name" wscope live -i eth0 --hooks xdp --json "$@"
}

dry empty
live alone
hook "$ours" && said alone 'xdp attached, native mode .program [0-9]*., in a dispatcher .id [0-9]*. at priority 5$' &&
	stop TERM "$child" && [ "$status" = 0 ] && hook nothing && pins 0
result $? "alone: through a dispatcher, which goes with it, pins and all"

neighbour attach eth0 50 native
dry other
said empty 'would be attached in native mode through a dispatcher, at priority 5$' &&
	said other "it calls 'neighbour' .id [0-9]*, priority 50.$" &&
	said other 'would be attached in native mode through a dispatcher'
result $? "--dry-run says both, and what is there"

live both
hook "$ours" "$other" && said both "at priority 5, before 'neighbour' .priority 50.$"
result $? "beside another one: before it, and it says so"
talk 80
talk 81 1 1
hook "$ours" "$other" && grep -E 'seen [0-9]+ dropped [1-9]' /tmp/hook.all
result $? "what wscope passes, the other one sees, and drops"
neighbour detach eth0
hook "$ours" && neighbour attach eth0 1 native && hook "$first" "$ours"
result $? "the other one goes and comes while wscope runs"
stop TERM "$child"
grep -o '"type":"summary".*' /tmp/both.out
[ "$status" = 0 ] && said both '"type":"summary".*"flows":2,.*"server-no-wscale":1' some &&
	said both '"client":.*"server":.*:81'
result $? "what the other one drops, wscope has seen"
hook "$first" && pins 1
result $? "detaching leaves the other one"

live single --xdp-single
live generic --mode generic
said single '--xdp-single would not join it; it stays if you take --hooks tc-ingress,tc-egress$' &&
	said generic 'it is in native mode: --mode native joins it' && hook "$first"
result $? "alone, or in another mode: refused, with what to do"

live killed
stop KILL "$child"
hook "$first" "$ours"
left=$?
live next
hook "$first" "$ours" && said next 'removed what a run that was killed had left' && stop TERM "$child" &&
	hook "$first" && pins 1 && [ $left = 0 ]
result $? "kill -9 beside another one: the next start removes what was left, and only that"
neighbour detach eth0

live killed-alone
stop KILL "$child"
hook "$ours"
left=$?
# What a kill in the middle of attaching leaves; and what is of another interface.
mkdir "/sys/fs/bpf/xdp/dispatch-$(cat /sys/class/net/eth0/ifindex)-99999" /sys/fs/bpf/xdp/dispatch-9999-5
sleep 3
live next-alone
hook "$ours" && said next-alone 'removed what a run that was killed had left' && pins 2 && [ $left = 0 ]
result $? "kill -9 alone: the next start removes what was left"
rmdir /sys/fs/bpf/xdp/dispatch-9999-5
result $? "folders of pins of other interfaces stay"
rm -r /sys/fs/bpf/xdp/dispatch-*
stop TERM "$child"
case $status in
0 | 5) hook 'direct xdp_dispatcher' ;;
*) false ;;
esac
result $? "its pins removed by force: it ends, and what is on the hook stays"
ip link set dev eth0 xdp off

dry few setpriv --bounding-set=-all,+net_admin,+bpf,+perfmon
said few 'would be attached in native mode alone on the hook: without CAP_SYS_ADMIN'
result $? "without the capability to detach: alone on the hook, by a link"

neighbour direct eth0
live occupied
dry occupied-dry
said occupied "program 'neighbour' .id [0-9]*, native. is there already; it stays if you take --hooks" &&
	said occupied-dry "program 'neighbour' .id [0-9]*, native. is there" && hook 'direct neighbour'
result $? "a program that is not in a dispatcher: refused, with its name"
neighbour detach eth0

live offload --mode offload
said offload 'driver offloads no XDP programs'
result $? "--mode offload without such a driver"

live vanished
ip link del eth0
sleep 3
stop TERM "$child"
[ "$status" = 0 ] && pins 0
result $? "the interface goes while wscope runs: so do the pins"
ip link add name eth0 type veth peer name eth0 netns c
ip link set eth0 up

umount /sys/fs/bpf
live nobpffs
said nobpffs 'native mode .program [0-9]*., alone on the hook: no bpffs is mounted on /sys/fs/bpf$' &&
	hook 'direct xdp_analyze' && stop TERM "$child" && hook nothing
result $? "without a bpffs: alone on the hook, and why"
mount -t bpf bpf /sys/fs/bpf
plan
