package check

// service asks the service manager: systemd, OpenRC, the rc.d of the BSDs, or the init scripts of System V.
var _ = register(&kind{
	name: "service", subject: "name", main: "running",
	attrs:   map[string]shape{"installed": yesNo, "running": yesNo, "enabled": yesNo, "masked": yesNo},
	implied: Want{"running", Matcher{Op: equals, Want: true}},
	words:   []string{"name"},
	verify:  plainName,
	probe: `
probe_service() {
	if [ -d /run/systemd/system ] && has_tool systemctl; then
		shown=$(systemctl show -p LoadState -p ActiveState -p UnitFileState -- "$1") || { cannot '*' "systemctl failed"; return 0; }
		case $nl$shown$nl in *"${nl}LoadState=not-found$nl"*) echo "installed false" ;; *) echo "installed true" ;; esac
		case $nl$shown$nl in *"${nl}LoadState=masked$nl"*) echo "masked true" ;; *) echo "masked false" ;; esac
		case $nl$shown$nl in *"${nl}ActiveState=active$nl"* | *"${nl}ActiveState=reloading$nl"*) echo "running true" ;; *) echo "running false" ;; esac
		case $nl$shown$nl in *"${nl}UnitFileState="*) ;; *) cannot enabled "systemctl does not report it" ;; esac
		case $nl$shown$nl in
		*"${nl}UnitFileState=enabled"* | *"${nl}UnitFileState=alias$nl"* | *"${nl}UnitFileState=static$nl"* | *"${nl}UnitFileState=indirect$nl"* | *"${nl}UnitFileState=generated$nl"*) echo "enabled true" ;;
		*) echo "enabled false" ;;
		esac
	elif has_tool rc-service; then
		rc-service --exists "$1" >/dev/null 2>&1
		yes_no installed $?
		rc-service "$1" status >/dev/null 2>&1
		yes_no running $?
		case " $(rc-update show 2>/dev/null | sed -n "s/^ *$1 *|//p") " in *[a-z]*) echo "enabled true" ;; *) echo "enabled false" ;; esac
		echo "masked false"
	elif [ -d /etc/rc.d ] && has_tool service && [ ! -d /etc/init.d ]; then
		[ -x "/etc/rc.d/$1" ] || [ -x "/usr/local/etc/rc.d/$1" ]
		yes_no installed $?
		service "$1" onestatus >/dev/null 2>&1
		yes_no running $?
		service "$1" enabled >/dev/null 2>&1
		yes_no enabled $?
		echo "masked false"
	elif [ -d /etc/init.d ]; then
		[ -x "/etc/init.d/$1" ]
		there=$?
		yes_no installed $there
		if [ $there = 0 ]; then
			"/etc/init.d/$1" status >/dev/null 2>&1
			case $? in
			0) echo "running true" ;;
			1 | 2 | 3) echo "running false" ;;
			*) cannot running "/etc/init.d/$1 status does not report it" ;;
			esac
		else
			echo "running false"
		fi
		set -- /etc/rc[2345].d/S[0-9][0-9]"$1"
		[ -e "$1" ]
		yes_no enabled $?
		echo "masked false"
	else
		cannot '*' "there is neither systemd nor OpenRC nor init scripts"
	fi
}
`,
})
