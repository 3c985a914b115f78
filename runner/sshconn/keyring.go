package sshconn

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"slices"
	"sync"

	"golang.org/x/crypto/ssh"

	"hail/inventory"
)

// keyring holds what hail can log in with. Each file is read once per run, and each agent is asked once.
type keyring struct {
	files kept[*keyFile]
	certs kept[certificate]

	warn func(text string) // told of an agent that hangs, which costs agentTimeout

	mu     sync.Mutex
	agents map[string]*agentKeys
	closed bool
	wg     sync.WaitGroup // signatures that an agent has not returned yet; none is added once closed is set
}

// file returns the key at path.
func (k *keyring) file(path string) (*keyFile, error) {
	f := k.files.get(path, readKey)
	return f, f.err
}

// certificate returns the certificate at path.
func (k *keyring) certificate(path string) (*ssh.Certificate, error) {
	c := k.certs.get(path, readCertificate)
	return c.cert, c.err
}

// Locked returns, once each, the key files that hosts and their jump hosts name and that have a passphrase, except for
// keys that an agent holds. Unlock opens them.
func (d *Dialer) Locked(ctx context.Context, hosts []inventory.Host) (paths []string) {
	for s, err := range d.logins(ctx, hosts) {
		if err != nil || s.guessed {
			continue
		}
		for _, path := range s.identities {
			f, err := d.keys.file(path)
			if err == nil && f.locked && f.signer == nil && !slices.Contains(paths, path) && !d.keys.agentHolds(ctx, s.agent, f.public) {
				paths = append(paths, path)
			}
		}
	}
	return paths
}

func (k *keyring) agentHolds(ctx context.Context, socket string, key ssh.PublicKey) bool {
	return socket != "" && indexOf(k.agent(ctx, socket).signers, key) >= 0
}

// Unlock opens a key file that Locked has returned. It has to be called before the first Dial.
func (d *Dialer) Unlock(path, passphrase string) error {
	f, err := d.keys.file(path)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("identity %s: %w", path, cause(err))
	}
	signer, err := ssh.ParsePrivateKeyWithPassphrase(text, []byte(passphrase))
	if err != nil {
		return fmt.Errorf("identity %s: this passphrase does not decrypt it", path)
	}
	f.signer, f.public = signer, signer.PublicKey()
	return nil
}

// indexOf returns the place of the key among signers; -1 when it is not there or nil.
func indexOf(signers []ssh.Signer, key ssh.PublicKey) int {
	if key == nil {
		return -1
	}
	blob := key.Marshal()
	return slices.IndexFunc(signers, func(s ssh.Signer) bool { return bytes.Equal(s.PublicKey().Marshal(), blob) })
}

// start begins a signature, which close waits for. It returns an error when the keyring is closed.
func (k *keyring) start(sign func()) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		return errClosed
	}
	k.wg.Go(sign)
	return nil
}

// close ends the connections to the agents, and with them the signatures that are still waited for.
func (k *keyring) close() {
	k.mu.Lock()
	k.closed = true
	for _, a := range k.agents {
		if a.conn != nil {
			a.conn.Close()
		}
	}
	k.mu.Unlock()
	k.wg.Wait()
}
