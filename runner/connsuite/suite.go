// Package connsuite is the conformance test for runner.Dialer: it tests, sentence by sentence, what package runner
// promises of a Dialer and its Conns. Every Dialer has to pass it, the Fake too. Package wrap falls short in one thing: as
// its commands run below a shell, the end by a signal is an exit status to it.
//
//	func TestDialer(t *testing.T) {
//		connsuite.Run(t, func(t *testing.T) (runner.Dialer, inventory.Host) {
//			return Dialer{…}, inventory.Host{Name: "box"}
//		})
//	}
//
// The suite runs commands of a POSIX shell on the host. With a Fake instead, actions and schedules are tested without any
// host, also in virtual time (testing/synctest).
package connsuite

import (
	"context"
	"testing"
	"time"

	"hail/inventory"
	"hail/runner"
)

// bound is how long anything may take before the suite calls it hung.
const bound = 30 * time.Second

// Run tests the Dialer that dial returns, with the host that dial returns, which the Dialer can reach. dial is called
// once per subtest and may register cleanups.
func Run(t *testing.T, dial func(t *testing.T) (runner.Dialer, inventory.Host)) {
	testResult(t, dial)
	testStreams(t, dial)
	testAtOnce(t, dial)
	testEnd(t, dial)
}

// dial returns a Dialer and a host that it can reach.
type dial func(t *testing.T) (runner.Dialer, inventory.Host)

// connect returns a connection, and a context that ends when the suite calls what is done with it hung.
func (d dial) connect(t *testing.T) (context.Context, runner.Conn) {
	t.Helper()
	dialer, h := d(t)
	ctx, cancel := context.WithTimeout(t.Context(), bound)
	t.Cleanup(cancel)
	c, err := dialer.Dial(ctx, h)
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	t.Cleanup(func() { c.Close() })
	return ctx, c
}
