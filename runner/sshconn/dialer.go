// Package sshconn reaches hosts by SSH: settings, host keys, login, jump hosts, and the commands of one connection.
//
// New makes a Dialer of a Config. How to reach a host is said by its Connection, then by ssh_config, then by ssh's own
// defaults. Package wrap goes around the Dialer: without it, a command that is dropped may go on running on the host.
//
// Dropbear, from 2022.82 to 2024.85, may close a session that is being opened while another command of the connection
// ends, or even the connection. There, commands had better begin together, or one after another.
package sshconn

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"hail/inventory"
	"hail/inventory/sshconfig"
	"hail/runner"
)

// Config is what a Dialer needs to know. With its zero value, it reads nothing of this machine: a host needs a user, an
// identity and known_hosts in its own Connection. runner.Plan has fields of the same names; the caller copies them.
type Config struct {
	SSHConfig      *sshconfig.Config                        // nil: no ssh_config
	Local          sshconfig.Local                          // this side: home folder and user
	Environ        []string                                 // "NAME=VALUE", for SendEnv to choose from and for a ProxyCommand; nil: SendEnv has none, a ProxyCommand ours
	Agent          string                                   // socket of the SSH agent; empty: none
	Password       *Password                                // for hosts that accept no key; nil: none
	HostKeys       string                                   // strict, accept-new, off; empty: as in ssh_config, or strict
	ConnectTimeout time.Duration                            // for a host that sets none; 0: 10 s
	Connecting     int                                      // handshakes at once; below 1: no limit
	ConnectingMost int                                      // the same while logins are quick; below Connecting: no more
	PerAddress     int                                      // handshakes at once per address; below 1: no limit
	Find           func(name string) (inventory.Host, bool) // looks up jump hosts in the inventory; nil: none are there
	Control        string                                   // socket of an OpenSSH master, tokens as in ControlPath; empty: none
	Warn           func(text string)                        // gets lines for the user, from any goroutine; nil: dropped
	Trace          Trace                                    // nil: no trace
}

// Dialer is a runner.Dialer over SSH. All hosts share its connections to jump hosts and to the agent. It keeps them until
// it is closed; when there are many jump hosts, only while a host uses them.
type Dialer struct {
	config    Config
	hopConfig *sshconfig.Config // for jump hosts
	defaults  inventory.Connection
	limits    *limits
	keys      keyring
	known     knownFiles
	jumps     kept[*jump] // by the hops to them
	sessions  kept[slots] // of masters, by their sockets
	forwards  slots       // for the connections through a master
	warnOnce  sync.Once   // for the warning that host keys are not checked

	mu      sync.Mutex
	dialing map[*context.CancelCauseFunc]struct{} // what ends each Dial and Scan under way
	open    map[*conn]struct{}
	hops    int // of these, the connections to jump hosts
	closed  bool
}

// New returns a Dialer. The caller closes it after the connections that it has made.
func New(c Config) *Dialer {
	defaults := Defaults(c.Local)
	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = defaults.ConnectTimeout.Value()
	}
	if c.Warn == nil {
		c.Warn = func(string) {}
	}
	d := &Dialer{
		config:    c,
		hopConfig: c.SSHConfig.WithoutOptions(),
		defaults:  defaults,
		limits:    newLimits(c.Connecting, c.ConnectingMost, c.PerAddress),
		forwards:  newSlots(mostForwards),
		dialing:   map[*context.CancelCauseFunc]struct{}{},
		open:      map[*conn]struct{}{},
	}
	d.known.warn, d.keys.warn = c.Warn, c.Warn
	return d
}

// Close ends what is under way: Dial and Scan, which fail from then on, and every connection that is still open,
// including those to jump hosts and to the agent. Running commands are dropped.
func (d *Dialer) Close() error {
	d.mu.Lock()
	d.closed = true
	for end := range d.dialing {
		(*end)(errClosed)
	}
	open := slices.Collect(maps.Keys(d.open)) // the jump hosts' too
	d.mu.Unlock()
	for _, c := range open {
		c.Close()
	}
	d.keys.close()
	return nil
}

