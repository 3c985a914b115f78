package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hail/runner/sshtest"
)

// pushed is a host that files are pushed to, behind a real sshd and with its own home folder.
type pushed struct {
	dir, home string
	options   []string // of hail
}

func newPushed(t *testing.T, env ...string) *pushed {
	t.Helper()
	p := &pushed{dir: t.TempDir(), home: t.TempDir()}
	key, public := identity(t)
	d := &sshtest.OpenSSH{Dir: t.TempDir(), Options: []string{"SetEnv HOME=" + p.home + " " + strings.Join(env, " ")}}
	d.Authorized = append(d.Authorized, public)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := d.Start(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	known := filepath.Join(d.Dir, "known_hosts")
	if err := os.WriteFile(known, []byte(d.KnownHosts()), 0o600); err != nil {
		t.Fatal(err)
	}
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	p.options = []string{"push", "--any-host", "-w", "127.0.0.1", "-l", me.Username, "-F", "none", "-p", fmt.Sprint(d.Port()), "--identity", key, "--known-hosts", known,
		"--runs-dir", t.TempDir(), "--retries", "0", "--connect-timeout", "1m"}
	return p
}

func (p *pushed) path(name string) string { return filepath.Join(p.dir, name) }

// command is hail with a push of spec, in which DIR stands for the folder on the host.
func (p *pushed) command(t *testing.T, spec string, more ...string) *exec.Cmd {
	t.Helper()
	file := filepath.Join(t.TempDir(), "push.yaml")
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(spec, "DIR", p.dir)), 0o600); err != nil {
		t.Fatal(err)
	}
	return exec.Command("hail", slices.Concat(p.options, more, []string{file})...)
}

// remains lists what a push at work keeps on the host: the lock, the journal, staged files.
func (p *pushed) remains(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("find", p.dir, p.home, "-name", ".hail-*", "-o", "-path", "*/hail/on/*/push", "-o", "-path", "*/hail/on/*/lock:*").Output()
	if _, vanished := err.(*exec.ExitError); err != nil && !vanished {
		t.Fatal(err)
	}
	return string(out)
}

func (p *pushed) read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(p.path(name))
	if err != nil {
		t.Error(err)
	}
	return string(text)
}

// TestTorturePushKilled kills hail at many moments of a push. The host always settles by itself: a reader never sees a
// torn or missing file, the last handler has seen the final content, and the next push succeeds and leaves nothing
// behind.
func TestTorturePushKilled(t *testing.T) {
	t.Parallel()
	p := newPushed(t)
	const size = 200_000
	spec := func(letter string) string {
		return `{files: [{content: "` + strings.Repeat(letter, size) + `", dest: DIR/conf, notify: [h]}, {content: ` + letter + `, dest: DIR/two}],
			handlers: {h: {run: "touch DIR/handling; sleep 0.1; head -c 1 DIR/conf >>DIR/seen; rm -f DIR/handling"}},
			health: [{id: up, command: {run: "touch DIR/looking; sleep 0.1; cat DIR/two; rm -f DIR/looking", stdout: {in: [a, b]}}}]}`
	}
	begun := time.Now()
	if out, err := p.command(t, spec("a")).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	whole := time.Since(begun)
	end := make(chan struct{})
	var reader sync.WaitGroup
	reader.Go(func() {
		for {
			select {
			case <-end:
				return
			default:
			}
			if got, err := os.ReadFile(p.path("conf")); len(got) != size || bytes.Count(got, got[:1]) != size {
				t.Errorf("a reader sees a torn file: %d bytes, the first one %.1q, %v", len(got), got, err)
				return
			}
			time.Sleep(5 * time.Millisecond)
		}
	})
	here := func(pattern string) func() bool {
		return func() bool { found, _ := filepath.Glob(pattern); return found != nil }
	}
	moments := []func() bool{here(p.home + "/.local/state/hail/on/*/lock:*"), here(p.home + "/.local/state/hail/on/*/push/staging"), here(p.dir + "/.hail-*"), here(p.dir + "/.hail-*/conf"),
		here(p.path("handling")), here(p.path("looking"))}
	for range scale(0, 100) {
		moments = append(moments, nil) // a random moment
	}
	killed, undone := 0, 0
	for i, moment := range moments {
		before := p.read(t, "conf")[:1]
		letter := map[string]string{"a": "b", "b": "a"}[before]
		if moment == nil {
			at := time.Now().Add(time.Duration(rand.Float64() * float64(whole)))
			moment = func() bool { return time.Now().After(at) }
		}
		hail := p.command(t, spec(letter))
		if err := hail.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- hail.Wait() }()
		for over := false; !over && !moment(); {
			select {
			case err := <-ended:
				ended <- err
				over = true
			case <-time.After(time.Millisecond):
			}
		}
		hail.Process.Kill()
		if <-ended != nil {
			killed++
		}
		left := ""
		for begin := time.Now(); ; time.Sleep(20 * time.Millisecond) {
			if left = p.remains(t); left == "" {
				break
			}
			if time.Since(begin) > bound {
				t.Fatalf("moment %d: the host does not settle: %s", i, left)
			}
		}
		now := p.read(t, "conf")[:1]
		if now == before {
			undone++
		}
		if seen := p.read(t, "seen"); !strings.HasSuffix(seen, now) || p.read(t, "two") != now {
			t.Errorf("moment %d: conf has %q, two has %q, and the handler saw %q, want the same in all", i, now, p.read(t, "two"), seen)
		}
		if out, err := p.command(t, `files: [{content: next, dest: DIR/next}, {dest: DIR/last, content: `+fmt.Sprint(i)+`}]`).CombinedOutput(); err != nil {
			t.Errorf("the next push: %v\n%s", err, out)
		}
		if left = p.remains(t); left != "" {
			t.Errorf("left behind: %s", left)
		}
	}
	close(end)
	reader.Wait()
	t.Logf("%d pushes were killed, %d of them had changed nothing or were rolled back", killed, undone)
}

