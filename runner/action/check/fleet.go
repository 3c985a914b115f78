package check

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"hail/inventory"
	"hail/runner"
)

// Fleet is a check over the values that another check has captured on all hosts.
type Fleet struct {
	runner.Check
	ValueOf  string          `json:"value_of"`
	Of       int             `json:"of"` // the index of that check in the suite
	AllEqual bool            `json:"all_equal,omitempty"`
	Distinct *Matcher        `json:"distinct,omitempty"` // how many different values there are
	Spread   *Matcher        `json:"spread,omitempty"`   // how far the largest is from the smallest
	AtLeast  *runner.Share   `json:"at_least,omitempty"` // how many of the hosts have to have a value, a percentage of those that the other check is meant for
	That     *Matcher        `json:"that,omitempty"`     // what that value has to be; nil: anything
	Place    inventory.Place `json:"-"`
}

// Judge adds the verdicts over the fleet to the events of a run, before its end, when the values of all hosts are
// known. If the run repeats a part of other runs, earlier has the events of those, in order: the last attempt at each
// host counts.
func (s Suite) Judge(events iter.Seq[[]runner.Event], earlier ...iter.Seq[[]runner.Event]) iter.Seq[[]runner.Event] {
	if len(s.Fleet) == 0 {
		return events
	}
	return func(yield func([]runner.Event) bool) {
		k := kept{values: make([]map[string]string, len(s.Checks))}
		for _, run := range earlier {
			for batch := range run {
				for i := range batch {
					k.add(&batch[i])
				}
			}
		}
		for batch := range events {
			for i := range batch {
				e := &batch[i]
				if k.add(e); e.Kind != runner.KindEnd {
					continue
				}
				verdicts := runner.Event{Seq: e.Seq, Time: e.Time, Run: e.Run, Kind: runner.KindCheck}
				for _, f := range s.Fleet {
					verdicts.Verdicts = append(verdicts.Verdicts, s.over(f, &k))
				}
				end := *e
				end.Seq++
				batch = append(slices.Clip(batch[:i]), verdicts, end)
			}
			if !yield(batch) {
				return
			}
		}
	}
}

// over returns the verdict of a check over the fleet.
func (s Suite) over(f Fleet, k *kept) runner.Verdict {
	switch meant := s.meant(f.Of, k.hosts); {
	case !k.tested:
		return runner.Verdict{Check: f.ID, Outcome: runner.NotEvaluated, Text: "no host was tested"}
	case meant == 0:
		return runner.Verdict{Check: f.ID, Outcome: runner.Skip}
	default:
		return f.judge(k.values[f.Of], meant)
	}
}

// meant returns how many of the hosts the check at this index is meant for.
func (s Suite) meant(at int, hosts []inventory.Host) (n int) {
	if s.Checks[at].Off {
		return 0
	}
	for _, h := range hosts {
		if !s.skips(h, at) {
			n++
		}
	}
	return n
}

// kept is what checks over the fleet are judged on.
type kept struct {
	hosts  []inventory.Host
	tested bool
	values []map[string]string // by check and host
}

// add takes in the values of a host; another attempt begins without any.
func (k *kept) add(e *runner.Event) {
	switch {
	case e.Kind == runner.KindPlan && e.Plan != nil && len(e.Plan.Hosts) > len(k.hosts): // the others are parts of this run
		k.hosts = e.Plan.Hosts
	case e.Kind == runner.KindAttempt:
		for _, of := range k.values {
			delete(of, e.Host)
		}
	case e.Kind == runner.KindCheck && e.Host != "":
		k.tested = true
		for i, v := range e.Verdicts {
			if i >= len(k.values) || v.Value == nil {
				continue
			}
			if k.values[i] == nil {
				k.values[i] = map[string]string{}
			}
			k.values[i][e.Host] = string(*v.Value)
		}
	}
}

