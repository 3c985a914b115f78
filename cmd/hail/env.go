package main

import (
	"io"
	"os"
	"os/signal"
	"os/user"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/term"
)

// environment is everything that the program takes from outside. Nothing below cmd/hail reads it.
type environment struct {
	args           []string // without the program's name
	stdin          io.Reader
	stdout, stderr io.Writer
	stdinTerminal  bool
	stdoutTerminal bool
	stderrTerminal bool
	width          func() int // columns of the terminal; 0: not known
	getenv         func(string) string
	now            func() time.Time
	home           string
	user           string
	machine        string
	openFiles      int // how many descriptors there may be
	signals        func() (s <-chan os.Signal, stop func())
	exit           func(code int) // at once, whatever is under way
}

func osEnvironment(args []string) environment {
	// A closed pipe on stdout is an error of a write, not the end of the run.
	signal.Ignore(syscall.SIGPIPE)
	e := environment{
		args:  args,
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr,
		stdinTerminal:  term.IsTerminal(int(os.Stdin.Fd())),
		stdoutTerminal: term.IsTerminal(int(os.Stdout.Fd())),
		stderrTerminal: term.IsTerminal(int(os.Stderr.Fd())),
		width:          terminalWidth,
		getenv:         os.Getenv,
		now:            time.Now,
		openFiles:      1024,
		signals: func() (<-chan os.Signal, func()) {
			c := make(chan os.Signal, 4)
			signal.Notify(c, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
			return c, func() { signal.Stop(c) }
		},
		exit: os.Exit,
	}
	e.home = os.Getenv("HOME")
	if u, err := user.Current(); err == nil {
		e.user = u.Username
		if e.home == "" {
			e.home = u.HomeDir
		}
	}
	e.machine, _ = os.Hostname()
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) == nil { // Go has raised the soft limit to the hard one
		e.openFiles = int(min(limit.Cur, 1<<20))
	}
	return e
}

func terminalWidth() int {
	for _, f := range []*os.File{os.Stdout, os.Stderr} {
		if w, _, err := term.GetSize(int(f.Fd())); err == nil {
			return w
		}
	}
	return 0
}

// stateDir and configDir are hail's folders by the XDG rules.
func (e environment) stateDir() string {
	if dir := e.getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "hail")
	}
	return filepath.Join(e.home, ".local/state/hail")
}

func (e environment) configDir() string {
	if dir := e.getenv("XDG_CONFIG_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "hail")
	}
	return filepath.Join(e.home, ".config/hail")
}
