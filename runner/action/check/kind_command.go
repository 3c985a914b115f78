package check

// command runs a command line on the host. An output of more than 1 MiB can't be judged. One newline at its end is
// dropped, unless the parameter exact is set, as for checks of goss.
var _ = register(&kind{
	name: "command", subject: "run", main: "stdout",
	attrs:   map[string]shape{"exit": number, "stdout": text, "stderr": text, "duration": period},
	implied: Want{"exit", Matcher{Op: equals, Want: 0.0}},
	words:   []string{"run", "exact"},
	probe: `
output() { # NAME EXACT: what comes in as hex
	if ! has_tool od; then
		cat >/dev/null
		cannot "$1" "there is no od"
		return 0
	fi
	taken=$({ head -c 1048577; cat >/dev/null; } | hex)
	if [ ${#taken} -gt 2097152 ]; then
		cannot "$1" "it printed more than 1 MiB"
		return 0
	fi
	case $2:$taken in :*0a) taken=${taken%0a} ;; esac # without the case, some shells take minutes for a long text
	echo "$1:$taken"
}
probe_command() {
	began= ended=
	read -r began rest </proc/uptime
	exec 3>&1
	errors=$({ { sh -c "$1" 2>&4 3>&- 4>&-; echo "exit $?" >&3; } | output stdout "$2" >&3; } 4>&1 | output stderr "$2")
	echo "$errors" # not with printf: one that is no builtin takes 128 KiB
	wants duration || return 0
	read -r ended rest </proc/uptime
	if [ -z "$ended" ]; then
		cannot duration "the host has no clock in /proc/uptime"
		return 0
	fi
	took=$((${ended%.*}${ended#*.} - ${began%.*}${began#*.})) # hundredths of a second
	echo "duration $((took / 100)).$((took / 10 % 10))$((took % 10))"
}
`,
})
