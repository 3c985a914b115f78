# For sh/apply.sh: what follows once everything is in place: validation of the whole, handlers, health checks. The
# arguments of these functions are the words of the table.
theirs() { ( umask "$mask"; exec "$@" ) </dev/null 6<&- 7<&- 8>&- 9>&-; } # what stays in the background holds nothing of ours
ran() { # whether a command succeeds; and when it does not: how, and what it has printed, as an error if there is anything
	"$@" >"$state/output" 2>"$state/printed" && how= || how=$?
	cat "$state/output" "$state/printed" >&2
	[ -n "$how" ] || return 0
	[ -s "$state/printed" ] || mv -f "$state/output" "$state/printed"
	return 1
}
accept() { # and when it does not: how, and the first line that it has printed
	decode "$1"
	ran theirs sh -c "$path" && return 0
	say "refused $1 $how $(dd bs=500 count=1 <"$state/printed" 2>/dev/null | sed -n '/[^[:space:]]/{p;q;}')"
	return 1
}
limited() { # SECONDS COMMAND
	[ -n "${limit+found}" ] || find_limit 5 || :
	if [ -n "$limit" ]; then theirs $limit "$1" sh -c "$2"; else theirs sh -c "$2"; fi
}
handle() { # and when it fails: how, and the last line that it has printed, but not where systemctl says where to look
	decode "$3"
	until=$(($(date +%s) + $2))
	ran limited "$2" "$path" && { say "handled $1"; return 0; }
	[ $how -lt 124 ] || [ "$(date +%s)" -lt $until ] || how="late $2" # timeout has ended it
	say "handler $1 $how $(tail -c 500 "$state/printed" | sed -n '/^See .*systemctl /!{/[^[:space:]]/h;}; ${x;p;}')"
	return 1
}
healthy() { # and when it is not: what was seen last
	decode "$6"
	true >"$state/printed" # where : would end the shell if it can't be written
	until=$(($(date +%s) + $3))
	while [ -z "$stopped" ]; do
		( hail_judge=$(cat "$journal/judge"); export hail_judge; limited "$5" "$path" ) >"$state/printed" && return 0
		left=$((until - $(date +%s)))
		[ $left -gt 0 ] || break
		sleep $(($4 < left ? $4 : left)) # the last look is when the time is over
	done
	say "unhealthy $1 $2"
	{ cat "$state/printed"; echo; } >&9 # its last line may have no end
	return 1
}
activate() {
	! grep -q '^[HC] ' "$journal/table" || find_limit 5 || echo 'the host has no timeout command: handlers and health checks run without a time limit' >&2
	[ ! -s "$journal/table" ] || FILES=$(cat "$journal/changed")
	export FILES
	each V accept && each H handle && each C healthy && [ -z "$stopped" ]
}
again() { decode "$3"; limited "$2" "$path" || say "again $1"; return 0; }
