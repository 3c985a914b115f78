package runner_test

import (
	"encoding/json"
	"strings"
	"testing"

	"hail/runner"
)

func TestPrintable(t *testing.T) {
	for text, want := range map[string]string{
		"plain ü\n": "plain ü", "a\nb": `a\nb`, "\x1b[2J": `\x1b[2J`, "\x7f": `\x7f`, "\xff": `\xff`, "\u202e": `\u202e`, "'": "'", `"\`: `"\`,
		strings.Repeat("x", 500): strings.Repeat("x", 500), strings.Repeat("x", 501): strings.Repeat("x", 500) + "…",
	} {
		e := runner.Event{Error: text}
		if e.MakePrintable(); e.Error != want {
			t.Errorf("%q is shown as %q, want %q", text, e.Error, want)
		}
	}
	const odd = "\x1b"
	e := runner.Event{Key: odd, Value: odd, Error: odd, Status: odd, Reason: odd, Remains: odd,
		Verdicts: []runner.Verdict{{Outcome: odd, Text: odd}}, Reach: &runner.Reach{Address: odd, User: odd, Phase: odd, Server: odd, HostKey: odd}}
	e.MakePrintable()
	if said, err := json.Marshal(e); err != nil || strings.Contains(string(said), `\u001b`) {
		t.Errorf("not all is printable: %s, %v", said, err)
	}
	e = runner.Event{Verdicts: []runner.Verdict{{Check: odd}}}
	if e.MakePrintable(); e.Verdicts[0].Check != odd {
		t.Errorf("the verdict on a check is one on %q now", e.Verdicts[0].Check)
	}
}

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
