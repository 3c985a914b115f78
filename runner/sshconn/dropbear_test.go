package sshconn_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"hail/inventory"
	"hail/runner"
	"hail/runner/connsuite"
	"hail/runner/hosttest"
	"hail/runner/sshconn"
)

// dropbearHost starts a Dropbear, and returns it as a host to which the current user may log in, with this login shell.
// Dropbear looks for the user's keys only in the home from passwd, so it gets a passwd of its own.
func dropbearHost(t *testing.T, shell string) inventory.Host {
	t.Helper()
	const get = "there is no dropbear here: apt-get install dropbear-bin libnss-wrapper"
	program, err := exec.LookPath("dropbear")
	if err != nil {
		if program = "/usr/sbin/dropbear"; exec.Command("test", "-x", program).Run() != nil {
			t.Fatal(get)
		}
	}
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	f := newSite(t) // only for its key
	dir, home := t.TempDir(), t.TempDir()
	run := func(name string, args ...string) string {
		t.Helper()
		out, err := exec.Command(name, args...).CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v: %s", name, err, out)
		}
		return string(out)
	}
	write := func(path, text string) string {
		t.Helper()
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write(filepath.Join(home, ".ssh/authorized_keys"), run("ssh-keygen", "-y", "-f", f.Identity()))
	passwd := write(filepath.Join(dir, "passwd"), fmt.Sprintf("%s:x:%s:%s::%s:%s\n", me.Username, me.Uid, me.Gid, home, shell))
	key := filepath.Join(dir, "key")
	var public string
	for line := range strings.Lines(run(filepath.Join(filepath.Dir(program), "../bin/dropbearkey"), "-t", "ed25519", "-f", key)) {
		if strings.HasPrefix(line, "ssh-ed25519 ") {
			public = line
		}
	}
	port := hosttest.Port(t)
	known := write(filepath.Join(dir, "known_hosts"), fmt.Sprintf("[127.0.0.1]:%d %s", port, public))

	var log bytes.Buffer
	c := exec.Command(program, "-F", "-E", "-r", key, "-p", "127.0.0.1:"+strconv.Itoa(port), "-P", filepath.Join(dir, "pid"))
	c.Env = append(os.Environ(), "LD_PRELOAD=libnss_wrapper.so", "NSS_WRAPPER_PASSWD="+passwd, "NSS_WRAPPER_GROUP=/etc/group")
	c.Stderr = &log
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Process.Kill()
		c.Wait()
		if t.Failed() {
			t.Logf("dropbear: %s", log.String())
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for {
		c, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			c.Close()
			break
		}
		select {
		case <-ctx.Done():
			t.Fatalf("dropbear does not answer; is libnss-wrapper there? %s", log.String())
		case <-time.After(20 * time.Millisecond):
		}
	}
	return inventory.Host{Name: "dropbear", Connection: inventory.Connection{Address: "127.0.0.1", Port: port, User: me.Username,
		Identity: []string{f.Identity()}, KnownHosts: []string{known}, Jump: "none"}}
}

func TestConnToDropbear(t *testing.T) {
	t.Parallel()
	h := dropbearHost(t, "/bin/sh")
	connsuite.Run(t, func(t *testing.T) (runner.Dialer, inventory.Host) {
		return configured(t, "", sshconn.Config{PerAddress: 4}), h // Dropbear hangs up when 5 of an address have not logged in
	})
}

// TestLongCommand: a command that is too long for a server arrives whole, and so does its input.
func TestLongCommand(t *testing.T) {
	long := "# " + strings.Repeat("a\\n\\\\'\"$x ü \x03\x04\r\x7f", 1500) + "\n"
	for name, host := range map[string]func(*testing.T) inventory.Host{
		"dropbear": func(t *testing.T) inventory.Host { return dropbearHost(t, "/bin/sh") },
		"openssh":  func(t *testing.T) inventory.Host { return realHost(t) },
	} {
		t.Run(name, func(t *testing.T) {
			h, d := host(t), configured(t, "", sshconn.Config{})
			conn := dialled(t, t.Context(), d, h)
			for _, tt := range []struct {
				cmd  string
				in   string
				want string
			}{
				{long + `printf '%s\n' 'a\nb\\' "$0" | head -n 1; cat; exit 3`, "", `a\nb\\` + "\n"},
				{long + "cat; exit 3\n\n", "the input\\n\nis whole\n", "the input\\n\nis whole\n"},
			} {
				var out bytes.Buffer
				s := runner.Stdio{Out: &out}
				if tt.in != "" {
					s.In = strings.NewReader(tt.in)
				}
				err := conn.Exec(t.Context(), tt.cmd, s)
				var f *runner.Failure
				if !errors.As(err, &f) || f.Exit != 3 || out.String() != tt.want {
					t.Errorf("%q ended with %v, and printed %q, want exit 3 and %q", tt.cmd[len(long):], err, out.String(), tt.want)
				}
			}
			var out bytes.Buffer
			err := conn.Exec(t.Context(), long+"test -t 0 && printf %s "+runner.Quote(long), runner.Stdio{Out: &out, TTY: true, Hold: true})
			if err != nil || out.String() != long {
				t.Errorf("with a terminal: %v, and %d bytes came back of %d", err, out.Len(), len(long))
			}
		})
	}
}

// TestLongCommandSentBare: a server that may not take the command gets none, as the host may have no shell to read it.
func TestLongCommandSentBare(t *testing.T) {
	for name, host := range map[string]func(*testing.T) inventory.Host{
		"dropbear": func(t *testing.T) inventory.Host { return dropbearHost(t, "/bin/sh") },
		"openssh":  func(t *testing.T) inventory.Host { return realHost(t) },
	} {
		t.Run(name, func(t *testing.T) {
			h := host(t)
			h.Connection.Shell = inventory.NoShell
			conn := dialled(t, t.Context(), configured(t, "", sshconn.Config{}), h)
			if err := conn.Exec(t.Context(), "exit 3 # "+strings.Repeat("x", 8000), runner.Stdio{}); err == nil || err.Error() != "exit 3" {
				t.Errorf("a command that is short enough: %v", err)
			}
			err := conn.Exec(t.Context(), "exit 3 # "+strings.Repeat("x", 9000), runner.Stdio{})
			if name == "openssh" {
				wantReason(t, err, runner.Failed, runner.ExitStatus, "exit 3")
				return
			}
			wantReason(t, err, runner.Error, "", "a command of 9009 bytes is too long to be sent bare")
		})
	}
}

// TestLongCommandInBash: bash reads its startup files as often as for a short command, so what they print comes once.
func TestLongCommandInBash(t *testing.T) {
	h, d := dropbearHost(t, "/bin/bash"), configured(t, "", sshconn.Config{})
	output(t, d, h, "echo 'echo noise' >~/.bashrc")
	short, long := output(t, d, h, "echo done"), output(t, d, h, "echo done # "+strings.Repeat("x", 9000))
	if long != short {
		t.Errorf("a long command prints %q, and a short one %q", long, short)
	}
}
