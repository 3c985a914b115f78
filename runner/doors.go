// Package runner does one action on many hosts at once, throttled, and reports what happens as a sequence of events.
//
// It knows a Plan (data: which hosts, how many at once, how long), an Action (behaviour on one host) and a Dialer (how
// to reach one host), and nothing about SSH, files or screens. It takes no signals, reads no environment, prints
// nothing and never exits.
package runner

import (
	"context"
	"io"
	"net"

	"hail/inventory"
)

// Action is what a run does on one host. Do is called from many goroutines at once, each with a Target of its own, and
// returns when the host is done. Its error wraps a *Failure where the status is known. Unreachable has the host tried again from the
// start: once an Exec has done something that must not be done twice, Do turns the Unreachable of a later one into another status. ctx
// ends when the host's time is up or the run is stopped, and Do returns soon after.
type Action interface {
	Do(ctx context.Context, t *Target) error
}

// Dialer reaches a host. Dial may be called from many goroutines at once. When ctx ends it returns soon, with an error
// that wraps context.Cause(ctx); every other error wraps a *Failure of status Unreachable, or Error for a fault of
// our own. The caller closes the Conn.
type Dialer interface {
	Dial(ctx context.Context, h inventory.Host) (Conn, error)
}

// Conn is an open way to one host. Exec may be called by several goroutines at once; where the host has no room for as many commands,
// it is Unreachable with ChannelRefused. One that is stopped before its command has begun may end the connection, and so the others.
// Close is called at most once, after all of them.
//
// Exec runs one command line and returns when it has ended; nothing is written to s.Out and s.Err after that. It
// returns nil for exit status 0. Otherwise the error wraps a *Failure: Failed with ExitStatus or Signalled; Lost when
// the connection ended before an exit status; Unreachable with ChannelRefused when the command surely was not started.
// When ctx ends first, Exec closes the command's input, gives it s.Grace to end, drops it, and returns an error that
// wraps context.Cause(ctx). An error of s.Out or s.Err ends the command likewise, and is returned.
type Conn interface {
	Exec(ctx context.Context, cmd string, s Stdio) error
	Close() error
}

// Gate stands between waves. Pass returns nil when the next one may begin; its error stops the run.
type Gate interface {
	Pass(ctx context.Context, w WaveResult) error
}

// WaveResult is how the waves have ended so far.
type WaveResult struct {
	Run      string         `json:"run"`
	Wave     int            `json:"wave"`     // that has just ended; 1 for the first
	Counts   map[Status]int `json:"counts"`   // of this wave
	Finished int            `json:"finished"` // hosts of all waves so far
	Left     int            `json:"left"`     // hosts that have not begun
	Hosts    []Ended        `json:"hosts"`    // of this wave, in the order in which they ended
}

// Ended is how a host ended.
type Ended struct {
	Host   string `json:"host"`
	Status Status `json:"status"`
	Reason Reason `json:"reason,omitempty"`
	Exit   int    `json:"exit,omitempty"`
}

// Outputs opens the places for what a host prints, once an attempt; they are written by one goroutine at a time and
// closed before the host's finish event. An error is the host's Error. A writer that does not keep all of it has a method
// LeftOut() int64, which is asked after Close and noted.
type Outputs interface {
	Open(h inventory.Host, attempt int) (out, err io.WriteCloser, e error)
}

// Tunneler is a Conn that opens connections from where the host is. A host that does not let it is a *Failure with ChannelRefused;
// any other error is that of the connection. Tunnel may be called from many goroutines at once, also during Exec. The caller closes
// what it returns.
type Tunneler interface {
	Tunnel(ctx context.Context, network, addr string) (net.Conn, error)
}

// Lingerer is a Conn that counts its commands that have ended while something that they had started had their output open: that was
// left to itself, and what it prints from then on is not passed on. It is asked after the commands.
type Lingerer interface{ Lingering() int }

// As returns c as a T, or the first Conn below it that is one: Conns that wrap another have an Unwrap() Conn.
func As[T any](c Conn) (T, bool) {
	for c != nil {
		if t, ok := c.(T); ok {
			return t, true
		}
		u, ok := c.(interface{ Unwrap() Conn })
		if !ok {
			break
		}
		c = u.Unwrap()
	}
	var none T
	return none, false
}
