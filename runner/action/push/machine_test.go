package push_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hail/inventory"
	"hail/runner"
	"hail/runner/action/push"
	"hail/runner/hosttest"
	"hail/runner/local"
	"hail/runner/wrap"
)

// machine is this machine as a host, with its own home folder and a folder to push to.
type machine struct {
	dialer runner.Dialer
	host   inventory.Host
	dir    string
	home   string
	path   string // PATH
	uid    int    // of the user who logs in
	login  string // what begins a command as that user; empty: nothing
	execs  atomic.Int32
	grace  time.Duration // 0: 5 s; below: none

	trip     time.Duration // round trip to the host
	sessions int32         // that the host opens at once; 0: no limit
	refusal  time.Duration // how long it takes to refuse a session
	open     atomic.Int32

	meanwhile func()                                                        // runs before the second command; may be nil
	lane      func(context.Context, io.Reader) (context.Context, io.Reader) // what a channel for a part of a file gets instead; may be nil
}

// withEnv adds the environment of the machine to every command, and counts the commands.
type withEnv struct {
	runner.Dialer
	of *machine
}

func (w withEnv) Dial(ctx context.Context, h inventory.Host) (runner.Conn, error) {
	c, err := w.Dialer.Dial(ctx, h)
	return envConn{c, w}, err
}

type envConn struct {
	runner.Conn
	with withEnv
}

// Reach implements runner.Reacher.
func (c envConn) Reach() runner.Reach { return runner.Reach{TCP: c.with.of.trip} }

func (c envConn) Exec(ctx context.Context, cmd string, s runner.Stdio) error {
	m := c.with.of
	if !m.enter() {
		time.Sleep(m.refusal)
		return &runner.Failure{Status: runner.Unreachable, Reason: runner.ChannelRefused, Err: errors.New("no more sessions")}
	}
	defer m.open.Add(-1)
	if m.execs.Add(1) == 2 && m.meanwhile != nil {
		m.meanwhile()
	}
	if !s.Hold && m.lane != nil {
		ctx, s.In = m.lane(ctx, s.In)
	}
	s.Env = append(s.Env, "HOME="+m.home, "PATH="+m.path)
	if m.login != "" {
		cmd = m.login + runner.Quote(cmd)
	}
	return c.Conn.Exec(ctx, cmd, s)
}

// enter opens a session if the host has one left.
func (m *machine) enter() bool {
	for {
		n := m.open.Load()
		if m.sessions > 0 && n >= m.sessions {
			return false
		}
		if m.open.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// machines runs test on this machine with GNU's tools and, beside that, with busybox only.
func machines(t *testing.T, test func(t *testing.T, m *machine)) {
	for _, name := range hosttest.Userlands {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newMachine(t, name))
		})
	}
}

// newMachine has the tools of a userland: see hosttest.Tools.
func newMachine(t testing.TB, name string) *machine {
	m := &machine{dir: t.TempDir(), home: t.TempDir(), uid: os.Getuid()}
	path, sh := hosttest.Tools(t, name)
	m.path, m.dialer = path, wrap.Dialer{Inner: withEnv{local.Dialer{}, m}}
	m.host = inventory.Host{Name: "here", Connection: inventory.Connection{Shell: sh}}
	return m
}

func TestMain(m *testing.M) { hosttest.Main(m) }

// pushed is the result of a push.
type pushed struct {
	status   runner.Status
	reason   runner.Reason
	err      string
	out, log string
	notes    map[string]string
}

type buffers struct {
	mu  sync.Mutex
	all [2]bytes.Buffer
}

func (b *buffers) Open(inventory.Host, int) (out, err io.WriteCloser, e error) {
	return bufferEnd{&b.mu, &b.all[0]}, bufferEnd{&b.mu, &b.all[1]}, nil
}

type bufferEnd struct {
	mu *sync.Mutex
	*bytes.Buffer
}

func (b bufferEnd) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}
func (bufferEnd) Close() error { return nil }

// push pushes the spec in text, in which DIR stands for the folder to push to.
func (m *machine) push(t testing.TB, ctx context.Context, text string, change func(*push.Push), further ...func(*runner.Plan)) pushed {
	t.Helper()
	spec, err := push.ReadSpec(filepath.Join(t.TempDir(), "spec.yaml"), []byte(strings.ReplaceAll(text, "DIR", m.dir)))
	if err != nil {
		t.Fatal(err)
	}
	return m.pushSpec(t, ctx, spec, change, further...)
}

