package check

// user and group look into the account databases.
var _ = register(&kind{
	name: "user", subject: "name", main: "uid",
	attrs:   map[string]shape{"exists": yesNo, "uid": number, "gid": number, "groups": texts, "home": text, "shell": text},
	implied: Want{"exists", Matcher{Op: equals, Want: true}},
	words:   []string{"name"},
	verify:  plainName("name"),
	probe: `
probe_user() {
	if has_tool getent; then entry=$(getent passwd "$1"); else entry=$(grep "^$1:" /etc/passwd); fi
	if [ -z "$entry" ]; then echo "exists false"; return 0; fi
	echo "exists true"
	IFS=: read -r name x uid gid comment home shell <<-end
	$entry
	end
	fact uid "$uid"
	fact gid "$gid"
	fact home "$home"
	fact shell "$shell"
	for g in $(id -Gn -- "$1"); do fact groups "$g"; done
}
`,
})

var _ = register(&kind{
	name: "group", subject: "name", main: "gid",
	attrs:   map[string]shape{"exists": yesNo, "gid": number},
	implied: Want{"exists", Matcher{Op: equals, Want: true}},
	words:   []string{"name"},
	verify:  plainName("name"),
	probe: `
probe_group() {
	if has_tool getent; then entry=$(getent group "$1"); else entry=$(grep "^$1:" /etc/group); fi
	if [ -z "$entry" ]; then echo "exists false"; return 0; fi
	echo "exists true"
	entry=${entry#*:*:}
	echo "gid ${entry%%:*}"
}
`,
})
