#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The demo: that it shows what it promises, fails when wscope does not name the culprit, leaves
# nothing behind however it ends, and says what it leaves out without privileges.
set -u
cd "${0%/*}/../.." || exit 2
root=$PWD
build=${WSCOPE_BUILD:-$root/build}
scratch=$(mktemp -d) || exit 2
trap 'rm -rf "$scratch"' EXIT
number=0
export WSCOPE_BUILD=$build

# result STATUS NAME: 0 is well; otherwise the demo's output follows.
result() {
	((number++))
	if (($1 == 0)); then
		echo "ok $number - $2"
	else
		echo "not ok $number - $2"
		sed 's/^/# /' "$scratch/out"
	fi
}

# Its namespaces are named after its process, its children have our TMPDIR.
left_behind() {
	ls -d "/run/netns/wsl-demo-$1-"* 2>/dev/null
	grep -lzx "TMPDIR=$scratch" /proc/[0-9]*/environ 2>/dev/null
}

run_demo() {
	TMPDIR=$scratch "$@" >"$scratch/out" 2>&1 &
	demo=$!
	wait "$demo"
}

has() { grep -qE -- "$1" "$scratch/out"; }

# The demo, as nobody, in a copy of the few files it needs.
unprivileged() {
	local copy=$scratch/copy capture=tests/captures/lab/server-off-burst/client.pcap
	mkdir -p "$copy/tests/lab" "$copy/build" "$copy/${capture%/*}"
	cp tests/lab/demo tests/lab/demo_peer.py "$copy/tests/lab/"
	cp "$build/wscope" "$copy/build/"
	cp "$capture" "$copy/$capture"
	chmod 755 "$scratch"
	WSCOPE_BUILD=build setpriv --reuid=65534 --regid=65534 --clear-groups \
		env TMPDIR=/tmp "$copy/tests/lab/demo" >"$scratch/out" 2>&1
}

if [[ $(id -u) != 0 ]]; then
	run_demo tests/lab/demo && has 'CRITICAL .*198\.51\.100\.2' && has 'left out: .*root'
	result $? "without root: the capture, and what is left out"
	echo 1..1
	exit 0
fi
if ! ip netns add "wsl-demo-$$-try" 2>"$scratch/out"; then
	echo "1..0 # SKIP kernel: $(tail -n 1 "$scratch/out")"
	exit 0
fi
ip netns del "wsl-demo-$$-try"

run_demo tests/lab/demo && has 'CRITICAL .*198\.51\.100\.2' &&
	has 'server leg 192\.0\.2\.1:8080' && has 'client leg 198\.51\.100\.1:' &&
	has 'net\.ipv4\.tcp_window_scaling = 0 here' && has '8 open connections are still unscaled'
result $? "the capture, both legs, the setting, and what stays unscaled"
[[ -z $(left_behind "$demo") ]]
result $? "nothing is left behind"

# A wscope that sees nothing, and one that refuses.
mkdir "$scratch/blind" "$scratch/broken"
cat >"$scratch/blind/wscope" <<'END'
#!/bin/sh
[ "$1" = replay ] && exit 0
echo "wscope: watching; net.ipv4.tcp_window_scaling = 1 here" >&2
exec sleep 30
END
cat >"$scratch/broken/wscope" <<'END'
#!/bin/sh
[ "$1" = replay ] && exit 0
echo "wscope: no" >&2
exit 4
END
chmod 755 "$scratch"/b*/wscope
WSCOPE_BUILD=$scratch/blind run_demo tests/lab/demo
[[ $? == 1 ]] && has 'wscope did not say it'
result $? "it fails when the culprit is not named"
WSCOPE_BUILD=$scratch/broken run_demo tests/lab/demo
[[ $? == 1 ]] && has 'did not start'
result $? "it fails when wscope does not attach"
[[ -z $(left_behind "$demo") ]]
result $? "nothing is left behind by a demo that failed"

TMPDIR=$scratch tests/lab/demo >"$scratch/out" 2>&1 &
demo=$!
for _ in {1..100}; do has '^3\.' && break; sleep 0.1; done
kill -TERM "$demo"
wait "$demo"
[[ $? != 0 && -z $(left_behind "$demo") ]]
result $? "nothing is left behind by a demo that was interrupted"

unprivileged && has 'CRITICAL .*198\.51\.100\.2' && has 'left out: .*root'
result $? "without root: the capture, and what is left out"
echo "1..$number"
