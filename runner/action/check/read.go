package check

import (
	"fmt"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"hail/inventory"
	"hail/inventory/strictyaml"
	"hail/runner"
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
		return &inventory.Error{Place: inventory.Place{File: file}, Text: "it includes itself: " + strings.Join(append(including[i:], file), " → ")}
	}
	if l.loaded[file] {
		return nil
	}
	l.loaded[file] = true
	raw, err := l.open(file)
	if err != nil {
		return &inventory.Error{Text: err.Error()}
	}
	type inclusion struct {
		file  string
		place inventory.Place
	}
	var includes []inclusion
	var checks []Check
	var fleet []Fleet
	err = specfile.Read(file, raw, func(base *specfile.Reader, root *strictyaml.Node) {
		r := reader{Reader: base}
		enter := func(n *strictyaml.Node, id string) bool {
			if first, taken := l.ids[id]; taken {
				r.Fail(n, "give one of them another id, or leave it out", "the id %q is taken, first at %s", id, first)
				return false
			}
			l.ids[id] = inventory.Place{File: file, Line: n.Line, Col: n.Col}
			return true
		}
		if isGoss(root) {
			checks = gossReader{r}.checks(root, enter)
			return
		}
		r.Mapping(root, "a file of checks", specfile.Fields{
			"include": func(n *strictyaml.Node) {
				for _, item := range r.Items(n) {
					var name string
					r.Text(item, &name)
					if name != "" && !filepath.IsAbs(name) {
						name = filepath.Join(filepath.Dir(file), name)
					}
					includes = append(includes, inclusion{name, inventory.Place{File: file, Line: item.Line, Col: item.Col}})
				}
			},
			"checks": func(n *strictyaml.Node) {
				if n.Kind != strictyaml.List {
					r.Fail(n, "- {file: {path: /etc/passwd}}", "checks have to be a list")
					return
				}
				for _, item := range n.Items {
					before := r.Wrong()
					c, over := r.check(item)
					switch {
					case r.Wrong() > before:
					case over != nil && enter(item, over.ID):
						fleet = append(fleet, *over)
					case over == nil && enter(item, c.ID):
						checks = append(checks, c)
					}
				}
			},
		})
	})
	if err != nil {
		return err
	}
	for _, i := range includes {
		if err := l.file(i.file, append(including, file)); err != nil {
			if e, ok := err.(*inventory.Error); ok && e.Place.File == "" {
				e.Place = i.place
			}
			return err
		}
	}
	l.suite.Checks, l.suite.Fleet = append(l.suite.Checks, checks...), append(l.suite.Fleet, fleet...)
	return nil
}

