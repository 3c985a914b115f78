package runner_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"hail/inventory"
	"hail/runner"
	"hail/runner/connsuite"
)

// telling is a Dialer whose Conns tell how their host was reached.
type telling struct{ runner.Dialer }

type tellingConn struct{ runner.Conn }

func (d telling) Dial(ctx context.Context, h inventory.Host) (runner.Conn, error) {
	c, err := d.Dialer.Dial(ctx, h)
	return tellingConn{c}, err
}

func (c tellingConn) Unwrap() runner.Conn { return c.Conn }
func (c tellingConn) Reach() runner.Reach { return odd }

var odd = runner.Reach{Address: "a\n", User: "u\n\n", Server: "SSH\x1b[2J", HostKey: "\u202e"}

// shortened is an Outputs that keeps less than it is given.
type shortened struct{ memory }

type shortenedStream struct{ io.WriteCloser }

func (shortenedStream) LeftOut() int64 { return 3 }

func (s *shortened) Open(h inventory.Host, attempt int) (out, err io.WriteCloser, e error) {
	out, err, e = s.memory.Open(h, attempt)
	return out, shortenedStream{err}, e
}

// TestWhatIsTold: what the Conn, the outputs and the action know becomes events, made printable.
func TestWhatIsTold(t *testing.T) {
	unreachable := &runner.Failure{Status: runner.Unreachable, Reason: runner.Refused, Reach: &runner.Reach{Phase: "tcp"}}
	for _, tt := range []struct {
		name   string
		dialer runner.Dialer
		action runner.Action
		out    runner.Outputs
		want   string
	}{
		{"nothing", &connsuite.Fake{}, command(connsuite.True), &memory{}, ""},
		{"not reached", &connsuite.Fake{DialErr: func(inventory.Host) error { return unreachable }}, command(connsuite.True), &memory{}, "reach {    false tcp 0s 0s 0s 0s 0s}"},
		{"reached", telling{&connsuite.Fake{}}, command(connsuite.True), &memory{}, `reach {a u\n SSH\x1b[2J \u202e false  0s 0s 0s 0s 0s}`},
		{"left running, behind another Conn", telling{&connsuite.Fake{}}, command(connsuite.Background), &memory{},
			`reach {a u\n SSH\x1b[2J \u202e false  0s 0s 0s 0s 0s}|note left something in the background kept the output open; its later output is not recorded`},
		{"left out", &connsuite.Fake{}, command(connsuite.True), &shortened{}, "note left out of stderr 3 bytes"},
		{"by the action", &connsuite.Fake{}, do(func(_ context.Context, t *runner.Target) error {
			t.Note("k\n", "v\n\n")
			t.Progress(1, 2)
			t.RecordVerdicts([]runner.Verdict{{Check: "c\r", Outcome: runner.Pass, Text: "\x1b[2J"}})
			return nil
		}), &memory{}, `note k v\n|progress 1 2|check ` + "c\r" + ` \x1b[2J`},
	} {
		var told []string
		p := runner.Plan{Hosts: hosts(1)}
		finishes(t, func(yield func([]runner.Event) bool) {
			for batch := range runner.Run(t.Context(), p, tt.action, tt.dialer, tt.out) {
				for _, e := range batch {
					switch e.Kind {
					case runner.KindReach:
						told = append(told, fmt.Sprint("reach ", *e.Reach))
					case runner.KindNote:
						told = append(told, fmt.Sprint("note ", e.Key, " ", e.Value))
					case runner.KindProgress:
						told = append(told, fmt.Sprint("progress ", e.Offset, " ", e.Length))
					case runner.KindCheck:
						told = append(told, fmt.Sprint("check ", e.Verdicts[0].Check, " ", e.Verdicts[0].Text))
					}
				}
				if !yield(batch) {
					return
				}
			}
		}, p.Hosts)
		if got := strings.Join(told, "|"); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}
