#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# timeout: 1800
# Mutated frames: natively under the sanitizers, and by the kernel's XDP and TC programs, which must
# pass each on as it was. MUTATE_FRAMES (1000000) and MUTATE_SEED choose them.
set -u
cd "${0%/*}/../.." || exit 2
build=${WSCOPE_BUILD:-build}
export MUTATE_FRAMES=${MUTATE_FRAMES:-1000000}
mutate=$build/tests/engine/mutate
n=0

# result NAME STATUS LOG
result() {
	n=$((n + 1))
	case $2 in
	0) echo "ok $n - $1" ;;
	77) echo "ok $n - $1 # SKIP privilege: the kernel's programs need root" ;;
	*) echo "not ok $n - $1" ;;
	esac
	sed 's/^/# /' "$3" | tail -n 40
}

# The native engine, and what feeds it, in one program under the sanitizers.
sanitized() {
	local flags libs
	flags=$(make -s --no-print-directory print-flags FLAGS=LINT_CFLAGS) || return 1
	libs=$(make -s --no-print-directory print-flags FLAGS=PKG_LIBS) || return 1
	# The archive of the fuzz targets has the sanitizers in it.
	# shellcheck disable=SC2086 # flags
	clang $flags -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -o "$1" \
		tests/engine/mutate.c tests/unit/{mutate_frame,packet_builder,packet_text,engine_text}.c \
		tests/unit/hook_runner.c build/fuzz/libwscope.a $libs
}

work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
echo 1..4
sanitized "$work/mutate" >"$work/log" 2>&1
result "mutate compiles under ASan and UBSan" $? "$work/log"
"$work/mutate" native >"$work/log" 2>&1
result "natively: no report, and the frames get deep enough" $? "$work/log"
for hook in xdp tc; do
	"$mutate" "$hook" >"$work/log" 2>&1
	result "$hook: output equals input, always passed on, understood as natively" $? "$work/log"
done
