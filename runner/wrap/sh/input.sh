# Stands before the wrapper where the command has an input. take_input stores it in a file, opens that as descriptor 5, and
# removes it.
room() { # whether the folder has room for the input, as far as df says; mksh counts in 32 bits: nine digits are safe
	[ $hail_kib -gt 64 ] || return 0
	set -f
	for hail_x in $(df -Pk "$hail_dir"); do
		case $hail_x in
		*%) [ -z "$hail_room" ] || [ ${#hail_room} -gt 9 ] || [ $hail_room -gt $hail_kib ]; return ;;
		*[!0-9]*) hail_room= ;;
		*) hail_room=$hail_x ;;
		esac
	done
}
take_input() {
	hail_mask=$(umask)
	umask 077
	# A folder is tried by writing as much as a shell can write at once.
	hail_x=xxxxxxxxxxxxxxxx
	while [ ${#hail_x} -lt $hail_input ] && [ ${#hail_x} -lt 65536 ]; do hail_x=$hail_x$hail_x; done
	for hail_dir in "${TMPDIR:-/tmp}" /tmp /dev/shm /var/tmp "$HOME"; do
		hail_own=$hail_dir/hail-$hail_nonce hail_file=
		mkdir "$hail_own" || continue # refuses also a pipe that somebody who has seen the nonce has put there
		hail_file=$hail_own/input
		(echo "$hail_x" >"$hail_file" && room) && break
		rm -rf "$hail_own"
		hail_file=
	done
	umask $hail_mask
	[ -n "$hail_file" ] || { say "cannot there is no folder with room for the input: TMPDIR, /tmp, /dev/shm, /var/tmp, HOME"; exit 125; }
	hail_full=0
	(say takes; exec head -c $hail_input <&3 >"$hail_file") || hail_full=1
	exec 5<"$hail_file"
	hail_got=$(wc -c <&5)
	exec 5<"$hail_file"
	if [ ${hail_got:-0} -ne $hail_input ]; then
		exec 5<&-
		[ $hail_full = 1 ] || echo >>"$hail_file" || hail_full=1 # busybox's head hides it for small input
		rm -rf "$hail_own"
		[ $hail_full = 0 ] && say gone || say "cannot the input did not fit into $hail_dir"
		exit 125
	fi
	rm -rf "$hail_own"
	[ ! -d "$hail_own" ] || trap 'exec 5<&-; rmdir "$hail_own"' EXIT # with NFS, a file that is open stays, and with it its folder
}
