#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# timeout: 640
# `wscope live` beside another XDP program through libxdp's dispatcher, on Debian's kernels in a VM:
# both run, wscope first; each goes without the other; what kill -9 left goes with the next start.
set -u
cd "${0%/*}/../.." || exit 2
build=${WSCOPE_BUILD:-build}
scratch=$(mktemp -d) || exit 2
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' INT TERM
number=0
dispatcher=$(echo /usr/lib/*/bpf/xdp-dispatcher.o)

if [[ $(id -u) != 0 ]]; then
	echo "1..0 # SKIP privilege: not root"
	exit 0
fi

# The server's side is in the first namespace: that is where the bpffs is.
cat >"$scratch/inside" <<'END'
ip netns add c
ip link add name eth0 type veth peer name eth0 netns c
ip -n c addr add 192.0.2.1/24 dev eth0
ip addr add 192.0.2.2/24 dev eth0
ip link set eth0 up
ip -n c link set eth0 up
ip link set lo up
if [ "$1" = jumbo ]; then ip link set eth0 mtu 9000; ip -n c link set eth0 mtu 9000; fi
echo 0 >/proc/sys/net/ipv4/tcp_window_scaling
socat TCP-LISTEN:80,fork,reuseaddr SYSTEM:cat &
socat TCP-LISTEN:81,fork,reuseaddr SYSTEM:cat &

# start NAME [OPTION...]: live in the background, its output in /tmp/NAME.*
start() {
	name=$1; shift
	wscope live -i eth0 --hooks xdp --json "$@" >/tmp/$name.out 2>/tmp/$name.err &
	live=$!
	for i in $(seq 300); do
		grep -q watching /tmp/$name.err && break
		kill -0 $live 2>/dev/null || break
		sleep 0.2
	done
	sed "s/^/$name: /" /tmp/$name.err
}
stop() {
	kill -$2 $live
	wait $live 2>/dev/null
	echo "$1: status $?"
	grep -o '"type":"summary".*' /tmp/$1.out | sed "s/^/$1: /"
}
show() { neighbour show eth0 | sed "s/^/$1: /"; }
pins() { echo "$1: pins $(ls /sys/fs/bpf/xdp 2>/dev/null | wc -l)"; }
talk() { echo hi | ip netns exec c socat -t 3 - TCP:192.0.2.2:$1,connect-timeout=2; }

wscope live -i eth0 --hooks xdp --dry-run | sed "s/^/dry-empty: /"

start alone
show alone
stop alone TERM
show alone-after
pins alone-after

neighbour attach eth0 50 native
show other
wscope live -i eth0 --hooks xdp --dry-run | sed "s/^/dry-other: /"
start both
show both
talk 80
talk 81
stop both TERM
show both-after
pins both-after
grep -c '"client":.*"server":.*:81' /tmp/both.out | sed 's/^/both: to81 /'

start single --xdp-single
show single

start generic --mode generic
show generic

start killed
stop killed KILL
show killed-after
start next
show next
stop next TERM
show next-after
pins next-after

start outlived
neighbour detach eth0
show outlived
neighbour attach eth0 1 native
show behind
stop outlived TERM
show behind-after
neighbour detach eth0

start killed-alone
stop killed-alone KILL
show killed-alone-after
# What a kill in the middle of attaching leaves; and what is of another interface.
mkdir /sys/fs/bpf/xdp/dispatch-$(cat /sys/class/net/eth0/ifindex)-99999 /sys/fs/bpf/xdp/dispatch-9999-5
sleep 3
start next-alone
stop next-alone TERM
show next-alone-after
pins next-alone-after

few="setpriv --bounding-set=-all,+net_admin,+bpf,+perfmon"
$few wscope live -i eth0 --hooks xdp --dry-run 2>&1 | sed "s/^/few: /"

rmdir /sys/fs/bpf/xdp/dispatch-9999-5 && echo "wiped: foreign folder was there"
start wiped
rm -r /sys/fs/bpf/xdp/dispatch-*
stop wiped TERM
show wiped-after
ip link set dev eth0 xdp off

neighbour direct eth0
start occupied
wscope live -i eth0 --hooks xdp --dry-run | sed "s/^/dry-occupied: /"
show occupied-after
neighbour detach eth0

start offload --mode offload

start vanished
ip link del eth0
sleep 3
stop vanished TERM
pins vanished-after
ip link add name eth0 type veth peer name eth0 netns c
ip link set eth0 up

umount /sys/fs/bpf
start nobpffs
show nobpffs
stop nobpffs TERM
show nobpffs-after
END

result() {
	((number++))
	if (($1 == 0)); then
		echo "ok $number - $kernel: $2"
	else
		echo "not ok $number - $kernel: $2"
		failed=1
	fi
}

count() { grep -cE -- "$1" "$scratch/out"; }

# lines NAME LINE...: what `show` printed under that name is exactly this, as patterns in order
lines() {
	local name=$1 want
	shift
	want=$(printf '%s\n' "$@")
	diff <(grep "^$name: " "$scratch/out" | grep -E 'direct|dispatched|nothing' | sed "s/^$name: //; s/ seen .*//") \
		<(echo "$want") >/dev/null
}

