package wrap_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"hail/inventory"
	"hail/runner"
	"hail/runner/wrap"
)

// TestWordsOfTheWrapper: the words of the wrapper are recognised wherever they are and however the stream is split, and
// all other bytes pass.
func TestWordsOfTheWrapper(t *testing.T) {
	const text = "one MARKtakes\x1etwo MARKno word of its\x1e\x1eMARKno\x1eMARK\x1ehail:MARKgone\x1eTerminated\x1eha"
	const want = "one two MARKno word of its\x1e\x1eMARKno\x1eMARK\x1ehail:Terminated\x1eha"
	for _, parts := range []int{1, 2, 3, 100} {
		for cut := range 250 { // until it is all of it
			ctx, cancel := context.WithCancel(t.Context())
			expected := want
			host := execFunc(func(cmd string, s runner.Stdio) error {
				mark := "\x1ehail:" + nonceOf(cmd) + ":"
				said := strings.ReplaceAll(text, "MARK", mark)
				expected = strings.ReplaceAll(want, "MARK", mark)
				for n := range parts {
					at := min(cut+n, len(said))
					if n == parts-1 {
						at = len(said)
					}
					io.WriteString(s.Err, said[:at])
					said = said[at:]
				}
				cancel()
				return ctx.Err()
			})
			c, _ := wrap.Dialer{Inner: host}.Dial(ctx, inventory.Host{})
			var errs bytes.Buffer
			err := c.Exec(ctx, "true", runner.Stdio{Err: &errs})
			if f := (*runner.Failure)(nil); errs.String() != expected || !errors.As(err, &f) || f.Remains != runner.Gone {
				t.Fatalf("%d parts, the first of %d bytes: %q, want %q; %v", parts, cut, errs.String(), expected, err)
			}
		}
	}
}

// TestStderrPasses: text that only looks like a word of the wrapper passes unchanged.
func TestStderrPasses(t *testing.T) {
	c := login(t, []string{"dash"})
	want := "\x1ehail:0123456789abcdef:gone\x1e\x1e\x1ehail:"
	var errs bytes.Buffer
	if err := c.Exec(t.Context(), "printf %s "+runner.Quote(want)+" >&2", runner.Stdio{Err: &errs}); err != nil || errs.String() != want {
		t.Errorf("stderr is %q, %v, want %q", errs.String(), err, want)
	}
}
