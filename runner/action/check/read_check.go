package check

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"hail/inventory/strictyaml"
	"hail/runner"
	"hail/runner/action/fill"
	"hail/runner/action/specfile"
)

const (
	defaultTimeout  = runner.Duration(10 * time.Second)
	defaultInterval = runner.Duration(3 * time.Second)
)

// reader reads files of checks.
type reader struct {
	*specfile.Reader
	onHost bool // the host judges these checks
}

// ofFleet are the keys of a check over the fleet.
var ofFleet = []string{"fleet", "id", "title", "severity", "tags"}

// check reads a check, or one over the fleet.
func (r reader) check(n *strictyaml.Node) (c Check, over *Fleet) {
	c = Check{Timeout: defaultTimeout, Place: r.Place(n)}
	c.Severity = runner.Major
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
			switch {
			case n.Kind != strictyaml.Map:
				r.Text(n, &c.Capture)
			case len(n.Pairs) == 1:
				c.Capture = n.Pairs[0].Key.Text
				r.Text(n.Pairs[0].Value, &c.Value)
			default:
				r.Fail(n, "capture: {size: size}", "capture is one name, or one name with its attribute")
			}
		},
		"retry": func(n *strictyaml.Node) {
			if c.Retry.Interval = defaultInterval; r.onHost {
				c.Retry.Interval = healthInterval
			}
			before := r.Wrong()
			r.Mapping(n, "retry", specfile.Fields{
				"timeout":  func(n *strictyaml.Node) { r.Time(n, &c.Retry.Timeout) },
				"interval": func(n *strictyaml.Node) { r.Time(n, &c.Retry.Interval) },
			})
			const hint = "retry: {timeout: 60s, interval: 3s}"
			switch {
			case r.Wrong() > before:
			case c.Retry.Timeout <= 0:
				r.Fail(n, hint, "retry needs a timeout")
			case c.Retry.Interval <= 0:
				r.Fail(n, hint, "the interval of a retry has to be above 0")
			}
		},
		"fleet": func(n *strictyaml.Node) { over, c.Type = r.fleet(n), "fleet" },
	}
	for name := range kinds {
		known[name] = func(n *strictyaml.Node) {
			if c.Type != "" {
				r.Fail(n, "make it two checks", "this check is already a %s", c.Type)
				return
			}
			c.Type, subject = name, n
		}
	}
	before := r.Wrong()
	r.Mapping(n, "a check", known)
	switch right := r.Wrong() == before; {
	case over != nil:
		r.complete(n, over, c, right)
	case c.Type != "":
		r.subject(subject, kinds[c.Type], &c)
		r.fit(n, kinds[c.Type], &c)
	case right:
		r.Fail(n, "add one of "+strings.Join(append(slices.Sorted(maps.Keys(kinds)), "fleet"), ", "), "this check has no type")
	}
	return c, over
}

// complete gives a check over the fleet the keys beside its type, which are in c. If all is right so far, a key that is
// not for such a check is an error.
func (r reader) complete(n *strictyaml.Node, over *Fleet, c Check, right bool) {
	other := slices.IndexFunc(n.Pairs, func(p strictyaml.Pair) bool { return !slices.Contains(ofFleet, p.Key.Text) })
	if right && other >= 0 {
		key := n.Pairs[other].Key
		r.Fail(key, "it takes "+strings.Join(ofFleet, ", "), "%s is not for a check over the fleet", key.Text)
	}
	over.Check, over.Place = c.Check, c.Place
	over.ID = cmp.Or(over.ID, "fleet:"+over.ValueOf)
}

// fit makes the keys of a check fit its type, or says which do not.
func (r reader) fit(n *strictyaml.Node, k *kind, c *Check) {
	if c.ID == "" {
		c.ID = c.id(k)
	}
	if c.From == "controller" {
		c.From = ""
	}
	if c.From != "" && k.outside == nil {
		r.Fail(n, "", "a %s is always checked on the host: from is for tcp, http, tls and dns", c.Type)
	}
	if c.Sudo && !c.inside() {
		r.Fail(n, "", "sudo is for what is checked on the host")
	}
	if c.Capture != "" {
		if c.Value = cmp.Or(c.Value, k.main); k.attrs[c.Value] == "" {
			r.Fail(n, "it has "+strings.Join(slices.Sorted(maps.Keys(k.attrs)), ", "), "capture: a %s has no %s", c.Type, c.Value)
		}
	}
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
	if k.name == "command" && !c.expects("exit") || len(c.Wants) == 0 && k.implied.Attribute != "" {
		c.Wants = append(c.Wants, k.implied)
	}
	if len(c.Wants) == 0 {
		r.Fail(n, "add one of "+strings.Join(slices.Sorted(maps.Keys(k.attrs)), ", "), "this %s expects nothing", k.name)
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
				line, err := fill.Words(words)
				if err != nil {
					r.Fail(n, "", "%v", err)
				}
				c.Params[k.subject] = line
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
	return isTemplate(n.Text) || slices.ContainsFunc(n.Items, hasTemplate) ||
		slices.ContainsFunc(n.Pairs, func(p strictyaml.Pair) bool { return hasTemplate(p.Value) })
}

func (r reader) fleet(n *strictyaml.Node) *Fleet {
	f := &Fleet{}
	matcher := func(name string, into **Matcher, s shape) func(n *strictyaml.Node) {
		return func(n *strictyaml.Node) {
			m := r.matcher(n, name, s)
			*into = &m
		}
	}
	r.Mapping(n, "a check over the fleet", specfile.Fields{
		"value_of":  func(n *strictyaml.Node) { r.Text(n, &f.ValueOf) },
		"all_equal": func(n *strictyaml.Node) { r.Yes(n, &f.AllEqual) },
		"distinct":  matcher("distinct", &f.Distinct, number),
		"spread":    matcher("spread", &f.Spread, number),
		"that":      matcher("that", &f.That, unknown),
		"at_least": func(n *strictyaml.Node) {
			share, err := runner.ParseShare(n.Text)
			if err != nil {
				r.Fail(n, "at_least: 80%", "%v", err)
			}
			f.AtLeast = &share // a wrong one is there, too
		},
	})
	switch {
	case f.ValueOf == "":
		r.Fail(n, "value_of: ID of another check", "a check over the fleet needs value_of")
	case !f.AllEqual && f.Distinct == nil && f.Spread == nil && f.AtLeast == nil:
		r.Fail(n, "add all_equal, distinct, spread or at_least", "this check expects nothing of the values of %s", f.ValueOf)
	case f.That != nil && f.AtLeast == nil:
		r.Fail(n, "at_least: 80%", "\"that\" selects the values that at_least counts, and there is no at_least")
	}
	return f
}
