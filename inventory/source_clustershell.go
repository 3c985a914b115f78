package inventory

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"hail/inventory/wildcard"
)

// readClusterShell reads ClusterShell's group files: a YAML file with one or more group sources, a file with one
// group per line ("adm: node0"), or the folder groups.d with files of both kinds. The groups of the default source
// keep their names, and all others are called source:name, as in ClusterShell's own expressions.
func readClusterShell(_ context.Context, b *builder, path string) {
	if path == "" {
		path = "/etc/clustershell/groups.d"
	}
	info, err := os.Stat(path)
	if err != nil {
		b.failRead(path, err)
		return
	}
	c := newClusterGroups(b)
	paths := []string{path}
	if info.IsDir() {
		c.readDefault(filepath.Join(path, "..", "groups.conf"))
		paths = nil
		for _, pattern := range []string{"*.cfg", "*.yaml"} {
			names, _ := fs.Glob(os.DirFS(path), pattern) // only a bad pattern is an error
			for _, name := range names {
				paths = append(paths, filepath.Join(path, name))
			}
		}
	}
	for _, p := range paths {
		f, ok := b.open(p)
		switch {
		case !ok:
		case f.ext() == ".yaml" || f.ext() == ".yml":
			c.readYAML(f)
		default:
			c.readFlat(f)
		}
	}
	c.resolve()
}

// clusterGroup is a group of ClusterShell, which expressions define.
type clusterGroup struct {
	source, name string
	expressions  []clusterExpression // evaluated as one, as if joined by commas
	busy         bool                // being evaluated
	hosts        *set                // nil until it is evaluated
}

type clusterExpression struct {
	text  string
	place Place
}

type clusterGroups struct {
	b        *builder
	universe *universe
	sources  []string
	defs     map[string]*clusterGroup // by source:name
	order    []*clusterGroup
	current  string // the source of the group that is being evaluated
	depth    int    // how many groups are being evaluated
}

func newClusterGroups(b *builder) *clusterGroups {
	c := &clusterGroups{b: b, defs: map[string]*clusterGroup{}, universe: newUniverse(nil, Query{}, Lookups{})}
	c.universe.growing, c.universe.groups = true, c
	return c
}

func (c *clusterGroups) define(source string, name string, at Place, expressions ...clusterExpression) {
	if !slices.Contains(c.sources, source) {
		c.sources = append(c.sources, source)
	}
	full := source + ":" + name
	if c.defs[full] != nil {
		c.b.fail(at, fmt.Sprintf("the group %s is defined twice", full), "")
		return
	}
	c.defs[full] = &clusterGroup{source: source, name: name, expressions: expressions}
	c.order = append(c.order, c.defs[full])
}

// readYAML reads group sources, each a mapping of groups to an expression or a list of them.
func (c *clusterGroups) readYAML(f file) {
	root := c.b.parseYAML11(f)
	r := nodeReader{c.b, f.path}
	if root == nil || !r.isMap(root, "a file of groups", "roles: {adm: node0}") {
		return
	}
	for _, source := range root.Pairs {
		if err := checkGroup(source.Key.Text); err != nil {
			r.fail(source.Key, err.Error(), "")
			continue
		}
		if !r.isMap(source.Value, "the groups of "+source.Key.Text, "roles: {adm: node0}") {
			continue
		}
		for _, group := range source.Value.Pairs {
			if err := checkGroup(group.Key.Text); err != nil {
				r.fail(group.Key, err.Error(), "")
				continue
			}
			var expressions []clusterExpression
			for _, n := range r.texts(group.Value, group.Key.Text) {
				expressions = append(expressions, clusterExpression{n.Text, r.textPlace(n)})
			}
			c.define(source.Key.Text, group.Key.Text, r.place(group.Key), expressions...)
		}
	}
}

