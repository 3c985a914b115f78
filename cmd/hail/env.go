package main

import (
	"bufio"
	"context"
	"io"
	"os"
	"os/signal"
	"os/user"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/term"

	"hail/inventory/sshconfig"
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
	environ        []string // all of it, "NAME=VALUE"
	now            func() time.Time
	home           string
	user           string
	machine        string
	openFiles      int   // how many descriptors there may be
	memory         int64 // how many bytes are free; 0: not known
	signals        func() (s <-chan os.Signal, stop func())
	enquiries      func(typed bool) (asked <-chan struct{}, stop func()) // of the user, how it goes: SIGQUIT, or Enter
	exit           func(code int)                                        // at once, whatever is under way
	secret         func(prompt string) (string, error)                   // asks on the terminal
	kept           *kept                                                 // for a test that is done again; nil: nothing is kept
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
		environ:        os.Environ(),
		now:            time.Now,
		openFiles:      1024,
		signals: func() (<-chan os.Signal, func()) {
			c := make(chan os.Signal, 4)
			signal.Notify(c, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
			return c, func() { signal.Stop(c) }
		},
		exit:   os.Exit,
		memory: freeMemory(),
	}
	e.secret = e.readSecret
	e.enquiries = e.osEnquiries
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

// osEnquiries listens for SIGQUIT and, if nobody else reads what is typed on the terminal, for Enter.
func (e environment) osEnquiries(typed bool) (<-chan struct{}, func()) {
	asked := make(chan struct{}, 1)
	tell := func() {
		select {
		case asked <- struct{}{}:
		default:
		}
	}
	quit := make(chan os.Signal, 1)
	signal.Notify(quit, syscall.SIGQUIT)
	end := make(chan struct{})
	go func() {
		for {
			select {
			case <-quit:
				tell()
			case <-end:
				return
			}
		}
	}()
	if typed && e.stdinTerminal {
		signal.Ignore(syscall.SIGTTIN)    // in the background a read fails then, and does not stop us
		keys := bufio.NewReader(os.Stdin) // the read that is under way at the end goes with the process
		go func() {
			for {
				if _, err := keys.ReadString('\n'); err != nil {
					return
				}
				tell()
			}
		}()
	}
	return asked, func() { signal.Stop(quit); close(end) }
}

func terminalWidth() int {
	for _, f := range []*os.File{os.Stdout, os.Stderr} {
		if w, _, err := term.GetSize(int(f.Fd())); err == nil {
			return w
		}
	}
	return 0
}

// outWidth is how many columns a line of results may have; 0, where it goes to no terminal: any number.
func (e environment) outWidth() int {
	if !e.stdoutTerminal {
		return 0
	}
	return e.width()
}

// stateDir and configDir are hail's folders by the XDG rules.
func (e environment) stateDir() string  { return e.xdgDir("XDG_STATE_HOME", ".local/state") }
func (e environment) configDir() string { return e.xdgDir("XDG_CONFIG_HOME", ".config") }

// xdgDir is hail's folder below the one that a variable names or, by default, one of the home folder.
func (e environment) xdgDir(variable, otherwise string) string {
	if dir := e.getenv(variable); filepath.IsAbs(dir) {
		return filepath.Join(dir, "hail")
	}
	return filepath.Join(e.home, otherwise, "hail")
}

// sshLocal is this side, as ssh_config sees it.
func (e environment) sshLocal(allowExec, askSSH bool) sshconfig.Local {
	return sshconfig.Local{Home: e.home, User: e.user, Hostname: e.machine, UID: os.Getuid(), Getenv: e.getenv, AllowExec: allowExec, AskSSH: askSSH}
}

// sshConfigFiles are the ssh_config files that count: the one that -F names, none, or those of ssh.
func (e environment) sshConfigFiles(named string) []string {
	switch named {
	case "":
		return []string{filepath.Join(e.home, ".ssh/config"), "/etc/ssh/ssh_config"}
	case "none":
		return nil
	}
	return []string{named}
}

// untilSignal runs do with a context that a signal ends; then the program ends as after any other interrupt. What does not
// look at its context, a read from a terminal or a pipe, is left behind.
func (e environment) untilSignal(do func(context.Context) error) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	signals, stop := e.signals()
	defer stop()
	done := make(chan error, 1)
	go func() { done <- do(ctx) }()
	select {
	case err := <-done:
		return err
	case by := <-signals:
		cancel()
		select {
		case <-done:
		case <-signals:
		case <-time.After(time.Second):
		}
		if by == os.Interrupt {
			return &exitError{exitInterrupt}
		}
		return &exitError{exitTerminate}
	}
}
