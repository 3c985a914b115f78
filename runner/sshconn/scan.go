package sshconn

import (
	"context"
	"errors"

	"golang.org/x/crypto/ssh"

	"hail/inventory"
	"hail/runner"
)

// HostKey is the key that a host has shown, and what known_hosts says about it.
type HostKey struct {
	Name        string        // of the host, as in known_hosts
	Fingerprint string        // with the type of the key
	State       runner.Reason // empty: known; otherwise why a login would be refused
	Why         error         // State in words; nil if it is empty
	key         ssh.PublicKey
	known       knownHost
}

// Scan reaches a host and looks at its key, without logging in. Its errors are those of Dial.
func (d *Dialer) Scan(ctx context.Context, h inventory.Host) (HostKey, error) {
	ctx, end := d.untilClosed(ctx)
	defer end()
	s, err := d.settings(ctx, d.config.SSHConfig, h)
	if err != nil {
		return HostKey{}, unsettled(ctx, err)
	}
	s.hostKeys = "strict"
	p := d.newProgress(s)
	var seen *HostKey
	p.seeKey = func(known knownHost, key ssh.PublicKey) {
		seen = &HostKey{Name: known.name(), Fingerprint: fingerprint(plain(key)), key: plain(key), known: known}
		_, err := d.verify(ctx, known, s, key)
		if f, ok := errors.AsType[*runner.Failure](err); ok {
			seen.State, seen.Why = f.Reason, f.Err
		}
	}
	c, err := d.connect(ctx, p)
	switch {
	case seen != nil:
		return *seen, nil
	case err == nil: // no host gets that far without a key
		c.Close()
		err = unreachable(runner.Handshake, errors.New("the host showed no key"))
	}
	return HostKey{}, err
}

// Accept records the key of a host that was not known, in the known_hosts file for that host. A key that is already
// there is not added again; if another one is there, that is an error. ctx ends the wait for the lock on the file.
func (d *Dialer) Accept(ctx context.Context, k HostKey) error {
	if k.key == nil {
		return errors.New("there is no host key: Scan returns one")
	}
	_, err := k.known.index.accept(ctx, k.Name, k.key)
	return err
}

// errSeen ends a handshake that was only wanted for the host key.
var errSeen = errors.New("the host key was seen")
