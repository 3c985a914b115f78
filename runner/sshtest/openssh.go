package sshtest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
)

// OpenSSH is a real sshd, with a host key and a configuration of its own. It lets in the user that runs it,
// with the keys in Authorized. Set the fields, then Start.
type OpenSSH struct {
	Dir        string          // folder for its files; must exist, the caller removes it
	Program    string          // path of sshd; empty: the usual folders and $PATH
	Authorized []ssh.PublicKey // keys that may log in
	Options    []string        // lines for sshd_config; they win over the built-in ones

	hostKey ssh.PublicKey
	port    int
	cmd     *exec.Cmd
	exited  chan struct{}
}

// ErrNoSSHD says that there is no sshd on this machine, and how to get one.
var ErrNoSSHD = errors.New("there is no sshd here: apt-get install openssh-server")

// Start starts sshd and waits until it takes connections, or ctx ends. The caller calls Close.
func (s *OpenSSH) Start(ctx context.Context) error {
	if s.Dir == "" {
		return errors.New("the server has no folder for its files")
	}
	program, err := s.program()
	if err != nil {
		return err
	}
	if os.Geteuid() == 0 { // sshd needs it for privilege separation
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
			return err
		}
	}
	for {
		err := s.startAt(ctx, program)
		if ctx.Err() != nil || !strings.Contains(s.Log(), "Cannot bind any address") { // otherwise another process was faster
			return err
		}
	}
}

// startAt starts sshd at a port that was free just now.
func (s *OpenSSH) startAt(ctx context.Context, program string) (err error) {
	if s.port, err = freePort(); err != nil {
		return err
	}
	if err := s.writeFiles(); err != nil {
		return err
	}
	s.cmd = exec.Command(program, "-D", "-f", s.file("sshd_config"), "-E", s.file("log"))
	if err := s.cmd.Start(); err != nil {
		return err
	}
	s.exited = make(chan struct{})
	go func() {
		defer close(s.exited)
		s.cmd.Wait()
	}()
	return s.listens(ctx)
}

func (s *OpenSSH) file(name string) string { return filepath.Join(s.Dir, name) }

func (s *OpenSSH) program() (string, error) {
	for _, p := range []string{s.Program, "/usr/sbin/sshd", "/usr/local/sbin/sshd"} {
		if _, err := os.Stat(p); p != "" && err == nil {
			return p, nil
		}
	}
	if p, err := exec.LookPath("sshd"); err == nil {
		return filepath.Abs(p)
	}
	return "", ErrNoSSHD
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", Address+":0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func (s *OpenSSH) writeFiles() error {
	public, hostKey, err := newKeyFile()
	if err != nil {
		return err
	}
	s.hostKey = public
	var keys strings.Builder
	for _, k := range s.Authorized {
		keys.Write(ssh.MarshalAuthorizedKey(k))
	}
	config := slices.Concat(s.Options, []string{
		"Port " + strconv.Itoa(s.port),
		"ListenAddress " + Address,
		"HostKey " + s.file("host_key"),
		"PidFile " + s.file("pid"),
		"AuthorizedKeysFile " + s.file("authorized_keys"),
		"StrictModes no",
		"UsePAM no",
		"PermitRootLogin prohibit-password",
		"PasswordAuthentication no",
		"KbdInteractiveAuthentication no",
		"PrintMotd no",
		"PrintLastLog no",
		"MaxStartups 1000",
		"LogLevel VERBOSE",
	})
	for _, name := range []string{"pid", "log"} { // of an earlier start
		if err := os.Remove(s.file(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return errors.Join(
		os.WriteFile(s.file("host_key"), hostKey, 0o600),
		os.WriteFile(s.file("authorized_keys"), []byte(keys.String()), 0o600),
		os.WriteFile(s.file("sshd_config"), []byte(strings.Join(config, "\n")+"\n"), 0o600),
	)
}

// listens waits until sshd has its port, after which it writes the file with its process id. A server that answers there
// may be another one.
func (s *OpenSSH) listens(ctx context.Context) error {
	for {
		if _, err := os.Stat(s.file("pid")); err == nil {
			return nil
		}
		select {
		case <-s.exited:
			return fmt.Errorf("sshd ended: %s", s.Log())
		case <-ctx.Done():
			return errors.Join(context.Cause(ctx), s.Close())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Terminals reports whether an sshd that this user starts can give a command a terminal: each has to belong to the group
// tty, and only root can see to that where /dev/pts is mounted without gid=5.
func Terminals() bool {
	mounts, err := os.ReadFile("/proc/self/mounts")
	return os.Geteuid() == 0 || err != nil || ofGroupTTY.Match(mounts)
}

var ofGroupTTY = regexp.MustCompile(`(?m)^\S+ /dev/pts devpts (\S+,)?gid=5[, ]`)

// Port is the port that the server listens on, once it has been started.
func (s *OpenSSH) Port() int { return s.port }

// KnownHosts is the server's line for a known_hosts file, once it has been started.
func (s *OpenSSH) KnownHosts() string { return knownHosts(s.port, s.hostKey) }

// Log is what sshd has logged.
func (s *OpenSSH) Log() string {
	text, _ := os.ReadFile(s.file("log"))
	return string(text)
}

// Close ends the server; connections that are open go on until their clients leave.
func (s *OpenSSH) Close() error {
	if s.exited == nil {
		return nil // it never ran
	}
	s.cmd.Process.Kill()
	<-s.exited
	return nil
}
