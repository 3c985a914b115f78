package sshconn

import (
	"bytes"
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"hail/runner"
)

// handshake is what is known of one SSH handshake and the login that ends it.
type handshake struct {
	dialer   *Dialer
	progress *progress
	known    knownHost
	wire     *monitoredConn
	begun    time.Time // when the phase began
	shown    []byte    // the host key; nil: not yet
	offered  *offer
	password passwordUse
}

// login does the SSH handshake over nc and logs in. It closes nc when ctx ends.
func (d *Dialer) login(ctx context.Context, nc net.Conn, p *progress) (*conn, error) {
	s := &p.settings
	index, err := d.known.load(s.knownHosts)
	if err != nil {
		return nil, &runner.Failure{Status: runner.Error, Err: err}
	}
	h := &handshake{
		dialer: d, progress: p,
		known:    index.lookup(s.keyName, s.keyPort),
		wire:     &monitoredConn{Conn: nc, spoke: p.spoke},
		begun:    time.Now(),
		offered:  &offer{withheld: slices.Clone(s.unused)},
		password: passwordUse{Password: d.config.Password, ctx: ctx, clock: p.clock},
	}
	config := &ssh.ClientConfig{
		User:              s.user,
		ClientVersion:     "SSH-2.0-hail",
		Config:            ssh.Config{KeyExchanges: s.algorithms.kex, Ciphers: s.algorithms.ciphers, MACs: s.algorithms.macs},
		HostKeyAlgorithms: s.algorithms.hostKeys,
		HostKeyCallback:   func(_ string, _ net.Addr, key ssh.PublicKey) error { return h.check(ctx, key) },
		Auth: s.authMethods(&h.password, func() ([]ssh.Signer, error) {
			h.offered = d.keys.offer(ctx, *s, p.clock)
			p.trace.detail(s.name, "%s", h.offered)
			return h.offered.signers, nil
		}),
		AuthCallback: func(c *ssh.ClientAuthContext) (ssh.AuthMethod, error) {
			h.password.next(c)
			return h.offered.next(), nil // nil: the next of the usual ones
		},
		BannerCallback: limitedBanner(),
	}
	if config.HostKeyAlgorithms == nil {
		config.HostKeyAlgorithms = h.known.algorithms()
	}
	p.phase = runner.PhaseHandshake
	p.trace.detail(s.name, "looked up %s in known_hosts; host key algorithms: %s", h.known.name(), strings.Join(config.HostKeyAlgorithms, " "))
	stop := context.AfterFunc(ctx, func() { nc.Close() })
	sc, chans, reqs, err := ssh.NewClientConn(h.wire, s.hostport(), config)
	h.password.done(err == nil)
	h.password.tell(h.offered)
	p.given = h.password.given
	stopped := !stop()
	switch {
	case err != nil:
		p.reach.Server = h.wire.version()
		return nil, h.failure(err)
	case stopped:
		sc.Close()
		return nil, context.Cause(ctx)
	}
	h.offered = nil // no longer needed, but rekeying keeps h as long as the connection lasts
	p.reach.Login = time.Since(h.begun)
	p.reach.Server = string(sc.ServerVersion())
	p.phase = ""
	if m, ok := sc.(ssh.AlgorithmsConnMetadata); ok {
		a := m.Algorithms()
		p.trace.detail(s.name, "key exchange %s, host key %s, ciphers %s and %s", a.KeyExchange, a.HostKey, a.Write.Cipher, a.Read.Cipher)
	}
	p.trace.step(s.name, "logged in as %s (%v)", s.user, p.reach.Login.Round(tracePrecision))
	return d.newConn(sc, chans, reqs, h.wire, p), nil
}

// check verifies the key that the host shows. It does so once: rekeying shows the key again.
func (h *handshake) check(ctx context.Context, key ssh.PublicKey) error {
	p := h.progress
	s := &p.settings
	blob := key.Marshal()
	switch {
	case h.shown == nil:
		h.shown = blob
	case bytes.Equal(blob, h.shown):
		return nil
	default:
		return hostKeyFailure(runner.HostKeyChanged, "host key changed during the connection: now %s", fingerprint(key))
	}
	if p.seeKey != nil {
		p.seeKey(h.known, key)
		return errSeen
	}
	verified, err := h.dialer.verify(ctx, h.known, *s, key)
	if err != nil {
		return err
	}
	h.password.verified = verified
	p.reach.HostKey, p.reach.Unverified = fingerprint(key), !verified
	p.reach.Handshake = time.Since(h.begun)
	p.phase, h.begun = runner.PhaseLogin, time.Now()
	how := "not verified"
	if verified {
		how = "known"
	}
	p.trace.step(s.name, "%s shows the host key %s, %s (%v)", h.wire.version(), p.reach.HostKey, how, p.reach.Handshake.Round(tracePrecision))
	return nil
}

// authMethods returns the methods to log in with.
func (s settings) authMethods(password *passwordUse, keys func() ([]ssh.Signer, error)) (methods []ssh.AuthMethod) {
	for _, method := range s.methods {
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
