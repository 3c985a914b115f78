package sshconn

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"hail/runner"
)

// verify decides whether a host that shows key may be trusted, by what is known of it. When checking is off, a
// host with an unknown or changed key is let through, but it is not verified and gets no password; a revoked key is
// always refused. As with ssh, a certificate that proves nothing leaves the key in it, which counts like any other. Its
// error is a *runner.Failure.
func (d *Dialer) verify(ctx context.Context, known knownHost, s settings, key ssh.PublicKey) (verified bool, err error) {
	cert, certified := key.(*ssh.Certificate)
	revocable := []ssh.PublicKey{key}
	if certified {
		revocable = []ssh.PublicKey{cert.Key, cert.SignatureKey}
	}
	for _, l := range known.marked("@revoked") {
		for _, r := range revocable {
			if l.blob == string(r.Marshal()) {
				return false, hostKeyFailure(runner.HostKeyRevoked, "the key %s of this host is revoked (%s)", fingerprint(r), l.place)
			}
		}
	}
	var unproven error // why the certificate, though an authority is known, proves nothing
	if authorities := known.marked("@cert-authority"); certified && len(authorities) > 0 {
		if unproven = checkCertificate(known, cert, authorities); unproven == nil {
			return true, nil
		}
	}
	key = plain(key)
	keys := known.keys
	changed := len(keys) > 0 && !keys[0].elsewhere
	switch {
	case known.recorded(key):
		return true, nil
	case s.hostKeys == "off":
		d.warnOnce.Do(func() { d.config.Warn("host keys are not checked: anyone in between can pose as a host") })
		if changed {
			d.config.Warn(fmt.Sprintf("%s: host key changed, and is not checked: now %s, recorded %s (%s)", s.name, fingerprint(key), keys[0].fingerprint(), keys[0].place))
		}
		return false, nil
	case changed:
		return false, hostKeyFailure(runner.HostKeyChanged, "host key changed: now %s, recorded %s (%s)", fingerprint(key), keys[0].fingerprint(), keys[0].place)
	case s.hostKeys == "accept-new":
		added, err := known.index.accept(ctx, known.name(), key)
		if err != nil {
			return false, &runner.Failure{Status: runner.Error, Err: fmt.Errorf("recording the host key: %w", err)}
		}
		if added {
			d.config.Warn(fmt.Sprintf("%s: new host key %s recorded in %s", s.name, fingerprint(key), known.index.growing.path))
		}
		return true, nil
	case unproven != nil:
		return false, hostKeyFailure(runner.HostKeyUnknown, "host certificate: %s", strings.TrimPrefix(unproven.Error(), "ssh: "))
	}
	return false, hostKeyFailure(runner.HostKeyUnknown, "host key is not known: %s as %s", fingerprint(key), known.name())
}

// checkCertificate returns why none of the authorities vouches for the host with cert; nil when one does.
func checkCertificate(known knownHost, cert *ssh.Certificate, authorities []knownLine) error {
	checker := ssh.CertChecker{
		Clock: time.Now,
		IsHostAuthority: func(key ssh.PublicKey, _ string) bool {
			blob := string(key.Marshal())
			return slices.ContainsFunc(authorities, func(l knownLine) bool { return l.blob == blob })
		},
	}
	return checker.CheckHostKey(hostport(known.host, known.port), nil, cert)
}

// plain returns the key in a certificate, and any other key as it is.
func plain(key ssh.PublicKey) ssh.PublicKey {
	if cert, ok := key.(*ssh.Certificate); ok {
		return cert.Key
	}
	return key
}

func hostKeyFailure(reason runner.Reason, format string, args ...any) error {
	return unreachable(reason, fmt.Errorf(format, args...))
}

// fingerprint returns the type of a key, or of a certificate for it, and the fingerprint of the key.
func fingerprint(key ssh.PublicKey) string {
	return key.Type() + " " + ssh.FingerprintSHA256(plain(key))
}

func (k knownKey) fingerprint() string {
	key, err := ssh.ParsePublicKey([]byte(k.blob))
	if err != nil {
		return k.kind
	}
	return fingerprint(key)
}
