package inventory

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"hail/inventory/strictyaml"
)

// programTime is how long a program may take for all its calls together.
const programTime = 30 * time.Second

// isProgram reports whether a file is to be run: it is executable, and begins like a program. Some file systems make
// every file executable, so the permission alone is not enough.
func isProgram(path string, info fs.FileInfo) bool {
	if !info.Mode().IsRegular() || info.Mode()&0o111 == 0 {
		return false
	}
	f, err := os.Open(path)
	if err != nil {
		return true // it may still be executable
	}
	defer f.Close()
	head := make([]byte, 4)
	n, _ := io.ReadFull(f, head)
	return bytes.HasPrefix(head[:n], []byte("#!")) || bytes.Equal(head, []byte("\x7fELF")) || bytes.Equal(head, []byte("\xcf\xfa\xed\xfe"))
}

// isScript recognises a program that was read as a file because it is not executable.
func isScript(f file) bool { return f.path != stdinName && bytes.HasPrefix(f.text, []byte("#!")) }

// readProgram runs a dynamic inventory as Ansible does: --list prints the groups, and --host NAME prints the vars of
// a host, if the output of --list had no _meta.
func readProgram(ctx context.Context, b *builder, path string) {
	info, err := os.Stat(path)
	if err == nil {
		err = checkProgram(info)
	}
	if err != nil {
		b.failRead(path, err)
		return
	}
	ctx, cancel := context.WithTimeoutCause(ctx, programTime, fmt.Errorf("it took more than %v and was killed", programTime))
	defer cancel()
	p := program{ctx: ctx, b: b, path: path}
	if list, from := p.run("--list"); list != nil {
		readAnsibleJSON(b, file{path: from}, list, p.hostVars)
	}
}

// checkProgram refuses a program that somebody else could have written.
func checkProgram(info fs.FileInfo) error {
	st, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case !info.Mode().IsRegular():
		return errors.New("this is not a program")
	case info.Mode().Perm()&0o022 != 0:
		return errors.New("this program is not run: others may write to it (chmod go-w)")
	case ok && st.Uid != 0 && int(st.Uid) != os.Geteuid():
		return errors.New("this program is not run: it belongs to somebody else")
	case info.Mode().Perm()&0o111 == 0:
		return errors.New("this program is not executable (chmod +x)")
	}
	return nil
}

type program struct {
	ctx    context.Context // of one call of readProgram
	b      *builder
	path   string
	failed bool
}

// hostVars asks for the vars of one host; nil when there are none.
func (p *program) hostVars(name string) (vars *strictyaml.Node, from string) {
	if p.failed {
		return nil, ""
	}
	return p.run("--host", name)
}

// run returns the object that the program prints, and what errors call that; nil when there is none, or after an error.
func (p *program) run(args ...string) (object *strictyaml.Node, from string) {
	text, err := runProgram(p.ctx, p.path, args, p.b.around.Environ)
	fail := func(place Place, text, hint string) (*strictyaml.Node, string) {
		p.failed = true
		p.b.fail(place, text, hint)
		return nil, ""
	}
	asked := strings.Join(args, " ")
	if err != nil {
		return fail(Place{File: p.path}, asked+": "+err.Error(), "")
	}
	from = p.path + " " + asked
	if len(bytes.TrimSpace(text)) == 0 && args[0] == "--host" {
		return nil, from
	}
	text, wrong := plainText(from, text)
	if wrong != nil {
		return fail(wrong.Place, wrong.Text, wrong.Hint)
	}
	values, err := strictyaml.ParseJSON(text)
	switch {
	case err != nil:
		p.failed = true
		p.b.failYAML(from, err)
		return nil, from
	case len(values) > 1 || values[0].Kind != strictyaml.Map:
		return fail(Place{from, values[0].Line, values[0].Col}, "this is not a single JSON object", "")
	}
	return values[0], from
}

// runProgram returns what a program prints. The program gets a process group of its own, which is killed when ctx
// ends, when the output is too long, and when the program exits, in case it left something running.
func runProgram(ctx context.Context, path string, args, environ []string) ([]byte, error) {
	abs, err := filepath.Abs(path) // not a program of that name in $PATH
	if err != nil {
		return nil, err
	}
	c := exec.Command(abs, args...)
	c.Env = environ
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.WaitDelay = time.Second // for a child that keeps the output open
	var out, errs limited
	out.left, errs.left = maxSource, 64<<10
	c.Stdout, c.Stderr = &out, &errs
	kill := func() { _ = syscall.Kill(-c.Process.Pid, syscall.SIGKILL) } // it may be gone already
	out.full = kill
	if err := c.Start(); err != nil {
		if p, ok := errors.AsType[*fs.PathError](err); ok {
			err = p.Err
		}
		if errors.Is(err, fs.ErrNotExist) { // the script itself exists
			err = withInterpreter(path, err)
		}
		return nil, err
	}
	stop := context.AfterFunc(ctx, kill)
	err = c.Wait()
	stop()
	kill()
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case out.left < 0:
		return nil, fmt.Errorf("it printed more than %d MiB and was killed", maxSource>>20)
	case err != nil && !errors.Is(err, exec.ErrWaitDelay):
		if last := lastLine(errs.text.String()); last != "" {
			return nil, fmt.Errorf("%w: %s", err, last)
		}
		return nil, err
	}
	return out.text.Bytes(), nil
}

// withInterpreter returns the error for a script that could not be started, naming the interpreter in its first line.
func withInterpreter(path string, err error) error {
	text, _ := ReadFile(path)
	line, _, _ := strings.Cut(string(text), "\n")
	if named, ok := strings.CutPrefix(line, "#!"); ok {
		return fmt.Errorf("its first line names %q, which does not exist", strings.TrimLeft(named, " \t"))
	}
	return err
}

// limited keeps what is written, up to a limit. Beyond it, it calls full once, if that is set, and drops the rest.
type limited struct {
	text bytes.Buffer
	left int
	full func()
}

func (l *limited) Write(p []byte) (int, error) {
	had := l.left >= 0
	l.text.Write(p[:max(0, min(len(p), l.left))])
	if l.left -= len(p); l.left < 0 && had && l.full != nil {
		l.full()
	}
	return len(p), nil
}

// lastLine returns the last line that is not blank, without control characters.
func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f || c >= 0x80 && c < 0xa0 || c == '\ufffd' {
			return -1
		}
		return c
	}, strings.TrimSpace(lines[len(lines)-1]))
}
