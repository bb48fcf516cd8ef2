#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# timeout: 240
# That tests/vm/run can fail: programs of canary.bpf.c that are too costly or not acceptable, VMs
# that give no answer, and an object that is not there.
set -u
cd "${0%/*}/../.." || exit 2
run=tests/vm/run
object=build/tests/vm/canary.bpf.o
number=0
scratch=$(mktemp -d) || exit 2
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' INT TERM

if [[ $(id -u) != 0 ]]; then
	echo "1..0 # SKIP privilege: not root"
	exit 0
fi

# expect NAME STATUS PATTERN ARGUMENT... : the runner's exit status, and an output line like PATTERN
expect() {
	local name=$1 wanted=$2 pattern=$3 status
	shift 3
	((number++))
	"$run" "$@" >"$scratch/out" 2>&1 </dev/null
	status=$?
	if [[ $status == "$wanted" ]] && grep -Eq -- "$pattern" "$scratch/out"; then
		echo "ok $number - $name"
	else
		echo "not ok $number - $name"
		echo "# status $status, not $wanted; or no line like '$pattern' in:"
		sed 's/^/# /' "$scratch/out"
	fi
}

canary() {
	local name=$1 status=$2 pattern=$3
	shift 3
	expect "$name" "$status" "$pattern" --object "$object" "$@"
}

echo 1..11
release=$(uname -r)
canary "refused on the running kernel" 1 "^verify $release canary_refused - 500000 refused$" \
	--kernel host
canary "the verifier's log is shown" 1 '^# .*invalid access to packet' --kernel host
canary "over the bound on the running kernel" 1 \
	"^verify $release canary_costly [0-9]{5,} 9999 over$" \
	--kernel host --bound 9999 --config cfg.costly=1
canary "within the bound with the costly part off" 1 \
	"^verify $release canary_costly [0-9]{1,2} 9999 ok$" --kernel host --bound 9999
canary "refused in the VM" 1 '^verify 6\.1\.0-.* canary_refused - 500000 refused$' --kernel 6.1
canary "a constant that the object does not have" 3 "cannot set 'cfg.absent'" \
	--kernel host --config cfg.absent=1
expect "no such object" 3 "cannot open '/nonexistent.o'" --kernel host --object /nonexistent.o
expect "a command's status comes out of the VM" 7 '^from 6\.12\.' --kernel 6.12 \
	--exec 'echo "from $(uname -r)"; exit 7'
expect "a module and a tool with its libraries" 0 'wsl-b@wsl-a' --kernel 6.12 --modules veth \
	--tool ip --exec 'ip link add wsl-a type veth peer name wsl-b && ip link show wsl-b'
expect "a VM that ends without an answer" 3 'QEMU ended' --kernel 6.1 --exec 'poweroff -f'
expect "a VM that hangs" 3 'no answer within 8 s' --kernel 6.1 --timeout 8 --exec 'sleep 100'
