package check

import (
	"bytes"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"hail/inventory"
	"hail/inventory/strictyaml"
	"hail/runner"
	"hail/runner/action/specfile"
)

// gossType is a type of check in goss.
type gossType struct {
	kind  string            // hail's type
	attrs map[string]string // hail's attributes, by goss's
}

// gossTypes are the types of check that are read from goss files. What they mean is in
// github.com/goss-org/goss/blob/master/docs/gossfile.md.
var gossTypes = map[string]gossType{
	"command":      {"command", map[string]string{"exit-status": "exit", "stdout": "stdout", "stderr": "stderr"}},
	"file":         {"file", map[string]string{"exists": "exists", "mode": "mode", "size": "size", "owner": "owner", "group": "group", "filetype": "type", "linked-to": "link", "contents": "content", "contains": "content", "sha256": "sha256"}},
	"port":         {"port", map[string]string{"listening": "listening", "ip": "addresses"}},
	"service":      {"service", map[string]string{"enabled": "enabled", "running": "running"}},
	"process":      {"process", map[string]string{"running": "running"}},
	"package":      {"package", map[string]string{"installed": "installed", "versions": "version"}},
	"user":         {"user", map[string]string{"exists": "exists", "uid": "uid", "gid": "gid", "groups": "groups", "home": "home", "shell": "shell"}},
	"group":        {"group", map[string]string{"exists": "exists", "gid": "gid"}},
	"addr":         {"tcp", map[string]string{"reachable": "reachable"}},
	"http":         {"http", map[string]string{"status": "status", "body": "body"}},
	"dns":          {"dns", map[string]string{"resolvable": "reachable", "resolveable": "reachable", "addrs": "addresses"}},
	"mount":        {"mount", map[string]string{"exists": "exists", "opts": "options", "source": "source", "filesystem": "fstype", "usage": "usage_percent"}},
	"kernel-param": {"kernel_param", map[string]string{"value": "value"}},
	"interface":    {"interface", map[string]string{"exists": "exists", "addrs": "networks", "mtu": "mtu"}},
}

var gossFileTypes = map[string]string{"file": "file", "directory": "dir", "symlink": "link", "pipe": "fifo", "socket": "socket", "character-device": "device", "block-device": "device"}

// isGoss reports whether a file of checks is a goss file: it has types where hail's files have checks.
func isGoss(root *strictyaml.Node) bool {
	if root.Kind != strictyaml.Map {
		return false
	}
	types := 0
	for _, p := range root.Pairs {
		if p.Key.Text == "checks" || p.Key.Text == "include" {
			return false
		}
		if _, ok := gossTypes[p.Key.Text]; ok || p.Key.Text == "gossfile" || p.Key.Text == "matching" {
			types++
		}
	}
	return types > 0
}

// gossReader reads a goss file. Anything without an equivalent in hail is an error that names it.
type gossReader struct{ reader }

// checks returns the checks that enter, called with the key and the id of each, accepts.
func (r gossReader) checks(root *strictyaml.Node, enter func(n *strictyaml.Node, id string) bool) (all []Check) {
	for _, p := range root.Pairs {
		t, ok := gossTypes[p.Key.Text]
		if !ok {
			r.Fail(p.Key, "hail supports "+strings.Join(slices.Sorted(maps.Keys(gossTypes)), ", "), "%q of goss is not supported", p.Key.Text)
			continue
		}
		if p.Value.Kind != strictyaml.Map {
			r.Fail(p.Value, "", "%s has to be a mapping", p.Key.Text)
			continue
		}
		for _, one := range p.Value.Pairs {
			if c := r.check(p.Key.Text, t, one); enter(one.Key, c.ID) {
				all = append(all, c)
			}
		}
	}
	return all
}

