package check

// account sets entry to the line of an account, or to nothing.
const account = `
account() { # DATABASE NAME
	entry=
	if has_tool getent; then
		entry=$(getent "$1" "$2")
		case $2 in *[!0-9]*) ;; *) [ "${entry%%:*}" = "$2" ] || entry= ;; esac # getent takes digits for an id
	else
		while IFS= read -r line || [ -n "$line" ]; do
			case $line in "$2":*) entry=$line; break ;; esac
		done <"/etc/$1"
	fi
}
`

// user and group look into the account databases.
var _ = register(&kind{
	name: "user", subject: "name", main: "uid",
	attrs:   map[string]shape{"exists": yesNo, "uid": number, "gid": number, "groups": texts, "home": text, "shell": text},
	implied: Want{"exists", Matcher{Op: equals, Want: true}},
	words:   []string{"name"},
	verify:  accountName,
	probe: account + `
probe_user() {
	account passwd "$1"
	if [ -z "$entry" ]; then echo "exists false"; return 0; fi
	echo "exists true"
	IFS=: read -r name x uid gid comment home shell <<-end
	$entry
	end
	fact uid "$uid"
	fact gid "$gid"
	fact home "$home"
	fact shell "$shell"
	groups=$(id -Gnz -- "$1" 2>/dev/null | tr '\0' '\n') # names from Active Directory have blanks
	[ -n "$groups" ] || groups=$(id -Gn -- "$1" | tr ' ' '\n')
	[ -n "$groups" ] || cannot groups "id does not report them"
	printf '%s\n' "$groups" | while IFS= read -r g; do [ -z "$g" ] || fact groups "$g"; done
}
`,
})

var _ = register(&kind{
	name: "group", subject: "name", main: "gid",
	attrs:   map[string]shape{"exists": yesNo, "gid": number},
	implied: Want{"exists", Matcher{Op: equals, Want: true}},
	words:   []string{"name"},
	verify:  accountName,
	probe: account + `
probe_group() {
	account group "$1"
	if [ -z "$entry" ]; then echo "exists false"; return 0; fi
	echo "exists true"
	entry=${entry#*:*:}
	echo "gid ${entry%%:*}"
}
`,
})
