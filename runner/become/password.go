package become

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// Password is the password for the tools of all hosts. A wrong one must not lock an account on thousands of machines:
// until a host has accepted it, it is tried on one host at a time and given up after one refusal, or after mostEnds
// hosts on which the tool was given it and ended. A nil Password is no password.
type Password struct {
	secret string
	turn   chan struct{} // held by whoever tries it while no host has accepted it

	mu   sync.Mutex
	good bool
	bad  bool
	ends int // on how many hosts the tool was given it and ended
}

// mostEnds is more than one: a tool that ends without asking again may have found the password wrong, or right and the
// user not allowed to use the tool.
const mostEnds = 3

// NewPassword returns a password that nobody has tried yet.
func NewPassword(secret string) *Password {
	return &Password{secret: secret, turn: make(chan struct{}, 1)}
}

var (
	errRefused = errors.New("the password is withheld: another host has refused it")
	errEnds    = fmt.Errorf("the password is withheld: no command was started with it on %d hosts", mostEnds)
)

func (p *Password) state() (good bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.good:
		return true, nil
	case p.bad:
		return false, errRefused
	case p.ends >= mostEnds:
		return false, errEnds
	}
	return false, nil
}

// take returns the password once it is the caller's turn. If it sets *turn, the caller holds the turn until done or
// refuse.
func (p *Password) take(ctx context.Context, turn *bool) (string, error) {
	if p == nil {
		return "", errors.New("it asks for a password, and none was given")
	}
	good, err := p.state()
	if good || err != nil {
		return p.secret, err
	}
	select {
	case p.turn <- struct{}{}:
		*turn = true
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
	if good, err = p.state(); good { // all who waited may try it now
		p.leave(turn)
	}
	return p.secret, err
}

// done gives the turn back. accepted says that the password was sent and was right.
func (p *Password) done(accepted bool, turn *bool) {
	if p == nil {
		return
	}
	p.mu.Lock()
	p.good = p.good || accepted
	p.mu.Unlock()
	p.leave(turn)
}

// ended notes that the tool was given the password, and has ended without starting the command.
func (p *Password) ended() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ends++
}

// refuse notes that the password was wrong, and gives the turn back.
func (p *Password) refuse(turn *bool) {
	p.mu.Lock()
	p.bad = true
	p.mu.Unlock()
	p.leave(turn)
}

func (p *Password) leave(turn *bool) {
	if *turn {
		*turn = false
		<-p.turn
	}
}
