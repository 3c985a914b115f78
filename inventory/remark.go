package inventory

import "fmt"

// Remark is what a user should know about the sources although it is no error: what was left out of them, and why.
type Remark struct {
	Error
	Key      string // of a connection setting, or "connection" or "ssh_config", if hail would do otherwise than the source asks
	Becoming bool   // it is about how commands become another user
}

// remark notes what is about no host in particular.
func (b *builder) remark(p Place, text string) {
	b.remarks = append(b.remarks, &Remark{Error: Error{Place: p, Text: text}})
}

// RemarksOf returns the remarks on a host; on none in particular, if host is "".
func (inv *Inventory) RemarksOf(host string) []*Remark {
	if inv == nil {
		return nil
	}
	return inv.remarks[host]
}

// RemarksOn returns the remarks on these hosts and on none in particular, as they are told: one for each text, with the
// number of its further places. Those for which counts is false are left out. They have the type of errors, but are none.
func (inv *Inventory) RemarksOn(hosts []Host, counts func(*Remark) bool) (told []*Error) {
	seen, places, byText := map[*Remark]bool{}, map[string]int{}, map[string]*Error{}
	for _, name := range append([]string{""}, Names(hosts)...) {
		for _, r := range inv.RemarksOf(name) {
			if seen[r] || !counts(r) {
				continue
			}
			seen[r] = true
			if places[r.Text]++; places[r.Text] == 1 {
				first := r.Error
				byText[r.Text] = &first
				told = append(told, &first)
			}
		}
	}
	for text, first := range byText {
		if more := places[text] - 1; more > 0 {
			first.Text += fmt.Sprintf(" (and %d more)", more)
		}
	}
	return told
}