// readFlat reads groups of the source local, one "name: expression" per line.
func (c *clusterGroups) readFlat(f file) {
	number := 0
	for line := range strings.Lines(string(f.text)) {
		number++
		text := strings.TrimSpace(line)
		if text == "" || text[0] == '#' {
			continue
		}
		at := f.place(number, strings.Index(line, text)+1)
		name, expression, ok := strings.Cut(text, ":")
		if !ok {
			c.b.fail(at, "this is not a group", "adm: node0")
			continue
		}
		name = strings.TrimSpace(name)
		if err := checkGroup(name); err != nil {
			c.b.fail(at, err.Error(), "")
			continue
		}
		nodes := strings.TrimSpace(expression)
		place := f.place(number, max(1, strings.Index(line, nodes)+1))
		c.define("local", name, at, clusterExpression{nodes, place})
	}
}

var clusterDefault = regexp.MustCompile(`(?mi)^\s*default\s*[:=]\s*(\S+)`)

// readDefault reads which source is the default from ClusterShell's own settings, if they exist.
func (c *clusterGroups) readDefault(path string) {
	text, err := ReadFile(path)
	if m := clusterDefault.FindSubmatch(text); err == nil && m != nil {
		c.b.shorthand = string(m[1])
	}
}

// resolve evaluates all groups and puts them into the builder. If the settings name no source that exists, the
// default is local, as in ClusterShell's own settings, or else the first source.
func (c *clusterGroups) resolve() {
	if len(c.sources) == 0 {
		return
	}
	if !slices.Contains(c.sources, c.b.shorthand) {
		c.b.shorthand = c.sources[0]
		if slices.Contains(c.sources, "local") {
			c.b.shorthand = "local"
		}
	}
	for _, g := range c.order {
		if err := c.evaluate(g); err != nil {
			if wrong, ok := errors.AsType[*Error](err); ok {
				c.b.errs = append(c.b.errs, wrong)
			}
			return
		}
		name := g.source + ":" + g.name
		if g.source == c.b.shorthand {
			name = g.name
		}
		place := Place{}
		if len(g.expressions) > 0 {
			place = g.expressions[0].place
		}
		c.b.add(Names(c.universe.hosts(g.hosts)), settings{}, c.b.group(name, place), place)
	}
}

func (c *clusterGroups) evaluate(g *clusterGroup) error {
	if g.hosts != nil {
		return nil
	}
	if g.busy {
		return &Error{g.expressions[0].place, fmt.Sprintf("the group %s:%s contains itself", g.source, g.name), ""}
	}
	if c.depth == maxGroupDepth && len(g.expressions) > 0 {
		return &Error{g.expressions[0].place, fmt.Sprintf("groups are nested more than %d deep", maxGroupDepth), ""}
	}
	outer := c.current
	c.current, g.busy = g.source, true
	c.depth++
	defer func() { c.current, g.busy = outer, false; c.depth-- }()
	hosts := newSet(0)
	for _, e := range g.expressions {
		if err := c.universe.evalAt(hosts, e.text, e.place); err != nil {
			return err
		}
	}
	g.hosts = hosts
	return nil
}

// Groups returns the groups of the current source, which can be named without it.
func (c *clusterGroups) Groups() (names []string) {
	for _, g := range c.order {
		if g.source == c.current {
			names = append(names, g.name)
		}
	}
	return names
}

// groupsLike returns the groups that a wildcard matches: a wildcard for source:name, or for names of the source of the
// group that is being evaluated.
func (c *clusterGroups) groupsLike(glob string) (names []string) {
	source, glob, ok := strings.Cut(glob, ":")
	if !ok {
		source, glob = c.current, source
	}
	for _, g := range c.order {
		if g.source == source && wildcard.Match(glob, g.name) {
			names = append(names, g.source+":"+g.name)
		}
	}
	return names
}

// addMembers adds the hosts of a group, which is called name or source:name.
func (c *clusterGroups) addMembers(s *set, name string) (known bool, err error) {
	if !strings.Contains(name, ":") {
		name = c.current + ":" + name
	}
	g := c.defs[name]
	if g == nil {
		return false, nil
	}
	if err = c.evaluate(g); err == nil {
		s.union(g.hosts)
	}
	return true, err
}
