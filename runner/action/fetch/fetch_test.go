package fetch_test

import (
	"archive/tar"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"hail/inventory"
	"hail/runner"
	"hail/runner/action/fetch"
	"hail/runner/hosttest"
	"hail/runner/local"
	"hail/runner/wrap"
)

// machine is this machine as a host, with a folder to fetch from.
type machine struct {
	dir, path string
	login     string // what begins a command as the user who logs in; empty: nothing
	host      inventory.Host
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
func newMachine(t *testing.T, name string) *machine {
	t.Helper()
	path, sh := hosttest.Tools(t, name)
	return &machine{dir: t.TempDir(), path: path, host: inventory.Host{Name: "here", Connection: inventory.Connection{Shell: sh}}}
}

// withTool has another program in place of one of GNU's.
func withTool(t *testing.T, name, script string) *machine {
	t.Helper()
	m, bin := newMachine(t, "gnu"), t.TempDir()
	hosttest.Program(t, filepath.Join(bin, name), "#!/bin/sh\n"+script+"\n")
	m.path = bin + ":" + m.path
	return m
}

// asUser makes the machine one where an ordinary user logs in, whoever runs the tests.
func (m *machine) asUser(t *testing.T) {
	t.Helper()
	if os.Getuid() != 0 {
		return
	}
	program, err := exec.LookPath("setpriv")
	if err != nil {
		t.Fatalf("%v: make tools installs what the tests need", err)
	}
	m.login = program + " --reuid=65534 --regid=65534 --clear-groups sh -c "
	if err := errors.Join(os.Chmod(m.dir, 0o755), os.Chmod(filepath.Dir(m.dir), 0o755)); err != nil {
		t.Fatal(err)
	}
}

// Dial implements runner.Dialer.
func (m *machine) Dial(ctx context.Context, h inventory.Host) (runner.Conn, error) {
	c, err := local.Dialer{}.Dial(ctx, h)
	return login{c, m}, err
}

// login is a Conn of a machine.
type login struct {
	runner.Conn
	to *machine
}

func (c login) Exec(ctx context.Context, cmd string, s runner.Stdio) error {
	s.Env = append(s.Env, "PATH="+c.to.path)
	if c.to.login != "" {
		cmd = c.to.login + runner.Quote(cmd)
	}
	return c.Conn.Exec(ctx, cmd, s)
}

func TestMain(m *testing.M) { hosttest.Main(m) }

func (m *machine) write(t *testing.T, name, text string, mode os.FileMode) {
	t.Helper()
	path := filepath.Join(m.dir, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), mode), os.Chmod(path, mode)); err != nil {
		t.Fatal(err)
	}
}

// fetch brings what there is in the folder of the machine under these names, and returns what was printed.
func (m *machine) fetch(t *testing.T, dir string, names ...string) (out string, err error) {
	t.Helper()
	f := fetch.Fetch{Dir: dir, Entries: 1000, Bytes: 1 << 30, Depth: 64}
	for _, name := range names {
		f.Paths = append(f.Paths, runner.Text(m.dir+name))
	}
	conn, err := wrap.Dialer{Inner: m}.Dial(t.Context(), m.host)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return fetchOver(t, f, m.host.Name, conn)
}

// fetchOver fetches over a connection, and returns what was printed.
func fetchOver(t *testing.T, f fetch.Fetch, host string, c runner.Conn) (out string, err error) {
	var b, errs bytes.Buffer
	err = f.Do(t.Context(), &runner.Target{Host: inventory.Host{Name: host}, Conn: c, Out: &b, Err: &errs})
	return b.String() + errs.String(), err
}

