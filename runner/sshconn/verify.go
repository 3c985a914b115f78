package sshconn

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"golang.org/x/crypto/ssh"

	"hail/runner"
)

// verify says whether the host may be the one that shows key. Its error is a *runner.Failure.
func (d *Dialer) verify(known *knownHosts, s settings, key ssh.PublicKey) error {
	blob := string(key.Marshal())
	for _, l := range known.marked("@revoked", s.keyName, s.keyPort) {
		if l.blob == blob {
			return hostKeyFailure(runner.HostKeyRevoked, "the key %s of this host is revoked (%s)", fingerprint(key), l.place)
		}
	}
	if cert, ok := key.(*ssh.Certificate); ok {
		return d.verifyCertificate(known, s, cert)
	}
	keys := known.keys(s.keyName, s.keyPort)
	for _, k := range keys {
		if k.blob == blob {
			return nil
		}
	}
	switch {
	case s.hostKeys == "off":
		return nil
	case len(keys) > 0:
		return hostKeyFailure(runner.HostKeyChanged, "host key changed: it shows %s, known is %s (%s)", fingerprint(key), keys[0].fingerprint(), keys[0].place)
	case s.hostKeys == "accept-new":
		if err := known.accept(knownName(s.keyName, s.keyPort), key); err != nil {
			return &runner.Failure{Status: runner.Error, Err: fmt.Errorf("recording the host key: %w", err)}
		}
		d.config.Warn(fmt.Sprintf("%s: new host key %s recorded in %s", s.name, fingerprint(key), known.writable))
		return nil
	}
	return hostKeyFailure(runner.HostKeyUnknown, "host key is not known: %s as %s", fingerprint(key), knownName(s.keyName, s.keyPort))
}

func (d *Dialer) verifyCertificate(known *knownHosts, s settings, cert *ssh.Certificate) error {
	authorities := known.marked("@cert-authority", s.keyName, s.keyPort)
	checker := ssh.CertChecker{
		Clock: time.Now,
		IsHostAuthority: func(key ssh.PublicKey, _ string) bool {
			for _, a := range authorities {
				if a.blob == string(key.Marshal()) {
					return true
				}
			}
			return false
		},
	}
	if err := checker.CheckHostKey(hostport(s.keyName, s.keyPort), nil, cert); err != nil && s.hostKeys != "off" {
		return hostKeyFailure(runner.HostKeyUnknown, "host certificate: %s", strings.TrimPrefix(err.Error(), "ssh: "))
	}
	return nil
}

func hostKeyFailure(reason runner.Reason, format string, args ...any) error {
	return &runner.Failure{Status: runner.Unreachable, Reason: reason, Err: fmt.Errorf(format, args...)}
}

func fingerprint(key ssh.PublicKey) string { return key.Type() + " " + ssh.FingerprintSHA256(key) }

func (k knownKey) fingerprint() string {
	key, err := ssh.ParsePublicKey([]byte(k.blob))
	if err != nil {
		return k.kind
	}
	return fingerprint(key)
}

// accept appends the key of a new host to the known_hosts file: one whole line, under a lock that other processes of
// ours take too, with a final newline put right first. What another process has recorded meanwhile counts.
func (k *knownHosts) accept(name string, key ssh.PublicKey) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := os.MkdirAll(filepath.Dir(k.writable), 0o700); err != nil {
		return err
	}
	lock := flock.New(k.writable, flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o600))
	if err := lock.Lock(); err != nil {
		return err
	}
	defer lock.Unlock()
	text, err := os.ReadFile(k.writable)
	if err != nil {
		return err
	}
	now := knownHosts{plain: map[string][]knownKey{}}
	now.add(k.writable, text, func(string) {})
	blob := string(key.Marshal())
	if others := now.named(name); len(others) > 0 {
		i := slices.IndexFunc(others, func(o knownKey) bool { return o.blob == blob })
		if i < 0 {
			return fmt.Errorf("another key was recorded for %s just now (%s)", name, others[0].place)
		}
		k.plain[name] = append(k.plain[name], others[i])
		return nil
	}
	line := fmt.Sprintf("%s %s %s\n", name, key.Type(), base64.StdEncoding.EncodeToString([]byte(blob)))
	if len(text) > 0 && !bytes.HasSuffix(text, []byte("\n")) {
		line = "\n" + line
	}
	f, err := os.OpenFile(k.writable, os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err := f.WriteString(line); err != nil {
		f.Close()
		return err
	}
	place := fmt.Sprintf("%s:%d", k.writable, bytes.Count(text, []byte("\n"))+1)
	k.plain[name] = append(k.plain[name], knownKey{key.Type(), blob, place})
	return f.Close()
}
