package sshconn_test

import (
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"hail/inventory"
	"hail/runner"
	"hail/runner/sshconn"
)

// TestHostCertificates: a host with a certificate of a known authority is known, unless one of the keys is revoked.
func TestHostCertificates(t *testing.T) {
	dir := t.TempDir()
	ca := newSigner(t)
	hostKey := newPrivate(t)
	public := privateKey(t, filepath.Join(dir, "host"), hostKey)
	cert := func(valid string, until uint64) string {
		c := &ssh.Certificate{Key: public, CertType: ssh.HostCert, ValidPrincipals: []string{valid}, ValidBefore: until}
		if err := c.SignCert(rand.Reader, ca); err != nil {
			t.Fatal(err)
		}
		file := written(t, "cert", string(ssh.MarshalAuthorizedKey(c)))
		return file
	}
	forever := uint64(ssh.CertTimeInfinity)
	authority := "@cert-authority * " + string(ssh.MarshalAuthorizedKey(ca.PublicKey()))
	for _, tt := range []struct {
		name, cert, known string
		reason            runner.Reason
		text              string
	}{
		{"vouched for", cert("127.0.0.1", forever), authority, "", ""},
		{"vouched for by name", cert("localhost", forever), authority, "", ""},
		{"vouched for, and known by another key", cert("127.0.0.1", forever), authority + "127.0.0.1 " + string(ssh.MarshalAuthorizedKey(ca.PublicKey())), "", ""},
		{"vouched for as another", cert("db1", forever), authority, runner.HostKeyUnknown, "not in the set of valid principals"},
		{"expired", cert("127.0.0.1", 1000), authority, runner.HostKeyUnknown, "expired"},
		{"expired, and its key is known", cert("127.0.0.1", 1000), authority + "127.0.0.1 " + string(ssh.MarshalAuthorizedKey(public)), "", ""},
		{"expired, and another key is known", cert("127.0.0.1", 1000), authority + "127.0.0.1 " + string(ssh.MarshalAuthorizedKey(ca.PublicKey())), runner.HostKeyUnknown, "expired"},
		{"by nobody known", cert("127.0.0.1", forever), "@cert-authority other " + string(ssh.MarshalAuthorizedKey(ca.PublicKey())), runner.HostKeyUnknown, "not known"},
		{"revoked", cert("127.0.0.1", forever), authority + "@revoked * " + string(ssh.MarshalAuthorizedKey(public)), runner.HostKeyRevoked, "revoked"},
		{"by nobody known, and its authority revoked", cert("127.0.0.1", forever), "@revoked * " + string(ssh.MarshalAuthorizedKey(ca.PublicKey())), runner.HostKeyRevoked, "revoked"},
		{"its key known, and its authority revoked", cert("127.0.0.1", forever), "127.0.0.1 " + string(ssh.MarshalAuthorizedKey(public)) + "@revoked * " + string(ssh.MarshalAuthorizedKey(ca.PublicKey())), runner.HostKeyRevoked, "revoked"},
		{"authority revoked", cert("127.0.0.1", forever), authority + "@revoked * " + string(ssh.MarshalAuthorizedKey(ca.PublicKey())), runner.HostKeyRevoked, "revoked"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := realHost(t, "HostKey "+filepath.Join(dir, "host"), "HostCertificate "+tt.cert)
			known := written(t, "known_hosts", tt.known)
			h.Connection.KnownHosts = []string{known}
			if strings.HasSuffix(tt.name, "by name") {
				h.Connection.Address = "LocalHost" // names have no case
			}
			status := runner.Unreachable
			if tt.reason == "" {
				status = runner.OK
			}
			wantReason(t, reach(t, configured(t, "", sshconn.Config{}), h), status, tt.reason, tt.text)
		})
	}
}

// TestNewHostWithACertificate: of a new host with a certificate for one of its keys, that key is recorded, as by ssh, also
// if the certificate is by an authority that is not known.
func TestNewHostWithACertificate(t *testing.T) {
	dir := t.TempDir()
	ca := newSigner(t)
	other := newSigner(t)
	hostKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	cert := &ssh.Certificate{Key: privateKey(t, filepath.Join(dir, "host"), hostKey), CertType: ssh.HostCert, ValidPrincipals: []string{"127.0.0.1"}, ValidBefore: ssh.CertTimeInfinity}
	if err := cert.SignCert(rand.Reader, ca); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "cert"), ssh.MarshalAuthorizedKey(cert), 0o644); err != nil {
		t.Fatal(err)
	}
	h := realHost(t, "HostKey "+filepath.Join(dir, "host"), "HostCertificate "+filepath.Join(dir, "cert")) // and a key of another type
	c := h.Connection
	for name, known := range map[string]string{"no authority": "", "another authority": "@cert-authority * " + string(ssh.MarshalAuthorizedKey(other.PublicKey()))} {
		t.Run(name, func(t *testing.T) {
			recorded := func(by func(h inventory.Host, file string)) string {
				t.Helper()
				file := written(t, "known_hosts", known)
				h := h
				h.Connection.KnownHosts = []string{file}
				by(h, file)
				text, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				return string(text)
			}
			want := recorded(func(_ inventory.Host, file string) {
				out, err := exec.Command("ssh", "-F", "none", "-i", c.Identity[0], "-o", "UserKnownHostsFile="+file, "-o", "GlobalKnownHostsFile=none", "-o", "UpdateHostKeys=no",
					"-o", "StrictHostKeyChecking=accept-new", "-o", "BatchMode=yes", "-p", fmt.Sprint(c.Port), c.User+"@"+c.Address, "true").CombinedOutput()
				if err != nil {
					t.Fatalf("ssh: %v: %s", err, out)
				}
			})
			if got := recorded(func(h inventory.Host, _ string) {
				if err := reach(t, configured(t, "", sshconn.Config{HostKeys: "accept-new"}), h); err != nil {
					t.Error(err)
				}
			}); got != want {
				t.Errorf("a login records\n%s\nand ssh\n%s", got, want)
			}
			if got := recorded(func(h inventory.Host, _ string) {
				d := configured(t, "", sshconn.Config{})
				key, err := d.Scan(t.Context(), h)
				if err == nil {
					err = d.Accept(t.Context(), key)
				}
				if err != nil || !strings.HasPrefix(key.Fingerprint, "ssh-rsa SHA256:") {
					t.Errorf("%s, %v", key.Fingerprint, err)
				}
			}); got != want {
				t.Errorf("a scan records\n%s\nand ssh\n%s", got, want)
			}
		})
	}
}
