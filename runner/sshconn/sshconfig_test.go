package sshconn_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"hail/inventory"
	"hail/inventory/sshconfig"
	"hail/runner"
	"hail/runner/hosttest"
	"hail/runner/sshconn"
)

// configured makes a Dialer that uses text as its ssh_config.
func configured(t *testing.T, text string, c sshconn.Config) *sshconn.Dialer {
	t.Helper()
	file := written(t, "config", text)
	var err error
	if c.SSHConfig, err = sshconfig.Load([]string{file}, nil, sshconfig.Local{}); err != nil {
		t.Fatal(err)
	}
	d := sshconn.New(c)
	t.Cleanup(func() { d.Close() })
	return d
}

// dialled returns a connection that is closed when the test is over.
func dialled(t *testing.T, ctx context.Context, d *sshconn.Dialer, h inventory.Host) runner.Conn {
	t.Helper()
	c, err := d.Dial(ctx, h)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// output runs a command and returns what it prints.
func output(t *testing.T, d *sshconn.Dialer, h inventory.Host, command string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), bound)
	defer cancel()
	c := dialled(t, ctx, d, h)
	defer c.Close()
	var out, errs bytes.Buffer
	if err := c.Exec(ctx, command, runner.Stdio{Out: &out, Err: &errs}); err != nil {
		t.Fatalf("%s: %v\n%s", command, err, &errs)
	}
	return strings.TrimSpace(out.String())
}

func TestProxyCommand(t *testing.T) {
	t.Parallel()
	h := realHost(t)
	h.Connection.Jump = ""
	pid := filepath.Join(t.TempDir(), "pid")
	proxy, hung := script(t, "echo $$ >"+pid+"; exec busybox nc $1 $2"), script(t, "echo $$ >"+pid+"; echo approve this >&2; sleep 1000")
	d := configured(t, "ProxyCommand "+proxy+" %h %p\n", sshconn.Config{})
	if got := output(t, d, h, "echo hello"); got != "hello" {
		t.Errorf("it prints %q", got)
	}
	waitGone(t, pid)

	for command, tt := range map[string]struct {
		reason runner.Reason
		phase  runner.Phase
		text   string
	}{
		"echo no way by $MARK >&2": {runner.Jump, "handshake", `the proxy command ended: "no way by us"`},
		"true":                     {runner.Jump, "handshake", "the proxy command ended without a word"},
		"/nowhere/proxy %h":        {runner.Jump, "handshake", "not found"},
		"echo hello":               {runner.Closed, "handshake", `saying "hello"`},
		hung:                       {runner.ConnectTimeout, "handshake", `no SSH server answered; the proxy command said "approve this"`},
	} {
		timeout := bound
		if tt.reason == runner.ConnectTimeout {
			timeout = time.Second
		}
		environ := []string{"MARK=us", "PATH=" + os.Getenv("PATH")}
		d := configured(t, "ProxyCommand "+command+"\n", sshconn.Config{ConnectTimeout: timeout, Environ: environ})
		f := wantReason(t, reach(t, d, h), runner.Unreachable, tt.reason, tt.text)
		if f.Reach == nil || f.Reach.Phase != tt.phase {
			t.Errorf("%s: reach %+v, want phase %s", command, f.Reach, tt.phase)
		}
	}
	waitGone(t, pid)

	limited := script(t, "exec 3<&0; busybox nc $1 $2 <&3 & echo $! >"+pid+"; wait; echo too long >&2")
	c := dialled(t, t.Context(), configured(t, "ProxyCommand "+limited+" %h %p\n", sshconn.Config{}), h)
	err := c.Exec(t.Context(), "kill $(cat "+pid+"); sleep 60", runner.Stdio{Out: io.Discard, Err: io.Discard})
	wantReason(t, err, runner.Lost, "", `the connection ended before the command did; the proxy command said "too long"`)

	// A ProxyCommand from an inventory runs only if that is allowed.
	h.Connection.Options = map[string]string{"proxycommand": "busybox nc %h %p"}
	wantReason(t, reach(t, sshconn.New(sshconn.Config{}), h), runner.Error, "", "--allow-exec")
	allowed := sshconn.New(sshconn.Config{Local: sshconfig.Local{AllowExec: true}})
	h.Connection.Options["ProxyCommand"] = fmt.Sprintf("busybox nc 127.0.0.1 %d", h.Connection.Port)
	delete(h.Connection.Options, "proxycommand")
	if err := reach(t, allowed, h); err != nil {
		t.Error(err)
	}
	shell := script(t, `[ "$1 $2" = "-c exec anything" ] && exec busybox nc 127.0.0.1 `+strconv.Itoa(h.Connection.Port))
	h.Connection.Options["ProxyCommand"] = "anything"
	own := sshconfig.Local{AllowExec: true, Getenv: func(name string) string { return map[string]string{"SHELL": shell}[name] }}
	if err := reach(t, sshconn.New(sshconn.Config{Local: own}), h); err != nil {
		t.Errorf("with a shell of the user's own: %v", err)
	}
}

