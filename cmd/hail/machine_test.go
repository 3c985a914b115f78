package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"hail/runner/sshtest"
)

// Tests that need a machine of their own (accounts, a network) use namespaces, which only root may create: run make
// torture as root.

// asRoot skips a test that cannot run here. In a torture run as root, a missing program fails the test.
func asRoot(t *testing.T, programs ...string) {
	t.Helper()
	if os.Getenv("HAIL_TORTURE") == "" {
		t.Skip("make torture runs it")
	}
	if os.Geteuid() != 0 {
		t.Skip("it needs root")
	}
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			t.Fatalf("%v: apt-get install sudo opendoas iproute2", err)
		}
	}
}

// machine runs a program on this machine and returns what it printed.
func machine(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// identity makes a login key.
func identity(t *testing.T) (path string, public ssh.PublicKey) {
	t.Helper()
	fleet, err := sshtest.StartFleet(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(fleet.Identity())
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.ParsePrivateKey(text)
	if err != nil {
		t.Fatal(err)
	}
	return fleet.Identity(), key.PublicKey()
}

// TestTortureSudo runs commands and pushes with real sudo and doas. The logins are ordinary users, whose sshd sees an
// overlay of /etc.
func TestTortureSudo(t *testing.T) {
	asRoot(t, "sudo", "doas", "unshare", "openssl")
	dir, err := os.MkdirTemp("/var/tmp", "hail-") // the users can read it there
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	key, public := identity(t)
	users := []string{"easy", "asked", "stranger", "seated"}
	read := func(path string) string {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	passwd, shadow := read("/etc/passwd"), read("/etc/shadow")
	hash := machine(t, "openssl", "passwd", "-6", "open sesame")
	for i, u := range users {
		passwd += fmt.Sprintf("%s:x:%d:%d::%s:/bin/sh\n", u, 54321+i, 54321+i, dir)
		shadow += fmt.Sprintf("%s:%s:19000:0:99999:7:::\n", u, hash)
	}
	layer := filepath.Join(dir, "etc")
	for path, text := range map[string]string{
		"passwd": passwd, "shadow": shadow, "doas.conf": "permit nopass easy\npermit asked\n",
		"sudoers": "Defaults timestamp_timeout=0\nDefaults:seated requiretty\neasy ALL=(ALL) NOPASSWD: ALL\nseated ALL=(ALL) NOPASSWD: ALL\nasked ALL=(ALL) ALL\n",
	} {
		path = filepath.Join(layer, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o400); err != nil {
			t.Fatal(err)
		}
	}
	machine(t, "chmod", "0644", filepath.Join(layer, "passwd"))
	machine(t, "chmod", "0755", dir)
	machine(t, "mkdir", filepath.Join(dir, "work"))
	program := filepath.Join(dir, "sshd")
	if err := os.WriteFile(program, fmt.Appendf(nil, `#!/bin/sh
exec unshare -m sh -c 'mount -t overlay overlay -o lowerdir=/etc,upperdir=%s,workdir=%s/work /etc && exec /usr/sbin/sshd "$@"' sshd "$@"
`, layer, dir), 0o700); err != nil {
		t.Fatal(err)
	}
	d := &sshtest.OpenSSH{Dir: filepath.Join(dir, "sshd.d"), Program: program, Authorized: []ssh.PublicKey{public}}
	machine(t, "mkdir", d.Dir)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := d.Start(ctx); err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	machine(t, "chmod", "0644", filepath.Join(d.Dir, "authorized_keys"))
	known := filepath.Join(dir, "known_hosts")
	if err := os.WriteFile(known, []byte(d.KnownHosts()), 0o600); err != nil {
		t.Fatal(err)
	}
	runs, password := filepath.Join(dir, "runs"), filepath.Join(dir, "password")
	if err := os.WriteFile(password, []byte("open sesame\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		user, args, line, want string
	}{
		{"easy", "--sudo", "id -un; cat", "root\n"},
		{"easy", "--sudo --sudo-user nobody", "id -un", "nobody\n"},
		{"easy", "--sudo --sudo-pass-command 'cat PASSWORD'", "id -un; cat", "root\n"},
		{"asked", "--sudo --sudo-pass-command 'cat PASSWORD'", "id -un; cat; ps -A -o args= | grep -c '[o]pen s[e]same'; env | grep -c 's[e]same'; true", "root\n0\n0\n"},
		{"asked", "--sudo --sudo-pass-command 'cat PASSWORD' --stdin " + known, "wc -l", "1\n"},
		{"asked", "--sudo --sudo-pass-command 'echo wrong'", "id -un", "failed(sudo)"},
		{"asked", "--sudo", "id -un", "sudo: a password is required"},
		{"stranger", "--sudo --sudo-pass-command 'cat PASSWORD'", "id -un", "not in the sudoers"},
		{"easy", "--sudo --sudo-user nosuch", "id -un", "failed(no-user) 127.0.0.1\n    there is no user nosuch\n"},
		{"seated", "--sudo", "id -un", "must have a tty"},
		{"seated", "--sudo --tty", "id -un", "root\n"},
		{"easy", "--doas", "id -un; cat", "root\n"},
		{"asked", "--doas", "id -un", "failed(sudo)"},
	} {
		cmd := exec.Command("sh", "-c", fmt.Sprintf(`hail run --any-host -w 127.0.0.1 -l %s -F none -p %d --identity %s --known-hosts %s --runs-dir %s --output host %s -- "$1"`,
			tt.user, d.Port(), key, known, runs, strings.ReplaceAll(tt.args, "PASSWORD", password)), "sh", tt.line)
		out, _ := cmd.CombinedOutput()
		if !strings.Contains(string(out), tt.want) {
			t.Errorf("%s %s: %s\nwant %q", tt.user, tt.args, out, tt.want)
		}
	}
	// A push by an ordinary user of files that belong to root.
	target, spec := filepath.Join(dir, "root"), filepath.Join(dir, "push.yaml")
	machine(t, "mkdir", "-m", "0755", target)
	machine(t, "mkdir", "-m", "0777", filepath.Join(dir, ".local"))
	if err := os.WriteFile(spec, []byte(strings.ReplaceAll(`{files: [{content: new, dest: DIR/conf, mode: "0600", notify: [h]}], handlers: {h: {run: "id -un >DIR/handler"}}, health: [{file: {path: DIR/conf, owner: root, mode: "0600"}}]}`, "DIR", target)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ user, args, want string }{
		{"easy", "", "the new files can't be put beside the old ones: Permission denied; nothing was changed"},
		{"easy", "--sudo", "1 changed"},
		{"asked", "--sudo --sudo-pass-command 'cat " + password + "'", "1 ok"},
		{"asked", "--sudo", "failed(sudo)"},
	} {
		out, _ := exec.Command("sh", "-c", fmt.Sprintf("hail push --any-host -w 127.0.0.1 -l %s -F none -p %d --identity %s --known-hosts %s --runs-dir %s %s %s",
			tt.user, d.Port(), key, known, runs, tt.args, spec)).CombinedOutput()
		if !strings.Contains(string(out), tt.want) {
			t.Errorf("push of %s %s: %s\nwant %q", tt.user, tt.args, out, tt.want)
		}
	}
	if owner, by := machine(t, "stat", "-c", "%U %a", target+"/conf"), read(target+"/handler"); owner != "root 600" || by != "root\n" {
		t.Errorf("what is pushed belongs to %s, and the handler was run by %s", owner, by)
	}
	if found, err := exec.Command("grep", "-rl", "open sesame", runs).Output(); err == nil {
		t.Errorf("the password is in the record: %s", found)
	}
}

// TestTortureNetworkCut cuts the network silently under a command with a time limit. The record says that it is unknown
// what is left running, and the host ends the command by its own clock.
func TestTortureNetworkCut(t *testing.T) {
	asRoot(t, "ip", "ssh-keygen")
	const space, ours, theirs, address = "hailtest", "hail0", "hail1", "198.18.99.2"
	machine(t, "ip", "netns", "add", space)
	t.Cleanup(func() { exec.Command("ip", "netns", "del", space).Run() })
	machine(t, "ip", "link", "add", ours, "type", "veth", "peer", "name", theirs, "netns", space)
	machine(t, "ip", "addr", "add", "198.18.99.1/30", "dev", ours)
	machine(t, "ip", "link", "set", ours, "up")
	machine(t, "ip", "-n", space, "addr", "add", address+"/30", "dev", theirs)
	machine(t, "ip", "-n", space, "link", "set", theirs, "up")

	dir := t.TempDir()
	key, public := identity(t)
	machine(t, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", filepath.Join(dir, "host_key"))
	hostKey, err := os.ReadFile(filepath.Join(dir, "host_key.pub"))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"known_hosts":     address + " " + string(hostKey),
		"authorized_keys": string(ssh.MarshalAuthorizedKey(public)),
		"sshd_config":     fmt.Sprintf("ListenAddress %s\nHostKey %[2]s/host_key\nAuthorizedKeysFile %[2]s/authorized_keys\nStrictModes no\nUsePAM no\nPidFile none\n", address, dir),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	machine(t, "mkdir", "-p", "/run/sshd")
	sshd := exec.Command("ip", "netns", "exec", space, "/usr/sbin/sshd", "-D", "-f", filepath.Join(dir, "sshd_config"))
	if err := sshd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { sshd.Process.Kill(); sshd.Wait() }()
	until(t, "sshd answers", func() bool {
		c, err := net.DialTimeout("tcp", address+":22", time.Second)
		if err == nil {
			c.Close()
		}
		return err == nil
	})

	pid := filepath.Join(dir, "pid")
	hail := exec.Command("hail", "run", "--any-host", "-w", address, "-l", "root", "-F", "none", "--identity", key, "--known-hosts", filepath.Join(dir, "known_hosts"),
		"--runs-dir", filepath.Join(dir, "runs"), "--timeout", "5s", "--grace", "1s", "--output", "json", "-q", "--", "trap '' TERM; echo $$ >"+pid+"; while :; do sleep 1; done")
	var out strings.Builder
	hail.Stdout = &out
	if err := hail.Start(); err != nil {
		t.Fatal(err)
	}
	text := ""
	until(t, "the command runs", func() bool {
		b, _ := os.ReadFile(pid)
		text = strings.TrimSpace(string(b))
		return text != ""
	})
	machine(t, "ip", "link", "set", ours, "down")
	hail.Wait()
	if !strings.Contains(out.String(), `"status": "timeout"`) || !strings.Contains(out.String(), `"remains": "unknown"`) {
		t.Errorf("the record says %s", out.String())
	}
	until(t, "the host ends the command", func() bool {
		_, err := os.Stat("/proc/" + text)
		return err != nil
	})
}

// until waits for something that must happen.
func until(t *testing.T, what string, here func() bool) {
	t.Helper()
	for begin := time.Now(); !here(); time.Sleep(20 * time.Millisecond) {
		if time.Since(begin) > bound {
			t.Fatalf("not within %v: %s", bound, what)
		}
	}
}
