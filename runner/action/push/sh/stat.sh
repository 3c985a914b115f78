# $stats prints what stat says of a path, with the tool of GNU and busybox, or of the BSDs and of macOS.
find_stat() {
	stats='stat -c %a:%u:%g:%s:%h:%Y.%Z:%i:%d'
	stat -c %i / >/dev/null 2>&1 || stats='stat -f %Mp%Lp:%u:%g:%z:%l:%m.%c:%i:%d'
}
