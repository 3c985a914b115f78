package check

// package asks the package manager. If several versions are installed, version is the first.
var _ = register(&kind{
	name: "package", subject: "name", main: "version",
	attrs:   map[string]shape{"installed": yesNo, "version": text},
	implied: Want{"installed", Matcher{Op: equals, Want: true}},
	words:   []string{"name"},
	verify:  plainName,
	probe: `
probe_package() {
	version=
	if has_tool dpkg-query && [ -e /var/lib/dpkg/status ]; then
		version=$(dpkg-query -W -f '${db:Status-Abbrev} ${Version}\n' -- "$1" 2>/dev/null | sed -n 's/^.i. *//p' | head -n 1)
	elif has_tool rpm && [ -d /var/lib/rpm ]; then
		version=$(rpm -q --qf '%{VERSION}-%{RELEASE}\n' -- "$1" 2>/dev/null) || version=
		version=${version%%"$nl"*}
	elif has_tool apk && [ -d /lib/apk ]; then
		if apk info -e "$1" >/dev/null 2>&1; then version=$(apk list -I "$1" 2>/dev/null | sed -n "s/^$1-\([0-9][^ ]*\) .*/\1/p" | head -n 1); fi
	elif has_tool pacman; then
		version=$(pacman -Q -- "$1" 2>/dev/null) || version=
		version=${version#* }
	else
		cannot '*' "there is neither dpkg nor rpm nor apk nor pacman"
		return 0
	fi
	if [ -n "$version" ]; then
		echo "installed true"
		fact version "$version"
	else
		echo "installed false"
	fi
}
`,
})
