package check_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hail/inventory"
	"hail/runner"
	"hail/runner/action/check"
)

// TestStoppedOutside: a look from outside that is stopped with its host tells nothing of what it looked at.
func TestStoppedOutside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		suite := read(t, "checks:\n  - {id: mute, tcp: \"mute:1\", from: target, timeout: 1h}\n  - {id: closed, tcp: \"closed:1\", from: target}\n")
		must(t, suite.Compile())
		why := errors.New("time is up")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, why)
		defer cancel()
		var log strings.Builder
		err := suite.Do(ctx, &runner.Target{Conn: &unreachable{tries: map[string]int{}}, Out: &log})
		if want := "not-evaluated mute\nfail          closed  reachable: expected true, is false (refused)\n"; !errors.Is(err, why) || log.String() != want {
			t.Errorf("%v, and the log\n%swant %v, and\n%s", err, log.String(), why, want)
		}
	})
}

// TestTookOutside: how long a look from outside took is known, too.
func TestTookOutside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		action, err := check.New(read(t, "checks:\n  - {tcp: \"mute:1\", from: target, timeout: 3s}\n").Spec())
		must(t, err)
		var took runner.Duration
		for batch := range runner.Run(t.Context(), runner.Plan{Run: "test", Hosts: []inventory.Host{{Name: "here"}}, Fanout: 1}, action, &unreachable{}, nil) {
			for _, e := range batch {
				for _, v := range e.Verdicts {
					took = v.Took
				}
			}
		}
		if took.Value() != 3*time.Second {
			t.Errorf("the look took %v, want 3s", took)
		}
	})
}

// TestPanicOutside: a panic in a check from outside the host is an error of only this check.
func TestPanicOutside(t *testing.T) {
	action, err := check.New(read(t, `checks:
  - {id: tcp, tcp: {address: "web:80", reachable: false}, from: target}
  - {id: http, http: {url: "http://web/", reachable: false}, from: target}
  - {id: tls, tls: {address: "late:443", reachable: false}, from: target}
`).Spec())
	must(t, err)
	outcomes := map[string]runner.Outcome{}
	for batch := range runner.Run(t.Context(), runner.Plan{Run: "test", Hosts: []inventory.Host{{Name: "here"}}, Fanout: 1}, action, panicking{}, nil) {
		for _, e := range batch {
			for _, v := range e.Verdicts {
				if outcomes[v.Check] = v.Outcome; v.Outcome != runner.CheckError || !strings.HasPrefix(string(v.Text), "reachable: panic: ") {
					t.Errorf("%s: %s %s", v.Check, v.Outcome, v.Text)
				}
			}
		}
	}
	if len(outcomes) != 3 {
		t.Errorf("want three verdicts, got %v", outcomes)
	}
}

// panicking is a host whose tunnels panic: the one to "late" when it is written to, every other one when it is opened.
type panicking struct{ runner.Conn }

func (p panicking) Dial(context.Context, inventory.Host) (runner.Conn, error) { return p, nil }
func (panicking) Close() error                                                { return nil }

func (panicking) Tunnel(_ context.Context, _, addr string) (net.Conn, error) {
	if addr != "late:443" {
		panic("no tunnel")
	}
	here, there := net.Pipe()
	there.Close()
	return unwritable{here}, nil
}

type unwritable struct{ net.Conn }

func (unwritable) Write([]byte) (int, error) { panic("no writing") }
