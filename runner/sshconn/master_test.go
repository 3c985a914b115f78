package sshconn_test

import (
	"net"
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
