package runner_test

import (
	"strings"
	"testing"

	"hail/runner"
)

// TestPrintableOnce: what a record says is made printable when it is written, and again when it is read: the second time
// changes nothing, wherever the text is cut.
func TestPrintableOnce(t *testing.T) {
	for _, odd := range []string{"\x1b", "\xff", "\u202e", "ü", "\U000e0001", "\n"} {
		for n := range 12 {
			written := runner.Event{Error: strings.Repeat("x", 492+n) + odd + "yyyyyyyyyyyyyyy\n"}
			written.MakePrintable()
			read := written
			if read.MakePrintable(); read.Error != written.Error {
				t.Errorf("%d bytes and %q: %q is read as %q", 492+n, odd, written.Error[490:], read.Error[490:])
			}
		}
	}
}