func (r gossReader) check(goss string, t gossType, p strictyaml.Pair) Check {
	k, before := kinds[t.kind], r.Wrong()
	c := Check{Timeout: defaultTimeout, Place: r.Place(p.Key), Params: map[string]string{"exact": "true"}}
	c.ID, c.Type, c.Severity = goss+":"+p.Key.Text, t.kind, runner.Major
	c.Params[k.subject] = p.Key.Text
	r.key(p.Key, goss, &c)
	known := specfile.Fields{
		"title": func(n *strictyaml.Node) { r.Text(n, &c.Title) },
		"meta":  func(*strictyaml.Node) {}, // for people
		"skip":  func(n *strictyaml.Node) { r.Yes(n, &c.Off) },
	}
	switch goss {
	case "command":
		known["exec"] = func(n *strictyaml.Node) { r.param(n, &c, "run", text) }
	case "http":
		known["method"] = func(n *strictyaml.Node) { r.param(n, &c, "method", text) }
		known["allow-insecure"] = func(n *strictyaml.Node) { r.param(n, &c, "insecure", yesNo) }
		known["no-follow-redirects"] = func(n *strictyaml.Node) {
			var no bool
			if r.Yes(n, &no); no {
				delete(c.Params, "follow")
			}
		}
	}
	if goss == "command" || goss == "http" || goss == "addr" || goss == "dns" {
		known["timeout"] = func(n *strictyaml.Node) {
			ms, ok := n.Int()
			if !ok || ms <= 0 {
				r.Fail(n, "", "goss: timeout has to be a number of milliseconds")
			}
			c.Timeout = runner.Duration(time.Duration(ms) * time.Millisecond)
		}
	}
	for theirs, ours := range t.attrs {
		known[theirs] = func(n *strictyaml.Node) { c.Wants = append(c.Wants, r.wants(n, ours, k.shapeOf(ours))...) }
	}
	r.Mapping(p.Value, goss+" "+strconv.Quote(p.Key.Text)+" of goss", known)
	if len(c.Wants) == 0 && k.implied.Attribute != "" {
		c.Wants = []Want{k.implied}
	}
	if hasTemplate(p.Key) || hasTemplate(p.Value) {
		r.Fail(p.Key, noTemplate.Hint, "%s", noTemplate.Text)
	} else if k.verify != nil && r.Wrong() == before {
		if err := k.verify(&c); err != nil {
			r.Fail(p.Key, "", "%v", err)
		}
	}
	return c
}

var (
	noTemplate      = inventory.Error{Text: "goss: templates are not supported", Hint: "write the check in hail's own format"}
	templateControl = regexp.MustCompile(`(?m)^[ \t]*(\{\{-?\s*(range|if|else|end|with|define|template|block|\$))`)
)

// gossTemplate returns an error at the first line that controls a template of goss, such as {{range …}}, which keeps the
// file from being YAML; nil if there is no such line.
func gossTemplate(file string, text []byte) error {
	at := templateControl.FindSubmatchIndex(text)
	if at == nil {
		return nil
	}
	e := noTemplate
	e.Place = inventory.Place{File: file, Line: 1 + bytes.Count(text[:at[0]], []byte("\n")), Col: 1 + at[2] - at[0]}
	return &e
}

// key takes from the key of a check what goss packs into it, and sets what its type implies.
func (r gossReader) key(key *strictyaml.Node, goss string, c *Check) {
	switch goss {
	case "port":
		proto, port, ok := strings.Cut(key.Text, ":")
		if !ok {
			proto, port = "tcp", key.Text
		}
		if !strings.HasSuffix(proto, "6") {
			proto += "4"
		}
		c.Params["port"], c.Params["proto"] = port, proto
	case "addr":
		proto, addr, _ := strings.Cut(key.Text, "://")
		if proto != "tcp" {
			r.Fail(key, "", "goss: only tcp:// addresses are supported")
		}
		c.Params["address"], c.From = addr, "target"
	case "http":
		c.From, c.Params["follow"] = "target", "true"
	case "dns":
		c.From = "target"
	}
}

// wants reads what goss expects of an attribute. A list has patterns for a text, and elements for a list; all of them
// have to be there.
func (r gossReader) wants(n *strictyaml.Node, attribute string, s shape) (wants []Want) {
	one := func(m Matcher) { wants = append(wants, Want{attribute, m}) }
	if attribute == "type" {
		n = r.fileTypes(n)
	}
	switch {
	case n.Kind == strictyaml.List && s != text && s != texts:
		r.Fail(n, "", "goss: %s is %s, not a list", attribute, s)
	case n.Kind == strictyaml.List:
		for _, item := range n.Items {
			switch {
			case item.Kind != strictyaml.Scalar:
				r.Fail(item, "", "goss: %s takes a list of texts", attribute)
			case s == texts:
				one(Matcher{Op: contains, Want: item.Text})
			case attribute == "version":
				one(Matcher{Op: equals, Want: item.Text})
			default:
				one(r.pattern(item))
			}
		}
	case n.Kind == strictyaml.Map:
		one(r.matcher(n, attribute, s))
	default:
		if value := r.literal(n, attribute, s); value != nil {
			one(Matcher{Op: equals, Want: value})
		}
	}
	return wants
}

