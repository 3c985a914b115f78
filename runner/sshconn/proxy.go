package sshconn

import (
	"bytes"
	"errors"
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

// dialProxy starts the ProxyCommand of a host in a process group of its own. Close ends the whole group.
func dialProxy(s *settings) (net.Conn, error) {
	ours, theirs, err := socketpair()
	if err != nil {
		return nil, err
	}
	defer theirs.Close()
	p := &proxyConn{Conn: ours, said: &stderrTail{}, command: exec.Command(s.shell, "-c", "exec "+s.proxy)}
	p.command.Stdin, p.command.Stdout, p.command.Stderr = theirs, theirs, p.said
	p.command.Env = s.environ
	p.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p.command.WaitDelay = time.Second // for a child that it left behind with its stderr open
	if err := p.command.Start(); err != nil {
		ours.Close()
		if errors.Is(err, syscall.EBADF) { // the new process has found its next descriptor to be over the limit
			err = syscall.EMFILE
		}
		return nil, fmt.Errorf("proxy command: %w", cause(err))
	}
	return p, nil
}

// socketpair returns the two ends of a socket pair, one for us and one to hand to another program. No program inherits
// them, even if one is being started at the same time.
func socketpair() (ours net.Conn, theirs *os.File, err error) {
	syscall.ForkLock.RLock()
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(pair[0])
		syscall.CloseOnExec(pair[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, nil, err
	}
	end, theirs := os.NewFile(uintptr(pair[0]), "ours"), os.NewFile(uintptr(pair[1]), "theirs")
	defer end.Close() // FileConn has a copy
	if ours, err = net.FileConn(end); err != nil {
		theirs.Close()
		return nil, nil, err
	}
	return ours, theirs, nil
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

// words returns what the command said last on stderr. It ends the command, so that they are complete.
func (p *proxyConn) words() string {
	p.Close()
	return p.said.line()
}

// withWords returns err with the last words of the ProxyCommand that has made the connection, if one has.
func withWords(err error, nc net.Conn) error {
	if proxy, ok := nc.(*proxyConn); ok {
		if words := proxy.words(); words != "" {
			return fmt.Errorf("%w; the proxy command said %q", err, words)
		}
	}
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