// TestFetchFolder brings a folder with difficult names and with links, one of which leads out of it.
func TestFetchFolder(t *testing.T) {
	machines(t, func(t *testing.T, m *machine) {
		for name, text := range map[string]string{"a": "one", "it's": "two", "sub/new\nline": "three", "sub/deep/er": strings.Repeat("x", 1<<20), "special": "l1"} {
			m.write(t, name, text, 0o640)
		}
		in := func(name string) string { return filepath.Join(m.dir, name) }
		for _, err := range []error{os.Symlink("it's", in("inside")), os.Symlink(in("a"), in("sub/absolute")), os.Symlink("/", in("root")), os.Symlink("../../../../../../../etc/passwd", in("outside")), os.Link(in("a"), in("b")), os.Chmod(in("special"), 0o4755)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		dir := t.TempDir()
		out, err := m.fetch(t, dir, "")
		if _, reason := runner.StatusOf(err); reason != runner.NotFetched || err.Error() != "1 refused, the rest is here; the first: "+m.dir+"/outside is a link that leads out of its folder: ../../../../../../../etc/passwd" {
			t.Errorf("%v\n%s", err, out)
		}
		here := filepath.Join(dir, "here", m.dir)
		diff, _ := exec.Command("diff", "-r", "--no-dereference", m.dir, here).Output()
		for _, line := range strings.Split(strings.TrimSpace(string(diff)), "\n") {
			if line != "Only in "+m.dir+": outside" && !strings.Contains(line, "/sub/absolute ") && !strings.Contains(line, "/root ") {
				t.Errorf("they differ: %s", line)
			}
		}
		// An absolute link has become a relative one: the host's folder is the host's root.
		text, err := os.ReadFile(filepath.Join(here, "sub/absolute"))
		if to, e := filepath.EvalSymlinks(filepath.Join(here, "root")); err != nil || string(text) != "one" || to != filepath.Join(dir, "here") || !strings.Contains(out, "link to "+m.dir+"/a "+m.dir+"/sub/absolute\n") {
			t.Errorf("sub/absolute has %q, %v; root leads to %s, %v\n%s", text, err, to, e, out)
		}
		if info, err := os.Stat(filepath.Join(here, "special")); err != nil || info.Mode() != 0o755 || !strings.Contains(out, " 0755 2 "+m.dir+"/special\n") {
			t.Errorf("special is %v, %v, want mode 0755 without setuid\n%s", info, err, out)
		}
	})
}

// TestFetchFiles brings files that are named in several ways, some of them twice or not there.
func TestFetchFiles(t *testing.T) {
	machines(t, func(t *testing.T, m *machine) {
		for name, text := range map[string]string{"a": "one", "x.log": "l1", "y.log": "l2", "sub/b": "two", `DOMAIN\norbert\101`: "l3"} {
			m.write(t, name, text, 0o640)
		}
		dir := t.TempDir()
		out, err := m.fetch(t, filepath.Join(dir, "logs"), "/*.log")
		if err != nil || strings.Count(out, "\n") != 2 || !strings.Contains(out, "0640 2 "+m.dir+"/x.log") {
			t.Errorf("%v\n%s", err, out)
		}
		if _, err = m.fetch(t, filepath.Join(dir, "flat-{host}.txt"), "/a"); err != nil {
			t.Error(err)
		}
		if text, err := os.ReadFile(filepath.Join(dir, "flat-here.txt")); err != nil || string(text) != "one" {
			t.Errorf("flat-here.txt has %q, %v, want \"one\"", text, err)
		}
		if _, err = m.fetch(t, filepath.Join(dir, "folder-{host}"), "/sub"); err == nil || !strings.Contains(err.Error(), m.dir+"/sub/ does not fit: ") {
			t.Errorf("a folder under the name of a file: %v", err)
		}
		// A backslash in a name is nothing but that, and names are told without detours.
		if out, err = m.fetch(t, filepath.Join(dir, "backslash"), "/.//DOMAIN*"); err != nil || !strings.HasSuffix(out, fmt.Sprintf(" %q\n", m.dir+`/DOMAIN\norbert\101`)) {
			t.Errorf("%v\n%s", err, out)
		}
		// What is named twice arrives once, also if it has two names.
		if err := errors.Join(os.Symlink("a", filepath.Join(m.dir, "link")), os.Link(filepath.Join(m.dir, "link"), filepath.Join(m.dir, "link2"))); err != nil {
			t.Fatal(err)
		}
		if out, err = m.fetch(t, filepath.Join(dir, "twice"), "/a", "/a", "/x.log", "/*.log", "/link", "/link*"); err != nil || strings.Count(out, "\n") != 5 || strings.Count(out, "link to a ") != 2 {
			t.Errorf("%v\n%s, want three files and two links", err, out)
		}
		// A missing path is reported, and the others arrive.
		out, err = m.fetch(t, filepath.Join(dir, "some"), "/a", "/none")
		if _, reason := runner.StatusOf(err); reason != runner.NotFetched || !strings.Contains(out, "/a\n") || !strings.Contains(out, "none") {
			t.Errorf("%v\n%s", err, out)
		}
	})
}

// TestFetchUnreadable: what can't be read is told, and the others arrive, also with a tar that ends a folder there.
func TestFetchUnreadable(t *testing.T) {
	for _, userland := range []string{"gnu", "busybox", "bsd"} {
		t.Run(userland, func(t *testing.T) {
			m := newMachine(t, userland)
			m.asUser(t)
			for i := range 20 {
				m.write(t, fmt.Sprint("sub/", i), "x", 0o644)
			}
			m.write(t, "sub/10", "x", 0)
			if err := os.Symlink("../../../../../../../out", filepath.Join(m.dir, "sub/out")); err != nil {
				t.Fatal(err)
			}
			out, err := m.fetch(t, t.TempDir(), "/sub", "/none")
			if _, reason := runner.StatusOf(err); reason != runner.NotFetched || strings.Contains(err.Error(), "the rest is here") || strings.Count(out, " 0644 1 ") != 19 || !strings.Contains(out, "sub/10") || !strings.Contains(out, "none") {
				t.Errorf("%v\n%s, want 19 files", err, out)
			}
			if out, err = m.fetch(t, t.TempDir(), "/sub/1"); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// TestFetchVanishing: what can't be verified is told with what has arrived.
func TestFetchVanishing(t *testing.T) {
	m := withTool(t, "tar", `/bin/tar "$@" || exit
for x; do case $x in */sub) rm "$x/a" ;; esac; done`)
	m.write(t, "sub/a", "x", 0o644)
	m.write(t, "sub/b", "x", 0o644)
	out, err := m.fetch(t, t.TempDir(), "/sub")
	if _, reason := runner.StatusOf(err); reason != runner.NotFetched || !strings.Contains(err.Error(), "only 1 of 2") || strings.Count(out, " 0644 1 ") != 2 || !strings.Contains(out, "sub/a: No such file") {
		t.Errorf("%v\n%s, want two files", err, out)
	}
}

// TestFetchHalf: a tar that gives up, as that of busybox does where a file shrinks, leaves out more than what it names.
func TestFetchHalf(t *testing.T) {
	m := withTool(t, "tar", `/bin/tar "$@" | head -c 1024
exit 1`)
	m.write(t, "a", "x", 0o644)
	m.write(t, "b", "x", 0o644)
	out, err := m.fetch(t, t.TempDir(), "/a", "/b")
	if _, reason := runner.StatusOf(err); reason != runner.NotFetched || !strings.Contains(err.Error(), "the rest is missing") || strings.Count(out, " 0644 1 ") != 1 {
		t.Errorf("%v\n%s, want one file", err, out)
	}
}

// TestFetchForCsh: the login shell need not be one of POSIX.
func TestFetchForCsh(t *testing.T) {
	m := newMachine(t, "gnu")
	m.host.Connection.Shell = "tcsh"
	m.write(t, "new\nline", "one", 0o644)
	if out, err := m.fetch(t, t.TempDir(), "/new\nline"); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestFetchWhileReplaced: where the host's tar can leave nothing out, and sends a file as a link to what a push is about to
// put aside, the fetch says why the file is missing.
func TestFetchWhileReplaced(t *testing.T) {
	m := withTool(t, "tar", `case $* in *--exclude*) exit 1 ;; esac
exec /bin/tar --sort=name "$@"`)
	hidden := ".hail-" + strings.Repeat("A", 26) + ".old/conf"
	m.write(t, hidden, "old", 0o644)
	if err := os.Link(filepath.Join(m.dir, hidden), filepath.Join(m.dir, "conf")); err != nil {
		t.Fatal(err)
	}
	out, err := m.fetch(t, t.TempDir(), "")
	if _, reason := runner.StatusOf(err); reason != runner.NotFetched || !strings.Contains(err.Error(), "/conf is being replaced by a push") {
		t.Errorf("%v\n%s, want that conf is being replaced", err, out)
	}
}

// TestFetchAgain: a fetch into a folder that has an earlier one keeps apart what is apart on the host.
func TestFetchAgain(t *testing.T) {
	machines(t, func(t *testing.T, m *machine) {
		dir := t.TempDir()
		for _, path := range []string{"", "/now/x"} { // the whole folder, or one file
			m.write(t, "one/x", "one", 0o644)
			if err := os.Symlink("one", filepath.Join(m.dir, "now")); err != nil {
				t.Fatal(err)
			}
			if out, err := m.fetch(t, dir, ""); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if err := os.Remove(filepath.Join(m.dir, "now")); err != nil {
				t.Fatal(err)
			}
			m.write(t, "now/x", "now", 0o644)
			if out, err := m.fetch(t, dir, path); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if out, err := exec.Command("diff", "-r", "--no-dereference", m.dir, filepath.Join(dir, "here", m.dir)).Output(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
			if err := os.RemoveAll(filepath.Join(m.dir, "now")); err != nil {
				t.Fatal(err)
			}
			if err := os.RemoveAll(filepath.Join(dir, "here", m.dir, "now")); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// TestTwoFetches: two fetches that write the same file at once do not disturb each other.
func TestTwoFetches(t *testing.T) {
	archive := tarOf("file", "xy")
	dir := t.TempDir()
	fetch := func(c runner.Conn) error {
		_, err := fetchOver(t, fetch.Fetch{Dir: dir, Paths: []runner.Text{"/"}}, "h", c)
		return err
	}
	second, begun, ended := make(chan error), make(chan bool), make(chan bool)
	first := fetch(pausing{tar: archive, pause: func() {
		go func() { second <- fetch(pausing{tar: archive, pause: func() { close(begun); <-ended }}) }()
		<-begun
	}})
	text, _ := os.ReadFile(dir + "/h/file")
	close(ended)
	if err := <-second; first != nil || err != nil || string(text) != "xy" {
		t.Errorf("the errors are %v and %v, and after the first fetch the file has %q, want \"xy\"", first, err, text)
	}
}

// pausing is a host with a file xy, which pauses in its middle.
type pausing struct {
	runner.Conn
	tar   []byte
	pause func()
}

func (p pausing) Exec(_ context.Context, cmd string, s runner.Stdio) error {
	fmt.Fprintln(s.Out, regexp.MustCompile("hail:[A-Z2-7]+:").FindString(cmd))
	if !strings.Contains(cmd, "tar -c") {
		_, err := fmt.Fprintf(s.Out, "%x\n", sha256.Sum256([]byte("xy")))
		return err
	}
	const middle = 512 + 1
	s.Out.Write(p.tar[:middle])
	p.pause()
	_, err := s.Out.Write(p.tar[middle:])
	return err
}

// stream is a host that answers tar with any bytes, and asked for digests, with those of files of one x. Its login
// prints something first.
type stream struct {
	runner.Conn
	login string
	tar   []byte // nil: the login runs no command
}

func (s stream) Exec(_ context.Context, cmd string, io_ runner.Stdio) error {
	mark := regexp.MustCompile("hail:[A-Z2-7]+:").FindString(cmd)
	if _, err := io.WriteString(io_.Out, s.login); err != nil || s.tar == nil {
		return err
	}
	io.WriteString(io_.Out, mark+"\n")
	if strings.Contains(cmd, "tar -c") {
		_, err := io_.Out.Write(s.tar)
		if err != nil {
			return fmt.Errorf("stopped: %w", err)
		}
		return nil
	}
	list, err := io.ReadAll(io_.In)
	if err != nil {
		return err
	}
	for range strings.Count(string(list), "\x00") {
		fmt.Fprintf(io_.Out, "%x\n", sha256.Sum256([]byte("x")))
	}
	return nil
}

// TestFetchBehindLogin: what a login prints is not part of the files. When no files arrive, the error shows it.
func TestFetchBehindLogin(t *testing.T) {
	archive := tarOf("good", "x")
	for _, tt := range []struct {
		name, login string
		tar         []byte
		want        string
	}{
		{"a greeting", "Welcome\nto all", archive, ""},
		{"much", strings.Repeat("y", 65<<10), archive, "more than was asked for; the host said: \"yyy"},
		{"no login", "This account is not available.\n", nil, `the host did not run what it was sent; the host said: "This account is not available."`},
		{"nothing", "", nil, "the host did not run what it was sent"},
	} {
		f := fetch.Fetch{Dir: t.TempDir(), Paths: []runner.Text{"/"}, Entries: 10, Bytes: 10, Depth: 10}
		_, err := fetchOver(t, f, "h", stream{login: tt.login, tar: tt.tar})
		if status, _ := runner.StatusOf(err); tt.want == "" && err != nil || tt.want != "" && (status != runner.Error || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: %s, %v, want %q", tt.name, status, err, tt.want)
		}
	}
}

// TestFetchWithoutLimits: limits of zero are the default limits.
func TestFetchWithoutLimits(t *testing.T) {
	archive := tarOf("a/good", "x")
	f := fetch.Fetch{Dir: t.TempDir(), Paths: []runner.Text{"/"}}
	if _, err := fetchOver(t, f, "h", stream{tar: archive}); err != nil {
		t.Error(err)
	}
}

// TestHostileFetch: nothing that a host sends is written outside its folder, or without limit. Harmless files arrive.
func TestHostileFetch(t *testing.T) {
	file := func(name string) *tar.Header {
		return &tar.Header{Name: name, Typeflag: tar.TypeReg, Size: 1, Mode: 0o644}
	}
	hidden := ".hail-" + strings.Repeat("A", 26) + "/"
	up := &tar.Header{Name: "a/b/up", Typeflag: tar.TypeSymlink, Linkname: "../.."}
	for _, tt := range []struct {
		name    string
		headers []*tar.Header
		words   string
		limits  fetch.Fetch
	}{
		{"up", []*tar.Header{file("good"), file("../evil")}, "../evil leads out", fetch.Fetch{}},
		{"up inside", []*tar.Header{file("good"), file("a/../../evil")}, "leads out", fetch.Fetch{}},
		{"up and down again", []*tar.Header{file("good"), file("a/../b")}, "a/../b leads out", fetch.Fetch{}},
		{"the root", []*tar.Header{{Name: "./", Typeflag: tar.TypeDir, Mode: 0o755}, file("./good")}, "", fetch.Fetch{}},
		{"absolute", []*tar.Header{file("good"), file("/good2")}, "", fetch.Fetch{}},
		{"over a link", []*tar.Header{file("good"), {Name: "l", Typeflag: tar.TypeSymlink, Linkname: "../tmp"}, file("l/evil")}, "l is a link that leads out", fetch.Fetch{}},
		{"over an absolute link", []*tar.Header{file("good"), {Name: "l", Typeflag: tar.TypeSymlink, Linkname: "/tmp"}, file("l/evil")}, "l/evil: ", fetch.Fetch{}},
		{"an absolute link", []*tar.Header{file("good"), {Name: "a/b/l", Typeflag: tar.TypeSymlink, Linkname: "//etc/passwd"}}, "", fetch.Fetch{}},
		{"an absolute link up", []*tar.Header{file("good"), {Name: "a/b/l", Typeflag: tar.TypeSymlink, Linkname: "/../tmp"}}, "l is a link that leads out", fetch.Fetch{}},
		{"an absolute link up inside", []*tar.Header{file("good"), up, {Name: "l", Typeflag: tar.TypeSymlink, Linkname: "/a/b/up/../../tmp"}}, "l is a link that leads out", fetch.Fetch{}},
		{"over two links", []*tar.Header{file("good"), {Name: "d/l", Typeflag: tar.TypeSymlink, Linkname: "../x"}, {Name: "x", Typeflag: tar.TypeSymlink, Linkname: "../../evil"}}, "x is a link that leads out", fetch.Fetch{}},
		{"a hard link out", []*tar.Header{file("good"), {Name: "h", Typeflag: tar.TypeLink, Linkname: "/etc/passwd"}}, "hard link to something that was not sent", fetch.Fetch{}},
		{"a link over a link", []*tar.Header{file("good"), up, {Name: "out", Typeflag: tar.TypeSymlink, Linkname: "a/b/up/../.."}}, "out is a link that leads out", fetch.Fetch{}},
		{"a link behind a link", []*tar.Header{file("good"), up, {Name: "a/b/up/out", Typeflag: tar.TypeSymlink, Linkname: "../../.."}}, "out is a link that leads out", fetch.Fetch{}},
		{"a hard link to a folder", []*tar.Header{file("good"), {Name: "d", Typeflag: tar.TypeDir, Mode: 0o755}, {Name: "h", Typeflag: tar.TypeLink, Linkname: "d"}}, "h is a hard link to something other than a file", fetch.Fetch{}},
		{"a hard link to a link", []*tar.Header{file("good"), up, {Name: "out", Typeflag: tar.TypeLink, Linkname: "a/b/up"}}, "out is a link that leads out", fetch.Fetch{}},
		{"a device", []*tar.Header{file("good"), {Name: "sda", Typeflag: tar.TypeBlock}}, "sda is not a file", fetch.Fetch{}},
		{"a file over a folder", []*tar.Header{file("d/e"), file("d"), file("good")}, "d is a folder here", fetch.Fetch{}},
		{"a link over a folder", []*tar.Header{file("d/e"), {Name: "d", Typeflag: tar.TypeSymlink, Linkname: "good"}, file("good")}, "d is a folder here", fetch.Fetch{}},
		{"many", []*tar.Header{file("good"), file("b"), file("c"), file("d")}, "more than 3 entries", fetch.Fetch{Entries: 3}},
		{"much", []*tar.Header{file("good"), file("b"), file("c")}, "more than 2 bytes", fetch.Fetch{Bytes: 2}},
		{"more than there is", []*tar.Header{file("good"), {Name: "b", Typeflag: tar.TypeReg, Size: 1<<63 - 1, Format: tar.FormatGNU}}, "more than 100 bytes", fetch.Fetch{}},
		{"what is left out does not count", []*tar.Header{file(hidden + "a"), file(hidden + "b/c"), file("good"), file("b")}, "", fetch.Fetch{Entries: 2, Bytes: 2, Depth: 1}},
		{"much that is left out", []*tar.Header{file("good"), file(hidden + "a"), file(hidden + "b"), file(hidden + "c")}, "more than 2 bytes", fetch.Fetch{Bytes: 2}},
		{"a long name", []*tar.Header{file("good"), file(strings.Repeat("a/", 3000) + "b")}, "a/… has a name of more than 4096 bytes", fetch.Fetch{Depth: 5000}},
		{"a long link", []*tar.Header{file("good"), {Name: "l", Typeflag: tar.TypeSymlink, Linkname: strings.Repeat("a", 5000)}}, "l… has a name of more", fetch.Fetch{}},
		{"deep", []*tar.Header{file("good"), file("a/b/c/d")}, "deeper than 2", fetch.Fetch{Depth: 2}},
		{"as deep as it may be", []*tar.Header{file("good"), {Name: "a/b/", Typeflag: tar.TypeDir, Mode: 0o755}, file("a/b/c")}, "", fetch.Fetch{Depth: 2}},
		{"torn", []*tar.Header{file("good"), nil}, "unexpected EOF", fetch.Fetch{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var b bytes.Buffer
			w := tar.NewWriter(&b)
			for _, h := range tt.headers {
				if h == nil {
					b.Truncate(b.Len() - 700)
					break
				}
				if err := w.WriteHeader(h); err != nil {
					t.Fatal(err)
				}
				if h.Typeflag == tar.TypeReg {
					w.Write([]byte("x"))
				}
				w.Flush()
			}
			if !slices.Contains(tt.headers, nil) {
				w.Close()
			}
			outer := t.TempDir()
			f := tt.limits
			f.Dir, f.Paths = filepath.Join(outer, "dir"), []runner.Text{"/"}
			f.Entries, f.Bytes, f.Depth = cmp.Or(f.Entries, 100), cmp.Or(f.Bytes, 100), cmp.Or(f.Depth, 10)
			_, err := fetchOver(t, f, "..", stream{tar: b.Bytes()})
			if tt.words == "" && err != nil || tt.words != "" && (err == nil || !strings.Contains(err.Error(), tt.words)) {
				t.Errorf("%v, want %q", err, tt.words)
			}
			out, _ := os.ReadDir(outer)
			in, _ := os.ReadDir(f.Dir)
			if len(out) != 1 || len(in) != 1 {
				t.Errorf("files were written outside the folder of the host: %v, %v", out, in)
			}
			filepath.WalkDir(f.Dir, func(path string, _ fs.DirEntry, err error) error {
				if real, _ := filepath.EvalSymlinks(path); err != nil || real != "" && !strings.HasPrefix(real, f.Dir) {
					t.Errorf("%s leads to %s: %v", path, real, err)
				}
				return nil
			})
			if _, err := os.Stat(filepath.Join(f.Dir, inventory.FileName(".."), "good")); err != nil && !errors.Is(err, os.ErrNotExist) || err != nil && tt.name != "torn" {
				t.Errorf("the harmless file did not arrive: %v", err)
			}
		})
	}
}

// tarOf returns a tar stream with one file.
func tarOf(name, content string) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	w.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Size: int64(len(content)), Mode: 0o644})
	io.WriteString(w, content)
	w.Close()
	return b.Bytes()
}

// TestFetchesAtOnce: fetches into the same folder at once don't disturb each other, and links are always there.
func TestFetchesAtOnce(t *testing.T) {
	m := newMachine(t, "gnu")
	m.write(t, "a", "one", 0o640)
	const many = 50
	for i := range many {
		if err := errors.Join(os.Symlink("a", filepath.Join(m.dir, fmt.Sprint("soft", i))), os.Link(filepath.Join(m.dir, "a"), filepath.Join(m.dir, fmt.Sprint("hard", i)))); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	if _, err := m.fetch(t, dir, ""); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			if out, err := m.fetch(t, dir, ""); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
	wg.Wait()
	diff, _ := exec.Command("diff", "-r", "--no-dereference", m.dir, filepath.Join(dir, "here", m.dir)).CombinedOutput()
	parts, err := filepath.Glob(filepath.Join(dir, "here", m.dir, ".*"))
	if len(diff) > 0 || len(parts) > 0 || err != nil {
		t.Errorf("%s, %v, %v", diff, parts, err)
	}
}

// TestFetchForgedLine: a name or a link does not make a line of its own in the list of what has arrived.
func TestFetchForgedLine(t *testing.T) {
	const forged = "\n000000000000 0644 1 /etc/passwd"
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	for _, h := range []tar.Header{
		{Typeflag: tar.TypeReg, Name: "./a" + forged},
		{Typeflag: tar.TypeSymlink, Name: "./b", Linkname: "c" + forged},
		{Typeflag: tar.TypeFifo, Name: "./d" + forged},
		{Typeflag: tar.TypeSymlink, Name: "./e", Linkname: "/f" + forged},
	} {
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
	}
	w.Close()
	out, _ := fetchOver(t, fetch.Fetch{Dir: t.TempDir(), Paths: []runner.Text{"/"}}, "h", stream{tar: archive.Bytes()})
	if strings.Contains(out, "\n0000") {
		t.Errorf("it prints\n%s", out)
	}
}
