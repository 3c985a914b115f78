package check

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"hail/inventory"
	"hail/inventory/strictyaml"
	"hail/runner/action/specfile"
)

// Read reads files of checks and the files that they include, each once, and returns their checks in order. open reads
// a file. The error names everything that is wrong with a file, with places.
func Read(files []string, open func(file string) ([]byte, error)) (*Suite, error) {
	l := &loading{open: open, ids: map[string]inventory.Place{}, loaded: map[string]bool{}}
	for _, f := range files {
		if err := l.file(f, nil); err != nil {
			return nil, err
		}
	}
	if len(l.suite.Checks)+len(l.suite.Fleet) == 0 {
		return nil, &inventory.Error{Place: inventory.Place{File: strings.Join(files, ", ")}, Text: "there are no checks", Hint: "checks: [{file: {path: /etc/passwd, mode: \"0644\"}}]"}
	}
	return &l.suite, l.connect()
}

// loading is a suite that files are being read into.
type loading struct {
	open   func(file string) ([]byte, error)
	suite  Suite
	ids    map[string]inventory.Place
	loaded map[string]bool
}

func (l *loading) file(file string, including []string) error {
	file = filepath.Clean(file)
	if i := slices.Index(including, file); i >= 0 {
		return &inventory.Error{Place: inventory.Place{File: file}, Text: "the file includes itself: " + strings.Join(append(including[i:], file), " → ")}
	}
	if l.loaded[file] {
		return nil
	}
	l.loaded[file] = true
	raw, err := l.open(file)
	if err != nil {
		return &inventory.Error{Text: err.Error(), Hint: "name a file of checks; hail test -w HOST --baseline > checks.yaml writes one"}
	}
	var c content
	err = specfile.Read(file, raw, func(base *specfile.Reader, root *strictyaml.Node) { c = l.content(reader{Reader: base}, root) })
	if _, noYAML := err.(*inventory.Error); noYAML {
		return cmp.Or(gossTemplate(file, raw), err)
	}
	if err != nil {
		return err
	}
	for _, i := range c.includes {
		if err := l.file(i.file, append(including, file)); err != nil {
			if e, ok := err.(*inventory.Error); ok && e.Place.File == "" {
				e.Place = i.place
			}
			return err
		}
	}
	l.suite.Checks, l.suite.Fleet = append(l.suite.Checks, c.checks...), append(l.suite.Fleet, c.fleet...)
	return nil
}

// content is what one file of checks has.
type content struct {
	includes []inclusion
	checks   []Check
	fleet    []Fleet
}

type inclusion struct {
	file  string
	place inventory.Place
}

// content reads one file. Mistakes are recorded in r.
func (l *loading) content(r reader, root *strictyaml.Node) (c content) {
	enter := func(n *strictyaml.Node, id string) bool {
		if first, taken := l.ids[id]; taken {
			r.Fail(n, "give one of them another id, or leave it out", "the id %q is already used at %s", id, first)
			return false
		}
		l.ids[id] = r.Place(n)
		return true
	}
	if isGoss(root) {
		c.checks = gossReader{r}.checks(root, enter)
		return c
	}
	r.Mapping(root, "a file of checks", specfile.Fields{
		"include": func(n *strictyaml.Node) {
			for _, item := range r.Items(n) {
				var name string
				r.Text(item, &name)
				if name != "" && !filepath.IsAbs(name) {
					name = filepath.Join(filepath.Dir(r.File), name)
				}
				c.includes = append(c.includes, inclusion{name, r.Place(item)})
			}
		},
		"checks": func(n *strictyaml.Node) {
			if n.Kind != strictyaml.List {
				r.Fail(n, "- {file: {path: /etc/passwd}}", "checks have to be a list")
				return
			}
			for _, item := range n.Items {
				before := r.Wrong()
				one, over := r.check(item)
				switch {
				case r.Wrong() > before:
				case over != nil && enter(item, over.ID):
					c.fleet = append(c.fleet, *over)
				case over == nil && enter(item, one.ID):
					c.checks = append(c.checks, one)
				}
			}
		},
	})
	return c
}

// connect finds, for each check over the fleet, the check whose values it is about, and has that one capture them.
func (l *loading) connect() error {
	var names []string
	for _, c := range l.suite.Checks {
		names = append(names, c.ID)
	}
	for i := range l.suite.Fleet {
		f := &l.suite.Fleet[i]
		meant := func(c Check) bool { return c.ID == f.ValueOf || c.Capture == f.ValueOf }
		at := slices.IndexFunc(l.suite.Checks, meant)
		if at < 0 {
			return &inventory.Error{Place: f.Place, Text: fmt.Sprintf("value_of: there is no check %q", f.ValueOf), Hint: inventory.DidYouMean(f.ValueOf, names)}
		}
		if next := slices.IndexFunc(l.suite.Checks[at+1:], meant); next >= 0 {
			return &inventory.Error{Place: f.Place, Text: fmt.Sprintf("value_of: %s may be the check at %s or the one at %s", f.ValueOf, l.suite.Checks[at].Place, l.suite.Checks[at+1+next].Place),
				Hint: "give one of them another name"}
		}
		c := &l.suite.Checks[at]
		if c.Capture == "" {
			c.Capture = c.ID
		}
		if c.Value == "" {
			c.Value = kinds[c.Type].main
		}
		f.Of = at
	}
	return nil
}
