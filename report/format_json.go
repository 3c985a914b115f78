package report

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"io"

	"github.com/itchyny/gojq"

	"hail/inventory"
	"hail/runner"
)

// jsonSummary is a summary as JSON.
type jsonSummary struct {
	*Summary
	Hosts []jsonResult `json:"hosts,omitempty"`
}

// jsonResult has the exit status whenever there is one that counts, also 0. In a report, it also has what the host
// printed, and what the columns found in it.
type jsonResult struct {
	*Result
	Exit   *int                         `json:"exit,omitempty"`
	Error  string                       `json:"error,omitempty"`
	Rows   []map[string]json.RawMessage `json:"rows,omitempty"` // of Columns, by their names
	Stdout jsonOutput                   `json:"stdout,omitzero"`
	Stderr jsonOutput                   `json:"stderr,omitzero"`
}

// jsonText is how many bytes of each output a report has as a text.
const jsonText = 16 << 10

// jsonOutput is an output; in a report, with its text.
type jsonOutput struct {
	Output
	Text string `json:"text,omitempty"` // its end, at most jsonText bytes; what is not UTF-8 in it is U+FFFD
	Cut  bool   `json:"cut,omitempty"`  // the text is not all of it
}

// asJSON returns what the summary is as JSON.
func (s *Summary) asJSON() jsonSummary {
	all := jsonSummary{s, make([]jsonResult, len(s.Hosts))}
	for i := range s.Hosts {
		h := &s.Hosts[i]
		all.Hosts[i] = jsonResult{Result: h, Error: h.Error, Stdout: jsonOutput{Output: h.Stdout}, Stderr: jsonOutput{Output: h.Stderr}}
		if status, ok := h.exit(); ok {
			all.Hosts[i].Exit = &status
		}
	}
	return all
}

// UnmarshalJSON implements json.Unmarshaler. JSON has no plan: that of s then has what JSON says of the run, and the names
// of its hosts and checks.
func (s *Summary) UnmarshalJSON(text []byte) error {
	type fields Summary
	if err := json.Unmarshal(text, (*fields)(s)); err != nil {
		return err
	}
	s.Plan, s.index = &runner.Plan{Run: s.Run, Name: s.Name, DryRun: s.DryRun, Fleet: checksOf(s.Fleet)}, map[string]int{}
	for i, r := range s.Hosts {
		s.index[r.Host] = i
		s.Plan.Hosts = append(s.Plan.Hosts, inventory.Host{Name: r.Host})
		if s.Plan.Checks == nil {
			s.Plan.Checks = checksOf(r.Checks)
		}
	}
	s.completeChecks()
	return nil
}

// checksOf returns the checks that the verdicts name.
func checksOf(verdicts []runner.Verdict) (checks []runner.Check) {
	for _, v := range verdicts {
		checks = append(checks, runner.Check{ID: v.Check})
	}
	return checks
}

// writeJSON writes one host after another: all of their texts at once may be too much.
func writeJSON(w io.Writer, r *Report) error {
	all := r.asJSON()
	hosts := all.Hosts
	all.Hosts = nil
	head, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	b := bufio.NewWriter(w)
	b.Write(bytes.TrimSuffix(cleanJSON(head), []byte("\n}")))
	b.WriteString(",\n  \"hosts\": [")
	for i, h := range hosts { // h is a copy, which takes its texts with it
		r.addTexts(&h)
		if err := r.addRows(&h, i); err != nil {
			return err
		}
		text, err := json.MarshalIndent(h, "    ", "  ")
		if err != nil {
			return err
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString("\n    ")
		b.Write(cleanJSON(text))
	}
	b.WriteString("\n  ]\n}\n")
	return b.Flush()
}

// addTexts adds what the host printed.
func (r *Report) addTexts(h *jsonResult) {
	for i, o := range []*jsonOutput{&h.Stdout, &h.Stderr} {
		if err := r.addText(o, h.Result, streams[i]); err != nil {
			o.Cut = true
			h.Error = cmp.Or(h.Error, err.Error())
		}
	}
}

func (r *Report) addText(o *jsonOutput, host *Result, stream runner.Stream) error {
	if o.Length == 0 {
		return nil
	}
	end, before, after, err := r.openEnd(host, stream, jsonText)
	if err != nil {
		return err
	}
	defer end.Close()
	text, err := io.ReadAll(end)
	o.Text, o.Cut = string(text), before || after
	return err
}

// addRows adds what the columns found in what host i printed.
func (r *Report) addRows(h *jsonResult, i int) error {
	if r.Columns == nil {
		return nil
	}
	names := r.Columns.Names()
	rows, err := r.Columns.Rows(r.Plan.Hosts[i], h.Result, r.Files)
	if err != nil {
		h.Error = cmp.Or(h.Error, err.Error())
	}
	for _, cells := range rows {
		row := map[string]json.RawMessage{}
		for j, v := range cells {
			if row[names[j]], err = gojq.Marshal(v); err != nil { // of a var
				return err
			}
		}
		h.Rows = append(h.Rows, row)
	}
	return nil
}
