package sshtest

import (
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// process is a command that runs for real.
type process struct {
	server         *Running
	input, outputs sync.WaitGroup
	streams        []*stream // the outputs

	mu    sync.Mutex
	group int
}

// run runs the command with /bin/sh in the host's folder, in a process group of its own, and returns its exit status or
// the name of the signal that ended it. As with sshd, closing the channel does not end it.
func (p *process) run(c *Command) (status int, signal string) {
	cmd, err := p.command(c)
	if err == nil {
		err = p.start(cmd, c)
	}
	if err != nil {
		io.WriteString(c.Stderr, err.Error()+"\n")
		return 126, ""
	}
	defer p.ended()
	err = cmd.Wait()
	for _, s := range p.streams {
		s.r.SetReadDeadline(time.Unix(1, 0))
		<-s.whole
	}
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok {
		return 0, ""
	}
	if w := exit.Sys().(syscall.WaitStatus); w.Signaled() {
		return 0, signalName(w.Signal())
	}
	return exit.ExitCode(), ""
}

func (p *process) command(c *Command) (*exec.Cmd, error) {
	dir, err := p.server.dir.make()
	if err != nil {
		return nil, err
	}
	bin, err := ownCommands(dir)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command("/bin/sh", "-c", c.Line)
	cmd.Dir = dir
	cmd.Env = append([]string{"PATH=" + bin + ":/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOME=" + dir, "SHELL=/bin/sh",
		"USER=" + c.User, "LOGNAME=" + c.User, "HAIL_HOST=" + p.server.Name}, c.Env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd, nil
}

// start starts the command with pipes of its own, so that waiting for it does not mean waiting for its children.
func (p *process) start(cmd *exec.Cmd, c *Command) error {
	var theirs, ours [3]*os.File
	defer closeAll(&theirs)
	for i := range theirs {
		r, w, err := os.Pipe()
		if err != nil {
			closeAll(&ours)
			return err
		}
		theirs[i], ours[i] = w, r
	}
	theirs[0], ours[0] = ours[0], theirs[0] // the input goes the other way
	cmd.Stdin, cmd.Stdout, cmd.Stderr = theirs[0], theirs[1], theirs[2]
	if err := p.launch(cmd); err != nil {
		closeAll(&ours)
		return err
	}
	p.input.Go(func() {
		io.Copy(ours[0], c.Stdin)
		ours[0].Close()
	})
	for i, w := range []io.Writer{c.Stdout, c.Stderr} {
		s := &stream{w, ours[1+i], make(chan struct{})}
		p.streams = append(p.streams, s)
		p.outputs.Go(s.pass)
	}
	p.input.Go(func() { // a client that has left reads nothing more, whoever holds the pipes
		<-c.Done
		ours[1].Close()
		ours[2].Close()
	})
	return nil
}

// stream is an output of a command on its way to the client.
type stream struct {
	w     io.Writer
	r     *os.File
	whole chan struct{} // closed when all is passed on that the command had written by its end
}

// pass passes the output on. As with sshd, which does everything in turn, what the command has written is not long after
// its status, however busy this machine is.
func (s *stream) pass() {
	io.Copy(s.w, s.r) // until its end, or the deadline that says that the command has ended
	s.r.SetReadDeadline(time.Time{})
	s.passWaiting()
	close(s.whole)
	io.Copy(s.w, s.r) // what its children write
}

// passWaiting passes on what has been written and not yet read.
func (s *stream) passWaiting() {
	raw, err := s.r.SyscallConn()
	buf := make([]byte, 32<<10)
	for n := 1; err == nil && n > 0; {
		err = raw.Read(func(fd uintptr) bool {
			n, _ = syscall.Read(int(fd), buf) // does not wait: -1 when there is nothing
			return true
		})
		if err == nil && n > 0 {
			_, err = s.w.Write(buf[:n])
		}
	}
}

// closeAll closes the files that are open.
func closeAll(files *[3]*os.File) {
	for _, f := range files {
		f.Close() // what is nil is not open, which is an error and no panic
	}
}

func (p *process) launch(cmd *exec.Cmd) error {
	r := p.server
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return net.ErrClosed
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.group = cmd.Process.Pid
	r.groups[p.group] = struct{}{}
	return nil
}

func (p *process) ended() {
	r := p.server
	r.mu.Lock()
	defer r.mu.Unlock()
	if syscall.Kill(-p.group, 0) != nil { // otherwise children are left, which Close ends
		delete(r.groups, p.group)
	}
}

func (p *process) signal(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for s, n := range signalNames {
		if n == name && p.group != 0 {
			syscall.Kill(-p.group, s)
		}
	}
}

func killGroup(group int) { syscall.Kill(-group, syscall.SIGKILL) }

// signalNames are the names of RFC 4254, section 6.10.
var signalNames = map[syscall.Signal]string{
	syscall.SIGABRT: "ABRT", syscall.SIGALRM: "ALRM", syscall.SIGFPE: "FPE", syscall.SIGHUP: "HUP", syscall.SIGILL: "ILL",
	syscall.SIGINT: "INT", syscall.SIGKILL: "KILL", syscall.SIGPIPE: "PIPE", syscall.SIGQUIT: "QUIT", syscall.SIGSEGV: "SEGV",
	syscall.SIGTERM: "TERM", syscall.SIGUSR1: "USR1", syscall.SIGUSR2: "USR2",
}

func signalName(s syscall.Signal) string {
	if name, ok := signalNames[s]; ok {
		return name
	}
	return strings.TrimPrefix(strings.ToUpper(s.String()), "SIGNAL ")
}

// ownCommands makes the folder of programs that come before the system's on a host: a hostname that prints the host's
// own name.
func ownCommands(dir string) (bin string, err error) {
	bin = filepath.Join(dir, ".bin")
	if err := os.MkdirAll(bin, 0o700); err != nil {
		return "", err
	}
	file := filepath.Join(bin, "hostname")
	if _, err := os.Stat(file); err == nil {
		return bin, nil
	}
	return bin, os.WriteFile(file, []byte("#!/bin/sh\necho \"$HAIL_HOST\"\n"), 0o700)
}
