#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What the tests inside a VM share, sourced by each: two ends joined by a veth, an echo server,
# wscope in the background, results as TAP. The server's end, eth0 with 192.0.2.2, is in the first
# namespace, where the bpffs is; the client's, 192.0.2.1, in namespace c. What a program called NAME
# says is in /tmp/NAME.out and /tmp/NAME.err.

number=0
running=
echo 0 >/proc/sys/net/ipv4/tcp_window_scaling
echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6
echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6
# How TC programs are attached: before Linux 6.6 there are no links to TC.
case $(uname -r) in
6.1.*) export how='clsact filter' ;;
*) export how='link' ;;
esac

finish() {
	for pid in $running; do kill -KILL "$pid" 2>/dev/null; done
	ip link del eth0 2>/dev/null
	ip netns del c 2>/dev/null
}
trap finish EXIT
trap 'exit 1' INT TERM

# network MTU [OPTION...]: the options are of both ends
network() {
	mtu=$1
	shift
	ip netns add c
	ip link add name eth0 mtu "$mtu" "$@" type veth peer name eth0 mtu "$mtu" "$@" netns c
	ip -n c addr add 192.0.2.1/24 dev eth0
	ip addr add 192.0.2.2/24 dev eth0
	ip link set lo up
	ip link set eth0 up
	ip -n c link set eth0 up
}

serve() {
	for port; do
		socat "TCP-LISTEN:$port,fork,reuseaddr" PIPE &
		running="$running $!"
	done
}

# talk PORT [TIMES [SECONDS]]: connections of the client, with data both ways; so long it tries
talk() {
	for _ in $(seq "${2:-1}"); do
		echo hi | ip netns exec c socat -t 5 - "TCP:192.0.2.2:$1,connect-timeout=${3:-10}"
	done
}

# await COMMAND...: until it succeeds, for a minute at most
await() {
	for _ in $(seq 300); do
		"$@" && return
		sleep 0.2
	done
	echo "not within a minute: $*"
	return 1
}

# said NAME PATTERN [TIMES]: whether it said so, once or that often; some: at least once
said() {
	times=$(cat "/tmp/$1.err" "/tmp/$1.out" | grep -cE -- "$2")
	if [ "${3:-1}" = some ]; then
		[ "$times" -gt 0 ]
	else
		[ "$times" = "${3:-1}" ]
	fi
}

# ended NAME: it has said what it waits for, or is no more
ended() {
	grep -qE 'wscope: (watching|attached)' "/tmp/$1.err" || ! kill -0 "$child" 2>/dev/null
}

# start NAME COMMAND...: in the background, until it has attached or ended; its process is $child
start() {
	name=$1
	shift
	"$@" >"/tmp/$name.out" 2>"/tmp/$name.err" 9>&- &
	child=$!
	running="$running $child"
	await ended "$name"
	sed "s/^/$name: /" "/tmp/$name.err"
}

# stop SIGNAL PROCESS: its status in $status
stop() {
	kill "-$1" "$2"
	wait "$2" 2>/dev/null
	status=$?
	echo "process $2 ended with status $status"
}

# dry NAME OPTION...: what --dry-run says
dry() {
	name=$1
	shift
	"$@" wscope live -i eth0 --hooks xdp --dry-run >"/tmp/$name.out" 2>"/tmp/$name.err"
	sed "s/^/$name: /" "/tmp/$name.err" "/tmp/$name.out"
}

# result STATUS NAME
result() {
	number=$((number + 1))
	if [ "$1" = 0 ]; then
		echo "ok $number - $2"
	else
		echo "not ok $number - $2"
	fi
}

plan() {
	echo "1..$number"
}