# said NAME PATTERN: wscope said so, once
said() { (($(count "^$1: .*$2") == 1)); }

ours='dispatched xdp_analyze priority 5'
other='dispatched neighbour priority 50'

check() {
	lines alone "$ours" && lines alone-after nothing && said alone-after "pins 0$" &&
		said alone 'xdp attached, native mode .program [0-9]*., in a dispatcher .id [0-9]*. at priority 5$'
	result $? "alone: through a dispatcher, which goes with it, pins and all"
	lines both "$ours" "$other" && said both "at priority 5, before 'neighbour' .priority 50.$"
	result $? "beside another one: before it, and it says so"
	said both 'status 0' && said both '"type":"summary".*"flows":2,.*"server-no-wscale":1' &&
		said both 'to81 1' && said both-after 'seen [0-9]+ dropped [1-9]'
	result $? "both run: what the other one drops, wscope has seen, and what wscope passes, the other one"
	lines both-after "$other" && said both-after 'pins 1$'
	result $? "detaching leaves the other one"
	said dry-empty 'would be attached in native mode through a dispatcher, at priority 5$' &&
		said dry-other "it calls 'neighbour' .id [0-9]*, priority 50.$" &&
		said dry-other 'would be attached in native mode through a dispatcher'
	result $? "--dry-run says both, and what is there"
	said single '--xdp-single would not join it; it stays if you take --hooks tc-ingress,tc-egress$' &&
		said generic 'it is in native mode: --mode native joins it' &&
		lines single "$other" && lines generic "$other"
	result $? "alone, or in another mode: refused, with what to do"
	lines killed-after "$ours" "$other" && lines next "$ours" "$other" && lines next-after "$other" &&
		said next 'removed what a run that was killed had left' && said next-after 'pins 1$'
	result $? "kill -9 beside another one: the next start removes what was left, and only that"
	lines outlived "$ours" && lines behind 'dispatched neighbour priority 1' "$ours" &&
		lines behind-after 'dispatched neighbour priority 1'
	result $? "the other one goes and comes while wscope runs"
	lines killed-alone-after "$ours" && lines next-alone-after nothing && said next-alone-after 'pins 1$' &&
		said next-alone 'removed what a run that was killed had left'
	result $? "kill -9 alone: the next start removes what was left"
	said few 'would be attached in native mode alone on the hook: without CAP_SYS_ADMIN'
	result $? "without the capability to detach: alone on the hook, by a link"
	said wiped 'foreign folder was there'
	result $? "folders of pins of other interfaces stay"
	said wiped 'status [05]$' && lines wiped-after 'direct xdp_dispatcher'
	result $? "its pins removed by force: it ends, and what is on the hook stays"
	lines occupied-after 'direct neighbour' && said dry-occupied "program 'neighbour' .id [0-9]*, native. is there" &&
		said occupied "program 'neighbour' .id [0-9]*, native. is there already; it stays if you take --hooks"
	result $? "a program that is not in a dispatcher: refused, with its name"
	said offload 'driver offloads no XDP programs'
	result $? "--mode offload without such a driver"
	said vanished 'status 0$' && said vanished-after 'pins 0$'
	result $? "the interface goes while wscope runs: so do the pins"
	said nobpffs 'native mode .program [0-9]*., alone on the hook: no bpffs is mounted on /sys/fs/bpf$' &&
		lines nobpffs 'direct xdp_analyze' && lines nobpffs-after nothing
	result $? "without a bpffs: alone on the hook, and why"
}

one() {
	kernel=$1
	failed=0
	tests/vm/run --kernel "$kernel" --modules veth --tool ip --tool socat --tool setpriv --tool "$build/wscope" \
		--tool "$build/tests/live/neighbour" --file "$dispatcher:$dispatcher" --timeout 300 \
		--file "$scratch/inside:/root/inside" --exec "sh /root/inside $2" \
		>"$scratch/out" 2>&1 </dev/null
	result $? "the VM runs"
}

for kernel in ${WSCOPE_VM_KERNELS:-6.1 6.12}; do
	one "$kernel" jumbo
	check
	((failed)) && sed 's/^/# /' "$scratch/out"
done
echo "1..$number"
