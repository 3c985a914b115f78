package report

import (
	"cmp"
	"encoding/json"
	"io"

	"github.com/itchyny/gojq"
)

// jsonSummary is a summary as JSON.
type jsonSummary struct {
	*Summary
	Hosts []jsonResult `json:"hosts"`
}

// jsonResult has the exit status whenever there is one that counts, also 0, and what the columns of a report found.
type jsonResult struct {
	*Result
	Exit  *int         `json:"exit,omitempty"`
	Error string       `json:"error,omitempty"`
	Rows  []jsonObject `json:"rows,omitempty"` // of Columns, by their names
}

type jsonObject map[string]json.RawMessage

// asJSON returns what the summary is as JSON.
func (s *Summary) asJSON() jsonSummary {
	all := jsonSummary{s, make([]jsonResult, len(s.Hosts))}
	for i := range s.Hosts {
		h := &s.Hosts[i]
		all.Hosts[i] = jsonResult{Result: h, Error: h.Error}
		if status, ok := h.exit(); ok {
			all.Hosts[i].Exit = &status
		}
	}
	return all
}

func writeJSON(w io.Writer, r *Report) error {
	all := r.asJSON()
	if r.Columns != nil {
		names := r.Columns.Names()
		for i := range all.Hosts {
			h := &all.Hosts[i]
			rows, err := r.Columns.Rows(r.Plan.Hosts[i], h.Result, r.Files)
			if err != nil {
				h.Error = cmp.Or(h.Error, err.Error())
			}
			for _, cells := range rows {
				row := jsonObject{}
				for j, v := range cells {
					if row[names[j]], err = gojq.Marshal(v); err != nil { // of a var
						return err
					}
				}
				h.Rows = append(h.Rows, row)
			}
		}
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(all)
}
