// Package push is the action that brings files to hosts: see Push.
//
// On this machine, a spec becomes an action; on each host, that takes two commands, or one if there is nothing to change:
//
//	ReadSpec ─► Render ─► Push, contents
//	probe ─► compare ─► (a dry run shows the difference, and stops) ─► apply: stage, validate, activate, handlers, health
//
// The host itself carries out what apply sends, and rolls it back if it fails or is stopped, also when hail is gone: the
// scripts in sh say how.
package push

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"golang.org/x/time/rate"

	"hail/runner"
	"hail/runner/action/check"
)

// Push brings files to hosts, on each host all of them or none: it compares what the host has with what it should have,
// and makes the differences in one step that can be rolled back. docs/push.md says what happens on a host. Render makes
// one of Specs. To be run, it has to be made by New.
type Push struct {
	Manifests        []Manifest     `json:"manifests"`                   // what hosts should have, without duplicates
	ManifestIndex    map[string]int `json:"manifest_index"`              // index into Manifests, by host name; without one, the host is left alone
	Validate         []string       `json:"validate,omitempty"`          // commands that have to accept the whole once it is in place
	Handlers         []Handler      `json:"handlers,omitempty"`          // in the order in which they run
	Health           *check.Suite   `json:"health,omitempty"`            // checks that have to pass after the handlers; nil: none
	TemplateCommands bool           `json:"template_commands,omitempty"` // commands are templates, filled in for each host
	Keep             bool           `json:"keep,omitempty"`              // keep the changes when Validate, a handler or Health fails: no rollback
	Backup           int            `json:"backup,omitempty"`            // how many earlier contents of each file to keep, in .hail-backup next to it
	Diff             bool           `json:"diff,omitempty"`              // print what differs
	Patience         int            `json:"patience,omitempty"`          // seconds to wait for another push on the host
	Limit            int64          `json:"bwlimit,omitempty"`           // bytes a second sent to all hosts together; 0: no limit

	// Private maps the digest of each content that no record may hold to the local file that has it; empty: there is
	// none, as for a template or a content in the spec.
	Private map[string]string `json:"private,omitempty"`

	contents *contents
	pace     *rate.Limiter
	dry      bool // tell what differs, and change nothing
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
	Mode     int         `json:"mode,omitempty"`   // permissions; 0: as before or, if it is new, 0644 for a file and 0755 for a folder
	Owner    string      `json:"owner,omitempty"`  // a name or number; empty: as before or, if it is new, the user that runs the push
	Group    string      `json:"group,omitempty"`
	Validate string      `json:"validate,omitempty"` // a command that has to accept the staged file, whose path replaces {{staged}}
	Notify   []string    `json:"notify,omitempty"`   // handlers
	Symlink  string      `json:"symlink,omitempty"`  // what to do with a link that is there instead: follow, replace; empty: refuse
	Secret   bool        `json:"secret,omitempty"`   // never shown or recorded

	followed string // the link that has led to Path
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

// Prune says which files below a folder are deleted when the manifest does not have them.
type Prune struct {
	Path runner.Text `json:"path"`
	All  bool        `json:"all,omitempty"`  // all that are there; otherwise only those that earlier pushes have put there
	Most int         `json:"most,omitempty"` // how many may be deleted; 0: a fifth of them, but at least 1 and at most 50
}

// Handler is a command that runs once when anything that notifies it has changed.
type Handler struct {
	Name    string          `json:"name"`
	Run     string          `json:"run"`
	Timeout runner.Duration `json:"timeout,omitempty"` // 0: a minute
}

// seconds is how long the handler may take.
func (h Handler) seconds() int { return cmp.Or(h.Timeout.WholeSeconds(), 60) }

// New builds the push that spec describes. Open opens a content that it names, with its size, and is used by many goroutines
// at once; the push closes what it returns. It may be nil if the push names none.
func New(spec runner.Spec, open func(digest string) (io.ReadCloser, int64, error)) (Push, error) {
	var p Push
	if err := spec.Decode(&p); err != nil {
		return p, err
	}
	p.contents, p.pace = &contents{open: open, kept: map[string][]byte{}}, pace(p.Limit)
	if p.Health != nil {
		return p, p.Health.Compile()
	}
	return p, nil
}

// Spec describes the action as data.
func (p Push) Spec() runner.Spec { return runner.NewSpec(runner.ActionPush, p) }

// Do implements runner.Action.
func (p Push) Do(ctx context.Context, t *runner.Target) error {
	which, ok := p.ManifestIndex[t.Host.Name]
	if !ok {
		return nil // nothing is meant for it
	}
	begun := time.Now()
	for turns := 1; ; turns++ {
		c, err := p.turn(ctx, t, p.Manifests[which])
		if errors.Is(err, errBehind) && (turns < fewTurns || time.Since(begun) <= time.Duration(p.Patience)*time.Second) {
			continue // the next turn has what there is to tell
		}
		if c != nil {
			p.ended(t, c, err)
		}
		return err
	}
}

// DryRun implements runner.DryRunner.
func (p Push) DryRun(ctx context.Context, t *runner.Target) error {
	p.dry = true
	return p.Do(ctx, t)
}

// fewTurns is how often a push looks at what is there, whatever its patience, when another is faster each time.
const fewTurns = 5

// turn looks at what is there and changes what differs. What it returns besides the error, if there was something to
// change, is yet to be told. The manifest is a copy: where links lead differs from host to host.
func (p Push) turn(ctx context.Context, t *runner.Target, manifest Manifest) (*comparison, error) {
	have, err := probe(ctx, t, &manifest)
	if err == nil && have.killed && !p.dry {
		// First settle what a killed push has left: that may change what is there.
		if err = p.apply(ctx, t, &comparison{}); err == nil {
			have, err = probe(ctx, t, &manifest)
		}
	}
	if err != nil {
		return nil, err
	}
	c, err := p.compare(&manifest, have)
	if err == nil {
		c.host, c.index = t.Host, t.Index
		c.health, err = p.healthOf(t.Host, t.Index)
	}
	if err != nil {
		return nil, err
	}
	if p.Diff || p.dry {
		if err := p.differ(ctx, t, c); err != nil {
			c.show(t)
			return nil, err
		}
	}
	switch {
	case p.dry:
		if have.killed {
			c.warnings = append(c.warnings, "another push is at work on the host, or was killed: once it is done or settled, something else may have to change")
		}
		c.show(t)
		for _, h := range p.Handlers {
			if c.notified[h.Name] {
				fmt.Fprintf(t.Out, "would run the handler %s\n", h.Name)
			}
		}
		c.note(t, ", not done: dry run")
		if len(c.steps) > 0 {
			t.Changed() // or would be
		}
		return nil, nil
	case c.isEmpty():
		c.show(t)
		return nil, nil
	}
	return c, p.apply(ctx, t, c)
}

// ended tells and records what became of the steps of c.
func (p Push) ended(t *runner.Target, c *comparison, err error) {
	c.show(t)
	switch {
	case err == nil, errors.Is(err, errKept), errors.Is(err, errDone):
		if !p.Diff {
			c.tell(t)
		}
		for _, name := range c.handled {
			fmt.Fprintf(t.Out, "ran the handler %s\n", name)
		}
		c.note(t, "")
	case errors.Is(err, errUnsettled), errors.Is(err, errStuck):
		c.note(t, ", unknown whether in place")
	default:
		c.note(t, ", not in place")
	}
}

// show prints, once, what there is to say before the change.
func (c *comparison) show(t *runner.Target) {
	for _, w := range c.warnings {
		fmt.Fprintln(t.Err, w)
	}
	io.WriteString(t.Out, c.diff.String())
	c.warnings = nil
	c.diff.Reset()
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

// mostListed is how many changes are listed one by one.
const mostListed = 50

// note records each step and what became of it.
func (c *comparison) note(t *runner.Target, came string) {
	for _, s := range c.steps {
		t.Note(string(s.item.Path), s.noted()+came)
	}
}
