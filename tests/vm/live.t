#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# timeout: 240
# `wscope live` on Linux 6.1, in a VM: native XDP by a link, TC by clsact filters (there is no TCX),
# the same events and records, and nothing left behind.
set -u
cd "${0%/*}/../.." || exit 2
build=${WSCOPE_BUILD:-build}
scratch=$(mktemp -d) || exit 2
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' INT TERM
number=0

if [[ $(id -u) != 0 ]]; then
	echo "1..0 # SKIP privilege: not root"
	exit 0
fi

cat >"$scratch/inside" <<'END'
for n in c s; do ip netns add $n; done
ip link add name eth0 netns c type veth peer name eth0 netns s
ip -n c addr add 192.0.2.1/24 dev eth0
ip -n s addr add 192.0.2.2/24 dev eth0
for n in c s; do ip -n $n link set eth0 up; done
ip netns exec s sh -c 'echo 0 >/proc/sys/net/ipv4/tcp_window_scaling'
ip netns exec s socat TCP-LISTEN:80,fork,reuseaddr SYSTEM:cat &
ip netns exec s wscope live -i eth0 --hooks xdp,tc-ingress,tc-egress --json >/tmp/out 2>/tmp/err &
live=$!
for i in $(seq 200); do grep -q watching /tmp/err && break; sleep 0.2; done
for side in ingress egress; do ip netns exec s tc filter show dev eth0 $side | sed "s/^/during: /"; done
for i in $(seq 3); do echo hi | ip netns exec c socat -t 5 - TCP:192.0.2.2:80,connect-timeout=5; done
kill -TERM $live
wait $live
echo "status $?"
cat /tmp/err /tmp/out
ip netns exec s tc qdisc show dev eth0 | sed "s/^/after: /"
ip -n s link show dev eth0 | sed "s/^/after: /"
END

result() {
	((number++))
	if (($1 == 0)); then
		echo "ok $number - $2"
	else
		echo "not ok $number - $2"
		sed 's/^/# /' "$scratch/out"
	fi
}

count() { grep -cE -- "$1" "$scratch/out"; }

tests/vm/run --kernel 6.1 --modules veth,sch_ingress,cls_bpf --tool ip --tool tc --tool socat \
	--tool "$build/wscope" --file "$scratch/inside:/root/inside" --exec 'sh /root/inside' \
	>"$scratch/out" 2>&1 </dev/null
result $? "the VM runs"
(($(count '^wscope: eth0: xdp attached, native mode') == 1 && $(count ': tc-.* attached, clsact filter') == 2))
result $? "XDP by a link, TC by filters, and it says so"
(($(count '^during: filter .* direct-action .* name tc_(in|e)gress') == 2))
result $? "tc(8) shows the filters"
(($(count '"type":"event".*"server-no-wscale".*"confidence":"certain"') == 3 && $(count '"type":"flow".*"visibility":"both","scaling":"off"') == 3))
result $? "events and records"
(($(count '^  server leg 192.0.2.2:80: ') == 1 && $(count 'net.ipv4.tcp_window_scaling = 0 here .read now') == 1))
result $? "this host's own part"
(($(count '^status 0$') == 1 && $(count '^after: ') > 1 && $(count '^after: .*(clsact|xdp)') == 0))
result $? "nothing is left behind"
echo "1..$number"
