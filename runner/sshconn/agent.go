package sshconn

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// agentTimeout is how long an agent may take to accept a connection and to list its keys, and how long it may stay
// silent while somebody waits for a signature.
const agentTimeout = 5 * time.Second

var errMute = fmt.Errorf("the agent has not answered for %v", agentTimeout)

// agentKeys are the keys of one agent, or why there are none. All hosts share its one connection.
type agentKeys struct {
	socket  string
	once    sync.Once
	conn    *agentConn
	signers []ssh.Signer
	err     error
	listed  atomic.Bool // the fields above are set
	mute    atomic.Bool // it has stopped answering
}

// agentConn notices when the agent answers, and when it hangs up.
type agentConn struct {
	net.Conn
	heard atomic.Int64 // bytes read
	gone  atomic.Bool
}

func (c *agentConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.heard.Add(int64(n))
	if err != nil {
		c.gone.Store(true)
	}
	return n, err
}

// agent returns the keys of the agent at socket. It asks for them once, for at most agentTimeout, and again when the
// connection to the agent has ended since.
func (k *keyring) agent(ctx context.Context, socket string) *agentKeys {
	k.mu.Lock()
	a := k.agents[socket]
	if a == nil || a.lost() {
		if k.agents == nil {
			k.agents = map[string]*agentKeys{}
		}
		if a != nil {
			a.conn.Close()
		}
		a = &agentKeys{socket: socket}
		k.agents[socket] = a
	}
	k.mu.Unlock()
	a.once.Do(func() {
		k.list(context.WithoutCancel(ctx), a)
		if a.err == errMute {
			k.warn(fmt.Sprintf("the agent at %s has not answered for %v: its keys are left out", socket, agentTimeout))
		}
	})
	return a
}

// lost reports whether the agent has hung up since it listed its keys.
func (a *agentKeys) lost() bool { return a.listed.Load() && a.err == nil && a.conn.gone.Load() }

// list connects to the agent and asks for its keys.
func (k *keyring) list(ctx context.Context, a *agentKeys) {
	ctx, cancel := context.WithTimeout(ctx, agentTimeout)
	defer cancel()
	defer a.listed.Store(true)
	nc, err := new(net.Dialer).DialContext(ctx, "unix", a.socket)
	if err != nil {
		a.err = err
		return
	}
	k.mu.Lock()
	a.conn = &agentConn{Conn: nc}
	if k.closed { // nobody else closes it
		nc.Close()
	}
	k.mu.Unlock()
	stop := context.AfterFunc(ctx, func() { nc.Close() })
	a.signers, a.err = agent.NewClient(a.conn).Signers()
	if !stop() {
		a.err = errMute
	}
}

// usable returns the keys that the agent holds, or why it can't sign with them.
func (a *agentKeys) usable() ([]ssh.Signer, error) {
	if a.err == nil && a.mute.Load() {
		return nil, errMute
	}
	return a.signers, a.err
}

// patientSigner waits for an agent that may be signing for many other hosts: the clock of the login stands still
// meanwhile. It gives up on an agent that does not answer at all, and when the agent has died it asks the new one at
// the same socket.
type patientSigner struct {
	ssh.Signer
	keys  *keyring
	agent *agentKeys
	ctx   context.Context
	clock *clock

	failed func(error) // told why there is no signature
}

// mostWaits is how many times a signature is waited for, agentTimeout each, while the agent answers others: ten minutes
// are enough for all who wait in its queue.
const mostWaits = 120

func (p *patientSigner) sign(by func(ssh.Signer) (*ssh.Signature, error)) (*ssh.Signature, error) {
	s, err := p.ask(by)
	if err != nil && p.ctx.Err() == nil {
		p.failed(err)
	}
	return s, err
}

func (p *patientSigner) ask(by func(ssh.Signer) (*ssh.Signature, error)) (*ssh.Signature, error) {
	s, err := p.wait(p.Signer, by)
	if err == nil || !p.agent.lost() {
		return s, err
	}
	p.agent = p.keys.agent(p.ctx, p.agent.socket)
	i := indexOf(p.agent.signers, p.PublicKey())
	if i < 0 {
		return nil, errors.New("the agent ended, and its successor does not hold the key")
	}
	return p.wait(p.agent.signers[i], by)
}

// signature is what a signer returns.
type signature struct {
	*ssh.Signature
	err error
}

func (p *patientSigner) wait(signer ssh.Signer, by func(ssh.Signer) (*ssh.Signature, error)) (*ssh.Signature, error) {
	if p.agent.mute.Load() {
		return nil, errMute
	}
	done := make(chan signature, 1)
	err := p.keys.start(func() {
		s, err := by(signer)
		done <- signature{s, err}
	})
	if err != nil {
		return nil, err
	}
	p.clock.pause()
	defer p.clock.resume()
	heard := p.agent.conn.heard.Load()
	for range mostWaits {
		select {
		case s := <-done:
			return s.Signature, s.err
		case <-time.After(agentTimeout):
			now := p.agent.conn.heard.Load()
			if now == heard {
				p.agent.mute.Store(true)
				return nil, errMute
			}
			heard = now // it is busy with those before us
		case <-p.ctx.Done():
			return nil, context.Cause(p.ctx)
		}
	}
	p.agent.mute.Store(true)
	return nil, errors.New("the agent did not sign within ten minutes")
}

func (p *patientSigner) Sign(rand io.Reader, data []byte) (*ssh.Signature, error) {
	return p.sign(func(s ssh.Signer) (*ssh.Signature, error) { return s.Sign(rand, data) })
}

// SignWithAlgorithm makes RSA keys of an agent sign with SHA-2.
func (p *patientSigner) SignWithAlgorithm(rand io.Reader, data []byte, algorithm string) (*ssh.Signature, error) {
	return p.sign(func(s ssh.Signer) (*ssh.Signature, error) {
		return s.(ssh.AlgorithmSigner).SignWithAlgorithm(rand, data, algorithm)
	})
}
