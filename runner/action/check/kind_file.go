package check

// file looks at a path. type and link are those of the path itself; all else is of what a link leads to.
var _ = register(&kind{
	name: "file", subject: "path", main: "sha256",
	attrs: map[string]shape{"exists": yesNo, "type": text, "mode": rights, "owner": text, "group": text, "size": sizes, "sha256": text, "content": text,
		"link": text, "mtime_age": period},
	implied: Want{"exists", Matcher{Op: equals, Want: true}},
	words:   []string{"path"},
	verify:  absolute,
	probe: `
reachable() { # whether a path that is not seen is really not there
	above=$1
	while above=$(dirname -- "$above") && [ ! -d "$above" ]; do [ "$above" != / ] || break; done
	[ -x "$above" ]
}
probe_file() {
	if [ ! -e "$1" ] && [ ! -L "$1" ]; then
		if reachable "$1"; then echo "exists false"; else cannot '*' "no permission to look into $above"; fi
		return 0
	fi
	echo "exists true"
	if [ -L "$1" ]; then
		echo "type link"
		fact link "$(readlink -- "$1")"
		[ -e "$1" ] || { cannot '*' "it is a link that leads nowhere"; wants exists || wants type || wants link || return 0; echo "dangling true"; return 0; }
	elif [ -f "$1" ]; then echo "type file"
	elif [ -d "$1" ]; then echo "type dir"
	elif [ -p "$1" ]; then echo "type fifo"
	elif [ -S "$1" ]; then echo "type socket"
	else echo "type device"
	fi
	stat -L -c 'mode %a
owner %U
group %G
size %s
mtime %Y' -- "$1" || cannot '*' "stat does not say"
	echo "now $(date +%s)"
	if wants sha256; then
		if [ -f "$1" ] && [ -r "$1" ]; then echo "sha256 $(sha256sum <"$1" | cut -c 1-64)"; else cannot sha256 "it can't be read"; fi
	fi
	if wants content; then
		if [ ! -f "$1" ] || [ ! -r "$1" ]; then cannot content "it can't be read"
		else
			read=$(head -c 1048577 -- "$1" | hex)
			if [ ${#read} -gt 2097152 ]; then cannot content "it has more than 1 MiB"; else echo "content:$read"; fi
		fi
	fi
}
`,
	values: func(_ *Check, s *seen) error {
		if s.fact("dangling") == "true" {
			delete(s.cannot, "")
		}
		if s.values["exists"] == true && s.fact("mtime") != "" {
			mtime, err1 := valueOf([]string{s.fact("mtime")}, number)
			now, err2 := valueOf([]string{s.fact("now")}, number)
			if err1 != nil || err2 != nil {
				s.cannot["mtime_age"] = "the host does not say when it was changed"
				return nil
			}
			s.values["mtime_age"] = now.(float64) - mtime.(float64)
		}
		return nil
	},
})
