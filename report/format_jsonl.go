package report

import (
	"encoding/json"
	"errors"
	"io"

	"hail/runner"
)

// JSONL is the Sink that writes every event as a line of JSON.
type JSONL struct{ W io.Writer }

// Events implements Sink.
func (j JSONL) Events(batch []runner.Event) error {
	enc := json.NewEncoder(JSONWriter(j))
	for i := range batch {
		if err := enc.Encode(&batch[i]); err != nil {
			return err
		}
	}
	return nil
}

// Close implements Sink.
func (j JSONL) Close() error { return nil }

func writeJSONL(w io.Writer, r *Report) error {
	if r.Events == nil {
		return errors.New("the events of several runs have no common order: jsonl is for one run")
	}
	for batch := range r.Events {
		if err := (JSONL{w}).Events(batch); err != nil {
			return err
		}
	}
	return nil
}
