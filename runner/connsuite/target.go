package connsuite

import (
	"context"
	"errors"
	"io"
	"testing"

	"hail/inventory"
	"hail/runner"
)

// Target returns a host, without outputs, whose every command is a call of exec.
func Target(t testing.TB, exec func(cmd string, s runner.Stdio) error) *runner.Target {
	t.Helper()
	fake := &Fake{Exec: func(_ context.Context, _ inventory.Host, cmd string, s runner.Stdio) error { return exec(cmd, s) }}
	conn, err := fake.Dial(t.Context(), inventory.Host{})
	if err != nil {
		t.Fatal(err)
	}
	return &runner.Target{Conn: conn, Out: io.Discard, Err: io.Discard}
}

// Flood plays, for Target, a command that prints until it can't; if nothing stops it within 100 KiB, it fails.
func Flood(_ string, s runner.Stdio) error {
	for range 100 {
		if _, err := s.Out.Write(make([]byte, 1<<10)); err != nil {
			return err
		}
	}
	return errors.New("the answer was not stopped")
}
