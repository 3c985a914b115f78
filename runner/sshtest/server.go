// Package sshtest provides SSH servers on loopback, for tests, examples and the demo. A Server runs commands for real,
// and can misbehave in the ways in which real servers do; a Fleet is many Servers; OpenSSH is a real sshd. All of them
// listen on Address, each on a port of its own.
package sshtest

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
)

// Address is the IP address of every server.
const Address = "127.0.0.1"

// Server is one SSH server. Its zero value is a healthy host that lets nobody in; set the fields before Start.
type Server struct {
	Name       string          // the host's own name: what hostname prints, and $HAIL_HOST
	Dir        string          // where commands run, made for the first one; empty: a temporary folder, removed by Close
	HostKey    ssh.Signer      // nil: a new ed25519 key
	Authorized []ssh.PublicKey // keys that may log in
	Password   string          // may log in too; empty: no password may
	Asks       bool            // ask for the password only by keyboard-interactive
	Play       func(*Command)  // plays the commands instead of running them; nil: run them
	Forward    bool            // allow tunnels, to loopback addresses

	Faults
}

// Faults are the ways in which a Server misbehaves.
type Faults struct {
	HangUp        bool          // close connections at once
	Mute          bool          // accept connections and say nothing
	Greeting      string        // say this instead of a version, and close
	Banner        string        // sent before the login
	EndlessBanner bool          // send a banner without end before the login
	LoginDelay    time.Duration // before a key is answered
	EndlessAsking bool          // ask questions without end
	MuteChannel   bool          // never answer the opening of a channel
	NoChannel     bool          // refuse channels
	MuteExec      bool          // never answer a command
	NoExec        bool          // refuse commands
	CutAfter      int           // cut the connection after so many bytes of output; 0: never
	NoStatus      bool          // end commands without an exit status
	Statuses      []uint32      // send these instead of the exit status, in this order
	Signal        string        // send this as the name of an exit signal instead of the exit status
	KeepChannel   bool          // send the status, and leave the channel open
	OpensChannels bool          // open a channel to the client after login

	Raw      func(net.Conn)                         // serves a connection instead of SSH, until it returns
	LoggedIn func(*ssh.ServerConn)                  // runs beside the sessions, until the connection ends
	Session  func(ssh.Channel, <-chan *ssh.Request) // serves sessions instead of running commands
}

// Running is a Server that has been started.
type Running struct {
	Server
	listener net.Listener
	config   *ssh.ServerConfig
	dir      folder

	mu      sync.Mutex
	conns   map[net.Conn]struct{}
	groups  map[int]struct{} // process groups of commands that run
	closed  bool
	guesses int // wrong passwords
	most    int // most connections at once
	wg      sync.WaitGroup
	end     chan struct{} // closed by Close
}

// Most is the largest number of connections there were at once.
func (r *Running) Most() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.most
}

// Guesses is how often a wrong password was tried.
func (r *Running) Guesses() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.guesses
}

// Start listens and serves until Close.
func (s Server) Start() (*Running, error) {
	if s.HostKey == nil {
		key, err := NewKey()
		if err != nil {
			return nil, err
		}
		s.HostKey = key
	}
	l, err := net.Listen("tcp", Address+":0")
	if err != nil {
		return nil, err
	}
	r := &Running{Server: s, listener: l, dir: folder{path: s.Dir}, conns: map[net.Conn]struct{}{}, groups: map[int]struct{}{}, end: make(chan struct{})}
	r.config = r.serverConfig()
	r.wg.Go(r.accept)
	return r, nil
}

// Port is the port that the server listens on.
func (r *Running) Port() int { return r.listener.Addr().(*net.TCPAddr).Port }

// KnownHosts is the server's line for a known_hosts file.
func (r *Running) KnownHosts() string { return knownHosts(r.Port(), r.HostKey.PublicKey()) }

func knownHosts(port int, key ssh.PublicKey) string {
	return fmt.Sprintf("[%s]:%d %s", Address, port, ssh.MarshalAuthorizedKey(key))
}

// Close ends the connections and every command that still runs, and waits for them.
func (r *Running) Close() error {
	r.mu.Lock()
	first := !r.closed
	r.closed = true
	for c := range r.conns {
		c.Close()
	}
	for group := range r.groups {
		killGroup(group)
	}
	r.mu.Unlock()
	if first {
		close(r.end)
		r.listener.Close()
	}
	r.wg.Wait()
	return r.dir.remove()
}

// Cut ends the connections that are open; the server goes on.
func (r *Running) Cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for c := range r.conns {
		c.Close()
	}
}

func (r *Running) accept() {
	for {
		c, err := r.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // out of descriptors: the next one may succeed
			select {
			case <-time.After(10 * time.Millisecond):
				continue
			case <-r.end:
				return
			}
		}
		if r.HangUp || !r.keep(c) {
			c.Close()
			continue
		}
		r.wg.Go(func() {
			defer r.drop(c)
			r.serve(c)
		})
	}
}

func (r *Running) keep(c net.Conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closed {
		r.conns[c] = struct{}{}
		r.most = max(r.most, len(r.conns))
	}
	return !r.closed
}

func (r *Running) drop(c net.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.conns, c)
	c.Close()
}

func (r *Running) serve(c net.Conn) {
	switch {
	case r.Raw != nil:
		r.Raw(c)
		return
	case r.Mute:
		io.Copy(io.Discard, c)
		return
	case r.Greeting != "":
		io.WriteString(c, r.Greeting)
		return
	}
	sc, chans, reqs, err := ssh.NewServerConn(c, r.config)
	if err != nil {
		return
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() { ssh.DiscardRequests(reqs) })
	if r.OpensChannels {
		wg.Go(func() { sc.OpenChannel("forwarded-tcpip", nil) })
	}
	if r.LoggedIn != nil {
		wg.Go(func() { r.LoggedIn(sc) })
	}
	for nc := range chans {
		switch {
		case r.MuteChannel:
		case r.NoChannel:
			nc.Reject(ssh.ResourceShortage, "no more sessions")
		case nc.ChannelType() == "session" && r.Session != nil:
			if ch, reqs, err := nc.Accept(); err == nil {
				wg.Go(func() { r.Session(ch, reqs) })
			}
		case nc.ChannelType() == "session":
			wg.Go(func() { r.session(c, sc.User(), nc) })
		case nc.ChannelType() == "direct-tcpip":
			wg.Go(func() { r.tunnel(nc) })
		default:
			nc.Reject(ssh.UnknownChannelType, "unknown channel type")
		}
	}
}

// folder is a directory that is made when it is first needed.
type folder struct {
	once sync.Once
	path string
	temp bool
	err  error
}

func (f *folder) make() (string, error) {
	f.once.Do(func() {
		if f.temp = f.path == ""; f.temp {
			f.path, f.err = os.MkdirTemp("", "hail-host-")
		} else {
			f.err = os.MkdirAll(f.path, 0o700)
		}
	})
	return f.path, f.err
}

func (f *folder) remove() error {
	f.once.Do(func() {})
	if f.temp {
		return os.RemoveAll(f.path)
	}
	return nil
}
