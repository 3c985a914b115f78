package sshconn_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/crypto/ssh"

	"hail/runner"
	"hail/runner/sshconn"
	"hail/runner/sshtest"
)

// written returns the path of a new file with a text.
func written(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func newSigner(t *testing.T) ssh.Signer {
	t.Helper()
	key, err := sshtest.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newPrivate(t *testing.T) ed25519.PrivateKey {
	t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// privateKey writes a key file, and returns its public key.
func privateKey(t *testing.T, path string, key crypto.Signer) ssh.PublicKey {
	t.Helper()
	block, err := ssh.MarshalPrivateKey(key, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	public, err := ssh.NewPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return public
}

// authorize returns the option that lets key log in to the sshd of realHost.
func authorize(t *testing.T, key ssh.PublicKey) (option string) {
	t.Helper()
	file := written(t, "authorized_keys", string(ssh.MarshalAuthorizedKey(key)))
	return "AuthorizedKeysFile " + file
}

func TestKeysOfEachKind(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	ecdsaKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	edKey := newPrivate(t)
	for name, key := range map[string]crypto.Signer{"rsa": rsaKey, "ecdsa": ecdsaKey, "ed25519": edKey} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "id")
			h := realHost(t, authorize(t, privateKey(t, file, key)))
			h.Connection.Identity = []string{file}
			d := sshconn.New(sshconn.Config{Agent: startAgent(t, file)})
			defer d.Close()
			if got := output(t, d, h, "echo by the file"); got != "by the file" {
				t.Errorf("it prints %q", got)
			}
			h.Connection.Identity = nil
			if got := output(t, d, h, "echo by the agent"); got != "by the agent" {
				t.Errorf("it prints %q", got)
			}
		})
	}
}

// TestSecondFactor: the message of a refused login tells a key that the server accepted from one that it does not know.
func TestSecondFactor(t *testing.T) {
	d := sshconn.New(sshconn.Config{})
	defer d.Close()
	h := realHost(t, "AuthenticationMethods publickey,publickey") // of two keys
	wantReason(t, reach(t, d, h), runner.Unreachable, runner.Auth, "the server accepted publickey, but wants another method, too")
}

// TestHashedNames: names in known_hosts that ssh-keygen has hashed, and a HostKeyAlias, which has no port.
func TestHashedNames(t *testing.T) {
	h := realHost(t)
	file := h.Connection.KnownHosts[0]
	line, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("ssh-keygen", "-H", "-f", file).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if hashed, _ := os.ReadFile(file); !bytes.Contains(hashed, []byte("|1|")) || bytes.Contains(hashed, []byte("127.0.0.1")) {
		t.Fatalf("ssh-keygen did not hash the names: %s", hashed)
	}
	if err := reach(t, configured(t, "", sshconn.Config{}), h); err != nil {
		t.Error(err)
	}
	_, key, _ := strings.Cut(string(line), " ")
	if err := os.WriteFile(file, []byte("farm "+key), 0o600); err != nil {
		t.Fatal(err)
	}
	wantReason(t, reach(t, configured(t, "", sshconn.Config{}), h), runner.Unreachable, runner.HostKeyUnknown, "as [127.0.0.1]:")
	if err := reach(t, configured(t, "HostKeyAlias farm\n", sshconn.Config{}), h); err != nil {
		t.Errorf("with HostKeyAlias: %v", err)
	}
}

// TestOpenSSH: a real sshd, with unusual settings.
func TestOpenSSH(t *testing.T) {
	dir := t.TempDir()
	banner := filepath.Join(dir, "banner")
	if err := os.WriteFile(banner, []byte(strings.Repeat("keep out\n", 100)), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name    string
		options []string
		command string
		status  runner.Status
		text    string // in the output or in the error
	}{
		{"banner noise", []string{"Banner " + banner}, "echo hello", runner.OK, "hello\n"},
		{"nologin", []string{"ForceCommand /usr/sbin/nologin"}, "echo hello", runner.Failed, "exit 1"},
		{"a forced command", []string{"ForceCommand echo forced"}, "echo hello", runner.OK, "forced\n"},
		{"one session", []string{"MaxSessions 1"}, "echo hello", runner.OK, "hello\n"},
		{"no session", []string{"MaxSessions 0"}, "echo hello", runner.Unreachable, "refuses a session"},
		{"rekeying all the time", []string{"RekeyLimit 256K"}, "head -c 3000000 /dev/zero | tr '\\0' x; echo; echo hello", runner.OK, "hello\n"},
		{"rekeying with much input", []string{"RekeyLimit 256K"}, "wc -c", runner.OK, "3000000\n"},
		{"SIGPIPE, SIGKILL", nil, "kill -9 $$", runner.Failed, "killed by signal KILL"},
		{"a status of 255", nil, "exit 255", runner.Failed, "exit 255"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := realHost(t, tt.options...)
			d := configured(t, "", sshconn.Config{})
			ctx, cancel := context.WithTimeout(t.Context(), bound)
			defer cancel()
			c := dialled(t, ctx, d, h)
			for range 2 { // to see that sessions are given back
				var out bytes.Buffer
				err := c.Exec(ctx, tt.command, runner.Stdio{In: strings.NewReader(strings.Repeat("x", 3000000)), Out: &out})
				if s, _ := runner.StatusOf(err); s != tt.status {
					t.Fatalf("%s (%v), want %s", s, err, tt.status)
				}
				if err == nil && !strings.HasSuffix(out.String(), tt.text) || err != nil && !strings.Contains(err.Error(), tt.text) {
					t.Errorf("%v, output %.100q; want %q", err, out.String(), tt.text)
				}
			}
		})
	}
}

