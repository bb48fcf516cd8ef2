# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The part of the bash completion that is not made from lists; mk/completion puts the lists before it.

# Words that begin with $1 into COMPREPLY.
_wscope_words() {
	local word
	for word in $2; do
		[[ $word == "$1"* ]] && COMPREPLY+=("$word")
	done
}

# The last part of a comma-separated list; what is in the list already is not offered again.
_wscope_list() {
	local cur=$1 head='' word
	[[ $cur == *,* ]] && head=${cur%,*},
	for word in $2; do
		[[ ,$head == *",$word,"* ]] || _wscope_words "$cur" "$head$word"
	done
}

_wscope_value() {
	local kind=${2%% *} words=${2#* } interface
	case $kind in
	one) _wscope_words "$1" "$words" ;;
	list) _wscope_list "$1" "$words" ;;
	file) _wscope_files "$1" ;;
	interface)
		for interface in /sys/class/net/*; do
			_wscope_words "$1" "${interface##*/}"
		done
		;;
	esac
}

_wscope_files() {
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen -f -- "$1")
}

_wscope() {
	local cur=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
	local command=${COMP_WORDS[1]-} value
	COMPREPLY=()
	if ((COMP_CWORD == 1)); then
		_wscope_words "$cur" "$(_wscope_commands) --help --version"
		return
	fi
	# "--name=value" comes as three words.
	if [[ $cur == = ]]; then
		cur=
	elif [[ $previous == = ]]; then
		previous=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	value=$(_wscope_values "$previous")
	if [[ $value ]]; then
		_wscope_value "$cur" "$value"
	elif [[ $cur == -* ]]; then
		_wscope_words "$cur" "$(_wscope_options "$command")"
	elif [[ $command == replay || $command == compare || $command == check ||
		$command == merge ]]; then
		_wscope_files "$cur"
	elif [[ $command == explain ]]; then
		((COMP_CWORD == 2)) && _wscope_words "$cur" "$(_wscope_codes)"
	fi
}

complete -F _wscope wscope
