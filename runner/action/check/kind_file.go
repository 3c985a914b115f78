package check

import "hail/runner/action/program"

// file looks at a path. exists, type and link are about the path itself, all else about what a link leads to.
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
stat_file() { # FORMAT of GNU and busybox, FORMAT of BSD and macOS, PATH
	if stat -c %i / >/dev/null 2>&1; then stat -L -c "$1" -- "$3"; else stat -L -f "$2" -- "$3"; fi
}
readable() { # ATTRIBUTE PATH
	if [ ! -f "$2" ]; then cannot "$1" "it is not a regular file"
	elif [ ! -r "$2" ]; then cannot "$1" "no permission to read it"
	else return 0
	fi
	return 1
}
probe_file() {
	if [ ! -e "$1" ] && [ ! -L "$1" ]; then
		if reachable "$1"; then echo "exists false"; else cannot '*' "no permission to look into $above"; fi
		return 0
	fi
	echo "exists true"
	if [ -L "$1" ]; then
		echo "type link"
		if to=$(readlink -- "$1"); then fact link "$to"; else cannot link "readlink failed"; fi
		[ -e "$1" ] || { wants exists || wants type || wants link || cannot '*' "it is a link to nothing"; return 0; }
	elif [ -f "$1" ]; then echo "type file"
	elif [ -d "$1" ]; then echo "type dir"
	elif [ -p "$1" ]; then echo "type fifo"
	elif [ -S "$1" ]; then echo "type socket"
	else echo "type device"
	fi
	stat_file 'mode %a
owner %U
group %G
size %s' 'mode %Mp%Lp%nowner %Su%ngroup %Sg%nsize %z' "$1" || cannot '*' "stat failed"
	if wants mtime_age; then
		changed=$(stat_file %Y %m "$1") && echo "mtime_age $(($(date +%s) - changed))"
	fi
	if wants sha256 && readable sha256 "$1"; then
` + program.Sums + `
		if sum=$($sums <"$1"); then echo "sha256 ${sum%% *}"; else cannot sha256 "sha256sum failed"; fi
	fi
	if wants content && readable content "$1"; then
		if ! has_tool od; then cannot content "there is no od"
		else
			read=$({ if head -c 1048577 -- "$1"; then printf 1; else printf 0; fi; } | hex)
			[ ${#read} -le 2097154 ] || read=
			case $read in # not with a % that does not match: for a long text, some shells take minutes for that
			*31) echo "content:${read%31}" ;;
			*30) cannot content "reading it failed" ;;
			*) cannot content "it is larger than 1 MiB" ;;
			esac
		fi
	fi
}
`,
})
