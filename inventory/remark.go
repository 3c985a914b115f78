package inventory

import "fmt"

// remarks are what a user should know of the sources, and is no error. What is said of many places is told once.
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

// told returns the remarks, each with how often it holds.
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

// Remarks returns what the user should know of the sources: what was left out of them, and why. They have the form of
// errors, but are none.
func (inv *Inventory) Remarks() []*Error {
	if inv == nil {
		return nil
	}
	return inv.remarks
}
