package main

import (
	"errors"
	"os"
	"slices"
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
	exitWouldChange = 5  // a dry run would change something, when asked to say so
	exitUsage       = 64 // usage, inventory or configuration: no host was touched
	exitRecord      = 74 // the record, or the output, is not complete
	exitInterrupt   = 130
	exitTerminate   = 143
)

// exitCode says how the program ends: err is what went wrong with the record and the output, and by is the signal that
// stopped the run, or nil. A reader of stdout who has left is no error: take it out with withoutEPIPE.
func exitCode(s *report.Summary, err error, by os.Signal) int {
	count := func(statuses ...runner.Status) (n int) {
		for _, status := range statuses {
			n += s.Counts[status]
		}
		return n
	}
	switch {
	case err != nil:
		return exitRecord
	case s.Stopped == runner.Interrupt && by != nil && by != os.Interrupt:
		return exitTerminate
	case s.Stopped == runner.Interrupt:
		return exitInterrupt
	case s.Stopped != "":
		return exitStopped
	case count(runner.Failed, runner.Timeout, runner.Lost, runner.Error, runner.Cancelled, runner.Skipped) > 0, slices.ContainsFunc(s.Fleet, func(v runner.Verdict) bool { return v.Outcome.Bad() }):
		return exitFailed
	case count(runner.Unreachable) > 0:
		return exitUnreachable
	}
	return exitOK
}

// withoutEPIPE returns err without the parts that only say that nobody reads what we write any more.
func withoutEPIPE(err error) error {
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		var rest []error
		for _, one := range many.Unwrap() {
			rest = append(rest, withoutEPIPE(one))
		}
		return errors.Join(rest...)
	}
	if errors.Is(err, syscall.EPIPE) {
		return nil
	}
	return err
}
