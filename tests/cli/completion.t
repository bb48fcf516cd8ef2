#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The bash completion: made anew from the lists, sourced, and asked as readline asks, by COMP_WORDS
# and COMP_CWORD. What it offers is compared with what the program itself says it takes.
set -u
n=0 failed=0
program=${WSCOPE:-${WSCOPE_BUILD:-build}/wscope}
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT

# One result, with lines of explanation where it is not good: result NAME STATUS [WHY]
result() {
	n=$((n + 1))
	if (($2 == 0)); then
		echo "ok $n - $1"
		return
	fi
	failed=1
	echo "not ok $n - $1"
	[[ -z ${3-} ]] || printf '# %s\n' "${3//$'\n'/$'\n'# }"
}

same() {
	local got=$2 due=$3
	[[ $got == "$due" ]]
	result "$1" $? "got: $got"$'\n'"due: $due"
}

# What is offered for the words of a command line whose last word is being typed.
offered() {
	COMP_WORDS=("$@")
	COMP_CWORD=$(($# - 1))
	COMPREPLY=()
	_wscope
	printf '%s\n' "${COMPREPLY[@]}" | LC_ALL=C sort | tr '\n' ' ' | sed 's/ *$//'
}

# offers NAME DUE WORD... : exactly these
offers() {
	local name=$1 due=$2
	shift 2
	same "$name" "$(offered "$@")" "$due"
}

sorted() {
	LC_ALL=C sort -u | tr '\n' ' ' | sed 's/ *$//'
}

long_options() {
	"$program" "$1" --help 2>/dev/null | grep -oE '^ +(-., )? *--[a-z-]+' | grep -oE -- '--[a-z-]+'
}

codes() {
	sed -n 's/^DETECTOR([a-z_]*, "\([a-z-]*\)".*/\1/p' engine/detectors.def
}

mk/completion >"$scratch/wscope"
result "the completion is made" $?
bash -n "$scratch/wscope"
result "it is correct shell" $?
cmp -s "$scratch/wscope" build/wscope.bash-completion
result "the one of the build is the same" $?
# shellcheck source=/dev/null
. "$scratch/wscope"
same "it registers itself for wscope" "$(complete -p wscope)" "complete -F _wscope wscope"

same "commands are those of the program" "$(offered wscope '')" \
	"$({ "$program" --help | sed -n 's/^  \([a-z]*\) .*/\1/p'; echo --help; echo --version; } | sorted)"
offers "a command is completed" "replay" wscope re
for command in replay live compare check merge top attach status detach; do
	same "options of $command are those of the program" "$(offered wscope $command -)" \
		"$(long_options $command | sorted)"
done
[[ $(offered wscope replay -) == *--engine* && $(offered wscope live -) == *--interface* ]]
result "the options are not nothing" $?
offers "no option of live for replay" "" wscope replay --inter
offers "an option behind another" "--json" wscope replay --engine xdp --js
offers "a choice" "native tc xdp" wscope replay --engine ''
offers "a choice, begun" "native" wscope replay --engine n
offers "a choice behind =" "always" wscope live --color = al
offers "a choice behind = with nothing" "always auto never" wscope live --color =
offers "severities" "critical info notice warning" wscope replay --fail-on ''
offers "a list" "tc-egress tc-ingress" wscope live --hooks tc
offers "a list goes on, without what is in it" "xdp,tc-egress xdp,tc-ingress" wscope live --hooks xdp,
offers "tunnels" "geneve gre gtpu gue" wscope replay --tunnels g
offers "the file of an option" "$scratch/wscope" wscope replay --series "$scratch/ws"
offers "the format of a series" "csv ndjson" wscope replay --series-format ''
offers "a number is not completed" "" wscope replay -c ''
offers "an interface" "lo" wscope live -i lo
offers "an interface by the long name" "lo" wscope live --interface lo
offers "a code" "syn-retry-no-wscale" wscope explain syn-
same "all codes" "$(offered wscope explain '')" "$(codes | sorted)"
offers "one code is enough" "" wscope explain wscale-zero ws
offers "list takes nothing" "" wscope list ''
offers "schema takes nothing" "" wscope schema -
touch "$scratch/a.pcap" "$scratch/a b.pcap"
offers "files" "$scratch/a b.pcap $scratch/a.pcap" wscope replay "$scratch/a"
offers "files after options" "$scratch/a.pcap" wscope replay --json "$scratch/a.p"
offers "a file of merge" "$scratch/a.pcap" wscope merge "$scratch/a.p"
offers "the second file of compare" "$scratch/a.pcap" wscope compare a "$scratch/a.p"
offers "a file of an option" "$scratch/a.pcap" wscope live --baseline "$scratch/a.p"
offers "a file behind =" "$scratch/a.pcap" wscope replay --save-baseline = "$scratch/a.p"
offers "an unknown command" "" wscope nonesuch -

echo "1..$n"
exit $failed
