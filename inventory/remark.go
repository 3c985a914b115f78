package inventory

import "fmt"

// remarks collects what a user should know about the sources although it is no error. A text that applies in many
// places is reported once.
type remarks struct {
	first []*Error
	times map[string]int
}

func (b *builder) remark(p Place, text, hint string) {
	r := &b.remarks
	if r.times == nil {
		r.times = map[string]int{}
	}
	if r.times[text]++; r.times[text] == 1 {
		r.first = append(r.first, &Error{p, text, hint})
	}
}

// told returns the remarks in order, each with the number of its further occurrences.
func (r remarks) told() (all []*Error) {
	for _, e := range r.first {
		told := *e
		if more := r.times[e.Text] - 1; more > 0 {
			told.Text += fmt.Sprintf(" (and %d more)", more)
		}
		all = append(all, &told)
	}
	return all
}

// Remarks returns what the user should know about the sources: what was left out of them, and why. They have the type
// of errors, but are none.
func (inv *Inventory) Remarks() []*Error {
	if inv == nil {
		return nil
	}
	return inv.remarks
}
