package sshconn_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hail/inventory"
	"hail/runner"
	"hail/runner/connsuite"
	"hail/runner/sshconn"
)

// TestMuteMaster: a master that does not answer is given up after the connect timeout, and the error says so.
func TestMuteMaster(t *testing.T) {
	for name, socket := range map[string]string{"before the host": "mute", "of the host itself": "mute-%h"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			l, err := net.Listen("unix", filepath.Join(dir, strings.ReplaceAll(socket, "%h", "web1")))
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			d := configured(t, "", sshconn.Config{Control: filepath.Join(dir, socket), ConnectTimeout: 50 * time.Millisecond})
			wantReason(t, reach(t, d, inventory.Host{Name: "web1"}), runner.Unreachable, runner.Jump, ": no answer within 50ms")
		})
	}
}

// TestForeignMaster: a socket that somebody else has put there gets nothing: behind it, no host key is checked.
func TestForeignMaster(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give a socket to somebody else")
	}
	for _, name := range []string{"gate", "%h"} {
		socket := filepath.Join(t.TempDir(), "web1"+name)
		l, err := net.Listen("unix", strings.ReplaceAll(socket, "%h", "web1"))
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		d := configured(t, "", sshconn.Config{Control: socket, ConnectTimeout: 50 * time.Millisecond})
		if err := os.Chown(l.Addr().String(), 65534, -1); err != nil {
			t.Fatal(err)
		}
		wantReason(t, reach(t, d, inventory.Host{Name: "web1"}), runner.Unreachable, runner.Jump, ": it belongs to somebody else")
	}
}

// startMaster starts OpenSSH's client as a master that is connected to h, and returns what it says on stderr.
func startMaster(t *testing.T, h inventory.Host, socket string) *bytes.Buffer {
	t.Helper()
	c := h.Connection
	ssh := exec.Command("ssh", "-F", "none", "-M", "-N", "-S", socket, "-i", c.Identity[0], "-o", "UserKnownHostsFile="+c.KnownHosts[0],
		"-o", "BatchMode=yes", "-p", fmt.Sprint(c.Port), c.User+"@"+c.Address)
	var said bytes.Buffer
	ssh.Stderr = &said
	if err := ssh.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ssh.Process.Kill(); ssh.Wait() })
	for begun := time.Now(); time.Since(begun) < bound; time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(socket); err == nil {
			return &said
		}
	}
	t.Fatal("ssh does not become a master")
	return nil
}

// ownMaster starts a master that is connected to h, and returns how to reach h through it, and what it says on stderr.
func ownMaster(t *testing.T, h inventory.Host) (sshconn.Config, *bytes.Buffer) {
	t.Helper()
	dir := t.TempDir()
	said := startMaster(t, h, filepath.Join(dir, h.Name))
	return sshconn.Config{Control: filepath.Join(dir, "%n")}, said
}

// TestConnOfMaster runs the conformance test through a master of the host itself, which survives it.
func TestConnOfMaster(t *testing.T) {
	t.Parallel()
	h := realHost(t)
	master, said := ownMaster(t, h)
	connsuite.Run(t, func(t *testing.T) (runner.Dialer, inventory.Host) { return configured(t, "", master), h })
	if err := reach(t, configured(t, "", master), h); err != nil {
		t.Errorf("after that, %v; ssh said %s", err, said)
	}
}

// TestTunnelOverAMaster: a tunnel that is refused does not end the master of the host.
func TestTunnelOverAMaster(t *testing.T) {
	t.Parallel()
	h := realHost(t)
	master, said := ownMaster(t, h)
	c, err := configured(t, "", master).Dial(t.Context(), h)
	if err != nil {
		t.Fatal(err)
	}
	nc, err := c.(runner.Tunneler).Tunnel(t.Context(), "tcp", fmt.Sprintf("127.0.0.1:%d", h.Connection.Port))
	if err != nil {
		t.Fatal(err)
	}
	greeting := make([]byte, 4)
	if _, err := io.ReadFull(nc, greeting); err != nil || string(greeting) != "SSH-" {
		t.Errorf("the host's own server says %q, %v", greeting, err)
	}
	nc.Close()
	if nc, err := c.(runner.Tunneler).Tunnel(t.Context(), "tcp", "127.0.0.1:1"); err == nil {
		nc.Close()
		t.Error("a tunnel to a closed port opened")
	} else {
		wantReason(t, err, runner.Error, "", "127.0.0.1:1 is closed, or the host refuses to forward connections")
	}
	c.Close()
	if got := output(t, configured(t, "", master), h, "echo it lives"); got != "it lives" {
		t.Errorf("after that, the command prints %q; ssh said %s", got, said)
	}
}

// TestRefusalOverAMaster: a refused command is the end of the master of its host, which is said.
func TestRefusalOverAMaster(t *testing.T) {
	t.Parallel()
	h := realHost(t, "MaxSessions 0")
	master, _ := ownMaster(t, h)
	c := dialled(t, t.Context(), configured(t, "", master), h)
	wantReason(t, c.Exec(t.Context(), "true", runner.Stdio{}), runner.Unreachable, runner.ChannelRefused, "its OpenSSH master ends when hail leaves it")
}

// TestSilenceOverAMaster: a command that prints nothing for a while is not cut off.
func TestSilenceOverAMaster(t *testing.T) {
	t.Parallel()
	h := realHost(t)
	master, _ := ownMaster(t, h)
	d := configured(t, "ServerAliveInterval 1\n", master)
	if got := output(t, d, h, "sleep 3; echo done"); got != "done" {
		t.Errorf("it prints %q", got)
	}
}
