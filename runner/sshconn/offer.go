package sshconn

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"golang.org/x/crypto/ssh"
)

// offer is what a server is offered at the login, and for the message of a refused one, what was withheld and why.
type offer struct {
	signers         []ssh.Signer
	shown, withheld []string
	password        bool // the password was shown too
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
func (k *keyring) offer(ctx context.Context, s settings, clock *clock) (o offer) {
	var from *agentKeys
	var held []ssh.Signer
	if s.agent != "" {
		clock.pause()
		from = k.agent(ctx, s.agent)
		clock.resume()
		var err error
		if held, err = from.usable(); err != nil {
			o.withheld = append(o.withheld, "no keys from the agent ("+err.Error()+")")
		}
	}
	seen := map[string]bool{}
	add := func(key ssh.Signer, name string) {
		key = restrict(key, s.algorithms.publicKeys)
		if key == nil {
			o.withheld = append(o.withheld, "PubkeyAcceptedAlgorithms excludes "+name)
			return
		}
		if id := string(key.PublicKey().Marshal()); !seen[id] {
			seen[id] = true
			o.signers = append(o.signers, key)
			o.shown = append(o.shown, name)
		}
	}
	addWith := func(certificates []string, key ssh.Signer, name string) { // a certificate goes before its key
		for _, path := range certificates {
			cert, err := k.certificate(path)
			if err != nil {
				continue
			}
			if signer, err := ssh.NewCertSigner(cert, key); err == nil { // an error: it is for another key
				add(signer, path)
			}
		}
		add(key, name)
	}
	addHeld := func(certificates []string, key ssh.Signer) {
		addWith(certificates, &patientSigner{key, k, from, ctx, clock}, "the agent's "+ssh.FingerprintSHA256(key.PublicKey()))
	}
	addFiles := func() {
		for _, path := range s.identities {
			f, err := k.file(path)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			certificates := append([]string{path + "-cert.pub"}, s.certificates...)
			switch i := indexOf(held, f.public); {
			case err != nil:
				o.withheld = append(o.withheld, err.Error())
			case i >= 0:
				addHeld(certificates, held[i])
			case f.signer != nil:
				addWith(certificates, f.signer, path)
			case f.locked:
				o.withheld = append(o.withheld, path+" has a passphrase: load it into the agent")
			default:
				o.withheld = append(o.withheld, path+" is only a public key, which the agent does not hold")
			}
		}
	}
	if !s.guessed {
		addFiles()
	}
	if !s.onlyThese {
		for _, key := range held {
			addHeld(s.certificates, key)
		}
	}
	if s.guessed {
		addFiles()
	}
	return o
}