// TestPushToBusybox pushes to a login that has only busybox's applets.
func TestPushToBusybox(t *testing.T) {
	t.Parallel()
	program, err := exec.LookPath("busybox")
	if err != nil {
		t.Fatalf("%v: make tools installs what the tests need", err)
	}
	applets := t.TempDir()
	if out, err := exec.Command(program, "--install", "-s", applets).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	p := newPushed(t, "PATH="+applets, "SHELL="+applets+"/sh")
	spec := `{files: [{content: "{{.host}}\n", dest: DIR/conf, template: true, mode: "0640", validate: "grep -q 127 {{staged}}", notify: [h]}, {content: x, dest: DIR/other}],
		handlers: {h: {run: "readlink $(which readlink) >DIR/seen"}},
		health: [{id: up, file: {path: DIR/conf, mode: "0640", content: {regex: "^127[.]0"}}}, {id: is, command: {run: "cat DIR/conf", stdout: HOST}, retry: {timeout: 1s}}]}`
	for i, want := range []string{"1 changed", "1 ok"} {
		if out, err := p.command(t, strings.ReplaceAll(spec, "HOST", "127.0.0.1"), "--output", "host").CombinedOutput(); err != nil || !strings.Contains(string(out), want) {
			t.Errorf("push %d: %v\n%s", i, err, out)
		}
	}
	if p.read(t, "conf") != "127.0.0.1\n" || strings.TrimSpace(p.read(t, "seen")) != program {
		t.Errorf("%q, and the handler found %q", p.read(t, "conf"), p.read(t, "seen"))
	}
	out, err := p.command(t, strings.ReplaceAll(strings.Replace(spec, `"{{.host}}\n"`, `"127.0.0.2\n"`, 1), "HOST", "127.0.0.1"), "--output", "host").CombinedOutput()
	if want := `the health check is did not pass within 1s: stdout: expected "127.0.0.1", is "127.0.0.2"; rolled back`; err == nil || !strings.Contains(string(out), want) || p.read(t, "conf") != "127.0.0.1\n" {
		t.Errorf("%v\n%s\nwant %s", err, out, want)
	}
	if left := p.remains(t); left != "" {
		t.Errorf("left behind: %s", left)
	}
}
