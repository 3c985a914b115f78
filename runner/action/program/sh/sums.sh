# $sums prints the SHA-256 of files, or of its input, with the tool of GNU and busybox, of the BSDs or of macOS, and
# digests takes what that says of files.
for sums in sha256sum 'sha256 -q' 'shasum -a 256'; do
	command -v ${sums%% *} >/dev/null 2>&1 && break
done
digests() { sed -n '/^\\\{0,1\}[0-9a-f]\{64\}\( .*\)\{0,1\}$/{s/ .*//;s/^\\//;p;}'; } # a backslash is before a name with a line break
