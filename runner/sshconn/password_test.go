package sshconn_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"hail/inventory"
	"hail/runner"
	"hail/runner/sshconn"
	"hail/runner/sshtest"
)

// keyless returns the hosts with a key that does not log in.
func keyless(t *testing.T, hosts []inventory.Host) []inventory.Host {
	t.Helper()
	key := filepath.Join(t.TempDir(), "other")
	writeKey(t, key, "")
	hosts = slices.Clone(hosts)
	for i := range hosts {
		hosts[i].Connection.Identity = []string{key}
	}
	return hosts
}

// writeKey writes a key file, encrypted unless the passphrase is empty, and returns its public key. A single round of
// bcrypt is enough for a test.
func writeKey(t *testing.T, path, passphrase string) ssh.PublicKey {
	t.Helper()
	if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-a", "1", "-N", passphrase, "-f", path).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	text, err := os.ReadFile(path + ".pub")
	if err == nil {
		err = os.Remove(path + ".pub")
	}
	if err != nil {
		t.Fatal(err)
	}
	key, _, _, _, err := ssh.ParseAuthorizedKey(text)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestPassword(t *testing.T) {
	s := newSite(t, sshtest.Server{Name: "plain1", Password: "right"}, sshtest.Server{Name: "asks1", Password: "right", Asks: true})
	for i, h := range keyless(t, s.hosts) {
		t.Run(h.Name, func(t *testing.T) {
			if err := reach(t, s.dialer(sshconn.Config{Password: sshconn.NewPassword("right", 3)}), h); err != nil {
				t.Errorf("the right password: %v", err)
			}
			wantReason(t, reach(t, s.dialer(sshconn.Config{}), h), runner.Unreachable, runner.Auth, "login refused")
			wantReason(t, reach(t, s.dialer(sshconn.Config{Password: sshconn.NewPassword("wrong", 3)}), h), runner.Unreachable, runner.Auth, ", the password")
			if n := s.Servers[i].Guesses(); n != 1 {
				t.Errorf("a wrong password was tried %d times in one login, want 1", n)
			}
			unverified := h
			unverified.Connection.KnownHosts = []string{filepath.Join(t.TempDir(), "none")}
			d := s.dialer(sshconn.Config{HostKeys: "off", Password: sshconn.NewPassword("right", 3)})
			wantReason(t, reach(t, d, unverified), runner.Unreachable, runner.Auth, "the password is withheld: this host's key was not verified")
		})
	}
}

// TestUnverified: a connection says that its host's key was not verified, so that no password of another kind goes there.
func TestUnverified(t *testing.T) {
	s := newSite(t, sshtest.Server{Name: "web1"})
	unknown := s.hosts[0]
	unknown.Connection.KnownHosts = []string{filepath.Join(t.TempDir(), "none")}
	for h, want := range map[*inventory.Host]bool{&s.hosts[0]: false, &unknown: true} {
		c := dialled(t, t.Context(), s.dialer(sshconn.Config{HostKeys: "off"}), *h)
		if r, _ := runner.As[runner.Reacher](c); r.Reach().Unverified != want {
			t.Errorf("known by %s: unverified %v, want %v", h.Connection.KnownHosts, !want, want)
		}
	}
}

// TestBreaker: a wrong password is tried on three machines, not on all twenty.
func TestBreaker(t *testing.T) {
	servers := make([]sshtest.Server, 20)
	for i := range servers {
		servers[i] = sshtest.Server{Name: fmt.Sprintf("h%d", i), Password: "right", Asks: i%2 == 0}
	}
	s := newSite(t, servers...)
	hosts := keyless(t, s.hosts)
	guesses := func() (n int) {
		for _, r := range s.Servers {
			n += r.Guesses()
		}
		return n
	}
	reachAll := func(p *sshconn.Password) (errs []error) {
		d := s.dialer(sshconn.Config{Password: p})
		errs = make([]error, len(hosts))
		var wait sync.WaitGroup
		for i, h := range hosts {
			wait.Go(func() { errs[i] = reach(t, d, h) })
		}
		wait.Wait()
		return errs
	}
	given := 0
	for _, err := range reachAll(sshconn.NewPassword("wrong", 3)) {
		wantReason(t, err, runner.Unreachable, runner.Auth, "password")
		if strings.Contains(err.Error(), "the password is withheld: it was refused 3 times already (--pass-refusals allows more)") {
			given++
		}
	}
	if n := guesses(); n != 3 || given != 17 {
		t.Errorf("the password was tried %d times and not tried on %d hosts, want 3 and 17", n, given)
	}
	reachAll(sshconn.NewPassword("wrong", 0))
	if n := guesses(); n != 3+20 {
		t.Errorf("without a limit the password was tried %d times, want 20", n-3)
	}
	for i, err := range reachAll(sshconn.NewPassword("right", 3)) {
		if err != nil {
			t.Errorf("%s: %v", hosts[i].Name, err)
		}
	}
	once := s.dialer(sshconn.Config{Password: sshconn.NewPassword("wrong", 1)})
	wantReason(t, reach(t, once, hosts[0]), runner.Unreachable, runner.Auth, "the password")
	wantReason(t, reach(t, once, hosts[1]), runner.Unreachable, runner.Auth, "it was refused once already")
}

// TestNoAnswerRefuses: a server that hangs up after a wrong password, or does not answer it in time, has refused it, and the
// password is not tried there again.
func TestNoAnswerRefuses(t *testing.T) {
	t.Parallel() // it waits long
	for name, answer := range map[string]func(c net.Conn){
		"it hangs up":     func(c net.Conn) { c.Close() },
		"it says nothing": func(net.Conn) { <-t.Context().Done() },
	} {
		var tried atomic.Int32
		servers := make([]sshtest.Server, 5)
		for i := range servers {
			key := newSigner(t)
			servers[i] = sshtest.Server{Name: fmt.Sprintf("h%d", i), HostKey: key, Faults: sshtest.Faults{Raw: func(c net.Conn) {
				config := &ssh.ServerConfig{PasswordCallback: func(ssh.ConnMetadata, []byte) (*ssh.Permissions, error) {
					tried.Add(1)
					answer(c)
					return nil, errors.New("wrong password")
				}}
				config.AddHostKey(key)
				ssh.NewServerConn(c, config)
			}}}
		}
		s := newSite(t, servers...)
		d := s.dialer(sshconn.Config{ConnectTimeout: 5 * time.Second, Password: sshconn.NewPassword("wrong", 3)}) // enough up to the password
		for _, h := range keyless(t, s.hosts) {
			wantReason(t, reach(t, d, h), runner.Unreachable, runner.Auth, "the password")
		}
		if n := tried.Load(); n != 3 {
			t.Errorf("%s: a wrong password was tried on %d hosts, want 3", name, n)
		}
	}
}

// TestMethodsOff: a method that ssh_config switches off is not tried, and a refused login says so.
func TestMethodsOff(t *testing.T) {
	s := newSite(t, sshtest.Server{Name: "h1", Password: "right"}) // takes the key of the site, too
	for _, tt := range []struct {
		config  string
		refused string // empty: it logs in
	}{
		{"PasswordAuthentication no\nKbdInteractiveAuthentication no\n", ""},
		{"PubkeyAuthentication no\n", ""},
		{"PubkeyAuthentication no\nKbdInteractiveAuthentication no\nPasswordAuthentication yes\n", ""},
		{"PubkeyAuthentication no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n", "login refused for user demo: there is no key to offer; PubkeyAuthentication is no; KbdInteractiveAuthentication is no; PasswordAuthentication is no"},
		{"PreferredAuthentications publickey\nPubkeyAuthentication no\n", "login refused for user demo: there is no key to offer; PubkeyAuthentication is no"},
	} {
		err := reach(t, configured(t, tt.config, sshconn.Config{Password: sshconn.NewPassword("right", 3)}), s.hosts[0])
		switch {
		case tt.refused != "":
			wantReason(t, err, runner.Unreachable, runner.Auth, tt.refused)
		case err != nil:
			t.Errorf("%q: %v", tt.config, err)
		}
	}
}

// TestAKeyAfterTheRefusal: when a key completes a login after the password was refused, the password is not good.
func TestAKeyAfterTheRefusal(t *testing.T) {
	servers := make([]sshtest.Server, 5)
	for i := range servers {
		servers[i] = sshtest.Server{Name: fmt.Sprintf("h%d", i), Password: "right"}
	}
	s := newSite(t, servers...)
	d := configured(t, "PreferredAuthentications password,publickey\n", sshconn.Config{Password: sshconn.NewPassword("wrong", 3)})
	guesses := 0
	for i, h := range s.hosts {
		if err := reach(t, d, h); err != nil {
			t.Error(err)
		}
		guesses += s.Servers[i].Guesses()
	}
	if guesses != 3 {
		t.Errorf("the password was refused %d times, want 3", guesses)
	}
}

// TestTheFirstOfTwoFactors: a password after which the server wants a key was accepted.
func TestTheFirstOfTwoFactors(t *testing.T) {
	key := newSigner(t)
	s := newSite(t, sshtest.Server{Name: "two1", HostKey: key, Faults: sshtest.Faults{Raw: func(c net.Conn) {
		config := &ssh.ServerConfig{PasswordCallback: func(ssh.ConnMetadata, []byte) (*ssh.Permissions, error) {
			return nil, &ssh.PartialSuccessError{Next: ssh.ServerAuthCallbacks{
				PublicKeyCallback: func(ssh.ConnMetadata, ssh.PublicKey) (*ssh.Permissions, error) { return nil, nil }}}
		}}
		config.AddHostKey(key)
		if sc, _, _, err := ssh.NewServerConn(c, config); err == nil {
			sc.Wait()
		}
	}}})
	d := s.dialer(sshconn.Config{Password: sshconn.NewPassword("right", 1)})
	for range 3 {
		c, err := d.Dial(t.Context(), s.hosts[0])
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
	}
}

func TestEndlessQuestions(t *testing.T) {
	s := newSite(t, sshtest.Server{Name: "bad1", Password: "right", Faults: sshtest.Faults{EndlessAsking: true}}, sshtest.Server{Name: "good1", Password: "right"})
	hosts := keyless(t, s.hosts)
	d := s.dialer(sshconn.Config{ConnectTimeout: 5 * time.Second, Password: sshconn.NewPassword("right", 3)})
	wantReason(t, reach(t, d, hosts[0]), runner.Unreachable, runner.Auth, "login refused")
	if err := reach(t, d, hosts[1]); err != nil {
		t.Errorf("the healthy host: %v", err)
	}
}

func TestPassphrase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "locked")
	key := writeKey(t, path, "open sesame")
	s := newSite(t, sshtest.Server{Name: "web1", Authorized: []ssh.PublicKey{key}}, sshtest.Server{Name: "web2", Authorized: []ssh.PublicKey{key}})
	hosts := slices.Clone(s.hosts)
	for i := range hosts {
		hosts[i].Connection.Identity = []string{path}
	}
	d := s.dialer(sshconn.Config{})
	if got := d.Locked(t.Context(), hosts); !slices.Equal(got, []string{path}) {
		t.Fatalf("the locked identities are %v, want %s", got, path)
	}
	if got := d.Locked(t.Context(), s.hosts[:0]); got != nil {
		t.Errorf("without hosts, the locked identities are %v, want none", got)
	}
	wantReason(t, reach(t, s.dialer(sshconn.Config{}), hosts[0]), runner.Unreachable, runner.Auth, "there is no key to offer; "+path+" has a passphrase: load it into the agent")
	if err := d.Unlock(path, "wrong"); err == nil || err.Error() != "identity "+path+": this passphrase does not decrypt it" {
		t.Errorf("a wrong passphrase: %v", err)
	}
	if err := d.Unlock(path, "open sesame"); err != nil {
		t.Fatal(err)
	}
	for _, h := range hosts {
		if err := reach(t, d, h); err != nil {
			t.Errorf("%s: %v", h.Name, err)
		}
	}
	if got := d.Locked(t.Context(), hosts); got != nil {
		t.Errorf("after Unlock, the locked identities are %v, want none", got)
	}
}

