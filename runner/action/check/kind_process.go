package check

// process looks for running programs with a name. user and args are lists with one element per process.
var _ = register(&kind{
	name: "process", subject: "name", main: "count",
	attrs:   map[string]shape{"running": yesNo, "count": number, "user": texts, "args": texts},
	implied: Want{"running", Matcher{Op: equals, Want: true}},
	words:   []string{"name"},
	probe: `
one_more() { # USER ARGS
	count=$((count + 1))
	[ -z "$hidden" ] || return 0
	[ -z "$1" ] || fact user "$1"
	args=${2#"${2%%[! ]*}"}
	fact args "${args%"${args##*[! ]}"}"
}
probe_process() {
	count=0 hidden=
	if [ -r /proc/self/cmdline ]; then
		[ -r /proc/1/comm ] || hidden="no permission to see the processes of others"
		short=$(printf %.15s "$1")
		for d in /proc/[0-9]*; do
			{ IFS= read -r name <"$d/comm"; } 2>/dev/null || continue
			[ "$name" = "$short" ] || continue
			{ read -r state <"$d/stat"; } 2>/dev/null || continue
			case ${state##*") "} in [ZX]*) continue ;; esac # a zombie has ended
			args=$(tr '\0' ' ' <"$d/cmdline" 2>/dev/null)
			if [ ${#1} -gt 15 ]; then # comm is cut; a script is an argument of its interpreter
				{ tr '\0' '\n' <"$d/cmdline"; readlink "$d/exe"; } 2>/dev/null | sed 's|.*/||' | grep -qxF -e "$1" || continue
			fi
			user=$(stat -c %U "$d" 2>/dev/null) || [ -d "$d" ] || continue
			one_more "$user" "$args"
		done
	elif has_tool ps; then
		while read -r name user args; do
			[ "${name##*/}" != "$1" ] || one_more "$user" "$args"
		done <<-end
		$(ps -A -o comm= -o user= -o args=)
		end
	else
		cannot '*' "there is neither /proc nor ps"
		return 0
	fi
	if [ -n "$hidden" ]; then
		[ $count = 0 ] || echo "running true"
		cannot '*' "$hidden"
		return 0
	fi
	[ $count -gt 0 ]
	yes_no running $?
	echo "count $count"
	if has_tool stat || [ ! -r /proc/self/cmdline ]; then echo "user "; else cannot user "there is no stat"; fi
	echo "args "
}
`,
})
