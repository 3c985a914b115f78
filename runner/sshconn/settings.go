package sshconn

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"hail/inventory"
	"hail/inventory/sshconfig"
	"hail/inventory/wildcard"
)

// settings is everything that is decided about one host before it is dialled: by the inventory and the command line
// first, then by ssh_config, then by ssh's defaults.
type settings struct {
	name       string // the host's name in the inventory
	address    string // name or IP to connect to
	port       int
	timeout    time.Duration // for connecting
	keepalive  time.Duration // without a sign of life, after which the server is asked for one
	maxMisses  int32         // how many of these questions may have no answer before the connection is cut
	env        []string      // NAME=VALUE to ask the server to set
	bare       bool          // commands are sent as they are, or refused if the server may not take them
	algorithms algorithms

	jump              []string // jump hosts, the nearest first
	hop               bool     // it is a jump host itself
	control           string   // socket of an OpenSSH master, connected to a jump host or to the host; empty: none
	masterReachesHost bool     // the master is connected to the host itself
	proxy             string   // command that makes the connection; empty: TCP
	shell             string   // that runs it
	environ           []string // of that; nil: that of this process
	network           string   // tcp, or tcp4 or tcp6 if only that is wanted
	bindAddress       net.IP   // our own address; nil: any
	attempts          int      // number of attempts to connect

	knownHosts []string // files; new keys are appended to the first one
	keyName    string   // name to look up in known_hosts: an alias, which has no port, or the address
	keyPort    int
	hostKeys   string // strict, accept-new or off

	user               string
	methods            []string // login methods, in order
	unused             []string // why others are not tried
	identities         []string // key files, in order
	identitiesOptional bool     // the identities are ssh_config's or a guess: missing ones are skipped
	guessed            bool     // no identity is named: these are the files that ssh tries by default
	onlyThese          bool     // offer no other keys of the agent
	certificates       []string // files of user certificates
	agent              string   // socket; empty: no agent
	agentForHost       string   // socket of the agent that the host may use; empty: none
}

func (s settings) hostport() string { return hostport(s.address, s.port) }

// Defaults returns how to reach a host about which neither the inventory nor ssh_config says anything: as ssh does.
// Without a home folder, there are no files.
func Defaults(local sshconfig.Local) inventory.Connection {
	c := inventory.Connection{User: local.User, Port: 22, ConnectTimeout: inventory.Duration(10 * time.Second)}
	if local.Home == "" {
		return c
	}
	for _, name := range []string{"id_rsa", "id_ecdsa", "id_ed25519"} {
		c.Identity = append(c.Identity, filepath.Join(local.Home, ".ssh", name))
	}
	for _, name := range []string{"known_hosts", "known_hosts2"} {
		c.KnownHosts = append(c.KnownHosts, filepath.Join(local.Home, ".ssh", name))
	}
	return c
}

// GivenTo returns what ssh_config is asked about a host: the name to look up, and what is set elsewhere.
func GivenTo(h inventory.Host) (name string, given sshconfig.Given) {
	c := h.Connection
	given = sshconfig.Given{HostName: strings.Trim(c.Address, "[]"), User: c.User, Port: c.Port}
	for _, key := range slices.Sorted(maps.Keys(c.Options)) {
		given.Options = append(given.Options, key+"="+c.Options[key])
	}
	return cmp.Or(c.SSHConfigHost, h.Name), given
}

// settings looks up the settings of a host, with config as its ssh_config. What ssh_config runs for that may take as long
// as connecting; if it takes longer, the error wraps errConnect.
func (d *Dialer) settings(ctx context.Context, config *sshconfig.Config, h inventory.Host) (settings, error) {
	c := h.Connection
	limit := cmp.Or(c.ConnectTimeout.Value(), d.config.ConnectTimeout)
	ctx, cancel := context.WithTimeoutCause(ctx, limit, errConnect)
	defer cancel()
	var err error
	for _, files := range []*[]string{&c.Identity, &c.KnownHosts} { // an inventory may write ~, which no shell has seen
		if *files, err = d.inHome(*files); err != nil {
			return settings{}, err
		}
	}
	name, given := GivenTo(h)
	f, err := config.Lookup(ctx, name, given)
	if errors.Is(err, errConnect) {
		err = fmt.Errorf("the programs in ssh_config did not end within %v: %w", limit, errConnect)
	}
	if err != nil {
		return settings{}, err
	}
	s := settings{
		name:      h.Name,
		address:   strings.Trim(cmp.Or(c.Address, f.HostName), "[]"),
		port:      cmp.Or(c.Port, f.Port, d.defaults.Port),
		timeout:   cmp.Or(c.ConnectTimeout.Value(), f.ConnectTimeout, d.config.ConnectTimeout),
		keepalive: cmp.Or(f.ServerAliveInterval, 15*time.Second),
		maxMisses: int32(cmp.Or(f.ServerAliveCountMax, 3)),
		env:       d.environment(f),
		bare:      c.Bare(),
		user:      cmp.Or(f.User, d.defaults.User),
	}
	if err := inventory.CheckUser(s.user); err != nil && s.user != "" { // ssh_config and jump hosts name users, too
		return s, err
	}
	if err := inventory.CheckAddress(s.address); err != nil {
		return s, err
	}
	d.addLogin(&s, c, f)
	if err := d.addHostKeys(&s, c, f); err != nil {
		return s, err
	}
	if d.config.Control != "" {
		s.masterReachesHost = reachesHost(d.config.Control)
		if s.control, err = config.Path(ctx, name, given, d.config.Control); err != nil {
			return s, fmt.Errorf("control socket: %w", err)
		}
	}
	if err := d.addWay(&s, c, f); err != nil {
		return s, err
	}
	s.algorithms, err = newAlgorithms(f)
	return s, err
}

func (d *Dialer) inHome(files []string) (found []string, err error) {
	for _, file := range files {
		if file, err = d.config.Local.InHome(file); err != nil {
			return nil, err
		}
		found = append(found, file)
	}
	return found, nil
}

// variable returns the value of an environment variable if text is its name after a $, and text otherwise.
func (d *Dialer) variable(text string) string {
	name, is := strings.CutPrefix(text, "$")
	if !is || d.config.Local.Getenv == nil {
		return text
	}
	return d.config.Local.Getenv(name)
}

// environment returns what SendEnv takes from our own environment, and then what SetEnv sets.
func (d *Dialer) environment(f sshconfig.Settings) (env []string) {
	for _, v := range d.config.Environ {
		name, _, _ := strings.Cut(v, "=")
		if slices.ContainsFunc(f.SendEnv, func(pattern string) bool { return wildcard.Match(pattern, name) }) {
			env = append(env, v)
		}
	}
	return append(env, f.SetEnv...)
}

func isNone(word string) bool { return strings.EqualFold(word, "none") }
