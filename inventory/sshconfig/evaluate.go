package sshconfig

import (
	"cmp"
	"context"
	"slices"
	"strings"
)

// evaluation is what is known about one host while the blocks are applied in turn.
type evaluation struct {
	c       *Config
	name    string // as the user calls it
	host    string // what Host patterns are compared with
	s       Settings
	decided map[string]bool // the keywords that further lines do not change
	final   bool            // this is the second pass
	origins []Origin
}

func (c *Config) evaluate(ctx context.Context, name string, given Given) (*evaluation, error) {
	if c == nil {
		c = &Config{}
	}
	if c.oracle != nil {
		answer, err := c.oracle.ask(ctx, c.local, name, given)
		if err != nil {
			return nil, err
		}
		return answer.evaluate(ctx, name, Given{})
	}
	e := &evaluation{
		c: c, name: name, host: name,
		s:       Settings{HostName: given.hostName(), User: given.User, Port: given.Port},
		decided: map[string]bool{"hostname": given.HostName != "", "user": given.User != "", "port": given.Port != 0},
	}
	for _, d := range c.options {
		if err := e.apply(d); err != nil {
			return nil, err
		}
	}
	l := loader{c: c}
	for _, text := range given.Options {
		d, err := l.option("the option", text)
		if err == nil {
			err = e.apply(d)
		}
		if err != nil {
			return nil, err
		}
	}
	if err := e.pass(ctx); err != nil {
		return nil, err
	}
	if c.final {
		e.final, e.host = true, strings.ToLower(e.hostNow())
		e.decided["hostname"] = true // ssh has looked up the address by then
		if err := e.pass(ctx); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// pass applies the blocks that hold for the host, in order.
func (e *evaluation) pass(ctx context.Context) error {
	named, others := e.c.byName[e.host], e.c.others
	for len(named)+len(others) > 0 {
		from := &others
		if len(others) == 0 || len(named) > 0 && named[0] < others[0] {
			from = &named
		}
		b := &e.c.blocks[(*from)[0]]
		*from = (*from)[1:]
		met, err := e.meets(ctx, b)
		if err != nil {
			return err
		}
		if !met {
			continue
		}
		for _, d := range b.directives {
			if err := e.apply(d); err != nil {
				return err
			}
		}
	}
	return nil
}

func (e *evaluation) meets(ctx context.Context, b *block) (bool, error) {
	for _, c := range b.conditions {
		met := false
		var err error
		if c.criteria != nil {
			met, err = e.holds(ctx, c)
		} else {
			met = matchAny(c.patterns, e.host)
		}
		if !met || err != nil {
			return false, err
		}
	}
	return true, nil
}

// apply applies a line to the host, unless an earlier line has already set its keyword.
func (e *evaluation) apply(d directive) error {
	k, known := keywords[d.keyword]
	if !known {
		if !e.decided[d.keyword] && d.keyword != "ignoreunknown" {
			e.decided[d.keyword] = true
			e.origins = append(e.origins, Origin{d.keyword, d.rest, d.file, d.line, false})
		}
		return nil
	}
	if e.decided[d.keyword] && !k.adds || e.final && k.adds && e.taken(d) {
		return nil
	}
	e.decided[d.keyword] = true
	e.origins = append(e.origins, Origin{d.keyword, d.rest, d.file, d.line, !k.idle})
	return k.set(e, d)
}

// taken says whether the first pass applied this line.
func (e *evaluation) taken(d directive) bool {
	return slices.ContainsFunc(e.origins, func(o Origin) bool { return o.File == d.file && o.Line == d.line })
}

// hostNow returns the name to connect to, as far as it is known.
func (e *evaluation) hostNow() string {
	if e.s.HostName == "" {
		return e.name
	}
	host, err := e.expand(e.s.HostName, e.givenName)
	if err != nil {
		return e.s.HostName
	}
	return host
}

func (e *evaluation) userNow() string { return cmp.Or(e.s.User, e.c.local.User) }

// settled returns the settings with everything expanded.
func (e *evaluation) settled() (s Settings, err error) {
	if e.s.HostName != "" {
		if _, err := e.expand(e.s.HostName, e.givenName); err != nil {
			return s, e.atLine("hostname", e.s.HostName, err)
		}
	}
	t := e.tokens()
	s = e.s
	s.HostName, _ = t('h')
	for _, setting := range []struct {
		keyword string
		files   *[]string
	}{
		{"identityfile", &s.IdentityFile},
		{"certificatefile", &s.CertificateFile},
		{"userknownhostsfile", &s.UserKnownHostsFile},
		{"globalknownhostsfile", &s.GlobalKnownHostsFile},
	} {
		var paths []string
		for _, text := range *setting.files {
			path, err := e.path(text, t)
			if err != nil {
				return s, e.atLine(setting.keyword, text, err)
			}
			paths = append(paths, path)
		}
		*setting.files = paths
	}
	if s.IdentityAgent, err = e.path(e.s.IdentityAgent, t); err != nil {
		return s, e.atLine("identityagent", e.s.IdentityAgent, err)
	}
	if s.ProxyCommand, err = e.command(e.s.ProxyCommand, t.only("hnpr")); err != nil {
		return s, e.atLine("proxycommand", e.s.ProxyCommand, err)
	}
	jump := strings.Join(e.s.ProxyJump, ",")
	expanded, err := e.expand(jump, t.only("hnpr"))
	if err != nil {
		return s, e.atLine("proxyjump", jump, err)
	}
	if s.ProxyJump = nil; expanded != "" {
		s.ProxyJump = strings.Split(expanded, ",")
	}
	return s, nil
}

// atLine returns err, which is about a value of a keyword, with the place of the line that has this value.
func (e *evaluation) atLine(keyword, value string, err error) error {
	for _, o := range e.origins {
		args, _ := splitArgs(o.Value)
		if o.Keyword == keyword && (o.Value == value || slices.Contains(args, value)) {
			return &Error{o.File, o.Line, keyword + ": " + err.Error(), ""}
		}
	}
	return err
}
