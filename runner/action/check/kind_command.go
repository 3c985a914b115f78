package check

// command runs a command line on the host. Of each of its outputs the first MiB counts; more can't be judged.
var _ = register(&kind{
	name: "command", subject: "run", main: "stdout",
	attrs:   map[string]shape{"exit": number, "stdout": text, "stderr": text, "duration": period},
	implied: Want{"exit", Matcher{Op: equals, Want: 0.0}},
	words:   []string{"run"},
	probe: `
output() { # NAME: what comes in as hex
	taken=$({ head -c 1048577; cat >/dev/null; } | hex)
	if [ ${#taken} -gt 2097152 ]; then cannot "$1" "it printed more than 1 MiB"; else echo "$1:$taken"; fi
}
probe_command() {
	read -r began rest </proc/uptime
	exec 3>&1
	errors=$({ { sh -c "$1" 2>&4 3>&-; echo "exit $?" >&3; } | output stdout >&3; } 4>&1 | output stderr)
	printf '%s\n' "$errors"
	read -r ended rest </proc/uptime
	echo "began $began"
	echo "ended $ended"
}
`,
	values: func(c *Check, s *seen) error {
		for _, name := range []string{"stdout", "stderr"} {
			if said, ok := s.values[name].(string); ok {
				s.values[name] = c.trimNewline(said)
			}
		}
		began, err1 := valueOf([]string{s.fact("began")}, number)
		ended, err2 := valueOf([]string{s.fact("ended")}, number)
		if err1 != nil || err2 != nil {
			s.cannot["duration"] = "the host has no clock in /proc/uptime"
			return nil
		}
		s.values["duration"] = ended.(float64) - began.(float64)
		return nil
	},
})

// trimNewline takes one newline off the end of what is read, as a shell's $(…) would, unless the check wants it as it is.
func (c *Check) trimNewline(s string) string {
	if n := len(s); !c.Exact && n > 0 && s[n-1] == '\n' {
		return s[:n-1]
	}
	return s
}
