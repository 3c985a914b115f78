// Package sshconfig reads ssh_config files and says what they mean for one host, as ssh would. It is the only package
// that imports the library that parses them.
package sshconfig

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Config is what a set of ssh_config files says. It does not change after Load, and is safe for concurrent use. A nil
// Config says nothing.
type Config struct {
	local   Local
	options []directive      // for any host, before all else
	blocks  []block          // in the order of precedence
	byName  map[string][]int // the blocks that only certain names can match, by name
	others  []int            // all other blocks
	aliases []Alias
	final   bool    // there is a Match final, which causes a second pass, whatever else it asks for
	oracle  *oracle // set with Local.AskSSH
}

// Local describes the side that connects: what tokens stand for, and what Match compares with.
type Local struct {
	Home      string              // %d, and ~ in file names
	User      string              // %u, Match localuser, and the default login name
	Hostname  string              // %l and %L
	UID       int                 // %i
	Getenv    func(string) string // ${NAME} in file names, and SHELL; nil: the environment is empty
	AllowExec bool                // Match exec may run programs
	AskSSH    bool                // let ssh -G read the files instead of this package; there are no aliases then
}

// Shell returns the shell that runs the programs of ssh_config, as for ssh: that of the user, or /bin/sh.
func (l Local) Shell() string {
	if l.Getenv == nil {
		return "/bin/sh"
	}
	return cmp.Or(l.Getenv("SHELL"), "/bin/sh")
}

// Settings is what ssh_config says about one host. Tokens are expanded, and so are ~ and ${NAME} in file names. A
// setting that it does not mention is zero. Lists of algorithms are as written, perhaps with a leading +, - or ^. Each
// setting has the name of its keyword.
type Settings struct {
	HostName                     string // where to connect; never empty
	User                         string
	Port                         int
	AddressFamily                string
	BindAddress                  string
	CertificateFile              []string
	Ciphers                      string
	ConnectionAttempts           int
	ConnectTimeout               time.Duration
	ForwardAgent                 string // yes, no, a socket, or $NAME
	GlobalKnownHostsFile         []string
	HostKeyAlgorithms            string
	HostKeyAlias                 string
	IdentitiesOnly               bool
	IdentityAgent                string   // a socket, "none", "SSH_AUTH_SOCK", or $NAME
	IdentityFile                 []string // in order; "none" removes the defaults
	KbdInteractiveAuthentication string   // no; empty: yes
	KexAlgorithms                string
	MACs                         string
	PasswordAuthentication       string // as KbdInteractiveAuthentication
	PreferredAuthentications     string
	ProxyCommand                 string
	ProxyJump                    []string // hops, in the order in which they are passed
	PubkeyAcceptedAlgorithms     string
	PubkeyAuthentication         string // as KbdInteractiveAuthentication
	RemoteCommand                string
	RequestTTY                   string
	SendEnv                      []string
	ServerAliveCountMax          int
	ServerAliveInterval          time.Duration
	SetEnv                       []string // NAME=VALUE
	StrictHostKeyChecking        string   // yes, no, ask or accept-new
	UserKnownHostsFile           []string
}

// Given is what is set for a host elsewhere, and takes precedence over all files: where to connect, a login name, a port,
// and options "Key=Value", as for ssh -o. The options of Load take precedence over these options.
type Given struct {
	HostName string // without tokens
	User     string
	Port     int
	Options  []string
}

// hostName returns where to connect as a HostName line has it, in which % begins a token.
func (g Given) hostName() string { return strings.ReplaceAll(g.HostName, "%", "%%") }

// Alias is a name in a Host line, and its place.
type Alias struct {
	Name string
	File string
	Line int
}

// Origin is a line that applies to a host.
type Origin struct {
	Keyword string // lower case
	Value   string // as written
	File    string // or an option, as in `-o "Port=22"`
	Line    int
	Used    bool // false: the keyword has no effect in hail
}

// Error says what is wrong with a file or an option, and where. Line is 0 if the whole file is meant.
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

// Load reads those of paths that exist, and the files that they include; earlier paths take precedence. options,
// "Key=Value" as for ssh -o, take precedence over all of them. Its errors are *Errors. With local.AskSSH it reads
// nothing itself, and does not fail.
func Load(paths, options []string, local Local) (*Config, error) {
	if local.AskSSH {
		return &Config{local: local, oracle: newOracle(paths, options)}, nil
	}
	l := loader{c: &Config{local: local, byName: map[string][]int{}}, named: map[string]bool{}}
	for _, text := range options {
		d, err := l.option("-o", text)
		if err != nil {
			return nil, err
		}
		l.c.options = append(l.c.options, d)
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

// WithoutOptions returns what the files say alone, without the options of Load.
func (c *Config) WithoutOptions() *Config {
	if c == nil {
		return nil
	}
	files := *c
	files.options = nil
	if c.oracle != nil {
		files.oracle = &oracle{args: c.oracle.args, answers: map[string]*Config{}}
	}
	return &files
}

// index drops blocks without effect, and finds those that only some names can match.
func (c *Config) index() {
	c.final = slices.ContainsFunc(c.blocks, block.hasFinal)
	c.blocks = slices.DeleteFunc(c.blocks, func(b block) bool { return len(b.directives) == 0 })
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

// hasFinal says whether a Match final is among the conditions.
func (b block) hasFinal() bool {
	return slices.ContainsFunc(b.conditions, func(c condition) bool {
		return slices.ContainsFunc(c.criteria, func(m criterion) bool { return m.kind == "final" })
	})
}

// names returns the only names that the block can match; nil if there may be others.
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

// Lookup returns the settings for the host that the user calls name. Cancelling ctx kills the programs that it runs.
// If a line for this host is not supported, the error is an *Error; what ssh itself reports with Local.AskSSH is an
// error of another type.
func (c *Config) Lookup(ctx context.Context, name string, given Given) (Settings, error) {
	e, err := c.evaluate(ctx, name, given)
	if err != nil {
		return Settings{}, err
	}
	return e.settled()
}

// Path expands the tokens, the ~ and the variables in text, a file name as in ControlPath, for a host.
func (c *Config) Path(ctx context.Context, name string, given Given, text string) (string, error) {
	e, err := c.evaluate(ctx, name, given)
	if err != nil {
		return "", err
	}
	return e.path(text, e.tokens())
}

// Explain returns the lines that apply to a host, in the order in which they were applied.
func (c *Config) Explain(ctx context.Context, name string, given Given) ([]Origin, error) {
	e, err := c.evaluate(ctx, name, given)
	if err != nil {
		return nil, err
	}
	return e.origins, nil
}
