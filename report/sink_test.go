package report

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"hail/runner"
)

func TestDrain(t *testing.T) {
	var order []string
	fail := errors.New("no")
	sinks := []Sink{&spy{name: "a", order: &order}, &spy{name: "b", order: &order, fail: fail}, &spy{name: "c", order: &order}}
	events := func(yield func([]runner.Event) bool) {
		for e := range slices.Chunk(story(), 8) {
			if !yield(e) {
				t.Error("a sink's error ended the sequence")
				return
			}
		}
	}
	s, err := Drain(events, sinks...)
	if !errors.Is(err, fail) || !s.Whole || s.Counts[runner.Skipped] != 2 {
		t.Errorf("%v, %+v", err, s.Counts)
	}
	if got, want := strings.Join(order, " "), "a b c a c a c a! b! c!"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestDrainPanic: when a sink panics, the other sinks are still closed.
func TestDrainPanic(t *testing.T) {
	var order []string
	defer func() {
		if p, got := recover(), strings.Join(order, " "); p == nil || got != "a ended a! b!" {
			t.Errorf("%v after %s", p, got)
		}
	}()
	Drain(func(yield func([]runner.Event) bool) {
		defer func() { order = append(order, "ended") }()
		yield(story())
	}, &spy{name: "a", order: &order}, panicking{&spy{name: "b", order: &order}})
}

type panicking struct{ *spy }

func (panicking) Events([]runner.Event) error { panic("the sink's") }

type spy struct {
	name  string
	order *[]string
	fail  error
}

func (s *spy) Events([]runner.Event) error { *s.order = append(*s.order, s.name); return s.fail }
func (s *spy) Close() error                { *s.order = append(*s.order, s.name+"!"); return nil }