// judge compares the values with what was expected of them. hosts is how many hosts could have one.
func (f Fleet) judge(values map[string]string, hosts int) runner.Verdict {
	v := runner.Verdict{Check: f.ID, Outcome: runner.Pass}
	if len(values) == 0 {
		v.Outcome, v.Text = runner.CheckError, "no host has a value"
		return v
	}
	groups := map[string][]string{}
	for host, value := range values {
		groups[value] = append(groups[value], host)
	}
	var failed []string
	expect := func(m *Matcher, is float64, what string) {
		if m != nil && !m.holds(is) {
			failed = append(failed, fmt.Sprintf("%s: expected %s, is %s", what, m.expectation(number), show(is, number)))
		}
	}
	if f.AllEqual && len(groups) > 1 {
		failed = append(failed, fmt.Sprintf("expected one value, found %d: %s", len(groups), different(groups)))
	}
	expect(f.Distinct, float64(len(groups)), "distinct values")
	if f.Spread != nil {
		low, high := math.Inf(1), math.Inf(-1)
		others := map[string][]string{}
		for value, on := range groups {
			n, ok := finite(value)
			if !ok {
				others[value] = on
			}
			low, high = min(low, n), max(high, n)
		}
		if len(others) > 0 {
			v.Outcome, v.Text = runner.CheckError, "spread: not numbers: "+different(others)
			return v
		}
		expect(f.Spread, high-low, "spread")
	}
	if f.AtLeast != nil {
		n, others, err := f.count(groups)
		want := f.AtLeast.Up(hosts)
		switch {
		case err != nil:
			failed = append(failed, err.Error())
		case n < want:
			text := fmt.Sprintf("expected at least %d of %d hosts, found %d", want, hosts, n)
			if len(others) > 0 {
				text += " (not " + different(others) + ")"
			}
			failed = append(failed, text)
		}
	}
	if failed != nil {
		v.Outcome, v.Text = runner.Fail, strings.Join(failed, "; ")
	}
	return v
}

// holds reports whether a number is as it should be. If that can't be told, it is not.
func (m Matcher) holds(n float64) bool {
	t, err := m.compile(number)
	if err != nil {
		return false
	}
	ok, _, err := t(context.Background(), n)
	return ok && err == nil
}

// count returns how many hosts have a value that is as it should be, and the other values with their hosts.
func (f Fleet) count(groups map[string][]string) (n int, others map[string][]string, err error) {
	ctx, cancel := context.WithTimeoutCause(context.Background(), defaultTimeout.Value(), fmt.Errorf("at_least took longer than %s", defaultTimeout))
	defer cancel()
	right := func(string) bool { return true }
	if f.That != nil {
		t, err := f.That.compile(unknown)
		if err != nil {
			return 0, nil, err
		}
		right = func(value string) bool { ok, _, err := t(ctx, f.That.parse(value)); return ok && err == nil }
	}
	others = map[string][]string{}
	for value, hosts := range groups {
		if right(value) {
			n += len(hosts)
		} else {
			others[value] = hosts
		}
	}
	return n, others, context.Cause(ctx)
}

// parse returns what a captured value is to the matcher: a text, a number, or what its JSON says.
func (m Matcher) parse(captured string) any {
	var parsed any
	if !m.comparesTexts() && json.Unmarshal([]byte(captured), &parsed) == nil {
		return parsed
	}
	if n, ok := finite(captured); ok && m.comparesSizes() {
		return n
	}
	return captured
}

// comparesSizes reports whether the matcher only looks at the size of a value.
func (m Matcher) comparesSizes() bool {
	switch m.Op {
	case less, atMost, more, atLeast:
		return true
	case not, allOf, anyOf:
		return !slices.ContainsFunc(m.Of, func(m Matcher) bool { return !m.comparesSizes() })
	}
	return false
}

// comparesTexts reports whether the matcher compares a value as text: as a number, 5.10 would become 5.1.
func (m Matcher) comparesTexts() bool {
	switch m.Op {
	case matches, version:
		return true
	case equals:
		_, isText := m.Want.(string)
		return isText
	case oneOf:
		list, _ := m.Want.([]any)
		return !slices.ContainsFunc(list, func(v any) bool { _, isText := v.(string); return !isText })
	case not, allOf, anyOf:
		return !slices.ContainsFunc(m.Of, func(m Matcher) bool { return !m.comparesTexts() })
	}
	return false
}

// finite parses a value as a number, also one that is a text in YAML and JSON, such as the 08 of date +%H.
func finite(value string) (float64, bool) {
	n, err := strconv.ParseFloat(value, 64)
	return n, err == nil && !math.IsInf(n, 0) && !math.IsNaN(n)
}

// different lists the values with their hosts, the rarest last.
func different(groups map[string][]string) string {
	values := slices.SortedFunc(maps.Keys(groups), func(a, b string) int {
		return cmp.Or(len(groups[b])-len(groups[a]), strings.Compare(a, b))
	})
	var told []string
	for i, value := range values {
		if i == 5 {
			told = append(told, "…")
			break
		}
		told = append(told, fmt.Sprintf("%s on %s", show(value, text), inventory.Fold(groups[value])))
	}
	return strings.Join(told, ", ")
}
