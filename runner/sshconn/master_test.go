package sshconn_test

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hail/inventory"
	"hail/runner"
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
	for range 500 {
		if _, err := os.Stat(socket); err == nil {
			return &said
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("ssh does not become a master")
	return nil
}

// TestSilenceOverAMaster: a command that prints nothing for a while is not cut off.
func TestSilenceOverAMaster(t *testing.T) {
	t.Parallel()
	h := realHost(t)
	dir := t.TempDir()
	startMaster(t, h, filepath.Join(dir, h.Name))
	d := configured(t, "ServerAliveInterval 1\n", sshconn.Config{Control: filepath.Join(dir, "%n")})
	if got := output(t, d, h, "sleep 3; echo done"); got != "done" {
		t.Errorf("it prints %q", got)
	}
}
