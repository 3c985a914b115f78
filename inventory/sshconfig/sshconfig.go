// Package sshconfig reads ssh_config files and says what they mean for one host. It is the only importer of the library
// that parses them.
package sshconfig

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/kevinburke/ssh_config"
)

// Config is what some ssh_config files say, the first file having precedence. It is safe for concurrent use once it is
// loaded. A nil Config says nothing.
type Config struct {
	files []*ssh_config.Config
	local Local
}

// Local describes the side that connects, for the tokens of ssh_config.
type Local struct {
	Home string // %d, and ~ in file names
	User string // %u, and the default login name
}

// Settings is what ssh_config says of one host. What it does not say is zero.
type Settings struct {
	HostName              string // where to connect, tokens replaced
	User                  string
	Port                  int
	IdentityFile          []string // in order; tokens and ~ replaced; "none" removes the defaults
	IdentitiesOnly        bool
	IdentityAgent         string   // a socket, "none", or "SSH_AUTH_SOCK"
	ProxyJump             []string // hops in order, the first one first; nil where unset or "none"
	UserKnownHostsFile    []string
	GlobalKnownHostsFile  []string
	StrictHostKeyChecking string // as written, lower case
	HostKeyAlias          string
	ConnectTimeout        time.Duration
}

// Load reads the files that exist among paths; the first one has precedence. A file that can't be parsed is an error.
func Load(paths []string, local Local) (*Config, error) {
	c := &Config{local: local}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		parsed, err := ssh_config.DecodeBytes(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		c.files = append(c.files, parsed)
	}
	return c, nil
}

// decisive are keywords that change who or what is reached and that are not implemented: ignoring one would reach
// something else than ssh does. The value is the setting that is harmless.
var decisive = map[string]string{
	"ProxyCommand":         "none",
	"CanonicalizeHostname": "no",
	"KnownHostsCommand":    "none",
	"RevokedHostKeys":      "none",
	"CertificateFile":      "none",
	"BindAddress":          "",
	"BindInterface":        "",
	"AddressFamily":        "any",
}

// Lookup returns the settings for the host that the user calls name. user, when not empty, was given elsewhere and goes
// before ssh_config's.
func (c *Config) Lookup(name, user string) (Settings, error) {
	if c == nil {
		c = &Config{}
	}
	var s Settings
	for keyword, harmless := range decisive {
		if v := c.first(name, keyword); v != "" && !strings.EqualFold(v, harmless) {
			return s, fmt.Errorf("ssh_config sets %s for %s, which is not supported", keyword, name)
		}
	}
	s.User = user
	if s.User == "" {
		s.User = c.first(name, "User")
	}
	if v := c.first(name, "Port"); v != "" {
		port, err := strconv.Atoi(v)
		if err != nil || port < 1 || port > 65535 {
			return s, fmt.Errorf("ssh_config sets Port %q for %s: not a port", v, name)
		}
		s.Port = port
	}
	s.HostName = name
	if v := c.first(name, "HostName"); v != "" {
		s.HostName = c.expand(v, tokens{"h": name, "n": name})
	}
	login := s.User
	if login == "" {
		login = c.local.User
	}
	port := s.Port
	if port == 0 {
		port = 22
	}
	all := tokens{"h": s.HostName, "n": name, "r": login, "p": strconv.Itoa(port), "u": c.local.User, "d": c.local.Home}
	for _, f := range c.every(name, "IdentityFile") {
		s.IdentityFile = append(s.IdentityFile, c.file(f, all))
	}
	s.IdentitiesOnly = yes(c.first(name, "IdentitiesOnly"))
	if v := c.first(name, "IdentityAgent"); v != "" {
		s.IdentityAgent = c.file(v, all)
	}
	if v := c.first(name, "ProxyJump"); v != "" && !strings.EqualFold(v, "none") {
		s.ProxyJump = strings.Split(c.expand(v, all), ",")
	}
	for _, f := range strings.Fields(c.first(name, "UserKnownHostsFile")) {
		s.UserKnownHostsFile = append(s.UserKnownHostsFile, c.file(f, all))
	}
	for _, f := range strings.Fields(c.first(name, "GlobalKnownHostsFile")) {
		s.GlobalKnownHostsFile = append(s.GlobalKnownHostsFile, c.file(f, all))
	}
	s.StrictHostKeyChecking = strings.ToLower(c.first(name, "StrictHostKeyChecking"))
	s.HostKeyAlias = c.first(name, "HostKeyAlias")
	if v := c.first(name, "ConnectTimeout"); v != "" && !strings.EqualFold(v, "none") {
		seconds, err := strconv.Atoi(v)
		if err != nil || seconds < 0 {
			return s, fmt.Errorf("ssh_config sets ConnectTimeout %q for %s: not a number of seconds", v, name)
		}
		s.ConnectTimeout = time.Duration(seconds) * time.Second
	}
	return s, nil
}

type Alias struct {
	Name, File string
	Line       int
}

func (c *Config) Aliases() []Alias { return nil }

func (c *Config) first(name, keyword string) string {
	for _, f := range c.files {
		if v, err := f.Get(name, keyword); err == nil && v != "" {
			return strings.Trim(v, `"`)
		}
	}
	return ""
}

func (c *Config) every(name, keyword string) (values []string) {
	for _, f := range c.files {
		vs, _ := f.GetAll(name, keyword)
		for _, v := range vs {
			values = append(values, strings.Trim(v, `"`))
		}
	}
	return values
}

func yes(v string) bool { return strings.EqualFold(v, "yes") || strings.EqualFold(v, "true") }

// tokens are the %-letters that a value may hold.
type tokens map[string]string

// expand replaces tokens; %% is a percent sign, and a letter that t does not have stays.
func (c *Config) expand(v string, t tokens) string {
	if !strings.Contains(v, "%") {
		return v
	}
	var b strings.Builder
	for i := 0; i < len(v); i++ {
		if v[i] != '%' || i+1 == len(v) {
			b.WriteByte(v[i])
			continue
		}
		i++
		letter := v[i : i+1]
		switch known, ok := t[letter]; {
		case letter == "%":
			b.WriteByte('%')
		case ok:
			b.WriteString(known)
		default:
			b.WriteString("%" + letter)
		}
	}
	return b.String()
}

// file is expand for file names: ~ is the home folder.
func (c *Config) file(v string, t tokens) string {
	v = c.expand(v, t)
	if rest, ok := strings.CutPrefix(v, "~/"); ok {
		return filepath.Join(c.local.Home, rest)
	}
	return v
}
