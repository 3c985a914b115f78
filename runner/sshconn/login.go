package sshconn

import (
	"bytes"
	"context"
	"errors"
	"net"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"hail/runner"
)

// login does the SSH handshake over nc and logs in. It closes nc when ctx ends.
func (d *Dialer) login(ctx context.Context, nc net.Conn, s settings, p *progress) (*conn, error) {
	index, err := d.known.load(s.knownHosts)
	if err != nil {
		return nil, &runner.Failure{Status: runner.Error, Err: err}
	}
	known := index.lookup(s.keyName, s.keyPort)
	heard := &monitoredConn{Conn: nc, spoke: p.spoke}
	begun := time.Now()
	var offered offer
	var shown []byte // the host key, which is verified once: rekeying shows it again
	password := &passwordUse{Password: d.config.Password, ctx: ctx, clock: p.clock}
	config := &ssh.ClientConfig{
		User:              s.user,
		ClientVersion:     "SSH-2.0-hail",
		Config:            ssh.Config{KeyExchanges: s.algorithms.kex, Ciphers: s.algorithms.ciphers, MACs: s.algorithms.macs},
		HostKeyAlgorithms: s.algorithms.hostKeys,
		HostKeyCallback: func(_ string, _ net.Addr, key ssh.PublicKey) error {
			switch blob := key.Marshal(); {
			case shown == nil:
				shown = blob
			case bytes.Equal(blob, shown):
				return nil
			default:
				return hostKeyFailure(runner.HostKeyChanged, "host key changed during the connection: now %s", fingerprint(key))
			}
			if s.seeKey != nil {
				s.seeKey(known, key)
				return errSeen
			}
			verified, err := d.verify(ctx, known, s, key)
			if err != nil {
				return err
			}
			password.verified = verified
			p.reach.HostKey = fingerprint(key)
			p.reach.Handshake = time.Since(begun)
			p.phase, begun = "login", time.Now()
			how := "not verified"
			if verified {
				how = "known"
			}
			d.config.Trace.step(s.name, "%s shows the host key %s, %s (%v)", heard.version(), p.reach.HostKey, how, p.reach.Handshake.Round(tracePrecision))
			return nil
		},
		Auth: s.authMethods(password, func() (signers []ssh.Signer, err error) {
			signers, offered = d.keys.signers(ctx, s, p.clock)
			d.config.Trace.detail(s.name, "%s", offered)
			return signers, nil
		}),
		AuthCallback:   password.next,
		BannerCallback: limitedBanner(),
	}
	if config.HostKeyAlgorithms == nil {
		config.HostKeyAlgorithms = known.algorithms()
	}
	p.phase = "handshake"
	d.config.Trace.detail(s.name, "looked up %s in known_hosts; host key algorithms: %s", known.name(), strings.Join(config.HostKeyAlgorithms, " "))
	stop := context.AfterFunc(ctx, func() { nc.Close() })
	sc, chans, reqs, err := ssh.NewClientConn(heard, s.hostport(), config)
	password.done(err == nil, err != nil && ctx.Err() == nil)
	password.tell(&offered)
	if stop() && err == nil {
		p.reach.Login = time.Since(begun)
		p.reach.Server = string(sc.ServerVersion())
		p.phase = ""
		if m, ok := sc.(ssh.AlgorithmsConnMetadata); ok {
			a := m.Algorithms()
			d.config.Trace.detail(s.name, "key exchange %s, host key %s, ciphers %s and %s", a.KeyExchange, a.HostKey, a.Write.Cipher, a.Read.Cipher)
		}
		d.config.Trace.step(s.name, "logged in as %s (%v)", s.user, p.reach.Login.Round(tracePrecision))
		return d.newConn(sc, chans, reqs, heard, p.reach, s), nil
	}
	if err == nil {
		sc.Close()
		return nil, context.Cause(ctx)
	}
	p.reach.Server = heard.version()
	return nil, p.handshakeFailure(err, heard, s, offered)
}

// authMethods returns the methods to log in with: those of the settings, or all in the order in which ssh tries them.
func (s settings) authMethods(password *passwordUse, keys func() ([]ssh.Signer, error)) (methods []ssh.AuthMethod) {
	order := s.methods
	if order == nil {
		order = []string{"publickey", "keyboard-interactive", "password"}
	}
	for _, method := range order {
		switch {
		case method == "publickey":
			methods = append(methods, ssh.PublicKeysCallback(keys))
		case password.Password == nil:
		case method == "keyboard-interactive":
			methods = append(methods, ssh.KeyboardInteractive(password.answer()))
		case method == "password":
			methods = append(methods, ssh.PasswordCallback(password.take))
		}
	}
	return methods
}

var errBanner = errors.New("the server's banner does not end")

// limitedBanner discards what a server says before the login. More than 64 KiB is an error.
func limitedBanner() ssh.BannerCallback {
	left := 64 << 10
	return func(text string) error {
		if left -= len(text); left < 0 {
			return errBanner
		}
		return nil
	}
}
