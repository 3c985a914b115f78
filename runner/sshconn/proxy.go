package sshconn

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// proxyConn is the connection that a ProxyCommand makes: one end of a socket pair, whose other end is the command's
// input and output. Unlike pipes, a socket pair makes a net.Conn with deadlines.
type proxyConn struct {
	net.Conn
	command *exec.Cmd
	said    *stderrTail
	closed  sync.Once
}

// dialProxy has the shell start a ProxyCommand in a process group of its own. Close ends the whole group.
func dialProxy(shell, line string) (net.Conn, error) {
	pair, err := socketpair()
	if err != nil {
		return nil, err
	}
	ours, theirs := os.NewFile(uintptr(pair[0]), "proxy"), os.NewFile(uintptr(pair[1]), "proxy")
	defer ours.Close() // FileConn has a copy
	defer theirs.Close()
	nc, err := net.FileConn(ours)
	if err != nil {
		return nil, err
	}
	p := &proxyConn{Conn: nc, said: &stderrTail{}, command: exec.Command(shell, "-c", "exec "+line)}
	p.command.Stdin, p.command.Stdout, p.command.Stderr = theirs, theirs, p.said
	p.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p.command.WaitDelay = time.Second // for a child that it left behind with its stderr open
	if err := p.command.Start(); err != nil {
		nc.Close()
		return nil, fmt.Errorf("proxy command: %w", cause(err))
	}
	return p, nil
}

// socketpair makes a socket pair that no other program inherits, even if one is being started at the same time.
func socketpair() (pair [2]int, err error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if pair, err = syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0); err == nil {
		syscall.CloseOnExec(pair[0])
		syscall.CloseOnExec(pair[1])
	}
	return pair, err
}

// Close ends the connection and the command, and waits for it.
func (p *proxyConn) Close() error {
	err := p.Conn.Close()
	p.closed.Do(func() {
		_ = syscall.Kill(-p.command.Process.Pid, syscall.SIGKILL) // it may be gone already
		_ = p.command.Wait()                                      // killed or failed: the connection has shown it
	})
	return err
}

// stderrTail keeps the end of what a command prints on stderr.
type stderrTail struct {
	mu   sync.Mutex
	text []byte
}

const lastBytes = 4 << 10

func (t *stderrTail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	if over := len(t.text) - lastBytes; over > 0 {
		t.text = bytes.Clone(t.text[over:])
	}
	return len(p), nil
}

// line returns the last line that is not empty.
func (t *stderrTail) line() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := strings.TrimSpace(string(t.text))
	return strings.TrimSpace(text[strings.LastIndexByte(text, '\n')+1:])
}
