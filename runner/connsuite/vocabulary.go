package connsuite

// The command lines that the suite runs: in POSIX shell, so that real hosts can run them, and few enough for the Fake
// to play them.
const (
	True       = `true`
	False      = `false`
	Exit7      = `exit 7`
	Exit255    = `exit 255`
	KillSelf   = `kill -TERM $$`
	Both       = `echo out; echo err >&2`
	Binary     = `printf '\0\1\377\r\n\033[31mno newline'`
	SayAndFail = `echo said; exit 3`
	Cat        = `cat`
	Much       = `head -c 8388608 /dev/zero`
	SayAndHang = `echo begin; exec sleep 60`
	LastWords  = `echo begin; cat >/dev/null; echo end`
	Endless    = `exec yes`
	Background = `sleep 30 & echo front; exit 4`
)

// What Binary and Much print.
const (
	BinaryBytes = "\x00\x01\xff\r\n\x1b[31mno newline"
	MuchBytes   = 8 << 20
)