// script writes a shell script, and returns its path.
func script(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "script")
	hosttest.Program(t, path, "#!/bin/sh\n"+text+"\n")
	return path
}

// waitGone waits until the process whose number is in a file has ended.
func waitGone(t *testing.T, pidFile string) {
	t.Helper()
	text, err := os.ReadFile(pidFile)
	if err != nil {
		t.Fatal(err)
	}
	for begun := time.Now(); time.Since(begun) < bound; time.Sleep(10 * time.Millisecond) {
		state, err := os.ReadFile("/proc/" + strings.TrimSpace(string(text)) + "/stat")
		if err != nil || bytes.Contains(state, []byte(") Z ")) {
			return
		}
	}
	t.Errorf("process %s is still there", text)
}

// TestUserCertificates logs in to Debian's sshd with keys that it only knows by their certificates.
func TestUserCertificates(t *testing.T) {
	dir := t.TempDir()
	ca := newSigner(t)
	caFile := filepath.Join(dir, "ca.pub")
	if err := os.WriteFile(caFile, ssh.MarshalAuthorizedKey(ca.PublicKey()), 0o644); err != nil {
		t.Fatal(err)
	}
	h := realHost(t, "TrustedUserCAKeys "+caFile, "AuthorizedKeysFile none")
	wantReason(t, reach(t, configured(t, "", sshconn.Config{}), h), runner.Unreachable, runner.Auth, "login refused")

	text, err := os.ReadFile(h.Connection.Identity[0])
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.ParsePrivateKey(text)
	if err != nil {
		t.Fatal(err)
	}
	certificate := func(kind uint32) []byte {
		c := &ssh.Certificate{Key: key.PublicKey(), CertType: kind, ValidPrincipals: []string{h.Connection.User}, ValidBefore: ssh.CertTimeInfinity,
			Permissions: ssh.Permissions{Extensions: map[string]string{"permit-pty": ""}}}
		if err := c.SignCert(rand.Reader, ca); err != nil {
			t.Fatal(err)
		}
		return ssh.MarshalAuthorizedKey(c)
	}
	named := filepath.Join(dir, "named-cert")
	for path, text := range map[string][]byte{named: certificate(ssh.UserCert), filepath.Join(dir, "host-cert"): certificate(ssh.HostCert)} {
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := reach(t, configured(t, "CertificateFile "+named+"\n", sshconn.Config{}), h); err != nil {
		t.Errorf("with CertificateFile: %v", err)
	}
	byAgent := h
	byAgent.Connection.Identity = nil
	for only, want := range map[string]runner.Status{"no": runner.OK, "yes": runner.Unreachable} { // as ssh
		d := configured(t, "CertificateFile "+named+"\nIdentitiesOnly "+only+"\n", sshconn.Config{Agent: startAgent(t, h.Connection.Identity[0])})
		err := reach(t, d, byAgent)
		if status, _ := runner.StatusOf(err); status != want {
			t.Errorf("with CertificateFile, the key in the agent and IdentitiesOnly %s: %v, want %s", only, err, want)
		}
	}
	if err := os.WriteFile(h.Connection.Identity[0]+"-cert.pub", certificate(ssh.UserCert), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := reach(t, configured(t, "", sshconn.Config{}), h); err != nil {
		t.Errorf("with a certificate beside the key: %v", err)
	}
	for path, want := range map[string]string{filepath.Join(dir, "host-cert"): "not a user certificate", filepath.Join(dir, "none"): "no such file", caFile: "not a user certificate"} {
		err := configured(t, "CertificateFile "+path+"\n", sshconn.Config{}).Prepare(t.Context(), []inventory.Host{h})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", path, err, want)
		}
	}
}

func TestAlgorithms(t *testing.T) {
	h := realHost(t, "KexAlgorithms ecdh-sha2-nistp256", "Ciphers aes256-ctr", "MACs hmac-sha2-512")
	for config, want := range map[string]string{
		"":                                 "",
		"KexAlgorithms ecdh-sha2-nistp256": "",
		"KexAlgorithms ^ecdh-sha2-*\nCiphers +aes256-ctr\nMACs hmac-sha2-512,hmac-sha2-256": "",
		"KexAlgorithms curve25519-sha256": "no common algorithm for key exchange",
		"Ciphers aes128-ctr":              "no common algorithm for client to server cipher",
		"HostKeyAlgorithms rsa-sha2-512":  "no common algorithm for host key",
	} {
		err := reach(t, configured(t, config+"\n", sshconn.Config{}), h)
		if want == "" {
			if err != nil {
				t.Errorf("%q: %v", config, err)
			}
			continue
		}
		wantReason(t, err, runner.Unreachable, runner.Handshake, want)
	}
	wantReason(t, reach(t, configured(t, "PubkeyAcceptedAlgorithms ecdsa-*\n", sshconn.Config{}), h), runner.Unreachable, runner.Auth, "PubkeyAcceptedAlgorithms excludes ")
	wantReason(t, reach(t, configured(t, "Ciphers rot13\n", sshconn.Config{}), h), runner.Error, "", `sets Ciphers to "rot13", none of which is supported`)
}

func TestAddresses(t *testing.T) {
	h := realHost(t)
	d := configured(t, "BindAddress 127.0.0.9\nAddressFamily inet\n", sshconn.Config{})
	if got := output(t, d, h, "echo $SSH_CLIENT"); !strings.HasPrefix(got, "127.0.0.9 ") {
		t.Errorf("the connection comes from %q", got)
	}
	for _, other := range []string{"AddressFamily inet6", "BindAddress ::1"} {
		wantReason(t, reach(t, configured(t, other+"\n", sshconn.Config{}), h), runner.Unreachable, runner.NoRoute, "no suitable address")
	}
	wantReason(t, reach(t, configured(t, "BindAddress eth0.example\n", sshconn.Config{}), h), runner.Error, "", "which is not an IP address")
}

func TestEnvironment(t *testing.T) {
	h := realHost(t, "AcceptEnv *")
	d := configured(t, "SetEnv ONE=1 TWO=\"two words\"\nSendEnv LC_* NO [S]ECRET\n", sshconn.Config{Environ: []string{"LC_MINE=mine", "SECRET=x"}})
	if got := output(t, d, h, `echo "$ONE,$TWO,$LC_MINE,$SECRET"`); got != "1,two words,mine," {
		t.Errorf("the environment is %q", got)
	}
}

// TestFrozenServer: with ServerAliveInterval, a server that is stopped in the middle of a command does not hold up its
// host.
func TestFrozenServer(t *testing.T) {
	t.Parallel()
	h := realHost(t)
	d := configured(t, "ServerAliveInterval 1\nServerAliveCountMax 1\n", sshconn.Config{})
	ctx, cancel := context.WithTimeout(t.Context(), bound)
	defer cancel()
	c := dialled(t, ctx, d, h)
	file := filepath.Join(t.TempDir(), "pid") // the output may not get past a server that is stopped
	err := c.Exec(ctx, "echo $PPID >"+file+"; kill -STOP $PPID; sleep 60", runner.Stdio{Out: io.Discard, Err: io.Discard})
	text, readErr := os.ReadFile(file)
	pid, scanErr := strconv.Atoi(strings.TrimSpace(string(text)))
	if readErr != nil || scanErr != nil {
		t.Fatalf("%q, %v, %v", text, readErr, scanErr)
	}
	defer syscall.Kill(pid, syscall.SIGKILL)
	wantReason(t, err, runner.Lost, "", "the host has given no sign of life for 2s")
}

// TestAProgramThatDoesNotEnd: a program that ssh_config runs for a host, or for its jump host, is limited by the
// connect timeout.
func TestAProgramThatDoesNotEnd(t *testing.T) {
	file := written(t, "config", "Match originalhost slow exec \"exec sleep 60\"\nUser somebody\n")
	local := sshconfig.Local{AllowExec: true}
	config, err := sshconfig.Load([]string{file}, nil, local)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range []inventory.Host{{Name: "slow"}, {Name: "web1", Connection: inventory.Connection{Jump: "slow"}}} {
		d := sshconn.New(sshconn.Config{SSHConfig: config, Local: local, ConnectTimeout: 50 * time.Millisecond})
		defer d.Close()
		wantReason(t, reach(t, d, h), runner.Unreachable, runner.ConnectTimeout, "the programs in ssh_config did not end within 50ms")
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := d.Dial(ctx, h)
		wantReason(t, err, runner.Cancelled, runner.Interrupt, "stopped while connecting")
	}
}
