package sshconn

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// Password is a password to log in with, for all hosts. So that a wrong one does not lock an account on thousands of
// machines, it is tried on one host at a time until one has accepted it, and after some refusals no more. A nil Password is
// none.
type Password struct {
	secret   string
	refusals int

	turn slots // whoever tries it while nobody has accepted it
	mu   sync.Mutex
	good bool // somebody has accepted it
	bad  int  // how many have refused it before that
}

// NewPassword returns a password that is given up after so many refusals; below 1: never.
func NewPassword(secret string, refusals int) *Password {
	return &Password{secret: secret, refusals: refusals, turn: newSlots(1)}
}

// state says whether the password was accepted somewhere, and whether it was given up.
func (p *Password) state() (good bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.good && p.refusals > 0 && p.bad >= p.refusals {
		return false, fmt.Errorf("not the password: it was refused %d times (--pass-refusals goes on)", p.bad)
	}
	return p.good, nil
}

// passwordUse is what one connection does with a Password: it gives it away once at most, and only to a host whose key was
// verified.
type passwordUse struct {
	*Password
	ctx      context.Context // of the login, which ends before the use does
	clock    *clock          // does not run while the turn is waited for
	verified bool
	given    bool
	holds    bool // the turn
	failed   error
}

// take returns the password, when it is this host's turn.
func (u *passwordUse) take() (secret string, err error) {
	switch {
	case u.given:
		return "", errors.New("the password was refused")
	case !u.verified:
		u.failed = errors.New("not the password: this host's key was not verified")
		return "", u.failed
	}
	good, err := u.state()
	if !good && err == nil {
		u.clock.pause()
		err = u.turn.take(u.ctx)
		u.clock.resume()
		if err == nil {
			u.holds = true
			_, err = u.state()
		}
	}
	if u.failed = err; err != nil {
		return "", err
	}
	u.given = true
	return u.secret, nil
}

// maxQuestions is how many rounds of questions a server may ask.
const maxQuestions = 10

// answer is an ssh.KeyboardInteractiveChallenge that knows the password, and nothing else.
func (u *passwordUse) answer() func(name, instruction string, questions []string, echos []bool) ([]string, error) {
	rounds := 0
	return func(_, _ string, questions []string, echos []bool) ([]string, error) {
		if rounds++; rounds > maxQuestions {
			return nil, errors.New("the server asks without end")
		}
		switch {
		case len(questions) == 0:
			return nil, nil
		case len(questions) > 1 || echos[0]:
			return nil, errors.New("the server asks for more than a password")
		}
		secret, err := u.take()
		return []string{secret}, err
	}
}

// done tells how the login ended: refused is false where we have stopped it. A server that hangs up on a password has refused it.
func (u *passwordUse) done(accepted, refused bool) {
	if u.given {
		u.mu.Lock()
		u.good = u.good || accepted
		if refused && !u.good {
			u.bad++
		}
		u.mu.Unlock()
	}
	if u.holds {
		u.turn.give()
	}
}

// tell adds what is to be said of the password when the login was refused.
func (u *passwordUse) tell(o *offer) {
	switch {
	case u.given:
		o.shown, o.password = append(o.shown, "the password"), true
	case u.failed != nil:
		o.withheld = append(o.withheld, u.failed.Error())
	}
}
