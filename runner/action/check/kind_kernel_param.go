package check

// kernel_param reads a setting of the kernel. As with sysctl, the first separator in its name, . or /, is the one between
// its parts; the other one is part of a word.
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
	case ${1#"${1%%[./]*}"} in
	/*) path=/proc/sys/$1 ;;
	*) path=/proc/sys/$(printf %s "$1" | tr ./ /.) ;;
	esac
	if [ -f "$path" ]; then
		if value=$(cat "$path" 2>/dev/null); then shown "$value"; else cannot value "$path can't be read"; fi
	elif [ -d /proc/sys ]; then :
	elif has_tool sysctl; then shown "$(sysctl -n -- "$1" 2>/dev/null)"
	else cannot value "there is neither /proc/sys nor sysctl"
	fi
}
`,
})
