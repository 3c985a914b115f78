package wrap_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"hail/inventory"
	"hail/runner"
	"hail/runner/local"
	"hail/runner/wrap"
)

// shells are login shells that start the wrapper. The command itself runs in the shell of the host.
var shells = [][]string{{"dash"}, {"bash"}, {"busybox", "sh"}, {"mksh"}, {"zsh"}, {"fish"}, {"tcsh"}}

// login connects to this machine through a login shell.
func login(t *testing.T, shell []string) runner.Conn {
	t.Helper()
	path, err := exec.LookPath(shell[0])
	if err != nil {
		t.Fatalf("%v: make tools installs the shells that the tests need", err)
	}
	if len(shell) > 1 { // a shell for local is one word
		link := filepath.Join(t.TempDir(), shell[1])
		if err := os.Symlink(path, link); err != nil {
			t.Fatal(err)
		}
		path = link
	}
	return dialled(t, loginShell{path}, "/bin/sh")
}

// dialled returns a connection under the wrapper, over inner, to this machine, whose commands run in the shell.
func dialled(t *testing.T, inner runner.Dialer, shell string) runner.Conn {
	t.Helper()
	c, err := wrap.Dialer{Inner: inner}.Dial(t.Context(), inventory.Host{Name: "here", Connection: inventory.Connection{Shell: shell}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// loginShell dials this machine with another login shell. The host keeps the shell that its commands run in.
type loginShell struct{ path string }

func (l loginShell) Dial(ctx context.Context, h inventory.Host) (runner.Conn, error) {
	h.Connection.Shell = l.path
	return local.Dialer{}.Dial(ctx, h)
}

type otherSh struct{ program string }

func (o otherSh) Dial(ctx context.Context, h inventory.Host) (runner.Conn, error) {
	bin, err := os.MkdirTemp("", "sh-is-"+o.program)
	if err != nil {
		return nil, err
	}
	path, err := exec.LookPath(o.program)
	if err == nil {
		err = os.Symlink(path, bin+"/sh")
	}
	h.Connection.Shell = bin + "/sh"
	c, _ := local.Dialer{}.Dial(ctx, h)
	return otherShConn{c, bin}, err
}

type otherShConn struct {
	runner.Conn
	bin string
}

func (c otherShConn) Exec(ctx context.Context, cmd string, s runner.Stdio) error {
	s.Env = append(s.Env, "PATH="+c.bin+":"+os.Getenv("PATH"))
	return c.Conn.Exec(ctx, cmd, s)
}

func (c otherShConn) Close() error { return errors.Join(c.Conn.Close(), os.RemoveAll(c.bin)) }

func eachShell(t *testing.T, test func(t *testing.T, c runner.Conn)) {
	for _, shell := range shells {
		t.Run(shell[0], func(t *testing.T) {
			t.Parallel()
			test(t, login(t, shell))
		})
	}
	eachSh(t, test)
}

// eachSh tests the shells that the wrapper itself may run in.
func eachSh(t *testing.T, test func(t *testing.T, c runner.Conn)) {
	for _, program := range []string{"bash", "mksh", "ksh93"} { // mksh stands for OpenBSD's ksh, too: children inherit no descriptors above 2
		t.Run("sh is "+program, func(t *testing.T) {
			t.Parallel()
			test(t, dialled(t, otherSh{program}, "/bin/sh"))
		})
	}
}

// execFunc is a host that runs a command by calling a function.
type execFunc func(cmd string, s runner.Stdio) error

func (f execFunc) Dial(context.Context, inventory.Host) (runner.Conn, error) { return f, nil }
func (f execFunc) Exec(_ context.Context, cmd string, s runner.Stdio) error  { return f(cmd, s) }
func (f execFunc) Close() error                                              { return nil }

// server is such a host with the version line of an SSH server.
type server struct {
	execFunc
	version string
}

func (s server) Dial(context.Context, inventory.Host) (runner.Conn, error) { return s, nil }
func (s server) Reach() runner.Reach                                       { return runner.Reach{Server: s.version} }

// nonceOf returns the nonce in a wrapped command.
func nonceOf(cmd string) string {
	_, nonce, _ := strings.Cut(cmd, "hail_nonce=")
	nonce, _, _ = strings.Cut(nonce, " ")
	return nonce
}
