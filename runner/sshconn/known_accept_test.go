package sshconn

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gofrs/flock"

	"hail/runner/sshtest"
)

// TestLockedKnownHosts: a known_hosts that another process keeps locked is waited for as long as there is time.
func TestLockedKnownHosts(t *testing.T) {
	key, err := sshtest.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "known_hosts")
	lock := flock.New(file)
	if err := lock.Lock(); err != nil {
		t.Fatal(err)
	}
	defer time.AfterFunc(30*time.Second, func() { lock.Unlock() }).Stop() // for whoever would wait for ever
	k, err := new(knownFiles).load([]string{file})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeoutCause(t.Context(), 50*time.Millisecond, errConnect)
	defer cancel()
	if added, err := k.accept(ctx, "web1", key.PublicKey()); added || !errors.Is(err, errConnect) {
		t.Errorf("%v, %v, want the end of the time", added, err)
	}
	lock.Unlock()
	if added, err := k.accept(t.Context(), "web1", key.PublicKey()); !added || err != nil {
		t.Errorf("%v, %v, want it recorded", added, err)
	}
}

// TestKnownHostsThatWereNotRead are read again: what hindered that may be over.
func TestKnownHostsThatWereNotRead(t *testing.T) {
	var f knownFiles
	file := t.TempDir()
	if _, err := f.load([]string{file}); err == nil {
		t.Fatal("a folder was read")
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if _, err := f.load([]string{file}); err != nil {
		t.Error(err)
	}
}
