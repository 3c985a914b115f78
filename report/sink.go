// Package report records a run on disk, reads it back, and shows it. A run is a sequence of events; everything here
// folds over it, live or afterwards alike.
//
//	record   Create ─► Record, or a Memory ─► Outputs of runner.Run
//	events   Drain gives those of a run to Sinks (Record, Live, Stream, JSONL, your own), and returns the Summary
//	read     List, Find, Open ─► Run: its Summary, its Events, and what its hosts printed, as Files
//	show     Text, EachHost, Gather, Checks … write a Summary and Files for people; Formats write a Report for programs
//	keep     Prune and Remove
//
// What hosts print is hostile, and goes through Clean before it reaches a terminal.
package report

import (
	"errors"
	"iter"

	"hail/runner"
)

// Sink takes the events of one run in order. Events may keep the events, but not the slice; while it works, no further
// commands begin. Close is called once, after the last event. A Sink is used by one goroutine.
type Sink interface {
	Events([]runner.Event) error
	Close() error
}

// Drain takes all events of a run and gives each batch to the sinks, in their order: a record that comes first has it
// on disk before the others show it. A sink that fails gets no more events; the others go on, and so does the run, unless
// the caller ends its context: with runner.Stopped(runner.Unrecorded) when the Record has Failed. All sinks are closed.
// The Summary is complete in any case; the error joins those of the sinks.
func Drain(events iter.Seq[[]runner.Event], sinks ...Sink) (s *Summary, err error) {
	s = &Summary{}
	failed := make([]error, len(sinks))
	defer func() { // also after a panic of one of them, which has stopped the run
		for i, sink := range sinks {
			if err := sink.Close(); err != nil && failed[i] == nil {
				failed[i] = err
			}
		}
		err = errors.Join(failed...)
	}()
	for batch := range events {
		s.Add(batch)
		for i, sink := range sinks {
			if failed[i] == nil {
				failed[i] = sink.Events(batch)
			}
		}
	}
	s.Settle()
	return s, nil
}