// errClosed is the cause of a context that ended because the Dialer was closed.
var errClosed = &runner.Failure{Status: runner.Error, Err: errors.New("the dialer is closed")}

// untilClosed returns a context that ends with ctx, or when the Dialer is closed. The caller calls end.
func (d *Dialer) untilClosed(ctx context.Context) (_ context.Context, end func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dialing[&cancel] = struct{}{}
	if d.closed {
		cancel(errClosed)
	}
	return ctx, func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(d.dialing, &cancel)
		cancel(nil)
	}
}

// errConnect is the cause of a context that ended because the time for connecting was up.
var errConnect = errors.New("connect timeout")

// Dial connects to h, through its jump host if it has one, verifies its host key, and logs in.
func (d *Dialer) Dial(ctx context.Context, h inventory.Host) (runner.Conn, error) {
	ctx, end := d.untilClosed(ctx)
	defer end()
	s, err := d.settings(ctx, d.config.SSHConfig, h)
	if err != nil {
		return nil, unsettled(ctx, err)
	}
	c, err := d.connect(ctx, d.newProgress(s))
	if err != nil {
		return nil, err
	}
	return c, nil
}

// connect reaches the host directly, through a jump host, or through an OpenSSH master.
func (d *Dialer) connect(ctx context.Context, p *progress) (*conn, error) {
	switch s := &p.settings; {
	case s.masterReachesHost:
		c, err := d.dialMaster(ctx, p)
		if err != nil {
			return nil, p.failure(ctx, err)
		}
		return c, nil
	case s.control != "":
		return d.connectBehindMaster(ctx, p)
	case len(s.jump) > 0:
		return d.connectBehindJump(ctx, p)
	}
	return d.connectInTurn(ctx, p, nil)
}

// silence is how long a host may say nothing and still count among the logins that are under way at once.
const silence = time.Second

// connectInTurn waits for its turn, and then has the connect timeout for everything up to the end of the login. Closing
// the returned connection calls leave, if there is one; when connectInTurn fails, its caller does, perhaps for the second
// time.
func (d *Dialer) connectInTurn(ctx context.Context, p *progress, leave func()) (*conn, error) {
	s := &p.settings
	queued := time.Now()
	place, err := d.limits.enter(ctx, s.hostport())
	if err != nil {
		return nil, err
	}
	defer place.leave()
	begun := time.Now()
	silent := time.AfterFunc(silence, place.stopCounting)
	defer silent.Stop()
	p.spoke = func() {
		silent.Stop()
		d.limits.all.noteAlive(time.Since(begun), s.timeout)
	}
	p.reach.Queue = time.Since(queued)
	p.trace.step(s.name, "connecting to %s%s", s.hostport(), s.over())

	ctx, end := p.limited(ctx)
	defer end()
	nc, err := p.open(ctx)
	if err != nil {
		return nil, p.failure(ctx, err)
	}
	d.limits.all.noteAlive(time.Since(begun), s.timeout)
	c, err := d.login(ctx, nc, p)
	if err != nil {
		nc.Close()
		err = p.failure(ctx, err)
		if _, reason := runner.StatusOf(err); reason == runner.Closed {
			place.narrow()
		}
		return nil, err
	}
	d.limits.all.noteLogin(time.Since(begun), s.timeout)
	if place.isShared() {
		c.settle(ctx)
	}
	c.leave = leave
	if !d.adopt(c) {
		c.Close()
		return nil, errClosed
	}
	return c, nil
}

// adopt notes that c is open. It returns false when the Dialer is already closed.
func (d *Dialer) adopt(c *conn) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.closed {
		d.open[c] = struct{}{}
		if c.settings.hop {
			d.hops++
		}
	}
	return !d.closed
}

func (d *Dialer) forget(c *conn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, open := d.open[c]; open && c.settings.hop {
		d.hops--
	}
	delete(d.open, c)
}

func (d *Dialer) hopsOpen() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.hops
}
