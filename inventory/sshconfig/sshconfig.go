// Package sshconfig reads ssh_config files and says what they mean for one host, as ssh would. It is the only importer of
// the library that parses them.
package sshconfig

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Config is what some ssh_config files say. It is not changed once it is loaded, and safe for concurrent use. A nil Config
// says nothing.
type Config struct {
	local   Local
	blocks  []block          // in the order of precedence
	byName  map[string][]int // the blocks that one of its names begins, by name
	others  []int            // all other blocks
	aliases []Alias
	files   int
	oracle  *oracle // nil: this package evaluates by itself
}

// Local describes the side that connects: what tokens stand for, and what Match looks at.
type Local struct {
	Home      string              // %d, and ~ in file names
	User      string              // %u, Match localuser, and the default login name
	Hostname  string              // %l and %L
	UID       int                 // %i
	Getenv    func(string) string // ${NAME} in file names; nil: there is no environment
	AllowExec bool                // Match exec may run programs
	AskSSH    bool                // ssh -G says what the files mean, and not this package, which then knows no aliases
}

// Settings is what ssh_config says of one host: tokens are replaced, and in names of files ~ and ${NAME}, too. What it does
// not say is zero. Lists of algorithms stand as written, with + - or ^ before them.
type Settings struct {
	HostName                 string // where to connect; never empty
	User                     string
	Port                     int
	AddressFamily            string
	BindAddress              string
	CertificateFile          []string
	Ciphers                  string
	ConnectionAttempts       int
	ConnectTimeout           time.Duration
	ForwardAgent             string // yes, no, a socket, or $NAME
	GlobalKnownHostsFile     []string
	HostKeyAlgorithms        string
	HostKeyAlias             string
	IdentitiesOnly           bool
	IdentityAgent            string   // a socket, "none", "SSH_AUTH_SOCK", or $NAME
	IdentityFile             []string // in order; "none" removes the defaults
	KexAlgorithms            string
	MACs                     string
	PreferredAuthentications string
	ProxyCommand             string
	ProxyJump                []string // hops in order, the first one first
	PubkeyAcceptedAlgorithms string
	RemoteCommand            string
	RequestTTY               string
	SendEnv                  []string
	ServerAliveCountMax      int
	ServerAliveInterval      time.Duration
	SetEnv                   []string // NAME=VALUE
	StrictHostKeyChecking    string   // yes, no, ask or accept-new
	UserKnownHostsFile       []string
}

// Given is what is said of a host elsewhere, and goes before all files: a login name, a port, and options as after ssh's
// -o, "Key=Value".
type Given struct {
	User    string
	Port    int
	Options []string
}

// Alias is a name that a Host line has, and where.
type Alias struct {
	Name string
	File string
	Line int
}

// Origin is a line that came to count for a host.
type Origin struct {
	Keyword string // lower case
	Value   string // as written
	File    string // or "-o …"
	Line    int
	Used    bool // false: hail does without it
}

// Error is what is wrong with a file, and where. Line is 0 where it is about the whole file.
type Error struct {
	File string
	Line int
	Text string
	Hint string
}

// Error returns the place and the text, without the hint.
func (e *Error) Error() string {
	if e.Line == 0 {
		return e.File + ": " + e.Text
	}
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Text)
}

// Load reads the files that exist among paths, and what they include; the first one has precedence. options, "Key=Value"
// as after ssh's -o, go before them. Its errors are *Errors.
func Load(paths, options []string, local Local) (*Config, error) {
	if local.AskSSH {
		return &Config{local: local, oracle: newOracle(paths, options)}, nil
	}
	l := loader{c: &Config{local: local, byName: map[string][]int{}}, named: map[string]bool{}}
	l.begin(nil)
	for _, text := range options {
		d, err := parseOption("-o", text)
		if err == nil {
			err = l.check(d)
		}
		if err != nil {
			return nil, err
		}
		l.c.blocks[0].directives = append(l.c.blocks[0].directives, d)
	}
	for _, path := range paths {
		dir := filepath.Join(local.Home, ".ssh")
		if strings.HasPrefix(path, "/etc/ssh/") {
			dir = "/etc/ssh"
		}
		if err := l.file(path, dir, nil, 0); err != nil {
			return nil, err
		}
	}
	l.c.index()
	return l.c, nil
}

// index finds the blocks that only some names can match.
func (c *Config) index() {
	c.blocks = slices.DeleteFunc(c.blocks, func(b block) bool { return len(b.directives) == 0 && !b.asks() })
	for i, b := range c.blocks {
		names := b.names()
		for _, name := range names {
			c.byName[name] = append(c.byName[name], i)
		}
		if names == nil {
			c.others = append(c.others, i)
		}
	}
}

// asks says whether a Match final is among the conditions, which makes for a second pass by itself.
func (b block) asks() bool {
	return slices.ContainsFunc(b.conditions, func(c condition) bool {
		return slices.ContainsFunc(c.criteria, func(m criterion) bool { return m.kind == "final" })
	})
}

// names are the only names for which the block can hold, or nil.
func (b block) names() (names []string) {
	for _, c := range b.conditions {
		if len(c.patterns) == 0 {
			continue
		}
		for _, p := range c.patterns {
			if !p.plain {
				return nil
			}
			if !p.negated {
				names = append(names, p.text)
			}
		}
		slices.Sort(names)
		return slices.Compact(names)
	}
	return nil
}

// Aliases returns the names in the Host lines of the files, without wildcards and negations, each once, in order.
func (c *Config) Aliases() []Alias {
	if c == nil {
		return nil
	}
	return c.aliases
}

// Lookup returns the settings for the host that the user calls name. ctx ends the programs that are run for it. A line for this host that
// says what is not supported is an *Error; what ssh itself says with Local.AskSSH is a plain error.
func (c *Config) Lookup(ctx context.Context, name string, given Given) (Settings, error) {
	e, err := c.evaluate(ctx, name, given)
	if err != nil {
		return Settings{}, err
	}
	return e.settled()
}

// Path replaces the tokens, the ~ and the variables in a file name, as in ControlPath.
func (c *Config) Path(ctx context.Context, name string, given Given, text string) (string, error) {
	e, err := c.evaluate(ctx, name, given)
	if err != nil {
		return "", err
	}
	return e.path(text, e.tokens())
}

// Explain returns the lines that came to count for a host, in rising order of their places.
func (c *Config) Explain(ctx context.Context, name string, given Given) ([]Origin, error) {
	e, err := c.evaluate(ctx, name, given)
	if err != nil {
		return nil, err
	}
	return e.origins, nil
}
