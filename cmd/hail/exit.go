package main

import (
	"errors"
	"os"
	"slices"
	"syscall"

	"hail/report"
	"hail/runner"
)

// The exit codes, which scripts rely on. 2 is never used: a Go program that panics exits with it, and a crash must not look
// like anything else.
const (
	exitOK          = 0
	exitFailed      = 1  // a host failed, timed out, was lost or hit an error
	exitUnreachable = 3  // nothing failed, but a host was not reached
	exitStopped     = 4  // stopped early by a budget, a gate or --run-timeout
	exitWouldChange = 5  // a dry run would change something, with --exit-code
	exitUsage       = 64 // usage, inventory or configuration: no host was touched
	exitRecord      = 74 // the record or the output is incomplete
	exitInterrupt   = 130
	exitTerminate   = 143
)

// exitCode returns the exit code for a run. err is what went wrong with the record and the output; by is the signal that
// stopped the run, or nil; asked is --exit-code. A reader that closed stdout is not an error: callers take it out of err with
// withoutEPIPE.
func exitCode(s *report.Summary, err error, by os.Signal, asked bool) int {
	failed := slices.ContainsFunc(s.Fleet, func(v runner.Verdict) bool { return v.Outcome.Bad() })
	for status, n := range s.Counts {
		failed = failed || n > 0 && status.Bad() && status != runner.Unreachable
	}
	switch {
	case err != nil:
		return exitRecord
	case s.Stopped == runner.Interrupt:
		return codeOfSignal(by)
	case s.Stopped != "":
		return exitStopped
	case failed:
		return exitFailed
	case s.Counts[runner.Unreachable] > 0:
		return exitUnreachable
	case asked && s.DryRun && s.Counts[runner.Changed] > 0:
		return exitWouldChange
	}
	return exitOK
}

// codeOfSignal returns the exit code for a signal. Without one, it is that of Ctrl-C.
func codeOfSignal(by os.Signal) int {
	if by == nil || by == os.Interrupt {
		return exitInterrupt
	}
	return exitTerminate
}

// withoutEPIPE returns err without the parts that only say that the reader of a pipe has gone.
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
