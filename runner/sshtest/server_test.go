package sshtest_test

import (
	"context"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"hail/runner/sshtest"
)

// dial logs in to the server with the key of the fleet.
func dial(t *testing.T, f *sshtest.Fleet, s *sshtest.Running) *ssh.Client {
	t.Helper()
	text, err := os.ReadFile(f.Identity())
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.ParsePrivateKey(text)
	if err != nil {
		t.Fatal(err)
	}
	c, err := ssh.Dial("tcp", fmt.Sprintf("%s:%d", sshtest.Address, s.Port()), &ssh.ClientConfig{
		User: "demo", Auth: []ssh.AuthMethod{ssh.PublicKeys(key)}, HostKeyCallback: ssh.FixedHostKey(s.HostKey.PublicKey())})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func fleet(t *testing.T, servers ...sshtest.Server) *sshtest.Fleet {
	t.Helper()
	f, err := sshtest.StartFleet(t.TempDir(), servers)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func output(t *testing.T, c *ssh.Client, line string) string {
	t.Helper()
	s, err := c.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	out, err := s.Output(line)
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	return string(out)
}

func TestHostsAreTheirOwn(t *testing.T) {
	f := fleet(t, sshtest.Server{Name: "web1"}, sshtest.Server{Name: "web2"})
	for _, s := range f.Servers {
		c := dial(t, f, s)
		if got := output(t, c, "hostname; echo $HAIL_HOST; echo x > file; ls"); got != s.Name+"\n"+s.Name+"\nfile\n" {
			t.Errorf("%s says %q", s.Name, got)
		}
	}
}

func TestStrangersStayOut(t *testing.T) {
	f := fleet(t, sshtest.Server{Name: "web1"})
	key, err := sshtest.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	_, err = ssh.Dial("tcp", fmt.Sprintf("%s:%d", sshtest.Address, f.Servers[0].Port()), &ssh.ClientConfig{
		User: "demo", Auth: []ssh.AuthMethod{ssh.PublicKeys(key)}, HostKeyCallback: ssh.InsecureIgnoreHostKey()})
	if err == nil {
		t.Error("an unknown key could log in")
	}
}

func TestCloseEndsCommands(t *testing.T) {
	f := fleet(t, sshtest.Server{Name: "web1"})
	c := dial(t, f, f.Servers[0])
	s, err := c.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := s.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start("echo $$; exec sleep 1000"); err != nil {
		t.Fatal(err)
	}
	var pid int
	if _, err := fmt.Fscan(stdout, &pid); err != nil {
		t.Fatal(err)
	}
	f.Close()
	if syscall.Kill(pid, 0) == nil {
		t.Errorf("process %d is left after Close", pid)
	}
}

func TestOpenSSH(t *testing.T) {
	f := fleet(t)
	text, err := os.ReadFile(f.Identity())
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.ParsePrivateKey(text)
	if err != nil {
		t.Fatal(err)
	}
	s := &sshtest.OpenSSH{Dir: t.TempDir(), Authorized: []ssh.PublicKey{key.PublicKey()}}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := s.Start(ctx); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	_, _, hostKey, _, _, err := ssh.ParseKnownHosts([]byte(s.KnownHosts()))
	if err != nil {
		t.Fatal(err)
	}
	c, err := ssh.Dial("tcp", fmt.Sprintf("%s:%d", sshtest.Address, s.Port()), &ssh.ClientConfig{
		User: me.Username, Auth: []ssh.AuthMethod{ssh.PublicKeys(key)}, HostKeyCallback: ssh.FixedHostKey(hostKey)})
	if err != nil {
		t.Fatalf("%v\n%s", err, s.Log())
	}
	defer c.Close()
	if got := output(t, c, "echo $SSH_CONNECTION"); !strings.Contains(got, " "+sshtest.Address+" ") {
		t.Errorf("it says %q", got)
	}
	bad := &sshtest.OpenSSH{Dir: t.TempDir(), Options: []string{"NoSuchOption yes"}}
	if err := bad.Start(ctx); err == nil || !strings.Contains(err.Error(), "NoSuchOption") {
		t.Errorf("a wrong configuration: error %v, want one that names NoSuchOption", err)
	}
	if _, err := os.Stat(filepath.Join(s.Dir, "host_key")); err != nil {
		t.Error(err)
	}
}

// TestOpenSSHWithoutItsPort: when another server takes the free port before sshd does, sshd gets another one.
func TestOpenSSHWithoutItsPort(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "sshd")
	script := `#!/bin/sh
cd ` + dir + ` || exit
sshd=$(PATH=$PATH:/usr/sbin:/usr/local/sbin command -v sshd)
if mkdir first 2>/dev/null; then
	sed 's|^PidFile .*|PidFile ` + dir + `/other|' sshd_config >other_config
	"$sshd" -f ` + dir + `/other_config -E other_log
	until [ -s other ]; do sleep 0.01; done
fi
exec "$sshd" "$@"
`
	if err := os.WriteFile(program, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	s := &sshtest.OpenSSH{Dir: dir, Program: program}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := s.Start(ctx); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	text, err := os.ReadFile(filepath.Join(dir, "other"))
	if err != nil {
		t.Fatal(err)
	}
	other, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Kill(other, syscall.SIGTERM)
	config, err := os.ReadFile(filepath.Join(dir, "other_config"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(config), fmt.Sprintf("Port %d\n", s.Port())) {
		t.Error("Start returned the port of another server")
	}
}

// TestMistakes: what can't work is told, and closing what never ran is no mistake.
func TestMistakes(t *testing.T) {
	for _, names := range [][]string{{""}, {"a", "b", "a"}} {
		var servers []sshtest.Server
		for _, name := range names {
			servers = append(servers, sshtest.Server{Name: name})
		}
		if _, err := sshtest.StartFleet(t.TempDir(), servers); err == nil {
			t.Errorf("a fleet of %q", names)
		}
	}
	var never sshtest.OpenSSH
	if err := never.Start(t.Context()); err == nil {
		t.Error("an sshd without a folder")
	}
	if err := never.Close(); err != nil {
		t.Error(err)
	}
}