// fileTypes returns what goss expects of a filetype, in hail's words.
func (r gossReader) fileTypes(n *strictyaml.Node) *strictyaml.Node {
	ours := *n
	if n.Kind == strictyaml.Scalar {
		if ours.Text = gossFileTypes[n.Text]; ours.Text == "" {
			r.Fail(n, "", "goss: %q is not a filetype", n.Text)
		}
	}
	ours.Items, ours.Pairs = slices.Clone(n.Items), slices.Clone(n.Pairs)
	for i := range ours.Items {
		ours.Items[i] = r.fileTypes(ours.Items[i])
	}
	for i := range ours.Pairs {
		ours.Pairs[i].Value = r.fileTypes(ours.Pairs[i].Value)
	}
	return &ours
}

// pattern reads a pattern of goss: a text, or a /regular expression/ for a line. With ! before it, it must not be
// there.
func (r gossReader) pattern(n *strictyaml.Node) (m Matcher) {
	pattern, negated := strings.CutPrefix(n.Text, "!")
	m = Matcher{Op: contains, Want: strings.TrimPrefix(pattern, `\`)}
	if len(pattern) > 1 && pattern[0] == '/' && pattern[len(pattern)-1] == '/' {
		m = Matcher{Op: matches, Want: "(?m)" + pattern[1:len(pattern)-1]}
		if _, err := m.compile(text); err != nil {
			r.Fail(n, "", "%v", err)
		}
	}
	if negated {
		return Matcher{Op: not, Of: []Matcher{m}}
	}
	return m
}

var gossOperators = map[string]string{"equal": equals, "contain-substring": contains, "match-regexp": matches, "contain-element": contains, "contain-elements": contains,
	"gt": more, "ge": atLeast, "lt": less, "le": atMost, "semver-constraint": version, "have-len": length, "not": not, "and": allOf, "or": anyOf}

// matcher reads a matcher of goss, which is one of hail's under another name.
func (r gossReader) matcher(n *strictyaml.Node, attribute string, s shape) (m Matcher) {
	if n.Kind != strictyaml.Map {
		return r.reader.matcher(n, attribute, s)
	}
	if len(n.Pairs) != 1 {
		r.Fail(n, "", "goss: a matcher has exactly one key")
		return m
	}
	p := n.Pairs[0]
	ours, ok := gossOperators[p.Key.Text]
	if !ok {
		var end string
		switch p.Key.Text {
		case "have-prefix":
			r.Text(p.Value, &end)
			return Matcher{Op: matches, Want: "^" + regexp.QuoteMeta(end)}
		case "have-suffix":
			r.Text(p.Value, &end)
			return Matcher{Op: matches, Want: regexp.QuoteMeta(end) + "$"}
		}
		r.Fail(p.Key, "hail supports "+strings.Join(slices.Sorted(maps.Keys(gossOperators)), ", "), "the matcher %q of goss is not supported", p.Key.Text)
		return m
	}
	switch ours {
	case not:
		return Matcher{Op: not, Of: []Matcher{r.matcher(p.Value, attribute, s)}}
	case allOf, anyOf:
		m.Op = ours
		for _, item := range r.Items(p.Value) {
			m.Of = append(m.Of, r.matcher(item, attribute, s))
		}
		return m
	}
	if !goesWith(ours, s) {
		r.Fail(p.Key, "write the check in hail's own format", "goss: %s does not go with %s, which is %s", p.Key.Text, attribute, s)
		return m
	}
	named := *p.Key
	named.Text = ours
	return r.reader.operator(strictyaml.Pair{Key: &named, Value: p.Value}, attribute, s)
}
