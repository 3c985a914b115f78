package report

import (
	"cmp"
	"slices"
	"time"

	"hail/inventory"
	"hail/runner"
)

// Summary is how a run ended, host by host: a fold over its events. The zero value has seen none.
type Summary struct {
	Run     string                `json:"run"`
	Name    string                `json:"name,omitempty"`
	Started time.Time             `json:"started"`
	Ended   time.Time             `json:"ended"`             // of the last event
	Stopped runner.Reason         `json:"stopped,omitempty"` // why the run was stopped early
	Why     string                `json:"why,omitempty"`     // more about that, in words
	Whole   bool                  `json:"whole"`             // the sequence has its end: nothing was cut off
	DryRun  bool                  `json:"dry_run,omitempty"` // nothing was changed: hosts with the status changed would be
	Counts  map[runner.Status]int `json:"counts"`            // they add up to the hosts selected
	Waves   []time.Time           `json:"waves,omitempty"`   // when each began, if there are several
	Hosts   []Result              `json:"hosts"`             // in the order of the plan
	Fleet   []runner.Verdict      `json:"fleet,omitempty"`   // of the checks over all hosts

	Plan  *runner.Plan `json:"-"` // nil before its event; of a summary read from JSON, just the names of hosts and checks
	index map[string]int
}

// Add folds a batch of events in.
func (s *Summary) Add(batch []runner.Event) {
	for i := range batch {
		s.add(&batch[i])
	}
}

func (s *Summary) add(e *runner.Event) {
	s.Ended = e.Time
	switch {
	case e.Kind == runner.KindPlan:
		s.begin(e)
	case e.Kind == runner.KindWave:
		s.Waves = append(s.Waves, e.Time)
	case e.Kind == runner.KindCheck && e.Host == "":
		s.Fleet = e.Verdicts
	case e.Kind == runner.KindEnd:
		s.Stopped, s.Why, s.Whole = e.Reason, e.Error, true
	default:
		if i, ok := s.index[e.Host]; ok && s.Hosts[i].Status == "" { // a foreign record may have more after the end of a host
			s.Hosts[i].add(e)
			if e.Kind == runner.KindFinish {
				s.Counts[e.Status]++
			}
		}
	}
}

func (s *Summary) begin(e *runner.Event) {
	s.Run, s.Started, s.Counts, s.index = e.Run, e.Time, map[runner.Status]int{}, map[string]int{}
	if e.Plan == nil {
		return
	}
	s.Plan, s.Name, s.DryRun = e.Plan, e.Plan.Name, e.Plan.DryRun
	s.Hosts = make([]Result, len(e.Plan.Hosts))
	for i, h := range e.Plan.Hosts {
		s.Hosts[i].Host, s.Hosts[i].limit = h.Name, e.Plan.MaxOutput
		s.index[h.Name] = i
	}
}

// Settle accounts for the hosts of a sequence that was cut off: one whose command had begun is lost, one that waited
// for another attempt ends as the attempt before did, and any other was never started. It must only be called when no
// more events can come.
func (s *Summary) Settle() {
	s.completeChecks()
	for i := range s.Hosts {
		r := &s.Hosts[i]
		switch {
		case r.Status != "":
			continue
		case r.before != nil && (r.Exec.IsZero() || r.Attempt == r.before.Attempt):
			r.endAs(cmp.Or(r.ran, r.before))
		case r.Exec.IsZero():
			r.Status, r.Error = runner.Skipped, "hail ended before anything was started here"
		default:
			r.Status, r.Error = runner.Lost, "hail ended while this host was running"
		}
		s.Counts[r.Status]++
	}
}

// completeChecks gives each host a verdict on each check of the plan: a missing one becomes not evaluated. Verdicts on
// other checks, as a foreign record may have them, are left out.
func (s *Summary) completeChecks() {
	if s.Plan == nil {
		return
	}
	for i := range s.Hosts {
		s.Hosts[i].Checks = complete(s.Hosts[i].Checks, s.Plan.Checks)
	}
	if s.Fleet != nil {
		s.Fleet = complete(s.Fleet, s.Plan.Fleet)
	}
}

// complete returns the verdicts on all checks, in the order of the checks.
func complete(verdicts []runner.Verdict, checks []runner.Check) []runner.Verdict {
	if slices.EqualFunc(verdicts, checks, func(v runner.Verdict, c runner.Check) bool { return v.Check == c.ID }) {
		return verdicts
	}
	whole := make([]runner.Verdict, len(checks))
	for i, c := range checks {
		whole[i] = runner.Verdict{Check: c.ID, Outcome: runner.NotEvaluated}
		for _, v := range verdicts {
			if v.Check == c.ID {
				whole[i] = v
			}
		}
	}
	return whole
}

// Outcomes counts the verdicts of all hosts, by outcome; they add up to the hosts times the checks of the plan.
func (s *Summary) Outcomes() map[runner.Outcome]int {
	counts := map[runner.Outcome]int{}
	for i := range s.Hosts {
		for _, v := range s.Hosts[i].Checks {
			counts[v.Outcome]++
		}
	}
	return counts
}

// Only returns the summary of just these hosts.
func (s *Summary) Only(hosts []inventory.Host) *Summary {
	wanted := map[string]bool{}
	for _, h := range hosts {
		wanted[h.Name] = true
	}
	only := *s
	only.Hosts, only.index = nil, map[string]int{}
	var places []int
	for i, r := range s.Hosts {
		if !wanted[r.Host] {
			continue
		}
		places = append(places, i)
		only.index[r.Host] = len(only.Hosts)
		only.Hosts = append(only.Hosts, r)
	}
	if s.Plan != nil {
		only.Plan = s.Plan.Part(places)
	}
	only.count()
	return &only
}

// count makes the counts anew, after hosts have been replaced or left out.
func (s *Summary) count() {
	s.Counts = map[runner.Status]int{}
	for i := range s.Hosts {
		if status := s.Hosts[i].Status; status != "" {
			s.Counts[status]++
		}
	}
}

// Result returns the result of the host, or nil if it was not selected.
func (s *Summary) Result(host string) *Result {
	if i, ok := s.index[host]; ok {
		return &s.Hosts[i]
	}
	return nil
}
