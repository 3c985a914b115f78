package become

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// Password is the password for the tools of all hosts. A wrong one must not lock an account on thousands of machines:
// until a host has accepted it, it is tried on one host at a time, and given up after one refusal, or after mostUnclear
// hosts on which the tool got it and then ended, or was ended, without a word on whether it was right. A nil Password is no
// password.
type Password struct {
	secret string
	turn   chan struct{} // held by whoever tries it while no host has accepted it

	mu      sync.Mutex
	good    bool
	bad     bool
	unclear int // on how many hosts the tool got it and ended, without starting the command or asking again
}

// mostUnclear is more than one, because a tool that just ends need not have found the password wrong: it may have found
// that the user has no right to use the tool.
const mostUnclear = 3

// NewPassword returns a password that nobody has tried yet.
func NewPassword(secret string) *Password {
	return &Password{secret: secret, turn: make(chan struct{}, 1)}
}

var (
	errRefused = errors.New("the password is withheld: another host has refused it")
	errUnclear = fmt.Errorf("the password is withheld: no command was started with it on %d hosts", mostUnclear)
)

func (p *Password) state() (good bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.good:
		return true, nil
	case p.bad:
		return false, errRefused
	case p.unclear >= mostUnclear:
		return false, errUnclear
	}
	return false, nil
}

// passwordUse is what one command does with a Password.
type passwordUse struct {
	*Password
	unverified bool // the host
	sent       bool // the tool was given it
	holds      bool // it holds the turn, until done or leave
}

// take returns the password, for the tool, once it is the command's turn.
func (u *passwordUse) take(ctx context.Context) (secret string, err error) {
	switch {
	case u.Password == nil:
		return "", errors.New("it asks for a password, and none was given")
	case u.unverified:
		return "", errors.New("the password is withheld: this host's key was not verified")
	}
	good, err := u.state()
	if !good && err == nil {
		select {
		case u.turn <- struct{}{}:
			u.holds = true
		case <-ctx.Done():
			return "", context.Cause(ctx)
		}
		if good, err = u.state(); good { // all who waited may try it now
			u.leave()
		}
	}
	u.sent = err == nil
	return u.secret, err
}

// done has note take down what became of the password, if the tool was given it, and gives the turn back.
func (u *passwordUse) done(note func(p *Password)) {
	if u.sent {
		u.mu.Lock()
		note(u.Password)
		u.mu.Unlock()
	}
	u.leave()
}

// leave gives the turn back.
func (u *passwordUse) leave() {
	if u.holds {
		u.holds = false
		<-u.turn
	}
}
