# $sums prints the SHA-256 of files, or of its input, with the tool of GNU and busybox, of the BSDs or of macOS.
for sums in sha256sum 'sha256 -q' 'shasum -a 256'; do
	command -v ${sums%% *} >/dev/null 2>&1 && break
done
