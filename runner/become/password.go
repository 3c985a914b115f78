package become

import (
	"context"
	"errors"
	"sync"
)

// Password is the password for the tools of all hosts. A wrong one must not lock an account on thousands of machines:
// until a host has accepted it, it is tried on one host at a time and given up after one refusal. A nil Password is no
// password.
type Password struct {
	secret string
	turn   chan struct{} // held by whoever tries it while no host has accepted it

	mu   sync.Mutex
	good bool
	bad  bool
}

// NewPassword returns a password that nobody has tried yet.
func NewPassword(secret string) *Password {
	return &Password{secret: secret, turn: make(chan struct{}, 1)}
}

var errRefused = errors.New("the password is withheld: another host has refused it")

func (p *Password) state() (good bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bad && !p.good {
		err = errRefused
	}
	return p.good, err
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
