package sshconn

import (
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"golang.org/x/crypto/ssh"

	"hail/runner"
)

// verify says whether the host, whose keys are the recorded ones, may be the one that shows key, and whether that is known, and not
// merely not asked. Its error is a *runner.Failure.
func (d *Dialer) verify(known *knownHosts, keys []knownKey, s settings, key ssh.PublicKey) (verified bool, err error) {
	blob := string(key.Marshal())
	cert, certified := key.(*ssh.Certificate)
	revocable := map[string]ssh.PublicKey{blob: key}
	if certified {
		revocable = map[string]ssh.PublicKey{string(cert.Key.Marshal()): cert.Key, string(cert.SignatureKey.Marshal()): cert.SignatureKey}
	}
	for _, l := range known.marked("@revoked", s.keyName, s.keyPort) {
		if r := revocable[l.blob]; r != nil {
			return false, hostKeyFailure(runner.HostKeyRevoked, "the key %s of this host is revoked (%s)", fingerprint(r), l.place)
		}
	}
	if certified {
		return d.verifyCertificate(known, s, cert)
	}
	switch {
	case slices.ContainsFunc(keys, func(k knownKey) bool { return k.blob == blob }):
		return true, nil
	case s.hostKeys == "off":
		return false, nil
	case len(keys) > 0:
		return false, hostKeyFailure(runner.HostKeyChanged, "host key changed: it shows %s, known is %s (%s)", fingerprint(key), keys[0].fingerprint(), keys[0].place)
	case s.hostKeys == "accept-new":
		added, err := known.accept(knownName(s.keyName, s.keyPort), key)
		if err != nil {
			return false, &runner.Failure{Status: runner.Error, Err: fmt.Errorf("recording the host key: %w", err)}
		}
		if added {
			d.config.Warn(fmt.Sprintf("%s: new host key %s recorded in %s", s.name, fingerprint(key), known.writable))
		}
		return true, nil
	}
	return false, hostKeyFailure(runner.HostKeyUnknown, "host key is not known: %s as %s", fingerprint(key), knownName(s.keyName, s.keyPort))
}

func (d *Dialer) verifyCertificate(known *knownHosts, s settings, cert *ssh.Certificate) (verified bool, err error) {
	authorities := known.marked("@cert-authority", s.keyName, s.keyPort)
	checker := ssh.CertChecker{
		Clock: time.Now,
		IsHostAuthority: func(key ssh.PublicKey, _ string) bool {
			blob := string(key.Marshal())
			return slices.ContainsFunc(authorities, func(l knownLine) bool { return l.blob == blob })
		},
	}
	err = checker.CheckHostKey(hostport(s.keyName, s.keyPort), nil, cert)
	if err != nil && s.hostKeys != "off" {
		return false, hostKeyFailure(runner.HostKeyUnknown, "host certificate: %s", strings.TrimPrefix(err.Error(), "ssh: "))
	}
	return err == nil, nil
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
// ours take too, with a final newline put right first. What another process has recorded meanwhile counts:
// then nothing is added.
func (k *knownHosts) accept(name string, key ssh.PublicKey) (added bool, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := os.MkdirAll(filepath.Dir(k.writable), 0o700); err != nil {
		return false, err
	}
	lock := flock.New(k.writable, flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o600))
	if err := lock.Lock(); err != nil {
		return false, err
	}
	defer lock.Unlock()
	f, err := os.OpenFile(k.writable, os.O_APPEND|os.O_RDWR, 0o600)
	if err != nil {
		return false, err
	}
	defer f.Close()
	last, err := k.catchUp(f)
	if err != nil {
		return false, err
	}
	blob := string(key.Marshal())
	if others := k.named(name); len(others) > 0 {
		if !slices.ContainsFunc(others, func(o knownKey) bool { return o.blob == blob }) {
			return false, fmt.Errorf("another key was recorded for %s just now (%s)", name, others[0].place)
		}
		return false, nil
	}
	line := fmt.Sprintf("%s %s %s\n", name, key.Type(), base64.StdEncoding.EncodeToString([]byte(blob)))
	if last != '\n' {
		line = "\n" + line
	}
	if _, err := f.WriteString(line); err != nil {
		return false, err
	}
	k.covered += int64(len(line))
	k.plain[name] = append(k.plain[name], knownKey{key.Type(), blob, k.writable})
	return true, nil
}

// catchUp takes in what was appended to the file since it was last read, and returns the last byte of it. A file that
// became shorter is read anew, and what it said before still counts.
func (k *knownHosts) catchUp(f *os.File) (last byte, err error) {
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return 0, err
	}
	if size < k.covered {
		k.covered = 0
	}
	from := max(k.covered-1, 0) // one byte back: the last one
	text := make([]byte, size-from)
	if _, err := f.ReadAt(text, from); err != nil && err != io.EOF {
		return 0, err
	}
	if size == 0 {
		return '\n', nil
	}
	if size > k.covered {
		k.add(k.writable, text[min(k.covered, 1):], func(string) {})
		k.covered = size
	}
	return text[len(text)-1], nil
}
