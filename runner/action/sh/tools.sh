# What tools say that differ between userlands: GNU's, which busybox has too, and those of the BSDs and of macOS. digests
# takes what $sums says of files, and $stats prints what stat says of a path.
digests() { sed -n '/^\\\{0,1\}[0-9a-f]\{64\}\( .*\)\{0,1\}$/{s/ .*//;s/^\\//;p;}'; } # a backslash is before a name with a line break
find_stat() {
	stats='stat -c %a:%u:%g:%s:%h:%Y.%Z:%i:%d'
	stat -c %i / >/dev/null 2>&1 || stats='stat -f %Mp%Lp:%u:%g:%z:%l:%m.%c:%i:%d'
}