// TestPassphraseInPEM: a locked key in the old format, which does not tell its public half, is named too.
func TestPassphraseInPEM(t *testing.T) {
	path := filepath.Join(t.TempDir(), "locked")
	if out, err := exec.Command("ssh-keygen", "-q", "-t", "ecdsa", "-m", "PEM", "-N", "open sesame", "-f", path).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if err := os.Remove(path + ".pub"); err != nil {
		t.Fatal(err)
	}
	s := newSite(t, sshtest.Server{Name: "web1"})
	s.hosts[0].Connection.Identity = []string{path}
	wantReason(t, reach(t, s.dialer(sshconn.Config{}), s.hosts[0]), runner.Unreachable, runner.Auth, path+" has a passphrase: load it into the agent")
}

// TestKeysOfJumpHosts: the keys of jump hosts are asked for and prepared like those of the hosts behind them.
func TestKeysOfJumpHosts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "locked")
	key := writeKey(t, path, "open sesame")
	s := newSite(t, sshtest.Server{Name: "web1"}, sshtest.Server{Name: "web2"}, sshtest.Server{Name: "gate1", Forward: true, Authorized: []ssh.PublicKey{key}})
	s.hosts[0].Connection.Jump, s.hosts[1].Connection.Jump = "gate1", "gate1"
	s.hosts[2].Connection.Identity = []string{path}
	d, behind := s.dialer(sshconn.Config{}), s.hosts[:2]
	if err := d.Prepare(t.Context(), behind); err != nil {
		t.Error(err)
	}
	if got := d.Locked(t.Context(), behind); !slices.Equal(got, []string{path}) {
		t.Fatalf("the locked identities are %v, want %s", got, path)
	}
	if err := d.Unlock(path, "open sesame"); err != nil {
		t.Fatal(err)
	}
	if err := reach(t, d, s.hosts[0]); err != nil {
		t.Error(err)
	}
	s.hosts[2].Connection.Identity = []string{path + "-none"}
	if err := s.dialer(sshconn.Config{}).Prepare(t.Context(), behind); err == nil || !strings.Contains(err.Error(), path+"-none: no such file") {
		t.Errorf("a key of the jump host that does not exist: %v", err)
	}
}
