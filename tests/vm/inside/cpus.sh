#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Many CPUs: each counts what it sees, and nothing is lost in the sum; and a table of connections that
# is too small for what comes: what it evicts is counted, inserts - deletes - population.
# shellcheck disable=SC2154 # child, status and how are common.sh's
. /root/inside/common.sh
cpus=$(find /sys/devices/system/cpu -maxdepth 1 -name 'cpu[0-9]*' | wc -l)
for cpu in /sys/devices/system/cpu/cpu[1-9]*; do echo 1 >"$cpu/online"; done
network 1500 numtxqueues "$cpus" numrxqueues "$cpus"
maps=/sys/fs/bpf/wscope/maps
each=50
table=$((256 * cpus))
flood=$((4 * table / cpus))

# counts COUNTER: CPU by CPU
counts() {
	flood cpus $maps/counters "$1"
}

# sum COUNTER: over all CPUs
sum() {
	total=0
	for one in $(counts "$1"); do total=$((total + one)); done
	echo "$total"
}

# read_all NAME: what a reader says at its end
read_all() {
	start "$1" wscope live --pinned --json --interval 600
	stop TERM "$child"
	grep -o '"type":"summary".*' "/tmp/$1.out"
}

[ "$(grep -c ^processor /proc/cpuinfo)" = "$cpus" ] && [ "$cpus" -gt 1 ]
result $? "$cpus CPUs run"
start keeper wscope attach -i eth0 --hooks xdp --xdp-single --flows 1
keeper=$child
ip netns exec c flood send eth0 "$cpus" $each 1000
result $? "$((cpus * each)) handshakes from all CPUs at once"
echo "packets, CPU by CPU: $(counts packets)"
idle=0
for one in $(counts packets); do [ "$one" -ge $((3 * each)) ] || idle=$((idle + 1)); done
[ $idle = 0 ]
result $? "each CPU has counted what it saw"
before=$(sum packets)
read_all all
after=$(sum packets) # a neighbour's greeting may come at any time
sent=$((each * cpus))
told=$(sed -n 's/.*"type":"summary".*"packets":\([0-9]*\),"tcp_packets".*/\1/p' /tmp/all.out)
[ "$before" -le "$told" ] && [ "$told" -le "$after" ] &&
	said all "\"tcp_packets\":$((3 * sent)),\"flows\":$sent,\"handshakes\":$sent," && said all '"evictions":0}'
result $? "the sum over all CPUs is what was sent, and every connection is there"

ip netns exec c flood send eth0 "$cpus" "$flood" 10000
result $? "$((cpus * flood)) handshakes more, into a table of $table"
sent=$((sent + cpus * flood))
inserts=$(sum flow_inserts)
deletes=$(sum flow_deletes)
failed=$(sum inserts_failed)
here=$(flood entries $maps/flows)
echo "inserts $inserts, deletes $deletes, failed $failed, population $here"
# A table this small refuses an entry now and then, when other CPUs hold all that is free: counted.
[ "$inserts" -le $sent ] && [ $((inserts + failed)) -ge $sent ] && [ "$here" -gt 0 ] &&
	[ "$here" -le "$table" ]
result $? "the table is not fuller than it may be, and each handshake is in it, or counted as refused"
read_all full
[ "$status" = 5 ] && said full "\"flows\":$here,\"handshakes\":($sent|$inserts),.*\"evictions\":$((inserts - deletes - here))}"
result $? "evictions = inserts - deletes - population, and the report is called incomplete"
stop TERM "$keeper"
for cpu in /sys/devices/system/cpu/cpu[1-9]*; do echo 0 >"$cpu/online"; done
plan