// connect finds, for each check over the fleet, the check whose values it is about, and has that one capture them.
func (l *loading) connect() error {
	var names []string
	for _, c := range l.suite.Checks {
		names = append(names, c.ID)
	}
	for i := range l.suite.Fleet {
		f := &l.suite.Fleet[i]
		at := slices.IndexFunc(l.suite.Checks, func(c Check) bool { return c.ID == f.ValueOf || c.Capture != "" && c.Capture == f.ValueOf })
		if at < 0 {
			return &inventory.Error{Place: f.Place, Text: fmt.Sprintf("value_of: there is no check %q", f.ValueOf), Hint: inventory.DidYouMean(f.ValueOf, names)}
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

const (
	defaultTimeout  = runner.Duration(10 * time.Second)
	defaultInterval = runner.Duration(3 * time.Second)
)

// ofFleet are the keys of a check over the fleet.
var ofFleet = []string{"fleet", "id", "title", "severity", "tags"}

// check reads a check, or one over the fleet.
func (r reader) check(n *strictyaml.Node) (c Check, over *Fleet) {
	c = Check{Timeout: defaultTimeout, Place: inventory.Place{File: r.File, Line: n.Line, Col: n.Col}}
	c.Severity = runner.Major
	captured := ""
	var subject *strictyaml.Node
	known := specfile.Fields{
		"id":       func(n *strictyaml.Node) { r.Text(n, &c.ID) },
		"title":    func(n *strictyaml.Node) { r.Text(n, &c.Title) },
		"when":     func(n *strictyaml.Node) { r.Text(n, &c.When) },
		"tags":     func(n *strictyaml.Node) { r.Texts(n, &c.Tags) },
		"skip":     func(n *strictyaml.Node) { r.Yes(n, &c.Off) },
		"sudo":     func(n *strictyaml.Node) { r.Yes(n, &c.Sudo) },
		"timeout":  func(n *strictyaml.Node) { r.Time(n, &c.Timeout) },
		"from":     func(n *strictyaml.Node) { r.Word(n, &c.From, "controller", "target") },
		"severity": func(n *strictyaml.Node) { r.Word(n, (*string)(&c.Severity), "minor", "major", "critical") },
		"capture": func(n *strictyaml.Node) {
			if n.Kind == strictyaml.Map && len(n.Pairs) == 1 {
				c.Capture = n.Pairs[0].Key.Text
				r.Text(n.Pairs[0].Value, &captured)
				return
			}
			r.Text(n, &c.Capture)
		},
		"retry": func(n *strictyaml.Node) {
			if c.Retry.Interval = defaultInterval; r.onHost {
				c.Retry.Interval = healthInterval
			}
			r.Mapping(n, "retry", specfile.Fields{
				"timeout":  func(n *strictyaml.Node) { r.Time(n, &c.Retry.Timeout) },
				"interval": func(n *strictyaml.Node) { r.Time(n, &c.Retry.Interval) },
			})
			if c.Retry.Timeout <= 0 || c.Retry.Interval <= 0 {
				r.Fail(n, "retry: {timeout: 60s, interval: 3s}", "retry needs a timeout")
			}
		},
		"fleet": func(n *strictyaml.Node) { over, c.Type = r.fleet(n), "fleet" },
	}
	for name := range kinds {
		known[name] = func(n *strictyaml.Node) {
			if c.Type != "" {
				r.Fail(n, "make two checks of it", "this check is a %s already", c.Type)
				return
			}
			c.Type, subject = name, n
		}
	}
	before := r.Wrong()
	r.Mapping(n, "a check", known)
	if over != nil {
		for _, p := range n.Pairs {
			if !slices.Contains(ofFleet, p.Key.Text) && r.Wrong() == before {
				r.Fail(p.Key, "it takes "+strings.Join(ofFleet, ", "), "%s is not for a check over the fleet", p.Key.Text)
			}
		}
		if c.ID == "" {
			c.ID = "fleet:" + over.ValueOf
		}
		over.Check = c.Check
		over.Place = c.Place
		return c, over
	}
	if c.Type == "" {
		if r.Wrong() == before {
			r.Fail(n, "it is one of "+strings.Join(kindNames(), ", "), "this check looks at nothing")
		}
		return c, nil
	}
	k := kinds[c.Type]
	r.subject(subject, k, &c)
	if c.ID == "" {
		c.ID = c.id(k)
	}
	if c.From == "controller" {
		c.From = ""
	}
	if c.From != "" && k.outside == nil {
		r.Fail(n, "", "a %s is always seen from the host: from is for tcp, http, tls and dns", c.Type)
	}
	if c.Sudo && !c.inside() {
		r.Fail(n, "", "sudo is for what is seen from the host")
	}
	if c.Capture != "" {
		c.Value = k.main
		if captured != "" {
			c.Value = captured
		}
		if k.attrs[c.Value] == "" {
			r.Fail(n, "it has "+strings.Join(slices.Sorted(maps.Keys(k.attrs)), ", "), "capture: a %s has no %s", c.Type, c.Value)
		}
	}
	return c, nil
}

// subject reads what a check looks at, and what it expects of it.
func (r reader) subject(n *strictyaml.Node, k *kind, c *Check) {
	before := r.Wrong()
	c.Params = map[string]string{}
	if n.Kind == strictyaml.Scalar && k.subject != "" { // file: /etc/passwd
		c.Params[k.subject] = n.Text
	} else {
		r.attributes(n, k, c)
	}
	if k.subject != "" && c.Params[k.subject] == "" && r.Wrong() == before {
		r.Fail(n, "", "this %s has no %s", k.name, k.subject)
	}
	if k.name == "command" && !slices.ContainsFunc(c.Wants, func(w Want) bool { return w.Attribute == "exit" }) || len(c.Wants) == 0 && k.implied.Attribute != "" {
		c.Wants = append(c.Wants, k.implied)
	}
	if len(c.Wants) == 0 {
		r.Fail(n, "", "nothing is expected of this %s: it has %s", k.name, strings.Join(slices.Sorted(maps.Keys(k.attrs)), ", "))
	}
	c.Template = hasTemplate(n)
	if k.verify != nil && !c.Template && r.Wrong() == before {
		if err := k.verify(c); err != nil {
			r.Fail(n, "", "%v", err)
		}
	}
}

// attributes reads the mapping of a check: its parameters, and a matcher for each attribute.
func (r reader) attributes(n *strictyaml.Node, k *kind, c *Check) {
	known := specfile.Fields{}
	if k.subject != "" {
		known[k.subject] = func(n *strictyaml.Node) {
			if k.name == "command" && n.Kind == strictyaml.List {
				var words []string
				r.Texts(n, &words)
				c.Params[k.subject] = runner.Words(words)
				return
			}
			r.param(n, c, k.subject, text)
		}
	}
	if k.name == "command" {
		known["timeout"] = func(n *strictyaml.Node) { r.Time(n, &c.Timeout) }
	}
	for name, s := range k.params {
		known[name] = func(n *strictyaml.Node) { r.param(n, c, name, s) }
	}
	for name, s := range k.attrs {
		known[name] = func(n *strictyaml.Node) {
			if s != fields {
				c.Wants = append(c.Wants, Want{name, r.matcher(n, name, s)})
				return
			}
			if n.Kind != strictyaml.Map {
				r.Fail(n, name+": {Content-Type: {contains: json}}", "%s has to be a mapping", name)
				return
			}
			for _, p := range n.Pairs {
				c.Wants = append(c.Wants, Want{name + "." + http.CanonicalHeaderKey(p.Key.Text), r.matcher(p.Value, p.Key.Text, text)})
			}
		}
	}
	r.Mapping(n, "a "+k.name, known)
}

// param reads a parameter of a check.
func (r reader) param(n *strictyaml.Node, c *Check, name string, s shape) {
	if s == yesNo {
		var yes bool
		r.Yes(n, &yes)
		c.Params[name] = n.Text
		return
	}
	var value string
	r.Text(n, &value)
	c.Params[name] = value
}

// hasTemplate reports whether any text in n is a template.
func hasTemplate(n *strictyaml.Node) bool {
	return strings.Contains(n.Text, "{{") || slices.ContainsFunc(n.Items, hasTemplate) ||
		slices.ContainsFunc(n.Pairs, func(p strictyaml.Pair) bool { return hasTemplate(p.Value) })
}
