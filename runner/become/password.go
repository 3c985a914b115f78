package become

import (
	"context"
	"errors"
	"sync"
)

// Password is the password for the tools of all hosts. So that a wrong one does not lock an account on thousands of machines,
// it is tried on one host at a time until one has accepted it, and not any more once one has refused it. A nil Password is
// none.
type Password struct {
	secret string
	turn   chan struct{} // taken by whoever tries it while nobody has accepted it

	mu   sync.Mutex
	good bool
	bad  bool
}

// NewPassword returns a password that nobody has tried yet.
func NewPassword(secret string) *Password {
	return &Password{secret: secret, turn: make(chan struct{}, 1)}
}

var errRefused = errors.New("not the password: another host has refused it")

func (p *Password) state() (good bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bad && !p.good {
		err = errRefused
	}
	return p.good, err
}

// take returns the password when it is the caller's turn, which it then has until done or refuse.
func (p *Password) take(ctx context.Context, turn *bool) (string, error) {
	if p == nil {
		return "", errors.New("it asks for a password, and there is none")
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
	_, err = p.state()
	return p.secret, err
}

// done gives the turn back; accepted says that the password was given, and that it was right.
func (p *Password) done(accepted bool, turn *bool) {
	if p == nil {
		return
	}
	p.mu.Lock()
	p.good = p.good || accepted
	p.mu.Unlock()
	p.leave(turn)
}

// refuse says that the password was wrong.
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
