package main

import (
	"errors"
	"os"
	"syscall"

	"hail/report"
	"hail/runner"
)

// The exit codes, an interface like any other. 2 is never used: a Go program that crashes exits with it, and nobody may
// take that for anything else.
const (
	exitOK          = 0
	exitFailed      = 1  // some host failed, timed out, was lost or hit an error
	exitUnreachable = 3  // nothing failed, but some host was not reached
	exitStopped     = 4  // stopped early by a limit
	exitUsage       = 64 // usage, inventory or configuration: no host was touched
	exitRecord      = 74 // the record, or the output, is not complete
	exitInterrupt   = 130
	exitTerminate   = 143
)

// exitCode says how the program ends: err is what went wrong with the record and the output, and by is the signal that
// stopped the run, or nil.
func exitCode(s *report.Summary, err error, by os.Signal) int {
	count := func(statuses ...runner.Status) (n int) {
		for _, status := range statuses {
			n += s.Counts[status]
		}
		return n
	}
	switch {
	case err != nil && !errors.Is(err, syscall.EPIPE):
		return exitRecord
	case s.Stopped == runner.Interrupt && by != nil && by != os.Interrupt:
		return exitTerminate
	case s.Stopped == runner.Interrupt:
		return exitInterrupt
	case s.Stopped != "":
		return exitStopped
	case count(runner.Failed, runner.Timeout, runner.Lost, runner.Error, runner.Cancelled, runner.Skipped) > 0:
		return exitFailed
	case count(runner.Unreachable) > 0:
		return exitUnreachable
	}
	return exitOK
}