// dry makes a plan that of a dry run.
func dry(p *runner.Plan) { p.DryRun = true }

// nobody selects no host, whatever the expression.
func nobody(string) (map[string]bool, error) { return map[string]bool{}, nil }

func (m *machine) pushSpec(t testing.TB, ctx context.Context, spec *push.Spec, change func(*push.Push), further ...func(*runner.Plan)) (result pushed) {
	t.Helper()
	p, contents, err := push.Render([]*push.Spec{spec}, []inventory.Host{m.host}, nobody, inventory.SecretVars)
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(&p)
	}
	m.execs.Store(0)
	a, err := push.New(p.Spec(), rendered(contents))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	var b buffers
	result.notes = map[string]string{}
	plan := runner.Plan{Hosts: []inventory.Host{m.host}, Clocks: runner.Clocks{Grace: runner.Duration(max(0, cmp.Or(m.grace, 5*time.Second)))}}
	for _, change := range further {
		change(&plan)
	}
	for batch := range runner.Run(ctx, plan, a, m.dialer, &b) {
		for _, e := range batch {
			switch e.Kind {
			case runner.KindNote:
				result.notes[e.Key] = e.Value
			case runner.KindFinish:
				result.status, result.reason, result.err = e.Status, e.Reason, e.Error
			}
		}
	}
	result.out, result.log = b.all[0].String(), b.all[1].String()
	return result
}

// rendered opens the contents that a push needs.
func rendered(contents []push.Content) func(digest string) (io.ReadCloser, int64, error) {
	return func(digest string) (io.ReadCloser, int64, error) {
		i := slices.IndexFunc(contents, func(c push.Content) bool { return c.Digest == digest })
		if contents[i].Path != "" {
			f, err := os.Open(contents[i].Path)
			return f, contents[i].Size, err
		}
		return io.NopCloser(bytes.NewReader(contents[i].Bytes)), contents[i].Size, nil
	}
}

func (m *machine) read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(m.dir, name))
	if errors.Is(err, os.ErrNotExist) {
		return "(absent)"
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func (m *machine) write(t *testing.T, name, text string, mode os.FileMode) {
	t.Helper()
	path := filepath.Join(m.dir, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), mode), os.Chmod(path, mode)); err != nil {
		t.Fatal(err)
	}
}

// written returns the path of a new file with a text, in a folder of its own.
func written(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func (m *machine) hasMode(t *testing.T, name string, want os.FileMode) {
	t.Helper()
	if info, err := os.Stat(filepath.Join(m.dir, name)); err != nil || info.Mode() != want {
		t.Errorf("%s is %v, %v, want mode %v", name, info, err, want)
	}
}

// clean checks that no hidden files of a push are left in the folder, other than backups.
func (m *machine) clean(t *testing.T) {
	t.Helper()
	out, err := exec.Command("find", m.dir, "-name", ".hail-*", "!", "-name", ".hail-backup").Output()
	if err != nil || len(out) > 0 {
		t.Errorf("left behind: %s %v", out, err)
	}
}

func (p pushed) want(t testing.TB, what string, status runner.Status, reason runner.Reason, words string) {
	t.Helper()
	if p.status != status || p.reason != reason || !strings.Contains(p.err, words) {
		t.Errorf("%s: %s(%s) %s\n%s%s\nwant %s(%s) %s", what, p.status, p.reason, p.err, p.out, p.log, status, reason, words)
	}
}

// pushProcess is, in a command of a push, the process of that push on the host, which holds the lock.
const pushProcess = `$(ls $HOME/.local/state/hail/on/* | grep lock: | cut -d : -f 2)`

// await waits until there is a file.
func await(t testing.TB, path string) {
	t.Helper()
	for begun := time.Now(); time.Since(begun) < 30*time.Second; time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(path); err == nil {
			return
		}
	}
	t.Errorf("%s is not made", path)
}

// rounds is how often a test repeats what it tries: long for make torture.
func rounds(short, long int) int {
	if os.Getenv("HAIL_TORTURE") != "" {
		return long
	}
	return short
}
