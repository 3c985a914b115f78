package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"hail/runner/sshtest"
)

// scale returns the size of a test: long under make torture, else short.
func scale(short, long int) int {
	if os.Getenv("HAIL_TORTURE") != "" {
		return long
	}
	return short
}

// TestTortureKnownHosts has many processes record the keys of the same new hosts at once. The file then has each key
// once, and ssh-keygen can read it.
func TestTortureKnownHosts(t *testing.T) {
	t.Parallel()
	var servers []sshtest.Server
	for i := range 10 {
		servers = append(servers, sshtest.Server{Name: fmt.Sprintf("new%d", i)})
	}
	fleet, err := sshtest.StartFleet(t.TempDir(), servers)
	if err != nil {
		t.Fatal(err)
	}
	defer fleet.Close()
	known := filepath.Join(t.TempDir(), "known_hosts")
	if err := os.WriteFile(known, []byte("# without its newline"), 0o600); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range scale(6, 200) {
		wg.Go(func() {
			cmd := exec.Command("hail", "ping", "-a", "-i", fleet.Inventory(), "-F", "none", "--known-hosts", known, "--host-keys", "accept-new", "--runs-dir", t.TempDir(), "--connect-timeout", "1m")
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
	wg.Wait()
	text, err := os.ReadFile(known)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), "\n"); n != 1+len(servers) {
		t.Errorf("%d lines, want %d:\n%s", n, 1+len(servers), text)
	}
	for _, s := range fleet.Servers {
		found, err := exec.Command("ssh-keygen", "-F", fmt.Sprintf("[%s]:%d", sshtest.Address, s.Port()), "-f", known).Output()
		if err != nil || !strings.Contains(string(found), strings.TrimSpace(s.KnownHosts())) {
			t.Errorf("%s: %v\n%s", s.Name, err, found)
		}
	}
}
