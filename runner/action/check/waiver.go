package check

import (
	"fmt"
	"strings"
	"time"

	"hail/inventory"
	"hail/inventory/strictyaml"
	"hail/inventory/wildcard"
	"hail/runner"
	"hail/runner/action/specfile"
)

// Waiver lets checks fail for a reason that somebody knows, until a day if one is given.
type Waiver struct {
	Place  inventory.Place
	ID     string // a pattern for the ids of checks, as in Choice
	Hosts  string // a target expression; empty: all
	Reason string
	Owner  string
	Until  time.Time // the last day; zero: no end
}

// ReadWaivers reads a file of waivers. The error names everything that is wrong, with places.
func ReadWaivers(file string, text []byte) (all []Waiver, err error) {
	err = specfile.Read(file, text, func(r *specfile.Reader, root *strictyaml.Node) {
		r.Mapping(root, "a file of waivers", specfile.Fields{"waivers": func(n *strictyaml.Node) {
			for _, item := range r.Items(n) {
				all = append(all, readWaiver(r, item))
			}
		}})
	})
	return all, err
}

func readWaiver(r *specfile.Reader, n *strictyaml.Node) (w Waiver) {
	w.Place = r.Place(n)
	before := r.Wrong()
	r.Mapping(n, "a waiver", specfile.Fields{
		"id":     func(n *strictyaml.Node) { r.Text(n, &w.ID) },
		"hosts":  func(n *strictyaml.Node) { r.Text(n, &w.Hosts) },
		"reason": func(n *strictyaml.Node) { r.Text(n, &w.Reason) },
		"owner":  func(n *strictyaml.Node) { r.Text(n, &w.Owner) },
		"until": func(n *strictyaml.Node) {
			var err error
			if w.Until, err = time.ParseInLocation(time.DateOnly, n.Text, time.Local); err != nil {
				r.Fail(n, "until: 2026-12-31", "%q is not a date", n.Text)
			}
		},
	})
	switch {
	case r.Wrong() > before:
	case w.ID == "":
		r.Fail(n, "id: cert*", "this waiver has no id")
	case w.Reason == "":
		r.Fail(n, "reason: replaced in spring", "this waiver has no reason")
	}
	return w
}

// expired begins the text of a waiver whose last day is over.
const expired = "waived no more"

// why returns the reason in words, or that the waiver has expired.
func (w Waiver) why(now time.Time) string {
	until := w.Until.Format(time.DateOnly)
	if !w.Until.IsZero() && now.After(w.Until.AddDate(0, 0, 1)) {
		return fmt.Sprintf("%s since %s: %s", expired, until, w.Reason)
	}
	why := w.Reason
	if w.Owner != "" {
		why += ", " + w.Owner
	}
	if !w.Until.IsZero() {
		why += ", until " + until
	}
	return why
}

// Waive sets the waivers of the suite. choose returns which hosts an expression means. A waiver whose id matches no
// check is an error.
func (s *Suite) Waive(waivers []Waiver, hosts []inventory.Host, choose func(expr string) (map[string]bool, error), now time.Time) error {
	s.Waivers = map[string]map[int]string{}
	for _, w := range waivers {
		var places []int
		for i, c := range s.Checks {
			if wildcard.Match(w.ID, c.ID) {
				places = append(places, i)
			}
		}
		if wrong := s.mustHaveLike(w.ID); wrong != nil {
			wrong.Place = w.Place
			return wrong
		}
		var meant map[string]bool
		if w.Hosts != "" {
			var err error
			if meant, err = choose(w.Hosts); err != nil {
				return inventory.OfExpression(w.Place, "hosts", err)
			}
		}
		why := w.why(now)
		for _, h := range hosts {
			if w.Hosts != "" && !meant[h.Name] {
				continue
			}
			if s.Waivers[h.Name] == nil {
				s.Waivers[h.Name] = map[int]string{}
			}
			for _, i := range places {
				if was := s.Waivers[h.Name][i]; was == "" || strings.HasPrefix(was, expired) {
					s.Waivers[h.Name][i] = why
				}
			}
		}
	}
	return nil
}

// waive turns a failure into a waived one for a reason. If the waiver has expired, it only says so.
func waive(v *runner.Verdict, why string) {
	if !v.Outcome.Bad() {
		return
	}
	if strings.HasPrefix(why, expired) {
		v.Text += " (" + why + ")"
		return
	}
	v.Outcome, v.Text = runner.Waived, v.Text+" (waived: "+why+")"
}
