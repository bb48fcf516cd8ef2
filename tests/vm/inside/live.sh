#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# `wscope live`: XDP by a link, TC by links, or by clsact filters where the kernel has no others; the
# same events and records, and nothing left behind.
# shellcheck disable=SC2154 # child, status and how are common.sh's
. /root/inside/common.sh
network 1500
serve 80

start live wscope live -i eth0 --hooks xdp,tc-ingress,tc-egress --xdp-single --json
for side in ingress egress; do tc filter show dev eth0 $side; done >/tmp/tc.out 2>/tmp/tc.err
cat /tmp/tc.out
said live '^wscope: eth0: xdp attached, native mode .*, alone on the hook' && said live ": tc-.* attached, $how" 2
result $? "XDP by a link, TC by a $how, and it says so"
if [ "$how" != link ]; then
	said tc '^filter .* direct-action .* name tc_(in|e)gress' 2
	result $? "tc(8) shows the filters"
fi
talk 80 3
stop TERM "$child"
[ "$status" = 0 ] && said live '"type":"event".*"server-no-wscale".*"confidence":"certain"' 3 &&
	said live '"type":"flow".*"visibility":"both","scaling":"off"' 3
result $? "events and records"
said live '^  server leg 192.0.2.2:80: ' && said live 'net.ipv4.tcp_window_scaling = 0 here .read now'
result $? "this host's own part"
tc qdisc show dev eth0 >/tmp/after.out
ip link show dev eth0 >/tmp/after.err
said after . 3 && said after '(clsact|xdp)' 0
result $? "nothing is left behind"
plan
