package push

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"hail/inventory"
	"hail/runner/action/check"
)

// Content is one thing that a push sends, in memory or in a local file.
type Content struct {
	Digest string
	Size   int64
	Bytes  []byte
	Path   string // the local file that has it; empty: it is in Bytes
	Secret bool   // never recorded
}

// Render makes a push of specs for hosts. It renders every content for every host, so that any mistake shows before a
// host is reached. Equal contents are returned once, sorted by digest. choose returns which hosts a target expression
// means; it may be nil if nothing has a When. secret are the patterns for the names of secret vars: a content that has the
// value of one is secret.
func Render(specs []*Spec, hosts []inventory.Host, choose func(expr string) (map[string]bool, error), secret []string) (Push, []Content, error) {
	p, err := merge(specs)
	if err != nil {
		return p, nil, err
	}
	r := renderer{hosts: hosts, choose: choose, secret: secret, chosen: map[string]map[string]bool{}, same: map[*FileSpec]*rendering{},
		contents: map[string]*Content{}, templates: map[string]*ahead{}, sources: map[string]string{}}
	if err := r.chooseFiles(specs); err != nil {
		return p, nil, err
	}
	if err := r.tryCommands(&p, specs); err != nil {
		return p, nil, err
	}
	if err := r.aimHealth(&p); err != nil {
		return p, nil, err
	}
	if err := r.manifests(&p); err != nil {
		return p, nil, err
	}
	var contents []Content
	for _, c := range r.contents {
		contents = append(contents, *c)
		if c.Secret {
			if p.Private == nil {
				p.Private = map[string]string{}
			}
			p.Private[c.Digest] = c.Path
		}
	}
	slices.SortFunc(contents, func(a, b Content) int { return strings.Compare(a.Digest, b.Digest) })
	return p, contents, nil
}

// merge makes a push of all that specs say besides their files.
func merge(specs []*Spec) (p Push, err error) {
	var health []check.Check
	for _, s := range specs {
		p.Validate, health = append(p.Validate, s.Validate...), append(health, s.Health...)
		p.Keep, p.Backup = p.Keep || s.Keep, max(p.Backup, s.Backup)
		for _, h := range s.Handlers {
			i := slices.IndexFunc(p.Handlers, func(other Handler) bool { return other.Name == h.Name })
			switch {
			case i < 0:
				p.Handlers = append(p.Handlers, h)
			case p.Handlers[i] != h:
				return p, fmt.Errorf("two specs have a handler %q, and not the same", h.Name)
			}
		}
	}
	if health != nil {
		p.Health = &check.Suite{Checks: health}
	}
	return p, nil
}

type renderer struct {
	hosts     []inventory.Host
	choose    func(expr string) (map[string]bool, error)
	secret    []string
	files     []*FileSpec                // of all specs
	chosen    map[string]map[string]bool // what choose has returned
	same      map[*FileSpec]*rendering   // of the files that are the same for all hosts
	contents  map[string]*Content        // by digest
	templates map[string]*ahead
	texts     sync.Map          // what templates have made, by digest
	sources   map[string]string // digests of files, by path
}

// chooseFiles collects the files of the specs, and finds out which hosts they are meant for.
func (r *renderer) chooseFiles(specs []*Spec) (err error) {
	for _, s := range specs {
		for i := range s.Files {
			f := &s.Files[i]
			r.files = append(r.files, f)
			if f.When == "" || r.chosen[f.When] != nil {
				continue
			}
			if r.chosen[f.When], err = r.choose(f.When); err != nil {
				return inventory.OfExpression(f.Place, "when", err)
			}
		}
	}
	return nil
}

func (r *renderer) meant(f *FileSpec, host string) bool {
	return f.When == "" || r.chosen[f.When][host]
}

// manifests makes the manifests of all hosts, one for those that get the same.
func (r *renderer) manifests(p *Push) error {
	p.ManifestIndex = map[string]int{}
	known := map[string]int{}
	for i, h := range r.hosts {
		parts, key, err := r.filesFor(i)
		if err != nil {
			return err
		}
		which, ok := known[key]
		if !ok {
			m, err := whole(h.Name, parts)
			if err != nil {
				return err
			}
			which = len(p.Manifests)
			known[key] = which
			p.Manifests = append(p.Manifests, m)
		}
		p.ManifestIndex[h.Name] = which
	}
	return nil
}

// filesFor renders the files that are meant for a host. Hosts with the same key get the same.
func (r *renderer) filesFor(index int) (all []*rendering, key string, err error) {
	var b strings.Builder
	for i, f := range r.files {
		if !r.meant(f, r.hosts[index].Name) {
			continue
		}
		one := r.same[f]
		if one == nil {
			one = &rendering{renderer: r, file: f, index: index}
			if err := one.render(); err != nil {
				wrong := &inventory.Error{Place: f.Place, Text: inventory.Plain(err).Error()}
				if inner, ok := errors.AsType[*inventory.Error](err); ok {
					wrong.Hint = inner.Hint
				}
				return nil, "", wrong
			}
		}
		all = append(all, one)
		if !f.Template {
			r.same[f] = one
			fmt.Fprintln(&b, i)
			continue
		}
		text, err := json.Marshal(one.Manifest)
		if err != nil {
			return nil, "", err
		}
		b.Write(text)
	}
	return all, b.String(), nil
}
