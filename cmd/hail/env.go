package main

import (
	"cmp"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"os/user"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/term"

	"hail/inventory/sshconfig"
	"hail/report"
)

// environment is everything that the program takes from its surroundings. Packages outside cmd/hail do not see it.
type environment struct {
	args           []string // without the program's name
	stdin          io.Reader
	stdout, stderr io.Writer
	stdinTerminal  bool
	stdoutTerminal bool
	stderrTerminal bool
	width          func() int // columns of the terminal; 0: unknown
	getenv         func(string) string
	environ        []string // all variables, as NAME=VALUE
	now            func() time.Time
	home           string
	user           string
	machine        string
	openFiles      int   // the limit of open file descriptors
	memory         int64 // bytes that are free; 0: unknown
	signals        func() (s <-chan os.Signal, stop func())
	enquiries      func(typed bool) (asked <-chan struct{}, stop func()) // the user asks how it goes, by SIGQUIT or Enter
	exit           func(code int)                                        // ends the process at once
	secret         func(prompt string) (string, error)                   // asks on the terminal, without echo
	answers        *answers                                              // to prompts, so far
	earlier        map[string]*report.Summary                            // the runs that targets have named so far
	seed           uint64                                                // of --sample, also in all rounds of hail test --watch
}

func osEnvironment(args []string) environment {
	// A closed pipe on stdout must be a write error, not the end of the process. The programs that hail starts must not
	// inherit that, as they would with signal.Ignore: in yes | head -1, the first would not end.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	stops := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // nohup has hail go on without its terminal
		stops = append(stops, syscall.SIGHUP)
	}
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
			signal.Notify(c, stops...)
			return c, func() { signal.Stop(c) }
		},
		exit:    os.Exit,
		memory:  freeMemory(),
		answers: &answers{passphrases: map[string]string{}},
		earlier: map[string]*report.Summary{},
		seed:    uint64(rand.Uint32N(1_000_000)), // short enough to type
	}
	e.secret = e.readSecret
	e.enquiries = e.osEnquiries
	account := ""
	if u, err := user.Current(); err == nil {
		e.user, account = u.Username, u.HomeDir
	}
	e.home = homeFolder(os.Getenv("HOME"), account)
	e.machine, _ = os.Hostname()
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) == nil { // Go has raised the soft limit to the hard one
		e.openFiles = int(min(limit.Cur, 1<<20))
	}
	return e
}

// homeFolder returns $HOME, or else the home folder of the account. Without either it is the root folder, because the
// current one may hold settings and an ssh_config of somebody else.
func homeFolder(variable, account string) string { return cmp.Or(variable, account, "/") }

func terminalWidth() int {
	for _, f := range []*os.File{os.Stdout, os.Stderr} {
		if w, _, err := term.GetSize(int(f.Fd())); err == nil {
			return w
		}
	}
	return 0
}

// outWidth returns how many columns a line of results may have. It is 0, for no limit, when stdout is not a terminal.
func (e environment) outWidth() int {
	if !e.stdoutTerminal {
		return 0
	}
	return e.width()
}

// stateDir and configDir return hail's folders according to the XDG base directory rules.
func (e environment) stateDir() string  { return e.xdgDir("XDG_STATE_HOME", ".local/state") }
func (e environment) configDir() string { return e.xdgDir("XDG_CONFIG_HOME", ".config") }

// xdgDir returns hail's folder below the folder that variable names or, by default, below otherwise in the home folder.
func (e environment) xdgDir(variable, otherwise string) string {
	if dir := e.getenv(variable); filepath.IsAbs(dir) {
		return filepath.Join(dir, "hail")
	}
	return filepath.Join(e.home, otherwise, "hail")
}

// sshLocal describes the local machine and user for ssh_config, which may run no programs.
func (e environment) sshLocal() sshconfig.Local {
	return sshconfig.Local{Home: e.home, User: e.user, Hostname: e.machine, UID: os.Getuid(), Getenv: e.getenv}
}

// sshConfigFiles returns the ssh_config files to read: the one that -F names, none, or those that ssh reads.
func (e environment) sshConfigFiles(named string) []string {
	switch named {
	case "":
		return []string{filepath.Join(e.home, ".ssh/config"), "/etc/ssh/ssh_config"}
	case "none", os.DevNull: // to ssh, both are an empty file
		return nil
	}
	return []string{named}
}
