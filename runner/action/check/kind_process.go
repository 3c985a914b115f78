package check

import "strings"

// process looks for programs that run under a name. user and args are lists: a process each.
var _ = register(&kind{
	name: "process", subject: "name", main: "count",
	attrs:   map[string]shape{"running": yesNo, "count": number, "user": texts, "args": texts},
	implied: Want{"running", Matcher{Op: equals, Want: true}},
	words:   []string{"name"},
	probe: `
probe_process() {
	if [ ! -r /proc/self/cmdline ]; then
		has_tool ps || { cannot '*' "there is neither /proc nor ps"; return 0; }
		ps -A -o comm= -o user= -o args= | while read -r name user args; do
			[ "${name##*/}" = "$1" ] || continue
			fact p "$user $args"
		done
		return 0
	fi
	short=$(printf %.15s "$1")
	for d in /proc/[0-9]*; do
		{ read -r name <"$d/comm"; } 2>/dev/null || continue
		[ "$name" = "$short" ] || continue
		args=$(tr '\0' ' ' <"$d/cmdline" 2>/dev/null)
		if [ ${#1} -gt 15 ]; then
			program=${args%% *}
			[ "${program##*/}" = "$1" ] || continue
		fi
		user=$(stat -c %U "$d" 2>/dev/null) || continue
		fact p "$user $args"
	done
}
`,
	values: func(_ *Check, s *seen) error {
		var users, args []any
		for _, p := range s.facts["p"] {
			user, line, _ := strings.Cut(p, " ")
			users, args = append(users, user), append(args, strings.TrimSpace(line))
		}
		s.values["running"], s.values["count"] = len(users) > 0, float64(len(users))
		s.values["user"], s.values["args"] = orEmpty(users), orEmpty(args)
		return nil
	},
})

func orEmpty(list []any) []any {
	if list == nil {
		return []any{}
	}
	return list
}
