#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Every gate rejects each of its canaries (canaries/GATE/bad-*, naming the file at fault) and
# accepts its clean sample (canaries/GATE/good). A gate without both fails here.
cd "${0%/*}" || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
declare -A needs=([format]=clang-format [tidy]=clang-tidy [cppcheck]=cppcheck [shell]=shellcheck)
n=0

result() {
	n=$((n + 1))
	echo "$1 $n - $2"
	[[ $1 == ok ]] || sed 's/^/# /' "$work/out"
}

# Canaries are judged in a copy: there '@' in paths/ becomes the letter it stands for.
try() {
	local gate=$1 sample=$2 tree=$work/$1.$2
	cp -r "canaries/$gate/$sample" "$tree"
	[[ $gate == paths ]] && find "$tree" -type f -exec sed -i 's/@/o/' {} +
	"gates/$gate" "$tree" >"$work/out" 2>&1
}

named() {
	local f
	while IFS= read -r f; do
		grep -qF "$f" "$work/out" && return 0
	done < <(cd "canaries/$1/$2" && find . -type f -printf '%P\n')
	return 1
}

for gate in gates/*; do
	gate=${gate##*/}
	tool=${needs[$gate]-}
	if [[ $tool ]] && ! command -v "$tool" >/dev/null; then
		n=$((n + 1))
		echo "ok $n - $gate # SKIP package: $tool is not installed"
		continue
	fi
	if try "$gate" good; then result ok "$gate accepts good"; else result "not ok" "$gate accepts good"; fi
	seen=0
	for bad in "canaries/$gate"/bad-*; do
		[[ -d $bad ]] || continue
		bad=${bad##*/} seen=1
		try "$gate" "$bad"
		status=$? # 123: xargs for "one of them said 1"
		if ((status == 1 || status == 123)) && named "$gate" "$bad"; then
			result ok "$gate rejects $bad"
		else
			result "not ok" "$gate rejects $bad"
		fi
	done
	if ((!seen)); then : >"$work/out"; result "not ok" "$gate has a canary"; fi
done
echo "1..$n"
