package sshconn

import (
	"testing"

	"hail/inventory"
	"hail/inventory/sshconfig"
	"hail/runner"
	"hail/runner/sshtest"
)

// TestWithoutHome: a Dialer that knows no home folder takes no file of the folder of the process, nor one for all users, for
// its own.
func TestWithoutHome(t *testing.T) {
	d := New(Config{})
	defer d.Close()
	if len(d.defaults.Identity)+len(d.defaults.KnownHosts) > 0 {
		t.Errorf("the defaults are %v", d.defaults)
	}
	files := d.knownHostsFiles(inventory.Connection{}, sshconfig.Settings{})
	if files[0] != "" {
		t.Fatalf("new keys go to %s", files[0])
	}
	index, err := d.known.load(files)
	if err != nil {
		t.Fatal(err)
	}
	key, err := sshtest.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	if added, err := index.accept(t.Context(), "web1", key.PublicKey()); added || err == nil {
		t.Errorf("a key was recorded in no file: %v", err)
	}
	if err := d.Accept(t.Context(), HostKey{}); err == nil {
		t.Error("no key was recorded")
	}
	_, err = d.Dial(t.Context(), inventory.Host{Name: "web1", Connection: inventory.Connection{KnownHosts: []string{"~/.ssh/known_hosts"}}})
	if status, _ := runner.StatusOf(err); status != runner.Error {
		t.Errorf("with a file in no home folder: %v", err)
	}
}
