package runner_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"hail/inventory"
	"hail/report"
	"hail/runner"
	"hail/runner/local"
	"hail/runner/wrap"
)

// uptime is an Action that runs one command.
type uptime struct{}

func (uptime) Do(ctx context.Context, t *runner.Target) error {
	return t.Exec(ctx, "uptime", runner.Stdio{Out: t.Out, Err: t.Err})
}

// A run is a loop over its events. This one reaches no hosts, but runs the command on this machine for each of them;
// package sshconn has the Dialer for SSH.
func ExampleRun() {
	plan := runner.Plan{Fanout: 20, Hosts: []inventory.Host{{Name: "web1"}}}
	for batch := range runner.Run(context.Background(), plan, uptime{}, local.Dialer{}, nil) {
		for _, e := range batch {
			if e.Kind == runner.KindFinish {
				fmt.Println(e.Host, e.Status)
			}
		}
	}
	// Output: web1 ok
}

// setLine is an Action that makes sure that a file on the host has a line.
type setLine struct{ path, line string }

const notReadable runner.Reason = "not-readable"

func (s setLine) Do(ctx context.Context, t *runner.Target) error {
	var text bytes.Buffer
	err := t.Exec(ctx, "cat "+runner.Quote(s.path), runner.Stdio{Out: &text, Err: t.Err})
	if _, why := runner.StatusOf(err); why == runner.ExitStatus {
		return &runner.Failure{Status: runner.Failed, Reason: notReadable, Err: fmt.Errorf("%s is not readable: %w", s.path, err)}
	}
	if err != nil { // it already says what it is: unreachable, lost, out of time …
		return err
	}
	if strings.Contains("\n"+text.String(), "\n"+s.line+"\n") {
		return nil // ok
	}
	t.Changed() // from here on the file may be another one
	t.Note("added", s.line)
	return t.Exec(ctx, "cat >> "+runner.Quote(s.path), runner.Stdio{In: strings.NewReader(s.line + "\n"), Out: t.Out, Err: t.Err})
}

// An action of your own looks, decides, and says how the host ended. Its commands run under package wrap, so that they
// end when their time is up.
func ExampleAction() {
	dir, err := os.MkdirTemp("", "hail-example-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	motd := filepath.Join(dir, "it's the motd")
	if err := os.WriteFile(motd, []byte("hello\n"), 0o600); err != nil {
		panic(err)
	}
	plan := runner.Plan{Hosts: []inventory.Host{{Name: "web1"}}}
	for _, action := range []runner.Action{setLine{motd, "welcome"}, setLine{motd, "welcome"}, setLine{"/nonexistent", ""}} {
		s, err := report.Drain(runner.Run(context.Background(), plan, action, wrap.Dialer{Inner: local.Dialer{}}, nil))
		fmt.Println(s.Hosts[0].Said(), s.Hosts[0].Notes, err)
	}
	// Output:
	// changed map[added:welcome] <nil>
	// ok map[] <nil>
	// failed(not-readable): /nonexistent is not readable: exit 1 map[] <nil>
}

// inside is a Dialer around another one: it runs each command with a prefix, as to enter a container or a namespace.
type inside struct {
	inner  runner.Dialer
	prefix string
}

func (d inside) Dial(ctx context.Context, h inventory.Host) (runner.Conn, error) {
	c, err := d.inner.Dial(ctx, h)
	if err != nil {
		return nil, err
	}
	return insideConn{c, d.prefix}, nil
}

type insideConn struct {
	runner.Conn
	prefix string
}

// Unwrap lets runner.As find what the Conn below can do.
func (c insideConn) Unwrap() runner.Conn { return c.Conn }

func (c insideConn) Exec(ctx context.Context, cmd string, s runner.Stdio) error {
	s.Program = false // with exec before it, it is not just a program
	return c.Conn.Exec(ctx, "exec "+c.prefix+" sh -c "+runner.Quote(cmd), s)
}

// A Dialer of your own goes below wrap, which goes around it last. Package connsuite tests one.
func ExampleDialer() {
	dialer := wrap.Dialer{Inner: inside{local.Dialer{}, "env WHERE=inside"}} // or: nsenter --mount --target 1
	conn, err := dialer.Dial(context.Background(), inventory.Host{Name: "box"})
	if err != nil {
		panic(err)
	}
	defer conn.Close()
	fmt.Println(conn.Exec(context.Background(), `echo "$WHERE"; exit 3`, runner.Stdio{Out: os.Stdout}))
	// Output:
	// inside
	// exit 3
}

// noFailures is a Gate: it might as well ask a web service.
type noFailures struct{}

func (noFailures) Pass(_ context.Context, w runner.WaveResult) error {
	if n := w.Counts[runner.Failed]; n > 0 {
		return fmt.Errorf("wave %d has %d failed", w.Wave, n)
	}
	return nil
}

// fails is an Action that fails on one host.
type fails struct{ on string }

func (f fails) Do(_ context.Context, t *runner.Target) error {
	if t.Host.Name == f.on {
		return &runner.Failure{Status: runner.Failed, Err: errors.New("it is full")}
	}
	return nil
}

// Gates are asked between the waves of a run.
func ExampleGate() {
	waves, err := runner.ParseWaves("1,2")
	if err != nil {
		panic(err)
	}
	plan := runner.Plan{Hosts: []inventory.Host{{Name: "a"}, {Name: "b"}, {Name: "c"}, {Name: "d"}}, Pace: runner.Pace{Waves: waves}}
	s, err := report.Drain(runner.Run(context.Background(), plan, fails{on: "b"}, local.Dialer{}, nil, noFailures{}))
	fmt.Println(report.Counts(s, report.Style{}), err)
	fmt.Println(s.Stopped, "-", s.Why)
	// Output:
	// 4 hosts: 2 ok, 1 failed, 1 skipped <nil>
	// gate - wave 2 has 1 failed
}

// A retry waits longer each time, and at least some seconds where the server has hung up.
func ExampleRetry() {
	r := runner.Retry{Unreachable: 3, Delay: runner.Duration(time.Second)}
	for n := 1; n <= 4; n++ {
		after, again := r.Next(runner.Tally{Status: runner.Unreachable, Reason: runner.Refused, Unreachable: n}, 0.5)
		fmt.Println(after, again)
	}
	// Output:
	// 1s true
	// 2s true
	// 4s true
	// 0s false
}
