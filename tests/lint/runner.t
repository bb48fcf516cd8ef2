#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# tests/run fails when it should: on failures, deaths, time-outs, wrong plans, and (as root in CI)
# on skips that are not tolerated; and its closing line counts right.
here=$(cd "${0%/*}" && pwd)
tree=$(mktemp -d) || exit 1
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree/tests/cli" "$tree/tests/vm" "$tree/bin"
cp "$here/../run" "$tree/tests/run"
n=0

# sample NAME LINE...: an executable test file of these shell lines
sample() {
	local file=$tree/tests/cli/$1.t
	shift
	{ echo '#!/bin/bash'; printf '%s\n' "$@"; } >"$file"
	chmod +x "$file"
}

# expect WHAT STATUS CLOSING-LINE [PATTERN]: run what is there, compare, start afresh.
expect() {
	local what=$1 want=$2 closing=$3 pattern=${4-} status verdict=ok
	env -u WSCOPE -u WSCOPE_BUILD "CI=${ci-}" JOBS=2 "$tree/tests/run" --timeout 2 "${args[@]}" \
		>"$tree/out" 2>&1
	status=$?
	[[ $status == "$want" && $(tail -n 1 "$tree/out") == "$closing" ]] || verdict="not ok"
	[[ $(grep -cE '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$tree/out") == 1 ]] ||
		verdict="not ok"
	[[ -z $pattern ]] || grep -qF -- "$pattern" "$tree/out" || verdict="not ok"
	n=$((n + 1))
	echo "$verdict $n - $what"
	[[ $verdict == ok ]] || { echo "# status $status, wanted $want, '$closing'"; sed 's/^/# /' "$tree/out"; }
	rm -rf "$tree"/tests/cli/* "$tree/build" "$tree/tests/unit"
	args=() ci=
}

args=() ci=
expect "nothing to run is a failure" 1 "0 passed, 0 failed, 0 skipped"

sample a 'echo 1..2; echo "ok 1 - x"; echo "ok 2 - y"'
sample b 'echo "ok 1 - x"; echo 1..1'
expect "all well" 0 "3 passed, 0 failed, 0 skipped"

sample a 'echo 1..2; echo "ok 1 - x"; echo "not ok 2 - the name"; echo "# why"; exit 1'
expect "a failed test counts once and its name is shown" 1 "1 passed, 1 failed, 0 skipped" "not ok: the name"

sample a 'echo 1..1; echo "not ok 1 - x"; echo complaint >&2'
expect "a failed test with exit status 0 fails; standard error is shown" 1 \
	"0 passed, 1 failed, 0 skipped" "! complaint"

sample a 'echo 1..1; echo "ok 1 - x"; exit 3'
expect "a file that dies after its tests" 1 "1 passed, 1 failed, 0 skipped" "exit status 3"

sample a 'echo 1..1; echo "ok 1 - x"; kill -SEGV $$'
expect "a file killed by a signal" 1 "1 passed, 1 failed, 0 skipped" "signal 11"

sample a 'echo 1..3; echo "ok 1 - x"; echo "ok 2 - y"'
expect "fewer tests than planned" 1 "2 passed, 1 failed, 0 skipped" "plan of 3"

sample a 'echo 1..1; echo "ok 1 - x"; echo "ok 2 - y"'
expect "more tests than planned" 1 "2 passed, 1 failed, 0 skipped" "plan of 1"

sample a 'echo "ok 1 - x"'
expect "no plan" 1 "1 passed, 1 failed, 0 skipped" "no plan"

sample a 'true'
expect "no output at all" 1 "0 passed, 1 failed, 0 skipped" "no plan"

sample a 'echo 1..0'
expect "an empty plan without a reason" 1 "0 passed, 1 failed, 0 skipped" "no tests"

sample a 'echo 1..2; echo "ok 1 - x"; echo "ok 1 - y"'
expect "a number used twice" 1 "2 passed, 1 failed, 0 skipped" "test number 1 where 2"

sample a 'echo 1..1; echo "ok 1 - x"; echo "Bail out! no disk"'
expect "bail out" 1 "1 passed, 1 failed, 0 skipped" "no disk"

sample a 'echo 1..1; echo "ok 1 - x"; sleep 30'
expect "a file that hangs is ended" 1 "1 passed, 1 failed, 0 skipped" "timed out after 2 s"

sample a '# timeout: 10' 'sleep 2.5; echo 1..1; echo "ok 1 - x"'
expect "a file can ask for more time" 0 "1 passed, 0 failed, 0 skipped"

sample a 'echo 1..2; echo "ok 1 - x"; echo "ok 2 - y # SKIP privilege: not root"'
expect "a skip is counted and listed with its reason" 0 "1 passed, 0 failed, 1 skipped" \
	"tests/cli/a.t: y # privilege: not root"

sample a 'echo "1..0 # SKIP kernel: no VLAN devices"'
sample b 'echo "1..1"; echo "ok 1 - x"'
expect "a whole file may skip" 0 "1 passed, 0 failed, 1 skipped" "kernel: no VLAN devices"

sample a 'echo "1..1"; echo "not ok 1 # SKIP t_name"'
expect "cmocka's form of a skip" 0 "0 passed, 0 failed, 1 skipped" "t_name"

sample a 'echo 1..2; echo "# captures: none here"; echo "not ok 1 # SKIP t_name"' 'echo "not ok 2 # SKIP t_b"'
expect "a reason said before cmocka's skip, for that one only" 0 "0 passed, 0 failed, 2 skipped" \
	"t_name # captures: none here"

sample a 'echo 1..1; echo "# kernel: odd"; echo "not ok 1 - x"'
expect "a reason does not excuse a failure" 1 "0 passed, 1 failed, 0 skipped"

if [[ $(id -u) == 0 ]]; then
	ci=true
	sample a 'echo 1..2; echo "ok 1 # SKIP kernel: none"; echo "ok 2 # SKIP captures: absent"'
	expect "as root in CI: skips for kernel and captures pass" 0 "0 passed, 0 failed, 2 skipped"
	for reason in "privilege: not root" "package: no tshark" "the kernel: x" ""; do
		ci=true
		sample a 'echo 1..2; echo "ok 1 - x"' "echo 'ok 2 - y # SKIP $reason'"
		expect "as root in CI: a skip for '$reason' fails" 1 "1 passed, 0 failed, 1 skipped" "are tolerated"
	done
else
	for what in kernel privilege package prefix none; do
		n=$((n + 1))
		echo "ok $n - as root in CI: $what # SKIP privilege: not root"
	done
fi

mkdir -p "$tree/build/tests" "$tree/tests/unit"
printf '#!/bin/sh\necho 1..1\necho ok 1 - unit $CMOCKA_MESSAGE_OUTPUT\n' >"$tree/build/tests/test_a"
sed 's/unit/stale/' "$tree/build/tests/test_a" >"$tree/build/tests/test_gone"
chmod +x "$tree"/build/tests/test_*
touch "$tree/tests/unit/test_a.c"
printf '#!/bin/sh\nexit 1\n' >"$tree/tests/vm/x.t"
chmod +x "$tree/tests/vm/x.t"
expect "unit binaries run; those without a source and tests/vm do not" 0 "1 passed, 0 failed, 0 skipped"

args=(tests/cli/missing.t)
expect "a file that is not there" 1 "0 passed, 1 failed, 0 skipped" "no such executable"

sample a 'echo 1..1; echo "ok 1 - x"'
sample b 'echo 1..1; echo "not ok 1 - x"'
args=(tests/cli/a.t)
expect "only the named files run" 0 "1 passed, 0 failed, 0 skipped"

sample a 'read -r x && exit 1; [[ $WSCOPE == /*/build/wscope && $WSCOPE_BUILD == /*/build ]] || exit 1' \
	'echo 1..1; echo "ok 1 - x"'
expect "standard input is empty, the program's place is known" 0 "1 passed, 0 failed, 0 skipped"

# Each says so when the other one runs, too.
meet='touch "$WSCOPE_BUILD/${0##*/}.runs"; for i in {1..10}; do
	[[ -e $WSCOPE_BUILD/a.t.runs && -e $WSCOPE_BUILD/b.t.runs ]] && break; sleep 0.1
done; echo 1..1; ((i < 10)) && echo "ok 1 - met" || echo "not ok 1 - alone"'
sample a "$meet"
sample b "$meet"
expect "two files at a time" 0 "2 passed, 0 failed, 0 skipped"

lock='mkdir "$WSCOPE_BUILD/busy" && a=ok || a="not ok"; sleep 0.3; rmdir "$WSCOPE_BUILD/busy"
echo 1..1; echo "$a 1 - alone"'
mkdir -p "$tree/tests/live" "$tree/tests/lab"
for name in ../lab/a ../live/b ../live/c; do sample "$name" "$lock"; done
expect "those of tests/live and lab run one at a time" 0 "3 passed, 0 failed, 0 skipped"
sample a "$meet"
sample ../live/b "$meet"
rm "$tree/tests/live/c.t" "$tree/tests/lab/a.t"
expect "and another one beside" 0 "2 passed, 0 failed, 0 skipped"
rm -rf "$tree/tests/live" "$tree/tests/lab"

sample a 'echo $$ >"$WSCOPE_BUILD/a.pid"; exec sleep 30'
mkdir -p "$tree/build"
JOBS=2 "$tree/tests/run" >"$tree/out" 2>&1 &
run=$!
for _ in {1..50}; do [[ -s $tree/build/a.pid ]] && break; sleep 0.1; done
kill -TERM "$run"
wait "$run"
status=$?
n=$((n + 1))
if [[ $status == 1 ]] && ! kill -0 "$(<"$tree/build/a.pid")" 2>/dev/null; then
	echo "ok $n - interrupted, it ends what runs"
else
	echo "not ok $n - interrupted, it ends what runs"
fi

echo "1..$n"