// TestMaxStartups: an sshd that allows only three connections before login serves twelve hosts when they come two at a
// time. When thirty come at once, those that it drops are unreachable(closed), and nothing else.
func TestMaxStartups(t *testing.T) {
	h := realHost(t, "MaxStartups 3")
	reachAll := func(hosts, perAddress int) (closed int) {
		d := configured(t, "", sshconn.Config{PerAddress: perAddress, ConnectTimeout: bound})
		var mu sync.Mutex
		var wg sync.WaitGroup
		for range hosts {
			wg.Go(func() {
				if err := reach(t, d, h); err != nil {
					wantReason(t, err, runner.Unreachable, runner.Closed, "")
					mu.Lock()
					closed++
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		return closed
	}
	if n := reachAll(12, 2); n > 0 {
		t.Errorf("two by two, %d of 12 were dropped", n)
	}
	if n := reachAll(30, 0); n == 0 {
		t.Log("all at once, none was dropped: this machine is too slow for that")
	}
}

func TestIPv6(t *testing.T) {
	if l, err := net.Listen("tcp", "[::1]:0"); err != nil {
		t.Skipf("this machine has no IPv6: %v", err)
	} else {
		l.Close()
	}
	h := realHost(t, "ListenAddress ::1")
	for _, address := range []string{"::1", "[::1]"} {
		h.Connection.Address = address
		known := filepath.Join(t.TempDir(), "known_hosts")
		text, err := os.ReadFile(h.Connection.KnownHosts[0])
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(known, bytes.Replace(text, []byte("127.0.0.1"), []byte("::1"), 1), 0o600); err != nil {
			t.Fatal(err)
		}
		h.Connection.KnownHosts = []string{known}
		h.Connection.Options = map[string]string{"AddressFamily": "inet6"}
		if got := output(t, configured(t, "", sshconn.Config{}), h, "echo $SSH_CONNECTION"); !strings.HasPrefix(got, "::1 ") {
			t.Errorf("%s: %q", address, got)
		}
	}
}

func TestForwardAgent(t *testing.T) {
	h := realHost(t)
	socket := startAgent(t, h.Connection.Identity[0])
	list := "test -n \"$SSH_AUTH_SOCK\" && ssh-add -l | wc -l || echo no agent"
	for config, want := range map[string]string{
		"":                               "no agent",
		"ForwardAgent no\n":              "no agent",
		"ForwardAgent yes\n":             "1",
		"ForwardAgent " + socket + "\n":  "1",
		"Host other\nForwardAgent yes\n": "no agent",
	} {
		d := configured(t, config, sshconn.Config{Agent: socket})
		if got := output(t, d, h, list); got != want {
			t.Errorf("%q: %q, want %q", config, got, want)
		}
	}
}

func TestTerminal(t *testing.T) {
	h := realHost(t)
	d := configured(t, "", sshconn.Config{})
	ctx, cancel := context.WithTimeout(t.Context(), bound)
	defer cancel()
	c := dialled(t, ctx, d, h)
	for tty, want := range map[bool]string{true: "dumb 50 200\nerr\n", false: "none\n"} {
		t.Run(fmt.Sprint("terminal ", tty), func(t *testing.T) {
			if tty && !sshtest.Terminals() {
				t.Skip("sshd gives out no terminals here: it needs root, or /dev/pts mounted with gid=5")
			}
			var out bytes.Buffer
			err := c.Exec(ctx, "if test -t 1; then echo \"$TERM $(stty size)\"; else echo none; fi; echo err >&2", runner.Stdio{Out: &out, TTY: tty})
			if err != nil || out.String() != want {
				t.Errorf("%q, %v; want %q", out.String(), err, want)
			}
		})
	}
	refused := configured(t, "", sshconn.Config{})
	cr := dialled(t, ctx, refused, realHost(t, "PermitTTY no"))
	wantReason(t, cr.Exec(ctx, "true", runner.Stdio{TTY: true}), runner.Unreachable, runner.ChannelRefused, "refuses a terminal")
}

// TestMaster connects through a master of OpenSSH's own client.
func TestMaster(t *testing.T) {
	gate := realHost(t)
	dir := t.TempDir()
	socket := filepath.Join(dir, "master")
	said := startMaster(t, gate, socket)

	d := configured(t, "", sshconn.Config{Control: filepath.Join(dir, "%%m%h")})
	h := gate
	h.Connection.Identity = nil
	h.Connection.Address = "aster"
	if err := os.Symlink(socket, filepath.Join(dir, "%master")); err != nil {
		t.Fatal(err)
	}
	if got := output(t, d, h, "echo $SSH_CONNECTION"); !strings.HasPrefix(got, "127.0.0.1 ") {
		t.Errorf("on the host of the master, the command prints %q; ssh said %s", got, said)
	}
	c := dialled(t, t.Context(), d, h)
	if err := c.Exec(t.Context(), "test -t 0 # "+strings.Repeat("x", 9000), runner.Stdio{TTY: true}); err != nil {
		t.Errorf("on the host of the master, a long command with a terminal: %v", err)
	}

	behind := realHost(t)
	d = configured(t, "", sshconn.Config{Control: socket})
	if got := output(t, d, behind, "echo $SSH_CONNECTION"); !strings.HasSuffix(got, fmt.Sprint(behind.Connection.Port)) {
		t.Errorf("on a host behind the master, the command prints %q", got)
	}
	there := behind.Connection.Port
	behind.Connection.Port = 1
	wantReason(t, reach(t, d, behind), runner.Unreachable, runner.Jump, "the OpenSSH master at "+socket+" could not connect to 127.0.0.1:1")
	d.Close()
	behind.Connection.Port = there
	d = configured(t, "", sshconn.Config{Control: socket})
	if got := output(t, d, behind, "echo it lives"); got != "it lives" { // and so does what others do through it
		t.Errorf("after a host that refused, the command prints %q; ssh said %s", got, said)
	}
	d = configured(t, "", sshconn.Config{Control: filepath.Join(dir, "none")})
	wantReason(t, reach(t, d, h), runner.Unreachable, runner.Jump, "the OpenSSH master at "+filepath.Join(dir, "none")+": connect: no such file")
}

// TestTrace: the steps to a host are reported, and those of the protocol as details.
func TestTrace(t *testing.T) {
	s := newSite(t, sshtest.Server{Name: "web1"})
	var mu sync.Mutex
	var steps, details []string
	d := s.dialer(sshconn.Config{Trace: func(host string, detail bool, text string) {
		mu.Lock()
		defer mu.Unlock()
		if host != "web1" {
			t.Errorf("%q is reported for %s, want web1", text, host)
		}
		if detail {
			details = append(details, text)
		} else {
			steps = append(steps, text)
		}
	}})
	if got := output(t, d, s.hosts[0], "echo hello"); got != "hello" {
		t.Errorf("it prints %q", got)
	}
	const took = ` \(([\d.]+s|\d+(\.\d)?ms|\d00µs|0s)\)$` // rounded, for people
	forms := []string{`^connecting to 127\.0\.0\.1:\d+$`, `^connected to 127\.0\.0\.1:\d+` + took, `^SSH-2\.0-hail_sshtest shows the host key ssh-ed25519 SHA256:\S+, known` + took, `^logged in as demo` + took}
	if !slices.EqualFunc(steps, forms, func(step, form string) bool { return regexp.MustCompile(form).MatchString(step) }) {
		t.Errorf("the steps are\n%s\nwant\n%s", strings.Join(steps, "\n"), strings.Join(forms, "\n"))
	}
	all := strings.Join(details, "\n")
	for _, want := range []string{"looked up [127.0.0.1]:", "offered " + s.Identity(), "key exchange ", "session open"} {
		if !strings.Contains(all, want) {
			t.Errorf("the details do not say %q:\n%s", want, all)
		}
	}
}
