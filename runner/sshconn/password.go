package sshconn

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/crypto/ssh"
)

// Password is the login password for all hosts. A wrong one must not lock an account on thousands of machines: until a
// host has accepted it, it is tried on one host at a time and given up after some refusals. A nil Password is no
// password.
type Password struct {
	secret   string
	refusals int

	turn slots // held by whoever tries it while no host has accepted it
	mu   sync.Mutex
	good bool // a host has accepted it
	bad  int  // how many hosts have refused it before that
}

// NewPassword returns a password that is given up after this many refusals; below 1: never.
func NewPassword(secret string, refusals int) *Password {
	return &Password{secret: secret, refusals: refusals, turn: newSlots(1)}
}

// state reports whether a host has accepted the password. The error says that it was given up.
func (p *Password) state() (good bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.good && p.refusals > 0 && p.bad >= p.refusals {
		times := "once"
		if p.bad > 1 {
			times = fmt.Sprintf("%d times", p.bad)
		}
		return false, fmt.Errorf("the password is withheld: it was refused %s already (--pass-refusals allows more)", times)
	}
	return p.good, nil
}

// passwordUse is what one connection does with a Password: it sends the password at most once, and only to a host whose
// key was verified.
type passwordUse struct {
	*Password
	ctx      context.Context // of the login
	clock    *clock          // paused while waiting for the turn
	verified bool
	given    bool
	noted    bool // what became of it
	holds    bool // whether it holds the turn
	failed   error
	accepted []string // methods that the server has accepted, though it wants more than them
}

// take returns the password once it is this host's turn.
func (u *passwordUse) take() (secret string, err error) {
	switch {
	case u.given:
		return "", errors.New("the password was refused")
	case !u.verified:
		u.failed = errors.New("the password is withheld: this host's key was not verified")
		return "", u.failed
	}
	good, err := u.state()
	if !good && err == nil {
		u.clock.pause()
		err = u.turn.take(u.ctx)
		u.clock.resume()
		if err == nil {
			u.holds = true
			if good, err = u.state(); good { // all who waited may try it now
				u.leave()
			}
		}
	}
	u.failed = err
	if err != nil {
		return "", err
	}
	u.given = true
	return u.secret, nil
}

// maxQuestions is how many rounds of questions a server may ask.
const maxQuestions = 10

// answer returns an ssh.KeyboardInteractiveChallenge that knows the password, and nothing else.
func (u *passwordUse) answer() func(name, instruction string, questions []string, echos []bool) ([]string, error) {
	rounds := 0
	return func(_, _ string, questions []string, echos []bool) ([]string, error) {
		if rounds++; rounds > maxQuestions {
			return nil, errors.New("the server does not stop asking")
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

// next is told when another method follows: the password was refused or was one of several factors.
func (u *passwordUse) next(c *ssh.ClientAuthContext) {
	u.accepted = c.PartialSuccessMethods
	if u.given {
		accepted := slices.Contains(c.PartialSuccessMethods, "password") || slices.Contains(c.PartialSuccessMethods, "keyboard-interactive")
		u.done(accepted)
	}
}

// done notes, once, what became of the password. A server that hangs up on it, or says nothing until the time is up, has
// refused it: many answer late when it is wrong. That is not so when we were stopped.
func (u *passwordUse) done(accepted bool) {
	if u.given && !u.noted {
		u.noted = true
		u.mu.Lock()
		switch {
		case accepted:
			u.good = true
		case !u.good && (u.ctx.Err() == nil || errors.Is(context.Cause(u.ctx), errConnect)):
			u.bad++
		}
		u.mu.Unlock()
	}
	u.leave()
}

// leave gives the turn back.
func (u *passwordUse) leave() {
	if u.holds {
		u.holds = false
		u.turn.give()
	}
}

// tell adds to o, for the message of a refused login, what became of the password and of the other methods.
func (u *passwordUse) tell(o *offer) {
	if len(u.accepted) > 0 {
		o.withheld = append(o.withheld, fmt.Sprintf("the server accepted %s, but wants another method, too", strings.Join(u.accepted, " and ")))
	}
	switch {
	case u.given:
		o.shown, o.password = append(o.shown, "the password"), true
	case u.failed != nil:
		o.withheld = append(o.withheld, u.failed.Error())
	}
}
