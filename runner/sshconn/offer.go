package sshconn

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"
)

// offer is what a server is offered at the login, and for the message of a refused one, what was withheld and why.
type offer struct {
	signers         []ssh.Signer
	shown, withheld []string
	rest            []ssh.Signer // what follows a key that the server would take, but the agent has not signed with
	password        bool         // the password was shown too
}

func (o *offer) String() string {
	text := "there is no key to offer"
	switch n := len(o.shown); {
	case n > 3:
		text = fmt.Sprintf("offered %s and %d more keys", strings.Join(o.shown[:3], ", "), n-3)
	case n > 0:
		text = "offered " + strings.Join(o.shown, ", ")
	}
	return strings.Join(append([]string{text}, o.withheld...), "; ")
}

// offer returns what the host is offered, in order: the keys named for it (through the agent where it holds them), then
// the agent's other keys, unless only the named ones may be used, and last the files that ssh tries by default. The
// clock of the login stands still while the agent lists its keys.
func (k *keyring) offer(ctx context.Context, s settings, clock *clock) *offer {
	o := offering{keys: k, s: s, ctx: ctx, clock: clock, seen: map[string]bool{}}
	o.withheld = slices.Clone(s.unused)
	if s.agent != "" {
		o.askAgent()
	}
	if !s.guessed {
		o.addFiles()
	}
	if !s.onlyThese {
		for _, key := range o.held {
			o.addHeld(s.certificates, key)
		}
	}
	if s.guessed {
		o.addFiles()
	}
	if s.agent == "" && len(o.signers) == 0 {
		o.withheld = append(o.withheld, "there is no agent")
	}
	return &o.offer
}

// offering is an offer that is being put together.
type offering struct {
	offer
	s     settings
	keys  *keyring
	ctx   context.Context
	clock *clock
	agent *agentKeys
	held  []ssh.Signer // by the agent
	seen  map[string]bool
}

func (o *offering) askAgent() {
	o.clock.pause()
	o.agent = o.keys.agent(o.ctx, o.s.agent)
	o.clock.resume()
	var err error
	switch o.held, err = o.agent.usable(); {
	case err != nil:
		o.withheld = append(o.withheld, "no keys from the agent ("+err.Error()+")")
	case len(o.held) == 0:
		o.withheld = append(o.withheld, "the agent holds no keys")
	}
}

// next returns, once, the method to go on with when the agent has not signed with a key: the SSH library gives up the
// other keys then, and ssh does not. It returns nil when there is none.
func (o *offer) next() ssh.AuthMethod {
	rest := o.rest
	o.rest = nil
	if len(rest) == 0 {
		return nil
	}
	return ssh.PublicKeys(rest...)
}

// addFiles adds the keys whose files are named, or guessed.
func (o *offering) addFiles() {
	for _, path := range o.s.identities {
		f, err := o.keys.file(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		certificates := append([]string{path + "-cert.pub"}, o.s.certificates...)
		switch i := indexOf(o.held, f.public); {
		case err != nil:
			o.withheld = append(o.withheld, err.Error())
		case i >= 0:
			o.addHeld(certificates, o.held[i])
		case f.signer != nil:
			o.addWith(certificates, f.signer, path)
		case f.locked:
			o.withheld = append(o.withheld, path+" has a passphrase: load it into the agent")
		default:
			o.withheld = append(o.withheld, path+" is only a public key, which the agent does not hold")
		}
	}
}

// addHeld adds a key that the agent holds.
func (o *offering) addHeld(certificates []string, key ssh.Signer) {
	signer := &patientSigner{Signer: key, keys: o.keys, agent: o.agent, ctx: o.ctx, clock: o.clock}
	name := ssh.FingerprintSHA256(key.PublicKey())
	o.addWith(certificates, signer, "the agent's "+name)
	after := len(o.signers)
	signer.failed = func(err error) {
		o.rest = o.signers[after:]
		o.withheld = append(o.withheld, fmt.Sprintf("the agent did not sign with %s (%v)", name, err))
	}
}

// addWith adds those of the certificates that are for the key, and then the key.
func (o *offering) addWith(certificates []string, key ssh.Signer, name string) {
	for _, path := range certificates {
		cert, err := o.keys.certificate(path)
		if err != nil {
			continue
		}
		if signer, err := ssh.NewCertSigner(cert, key); err == nil { // an error: it is for another key
			o.add(signer, path)
		}
	}
	o.add(key, name)
}

func (o *offering) add(key ssh.Signer, name string) {
	key = restrict(key, o.s.algorithms.publicKeys)
	if key == nil {
		o.withheld = append(o.withheld, "PubkeyAcceptedAlgorithms excludes "+name)
		return
	}
	if id := string(key.PublicKey().Marshal()); !o.seen[id] {
		o.seen[id] = true
		o.signers = append(o.signers, key)
		o.shown = append(o.shown, name)
	}
}
