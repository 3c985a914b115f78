# Looks at something once, prints what it sees, and exits with 0 if that is as it should be. Arguments: the expectation,
# in awk; who looks; and the words for the library. $library has the probe, and $judge the functions that the
# expectation is made of.
expected=$1 as=$2
shift 2
if ! command -v awk >/dev/null 2>&1; then
	printf '%s\n' "!* there is no awk on the host" "ended 0"
	exit 1
fi
set -- sh -c "$library" hail "$@"
[ "$as" = - ] || set -- sudo -n -- "$@"
facts=$("$@" </dev/null)
status=$?
tell() {
	printf '%s\n' "$facts" 2>/dev/null || cat <<-end # a printf that is no builtin takes 128 KiB
	$facts
	end
}
tell
echo "ended $status"
[ $status = 0 ] || exit 1
tell | awk "$judge
END { exit !($expected) || hopeless }"
