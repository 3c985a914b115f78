package check

// interface looks at a network interface. It is up if it was set up, with or without a carrier. networks are the
// addresses with their prefix lengths.
var _ = register(&kind{
	name: "interface", subject: "name", main: "addresses",
	attrs:   map[string]shape{"exists": yesNo, "up": yesNo, "addresses": texts, "networks": texts, "mtu": number},
	implied: Want{"up", Matcher{Op: equals, Want: true}},
	words:   []string{"name"},
	verify:  plainName,
	probe: `
probe_interface() {
	[ -d /sys/class/net ] || { cannot '*' "there is no /sys/class/net"; return 0; }
	d=/sys/class/net/$1
	if [ ! -d "$d" ]; then
		echo "exists false"
		echo "up false"
		return 0
	fi
	echo "exists true"
	read -r flags <"$d/flags" && [ $((flags & 1)) = 1 ]
	yes_no up $?
	echo "mtu $(cat "$d/mtu")"
	if wants addresses || wants networks; then
		if has_tool ip; then
			echo "networks "
			echo "addresses "
			ip -o addr show dev "$1" | sed -n 's/.* inet6\{0,1\} \([^ ]*\).*/networks \1/p; s/^networks \([^/]*\).*/addresses \1/p'
		else
			cannot addresses "there is no ip command"
			cannot networks "there is no ip command"
		fi
	fi
}
`,
})
