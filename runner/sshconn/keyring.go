package sshconn

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"

	"golang.org/x/crypto/ssh"

	"hail/inventory"
)

// keyring holds what hail can log in with. Each key file is read once per run, and each agent is asked once.
type keyring struct {
	mu     sync.Mutex
	files  map[string]*keyFile
	agents map[string]*agentKeys
	certs  map[string]*certificate
	wg     sync.WaitGroup // signatures that an agent has not returned yet
}

// file returns the key at path.
func (k *keyring) file(path string) (*keyFile, error) {
	k.mu.Lock()
	f := k.files[path]
	if f == nil {
		if k.files == nil {
			k.files = map[string]*keyFile{}
		}
		f = &keyFile{}
		k.files[path] = f
	}
	k.mu.Unlock()
	f.once.Do(func() { f.read(path) })
	return f, f.err
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

// certificate returns the certificate at path. Each file is read once.
func (k *keyring) certificate(path string) *certificate {
	k.mu.Lock()
	defer k.mu.Unlock()
	c := k.certs[path]
	if c == nil {
		if k.certs == nil {
			k.certs = map[string]*certificate{}
		}
		c = &certificate{}
		k.certs[path] = c
		c.read(path)
	}
	return c
}

// offer records, for the message of a refused login, what was shown to the server, and what was withheld and why.
type offer struct {
	shown, withheld []string
	password        bool // the password was shown too
}

func (o offer) String() string {
	text := "there is no key to offer"
	switch n := len(o.shown); {
	case n > 3:
		text = fmt.Sprintf("offered %s and %d more keys", strings.Join(o.shown[:3], ", "), n-3)
	case n > 0:
		text = "offered " + strings.Join(o.shown, ", ")
	}
	return strings.Join(append([]string{text}, o.withheld...), "; ")
}

// signers returns the keys to offer to the host, in order: the ones named for it (through the agent where it holds
// them), then the agent's other keys, unless only the named ones may be used, and last the files that ssh tries by
// default.
func (k *keyring) signers(ctx context.Context, s settings, clock *clock) (signers []ssh.Signer, offered offer) {
	var held []ssh.Signer
	var from *agentKeys
	if s.agent != "" {
		from = k.agent(ctx, s.agent)
		switch held = from.signers; {
		case from.err != nil:
			offered.withheld = append(offered.withheld, "no keys from the agent ("+from.err.Error()+")")
		case from.mute.Load():
			held, offered.withheld = nil, append(offered.withheld, "no keys from the agent ("+errMute.Error()+")")
		}
	}
	seen := map[string]bool{}
	add := func(key ssh.Signer, name string) {
		key = restrict(key, s.algorithms.publicKeys)
		if key == nil {
			offered.withheld = append(offered.withheld, "PubkeyAcceptedAlgorithms excludes "+name)
			return
		}
		if id := string(key.PublicKey().Marshal()); !seen[id] {
			seen[id] = true
			signers = append(signers, key)
			offered.shown = append(offered.shown, name)
		}
	}
	certified := func(key ssh.Signer, paths []string) { // a certificate goes before its key
		for _, path := range paths {
			c := k.certificate(path)
			if c.err != nil {
				continue
			}
			if signer, err := ssh.NewCertSigner(c.cert, key); err == nil { // an error: it is for another key
				add(signer, path)
			}
		}
	}
	agentsKey := func(held ssh.Signer, certs []string) {
		key := &patientSigner{held, k, from, ctx, clock}
		certified(key, certs)
		add(key, "the agent's "+ssh.FingerprintSHA256(key.PublicKey()))
	}
	named := func() {
		for _, path := range s.identities {
			f, err := k.file(path)
			if err != nil {
				if !errors.Is(err, fs.ErrNotExist) {
					offered.withheld = append(offered.withheld, err.Error())
				}
				continue
			}
			certs := append([]string{path + "-cert.pub"}, s.certificates...)
			if i := indexOf(held, f.public); i >= 0 {
				agentsKey(held[i], certs)
			} else if f.signer != nil {
				certified(f.signer, certs)
				add(f.signer, path)
			} else if !f.locked {
				offered.withheld = append(offered.withheld, path+" is only a public key, which the agent does not hold")
			} else {
				offered.withheld = append(offered.withheld, path+" has a passphrase: load it into the agent")
			}
		}
	}
	if !s.guessed {
		named()
	}
	if !s.onlyThese {
		for _, key := range held {
			agentsKey(key, s.certificates)
		}
	}
	if s.guessed {
		named()
	}
	return signers, offered
}

// indexOf returns the place of the key among signers; -1 when it is not there or nil.
func indexOf(signers []ssh.Signer, key ssh.PublicKey) int {
	if key == nil {
		return -1
	}
	blob := key.Marshal()
	return slices.IndexFunc(signers, func(s ssh.Signer) bool { return bytes.Equal(s.PublicKey().Marshal(), blob) })
}

// close ends the connections to the agents, and with them the signatures that are still waited for.
func (k *keyring) close() error {
	k.mu.Lock()
	for _, a := range k.agents {
		if a.listed.Load() && a.conn != nil {
			a.conn.Close()
		}
	}
	k.mu.Unlock()
	k.wg.Wait()
	return nil
}
