package check

// kernel_param reads a setting of the kernel.
var _ = register(&kind{
	name: "kernel_param", subject: "name", main: "value",
	attrs: map[string]shape{"value": text},
	words: []string{"name"},
	probe: `
shown() { # with single blanks, where the kernel has tabs
	set -f
	set -- $1
	fact value "$*"
}
probe_kernel_param() {
	path=/proc/sys/$(printf %s "$1" | tr ./ /.)
	if [ -r "$path" ]; then shown "$(cat "$path")"
	elif [ -e "$path" ]; then cannot value "no permission to read $path"
	elif [ -d /proc/sys ]; then :
	elif has_tool sysctl; then shown "$(sysctl -n -- "$1" 2>/dev/null)"
	else cannot value "there is neither /proc/sys nor sysctl"
	fi
}
`,
})
