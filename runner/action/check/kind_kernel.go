package check

import "strings"

// kernel_param reads a setting of the kernel.
var _ = register(&kind{
	name: "kernel_param", subject: "name", main: "value",
	attrs: map[string]shape{"value": text},
	words: []string{"name"},
	probe: `
probe_kernel_param() {
	path=/proc/sys/$(printf %s "$1" | tr ./ /.)
	if [ -r "$path" ]; then fact value "$(cat "$path")"
	elif [ -e "$path" ]; then cannot value "no permission to read $path"
	elif [ -d /proc/sys ]; then :
	elif has_tool sysctl; then fact value "$(sysctl -n -- "$1" 2>/dev/null)"
	else cannot value "there is neither /proc/sys nor sysctl"
	fi
}
`,
	values: func(_ *Check, s *seen) error {
		if v, ok := s.values["value"].(string); ok {
			s.values["value"] = strings.Join(strings.Fields(v), " ") // tabs between numbers
		}
		return nil
	},
})
