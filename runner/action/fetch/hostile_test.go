package fetch

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"hail/inventory"
	"hail/runner"
	"hail/runner/connsuite"
)

// archive returns a tar archive with an empty file for each name.
func archive(t *testing.T, names ...string) io.Reader {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, name := range names {
		if err := w.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return &b
}

func open(t *testing.T) *incoming {
	in, err := Fetch{Dir: t.TempDir(), Entries: 1000, Bytes: 1000, Depth: 10}.open(inventory.Host{Name: "h"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.root.Close() })
	return in
}

// TestHostileArchive: there are limits on what is read and held of an archive that a host sends.
func TestHostileArchive(t *testing.T) {
	for _, tt := range []struct {
		name   string
		in     *incoming
		stream io.Reader
		want   string
	}{
		{"it goes on", open(t), io.MultiReader(archive(t, "a"), endless{}), "after the end"},
		{"many names", &incoming{root: open(t).root, fetch: open(t).fetch, sent: amount{nameBytes: mostNames - 2}, at: map[string]int{}}, archive(t, "ab", "c"), "bytes of names"},
		{"a panic", &incoming{fetch: open(t).fetch}, archive(t, "a"), "panic: "},
	} {
		if err := tt.in.receive(tt.stream); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}

	in := open(t)
	var names []string
	for range 300 {
		names = append(names, "../"+strings.Repeat("x", 10_000), "../y")
	}
	if err := in.receive(archive(t, names...)); err != nil || in.refused != 600 {
		t.Errorf("%d refused, %v, want 600", in.refused, err)
	}
	if held := len(strings.Join(in.why, "")); held > mostRefused*200 {
		t.Errorf("%d bytes of refusals are held, more than %d", held, mostRefused*200)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// TestHostileDigests: of the digests that a host sends, no more are held than were asked for.
func TestHostileDigests(t *testing.T) {
	in := open(t)
	in.files = []receivedEntry{{path: "/x", digest: "00"}}
	err := in.verify(t.Context(), connsuite.Target(t, connsuite.Flood))
	if status, _ := runner.StatusOf(err); status != runner.Error || !strings.Contains(err.Error(), "more than was asked") {
		t.Errorf("%v, want that it is more than was asked for", err)
	}
}

// TestNoDigests: files that cannot be compared are not reported as changed.
func TestNoDigests(t *testing.T) {
	for _, tt := range []struct {
		ended  error
		status runner.Status
		want   string
	}{
		{&runner.Failure{Status: runner.Failed, Reason: runner.ExitStatus, Exit: 1, Err: errors.New("exit 1")}, runner.Failed, "could not be verified: exit 1"},
		{&runner.Failure{Status: runner.Error, Err: errors.New("no room")}, runner.Failed, "could not be verified: no room"},
		{nil, runner.Failed, "could not be verified: only 0 of 1 digests came back from the host"},
		{&runner.Failure{Status: runner.Lost, Err: errors.New("cut")}, runner.Lost, "cut"},
	} {
		in := open(t)
		in.files = []receivedEntry{{path: "/x", digest: "00"}}
		err := in.verify(t.Context(), connsuite.Target(t, func(string, runner.Stdio) error { return tt.ended }))
		if status, _ := runner.StatusOf(err); status != tt.status || !strings.HasPrefix(err.Error(), tt.want) || in.refused > 0 {
			t.Errorf("%v: got %s, %v, %q, want %s, %s", tt.ended, status, err, in.why, tt.status, tt.want)
		}
	}
}
