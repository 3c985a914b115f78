package check

// mount looks at a mount point. Only usage_percent and inodes_percent touch the file system itself.
var _ = register(&kind{
	name: "mount", subject: "path", main: "usage_percent",
	attrs:   map[string]shape{"exists": yesNo, "fstype": text, "options": texts, "source": text, "usage_percent": number, "inodes_percent": number},
	implied: Want{"exists", Matcher{Op: equals, Want: true}},
	words:   []string{"path"},
	verify:  absolute,
	probe: `
unescaped() { # /proc/mounts has \040 for a blank, and %b wants \0040
	case $1 in
	*\\*) printf %b "$(printf '%s\n' "$1" | sed 's/\\/\\0/g')" ;;
	*) printf %s "$1" ;;
	esac
}
probe_mount() {
	[ -r /proc/mounts ] || { cannot '*' "there is no /proc/mounts"; return 0; }
	at=$(printf '%s\n' "$1" | sed 's|//*|/|g; s|\(.\)/$|\1|') found=
	while read -r source path fstype options rest; do
		[ "$(unescaped "$path")" = "$at" ] || continue
		found=1 from=$source is=$fstype with=$options
	done </proc/mounts
	if [ -z "$found" ]; then echo "exists false"; return 0; fi
	echo "exists true"
	fact source "$(unescaped "$from")"
	fact fstype "$is"
	printf '%s\n' "$with" | tr , '\n' | sed 's/^/options /'
	if wants usage_percent; then
		used=$(df -P -k -- "$1" 2>/dev/null | sed -n '$s/.* \([0-9]*\)% .*/\1/p')
		if [ -n "$used" ]; then echo "usage_percent $used"; else cannot usage_percent "df does not report it"; fi
	fi
	if wants inodes_percent; then
		used=$(df -P -i -- "$1" 2>/dev/null | sed -n '$s/.* \([0-9]*\)% .*/\1/p')
		if [ -n "$used" ]; then echo "inodes_percent $used"; else cannot inodes_percent "df does not report it: the file system has no fixed number of inodes, or df has no -i"; fi
	fi
}
`,
})
