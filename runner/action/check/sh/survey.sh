# Lists what a baseline describes, one per line: the type of a check and its subject.
PATH=$PATH:/usr/sbin:/sbin
LC_ALL=C; export LC_ALL
say() { printf 'hail:%s:%s\n' "$nonce" "$*"; }
nonce=$1
for f in /etc/passwd /etc/shadow /etc/group /etc/gshadow /etc/sudoers /etc/sudoers.d /etc/ssh/sshd_config /etc/crontab /etc/fstab /etc/hosts /etc/resolv.conf /root /tmp /var/tmp; do
	[ ! -e "$f" ] || say "file $f"
done
if [ -d /run/systemd/system ]; then
	systemctl list-units --type=service --state=running --plain --no-legend --no-pager | while read -r name rest; do say "service ${name%.service}"; done
else
	for f in /etc/rc[2345].d/S[0-9][0-9]*; do
		[ -e "$f" ] || continue
		name=${f##*/}
		say "service ${name#S[0-9][0-9]}"
	done
fi
for f in /proc/net/tcp /proc/net/tcp6; do
	while read -r n local remote state rest; do
		[ "$state" = 0A ] || continue
		port=$((0x${local##*:}))
		case ${local%:*} in 0100007F | 00000000000000000000000001000000 | 0000000000000000FFFF00000100007F) ;; *) say "port $port" ;; esac
	done <"$f"
done 2>/dev/null
while IFS=: read -r name x uid gid comment home shell; do
	case $shell in */nologin | */false | */sync | '') continue ;; esac
	say "user $name"
done </etc/passwd
while read -r source path fstype rest; do
	case $source in /dev/*) [ -d "$path" ] && say "mount $path" ;; esac
	[ "$path" != / ] || say "mount /"
done </proc/mounts
for p in kernel.randomize_va_space kernel.dmesg_restrict fs.protected_hardlinks fs.protected_symlinks fs.suid_dumpable net.ipv4.ip_forward net.ipv4.tcp_syncookies net.ipv4.conf.all.accept_redirects net.ipv4.conf.all.rp_filter net.ipv6.conf.all.forwarding; do
	[ ! -r "/proc/sys/$(printf %s "$p" | tr . /)" ] || say "kernel_param $p"
done
for d in /sys/class/net/*; do
	[ ! -d "$d" ] || say "interface ${d##*/}"
done
