package action

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/time/rate"

	"hail/runner"
	"hail/runner/action/check"
)

// Push brings files to hosts, all of them or none: what a host has and what it should have is compared, and the differences are made
// in one step that can be taken back. See docs/push.md for what happens on a host.
type Push struct {
	Manifests []Manifest     `json:"manifests"`          // what hosts should have, each once
	Of        map[string]int `json:"of"`                 // which of them, by the name of the host
	Validate  []string       `json:"check,omitempty"`    // commands that have to accept the whole, when it is in place
	Handlers  []Handler      `json:"handlers,omitempty"` // in the order in which they run
	Health    *check.Suite   `json:"health,omitempty"`   // what has to pass after the handlers; nil: nothing
	Places    bool           `json:"places,omitempty"`   // commands have places for what differs from host to host
	Keep      bool           `json:"keep,omitempty"`     // what was changed when a handler or the health fails, and don't roll back
	Backup    int            `json:"backup,omitempty"`   // so many earlier contents of each file stay, in .hail-backup beside it
	DryRun    bool           `json:"dry_run,omitempty"`
	Diff      bool           `json:"diff,omitempty"`     // print what differs
	Patience  int            `json:"patience,omitempty"` // seconds to wait for another push on the host
	Limit     int64          `json:"bwlimit,omitempty"`  // bytes a second that are sent, to all hosts together; 0: any

	// Private are the digests of the contents that are in no record, with the file that has each; empty: a template made it.
	Private map[string]string `json:"private,omitempty"`

	sources Sources
	pace    *rate.Limiter
}

// Manifest is what a host should have.
type Manifest struct {
	Items   []Item  `json:"items"`
	Deletes []Prune `json:"deletes,omitempty"`
}

// Item is one path as it should be.
type Item struct {
	Path     runner.Text `json:"path"` // absolute
	Kind     ItemKind    `json:"kind"`
	Digest   string      `json:"digest,omitempty"` // of a file
	Size     int64       `json:"size,omitempty"`   // of a file
	Target   runner.Text `json:"target,omitempty"` // of a link
	Mode     int         `json:"mode,omitempty"`   // permissions; 0: as the old one has, or 0644 and 0755
	Owner    string      `json:"owner,omitempty"`  // a name or number; empty: as the old one has, or who logs in
	Group    string      `json:"group,omitempty"`
	Validate string      `json:"check,omitempty"`  // a command that has to accept the staged file, which is {{staged}} in it
	Notify   []string    `json:"notify,omitempty"` // handlers
	Symlink  string      `json:"link,omitempty"`   // what to do with a link in its place: follow, replace; empty: refuse
	Secret   bool        `json:"secret,omitempty"` // never shown or recorded
}

// ItemKind is what an Item is.
type ItemKind string

// The kinds of Item.
const (
	File   ItemKind = "file"
	Folder ItemKind = "folder"
	Link   ItemKind = "link"
	Absent ItemKind = "absent"
)

// Prune says which files below a folder go that the manifest does not have.
type Prune struct {
	Path runner.Text `json:"path"`
	All  bool        `json:"all,omitempty"`  // all that are there; otherwise those that an earlier push has put there
	Most int         `json:"most,omitempty"` // how many may go; 0: the smaller of 50 and a fifth of what is there
}

// Handler is a command that runs once after something that notifies it has changed.
type Handler struct {
	Name    string          `json:"name"`
	Run     string          `json:"run"`
	Timeout runner.Duration `json:"timeout,omitempty"`
}

// Spec describes the action as data.
func (p Push) Spec() runner.Spec { return runner.NewSpec(KindPush, p) }

// Do implements runner.Action.
func (p Push) Do(ctx context.Context, t *runner.Target) error {
	which, ok := p.Of[t.Host.Name]
	if !ok {
		return nil // nothing is meant for it
	}
	manifest := p.Manifests[which] // a copy: where links lead differs from host to host
	have, err := probe(ctx, t, &manifest)
	if err == nil && have.killed && !p.DryRun {
		// What a push that was killed has left is settled first: it may change what is there.
		if err = p.apply(ctx, t, &comparison{}); err == nil {
			have, err = probe(ctx, t, &manifest)
		}
	}
	if err != nil {
		return err
	}
	c, err := p.compare(&manifest, have)
	if err == nil {
		c.host, c.index = t.Host, t.Index
		c.health, err = p.healthOf(t.Host, t.Index)
	}
	if err != nil {
		return &runner.Failure{Status: runner.Error, Err: err}
	}
	for _, w := range c.warnings {
		fmt.Fprintln(t.Err, w)
	}
	if p.Diff || p.DryRun {
		if err := p.showDiff(ctx, t, c); err != nil {
			return err
		}
	}
	switch {
	case p.DryRun:
		for _, h := range p.Handlers {
			if c.notified[h.Name] {
				fmt.Fprintf(t.Out, "would run the handler %s\n", h.Name)
			}
		}
		c.note(t, ", would be")
		if len(c.steps) > 0 {
			t.Changed() // would be
		}
		return nil
	case c.nothing():
		return nil
	}
	err = p.apply(ctx, t, c)
	switch {
	case err == nil, errors.Is(err, errKept), errors.Is(err, errDone):
		if !p.Diff {
			c.tell(t)
		}
		for _, name := range c.handled {
			fmt.Fprintf(t.Out, "ran the handler %s\n", name)
		}
		c.note(t, "")
	case errors.Is(err, errUnsettled):
		c.note(t, ", not known whether in place")
	default:
		c.note(t, ", not in place")
	}
	return err
}

// tell prints what was done.
func (c *comparison) tell(t *runner.Target) {
	for _, s := range c.steps[:min(mostListed, len(c.steps))] {
		fmt.Fprintln(t.Out, s.told())
	}
	if more := len(c.steps) - mostListed; more > 0 {
		fmt.Fprintf(t.Out, "and %d more\n", more)
	}
}

// mostListed is how many changes are told one by one.
const mostListed = 50

// note notes each step, and what came of it.
func (c *comparison) note(t *runner.Target, came string) {
	for _, s := range c.steps {
		t.Note(string(s.item.Path), s.noted()+came)
	}
}
