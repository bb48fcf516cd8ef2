# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Sourced by the gates: where things are, and which files of a tree are ours.
LINT_HOME=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export PATH="$PATH:/usr/sbin:/sbin"

# Enter the tree given as first argument (default: the project).
lint_enter() {
	cd "${1:-$LINT_HOME}" || exit 2
}

# Print the tree's own files (relative, one a line), without what is generated and without the
# canaries, which are wrong on purpose.
lint_files() {
	if [[ -e .git ]]; then
		git ls-files --cached --others --exclude-standard
	else
		find . -type f -printf '%P\n'
	fi | grep -Ev '^(build|\.git)/|^tests/lint/canaries/' | while IFS= read -r f; do
		[[ -f $f ]] && printf '%s\n' "$f"
	done | LC_ALL=C sort
}

# Files whose first line calls a shell, and those sourced by them.
lint_shell_files() {
	local f line
	lint_files | while IFS= read -r f; do
		IFS= read -r line <"$f" 2>/dev/null || continue
		[[ $line =~ ^#!.*/(env )?(ba)?sh( |$) || $line == '# shellcheck shell='* ]] &&
			printf '%s\n' "$f"
	done
}

lint_c_files() {
	lint_files | grep -E '\.[ch]$'
}

# Run "$@" on the names from standard input, two processes at a time, some names each.
lint_each() {
	xargs -r -d '\n' -P 2 -n "${LINT_BATCH:-8}" "$@"
}
