package action

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
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

// over returns a target whose commands are calls of exec.
func over(t *testing.T, exec func(cmd string, s runner.Stdio) error) *runner.Target {
	fake := &connsuite.Fake{Exec: func(_ context.Context, _ inventory.Host, cmd string, s runner.Stdio) error { return exec(cmd, s) }}
	conn, err := fake.Dial(t.Context(), inventory.Host{})
	if err != nil {
		t.Fatal(err)
	}
	return &runner.Target{Conn: conn, Out: io.Discard, Err: io.Discard}
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

// TestHostileAnswers: of an answer, no more is held than was asked for.
func TestHostileAnswers(t *testing.T) {
	for _, tt := range []struct {
		name string
		ask  func(t *runner.Target) error
		want string
	}{
		{"digests", func(to *runner.Target) error {
			in := open(t)
			in.files = []receivedEntry{{path: "/x", digest: "00"}}
			return in.verify(t.Context(), to)
		}, "more than was asked"},
		{"old contents", func(to *runner.Target) error {
			item := &Item{Path: "/x", Size: 10}
			_, err := Push{}.oldContents(t.Context(), to, &comparison{steps: []*step{{item: item, have: &state{size: 10}, what: content}}})
			return err
		}, "changed on the host meanwhile"},
	} {
		const most = 100 << 10
		taken := 0
		err := tt.ask(over(t, func(_ string, s runner.Stdio) error {
			for taken < most {
				n, err := s.Out.Write(make([]byte, 1000))
				if taken += n; err != nil {
					return err
				}
			}
			return errors.New("the answer was not stopped")
		}))
		if status, _ := runner.StatusOf(err); status != runner.Error || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}

// TestOldContentsBehindLogin: what a login prints is not part of the contents.
func TestOldContentsBehindLogin(t *testing.T) {
	to := over(t, func(cmd string, s runner.Stdio) error {
		_, err := io.WriteString(s.Out, "Welcome\n"+regexp.MustCompile("hail:[A-Z2-7]+:").FindString(cmd)+"\n0123456789")
		return err
	})
	s := &step{item: &Item{Path: "/x", Size: 10}, have: &state{size: 10}, what: content}
	olds, err := Push{}.oldContents(t.Context(), to, &comparison{steps: []*step{s}})
	if err != nil || olds[s] != "0123456789" {
		t.Errorf("the old content is %q, %v, want 0123456789", olds[s], err)
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
		err := in.verify(t.Context(), over(t, func(string, runner.Stdio) error { return tt.ended }))
		if status, _ := runner.StatusOf(err); status != tt.status || !strings.HasPrefix(err.Error(), tt.want) || in.refused > 0 {
			t.Errorf("%v: got %s, %v, %q, want %s, %s", tt.ended, status, err, in.why, tt.status, tt.want)
		}
	}
}

// TestHostileTree: there is a limit on the entries of a folder that are held.
func TestHostileTree(t *testing.T) {
	p := newProbing(&Manifest{Deletes: []Prune{{Path: "/srv", All: true}}})
	p.named = mostNamed - 2
	if err := p.hear("tree", ""); err != nil {
		t.Fatal(err)
	}
	if err := p.hear("", "61 00 62 00 63 00"); err != errTooMuch || len(p.found.trees["/srv"]) != 2 {
		t.Errorf("want two entries and errTooMuch, got %q, %v", p.found.trees, err)
	}
}

// TestGlob: whatever shell sh is, a pattern finds what it means, and stays as it is when it finds nothing. No part of
// it is run.
func TestGlob(t *testing.T) {
	dir, bin := t.TempDir(), t.TempDir()
	for _, name := range []string{"a", "b", "c", "-", "!", "^", "]", "[", "é", "$(x)", "'", `\`, "a b", "\n", "[ab", "1", "~", "*", "z]"} {
		if err := os.WriteFile(dir+"/"+name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"dash", "bash", "busybox", "mksh", "ksh93", "zsh"} {
		program, err := exec.LookPath(name)
		if err != nil {
			t.Fatalf("%v: make tools installs the shells that the tests need", err)
		}
		sh := filepath.Join(bin, name, "sh")
		if err := errors.Join(os.Mkdir(filepath.Dir(sh), 0o700), os.Symlink(program, sh)); err != nil {
			t.Fatal(err)
		}
		for _, tt := range []struct {
			pattern string
			want    []string
		}{
			{"[a-c]", []string{"a", "b", "c"}},
			{"[-a]", []string{"-", "a"}},
			{"[]a]", []string{"]", "a"}},
			{"[!]a-z^!é]", []string{"\n", "'", "*", "-", "1", "[", `\`, "~"}},
			{"[^]a-z^!é]", []string{"\n", "'", "*", "-", "1", "[", `\`, "~"}},
			{"[a^!]", []string{"!", "^", "a"}},
			{"[[:digit:]]", []string{"1"}},
			{"[[:digit:]b]", []string{"1", "b"}},
			{"[:a:]", []string{"a"}},
			{"[\n'\\]", []string{"\n", "'", `\`}},
			{"[$]*", []string{"$(x)"}},
			{"? b", []string{"a b"}},
			{"z[]]", []string{"z]"}},
			{"[a", nil}, {"[ab", []string{"[ab"}}, {"[[]ab", []string{"[ab"}}, {"[]", nil}, {"[x/a]", nil}, {"a]", nil}, {"~*", []string{"~"}},
			{"[$(touch pwned)]y", nil}, {"[`touch pwned`]y", nil}, {"[x\ntouch pwned\n]y", nil}, {"['\";touch pwned;]y", nil}, {"[!;touch pwned;]y", nil},
			{"[[:$(touch pwned):]]y", nil}, {"[;touch pwned;", nil}, {"[$(touch pwned", nil}, {"]`touch pwned`", nil}, {"[\\];touch pwned;", nil},
		} {
			run := exec.Command(sh, "-c", `printf '%s\0' ./`+glob(tt.pattern))
			run.Dir = dir
			out, err := run.CombinedOutput()
			want := tt.want
			if want == nil {
				want = []string{tt.pattern}
			}
			got := strings.Split(strings.TrimSuffix(strings.ReplaceAll("\x00"+string(out), "\x00./", "\x00"), "\x00"), "\x00")[1:]
			slices.Sort(got)
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("%s: %q, written as %s, finds %q, %v; want %q", name, tt.pattern, glob(tt.pattern), got, err, want)
			}
		}
		if _, err := os.Stat(dir + "/pwned"); err == nil {
			t.Fatalf("%s has run a part of a pattern as a command", name)
		}
	}
}
