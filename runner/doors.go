// Package runner does one action on many hosts at once, throttled, and reports what happens as a sequence of events.
//
//	for batch := range runner.Run(ctx, plan, action, dialer, outputs) { … }
//
// It knows a Plan (data: which hosts, how many at once, how long), an Action (behaviour on one host) and a Dialer (how
// to reach one host), and nothing about SSH, files or screens. It handles no signals, reads no environment, prints
// nothing and never exits.
//
//	Plan     hosts from package inventory
//	Action   from package action, or your own: it gets a Target, runs commands by its Exec, and returns nil or a Failure
//	Dialer   from package sshconn or local, with become and wrap around it, or your own: see Conn
//	Outputs  a report.Record or a report.Memory; nil: what hosts print is thrown away
//	Gate     your own, between waves
//	Event    report.Drain gives them to Sinks and folds them into a report.Summary
//
// Every host ends in one Status, for a Reason.
package runner

import (
	"context"
	"io"
	"net"

	"hail/inventory"
)

// Action is what a run does on one host.
//
// Do is called from many goroutines at once, each with its own Target, and returns when the host is done. Its error
// wraps a *Failure where the status is known. After Unreachable the host may be tried again from the start: once an
// Exec has done something that must not be done twice, Do turns the Unreachable of a later Exec into another status.
// ctx ends when the host's time is up or the run is stopped; Do returns soon after.
type Action interface {
	Do(ctx context.Context, t *Target) error
}

// DryRunner is an Action that has a dry run. DryRun is called as Do is, and in its place when Plan.DryRun is set. It changes
// nothing on the host, and calls Changed where Do would change something.
type DryRunner interface {
	DryRun(ctx context.Context, t *Target) error
}

// Dialer reaches a host. Dial may be called from many goroutines at once. It returns soon after ctx ends, with an error
// that wraps context.Cause(ctx); every other error wraps a *Failure with the status Unreachable, or Error for a fault
// on our side. The caller closes the Conn.
type Dialer interface {
	Dial(ctx context.Context, h inventory.Host) (Conn, error)
}

// Conn is an open connection to one host. Exec may be called from several goroutines at once; when the host has no room
// for that many commands, Exec fails with Unreachable and ChannelRefused. An Exec that is stopped before its command
// has begun may end the connection, and the other commands with it. Close is called at most once, after every Exec has
// returned.
//
// Exec runs one command line and returns when the command has ended; nothing is written to s.Out and s.Err after that.
// It returns nil for exit status 0. Otherwise the error wraps a *Failure: Failed with ExitStatus or Signalled; Lost
// when the connection ended before an exit status, or before all of the output had arrived; Unreachable with
// ChannelRefused when the command was certainly not started. When ctx ends first, Exec closes the command's input, gives
// the command s.Grace to end, drops it, and returns an error that wraps context.Cause(ctx). An error of s.Out or s.Err
// ends the command too, without the grace, and is returned.
//
// A Conn may be more: a Tunneler, a Reacher, a Lingerer. One that wraps another has a method Unwrap() Conn, so that As
// finds what that one is. Package connsuite tests all of this.
type Conn interface {
	Exec(ctx context.Context, cmd string, s Stdio) error
	Close() error
}

// Gate decides whether the next wave may begin. Pass is called between waves, by one goroutine, and returns nil to let it
// begin; an error stops the run. ctx ends when the run is stopped.
type Gate interface {
	Pass(ctx context.Context, w WaveResult) error
}

// WaveResult is how the waves so far have ended.
type WaveResult struct {
	Run      string         `json:"run"`
	Wave     int            `json:"wave"`     // number of the wave that has just ended; 1 for the first
	Counts   map[Status]int `json:"counts"`   // of this wave
	Finished int            `json:"finished"` // hosts of all waves so far
	Left     int            `json:"left"`     // hosts that have not started
	Hosts    []Ended        `json:"hosts"`    // of this wave, in the order in which they ended
}

// Ended is how a host ended.
type Ended struct {
	Host   string `json:"host"`
	Status Status `json:"status"`
	Reason Reason `json:"reason,omitempty"`
	Exit   int    `json:"exit,omitempty"`
}

// Outputs provides the writers for what a host prints; a nil one throws it away. Open is called once per attempt, for
// many hosts at once; each writer is used by one goroutine at a time and closed before the host's finish event. An error,
// of Open or of a writer, ends the host with the status Error. A writer that does not keep everything has a method
// LeftOut() int64, which is called after Close and whose result is noted.
type Outputs interface {
	Open(h inventory.Host, attempt int) (out, err io.WriteCloser, e error)
}

// Tunneler is a Conn that can open network connections from the host. When the host does not allow it, the error is a
// *Failure with ChannelRefused; any other error is that of the connection. Tunnel may be called from many goroutines at
// once, also during Exec. The caller closes the connection that it returns.
type Tunneler interface {
	Tunnel(ctx context.Context, network, addr string) (net.Conn, error)
}

// Lingerer is a Conn that counts the commands that left something running in the background with their output open.
// Whatever was left is not waited for, and what it prints from then on is not passed on. Lingering is called after the
// commands have returned. A Conn that leaves something running has to be one.
type Lingerer interface{ Lingering() int }

// As returns c if it is a T, or else the first T among the Conns that c wraps; false if there is none, or no c.
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
