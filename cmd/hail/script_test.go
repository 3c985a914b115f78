package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/crypto/ssh"

	"hail/runner/hosttest"
	"hail/runner/sshtest"
)

func TestMain(m *testing.M) {
	programs := maps.Clone(benchPrograms)
	programs["hail"] = main
	os.Setenv("GORACE", "atexit_sleep_ms=0 "+os.Getenv("GORACE")) // otherwise the race detector waits a second at every exit
	testscript.Main(m, programs)
}

// TestScripts drives the real main: against servers of our own, and against Debian's sshd for the scripts in openssh/ and
// both/. The inventory always has the hosts web1 to web3 and db1, down1, which refuses connections, and mute1, which
// accepts them and never says a word.
func TestScripts(t *testing.T) {
	t.Parallel()
	t.Run("own servers", func(t *testing.T) {
		t.Parallel()
		runScripts(t, ownServers(t), "testdata/script")
	})
	t.Run("OpenSSH", func(t *testing.T) {
		t.Parallel()
		runScripts(t, realServers(t), "testdata/script/both", "testdata/script/openssh")
	})
}

// TestTortureScripts drives the real main with the scripts in both/, against servers of our own.
func TestTortureScripts(t *testing.T) {
	if os.Getenv("HAIL_TORTURE") == "" {
		t.Skip("make torture runs it")
	}
	runScripts(t, ownServers(t), "testdata/script/both")
}

func runScripts(t *testing.T, s site, dirs ...string) {
	if signal.Ignored(syscall.SIGHUP) { // below nohup; the programs that the scripts start would ignore it, too
		signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			testscript.Run(t, testscript.Params{
				Dir:           dir,
				Setup:         s.setup,
				UpdateScripts: os.Getenv("UPDATE_SCRIPTS") != "",
				Condition: func(word string) (bool, error) {
					if word != "terminals" {
						return false, fmt.Errorf("no condition is called %q", word)
					}
					return sshtest.Terminals(), nil
				},
				Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
					"waitfile": waitFile,
					"gone":     gone,
					"exitcode": exitCodeOf,
				},
			})
		})
	}
}

// site is the running hosts of the scripts.
type site struct {
	user     string
	identity []byte
	hosts    []host
	others   []host // not in the inventory
	free     int    // a port for a server of the script's own
}

type host struct {
	name  string
	port  int
	known string
}

// setup gives a script its own home folder, with a key, a known_hosts and an inventory of the site.
func (s site) setup(env *testscript.Env) error {
	home := filepath.Join(env.WorkDir, "home")
	key, known := filepath.Join(home, "key"), filepath.Join(home, "known_hosts")
	var lines, inv strings.Builder
	fmt.Fprintf(&inv, "defaults: {user: %s, identity: %s, known_hosts: %s, jump: none}\nhosts:\n", s.user, key, known)
	for _, h := range s.hosts {
		lines.WriteString(h.known)
		fmt.Fprintf(&inv, "  %s: {address: %s, port: %d}\n", h.name, sshtest.Address, h.port)
	}
	inv.WriteString("groups:\n  web: {hosts: [\"web[1-3]\"]}\n  db: {hosts: [db1], vars: {role: database, db_password: hunter2}}\n  bad: {hosts: [down1, mute1]}\n  prod: {groups: [web, db]}\n")
	env.Setenv("HOME", home)
	env.Setenv("HAIL_INVENTORY", filepath.Join(home, "inventory.yaml"))
	env.Setenv("HAIL_RUNS", filepath.Join(env.WorkDir, "runs"))
	env.Setenv("SSH_AUTH_SOCK", "")
	env.Setenv("LD_LIBRARY_PATH", os.Getenv("LD_LIBRARY_PATH"))
	env.Setenv("HAIL_RETRIES", "0") // the unreachable hosts stay so
	env.Setenv("GORACE", os.Getenv("GORACE"))
	examples, err := filepath.Abs("../../examples")
	if err != nil {
		return err
	}
	env.Setenv("EXAMPLES", examples)
	env.Setenv("FREEPORT", strconv.Itoa(s.free))
	for _, h := range s.others {
		lines.WriteString(h.known)
	}
	for _, h := range slices.Concat(s.hosts, s.others) {
		env.Setenv("PORT_"+h.name, strconv.Itoa(h.port))
	}
	return errors.Join(
		os.MkdirAll(home, 0o700),
		os.WriteFile(key, s.identity, 0o600),
		os.WriteFile(known, []byte(lines.String()), 0o600),
		os.WriteFile(filepath.Join(home, "inventory.yaml"), []byte(inv.String()), 0o600),
	)
}

var healthy = []string{"web1", "web2", "web3", "db1"}

// troubled adds the hosts that cannot be reached.
func (s *site) troubled(t *testing.T) {
	t.Helper()
	mute, err := sshtest.Server{Name: "mute1", Faults: sshtest.Faults{Mute: true}}.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { mute.Close() })
	s.hosts = append(s.hosts, host{"down1", hosttest.Port(t), ""}, host{mute.Name, mute.Port(), mute.KnownHosts()})
	s.free = hosttest.Port(t)
}

func ownServers(t *testing.T) site {
	t.Helper()
	var servers []sshtest.Server
	for _, name := range healthy {
		servers = append(servers, sshtest.Server{Name: name})
	}
	fleet, err := sshtest.StartFleet(t.TempDir(), servers)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { fleet.Close() })
	s := site{user: "demo"}
	if s.identity, err = os.ReadFile(fleet.Identity()); err != nil {
		t.Fatal(err)
	}
	for _, r := range fleet.Servers {
		s.hosts = append(s.hosts, host{r.Name, r.Port(), r.KnownHosts()})
	}
	pass, err := sshtest.Server{Name: "pass1", Password: "hunter2"}.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pass.Close() })
	s.others = []host{{pass.Name, pass.Port(), pass.KnownHosts()}}
	s.troubled(t)
	return s
}

func realServers(t *testing.T) site {
	t.Helper()
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	fleet, err := sshtest.StartFleet(t.TempDir(), nil) // only for its key
	if err != nil {
		t.Fatal(err)
	}
	s := site{user: me.Username}
	if s.identity, err = os.ReadFile(fleet.Identity()); err != nil {
		t.Fatal(err)
	}
	key, err := ssh.ParsePrivateKey(s.identity)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, name := range healthy {
		// the .bashrc of the caller may print something, and what make tools has unpacked is in no folder of the system
		env := fmt.Sprintf("SetEnv HOME=%s PATH=%q LD_LIBRARY_PATH=%q", t.TempDir(), os.Getenv("PATH"), os.Getenv("LD_LIBRARY_PATH"))
		d := &sshtest.OpenSSH{Dir: t.TempDir(), Authorized: []ssh.PublicKey{key.PublicKey()}, Options: []string{env}}
		if err := d.Start(ctx); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { d.Close() })
		s.hosts = append(s.hosts, host{name, d.Port(), d.KnownHosts()})
	}
	s.troubled(t)
	return s
}

// exitCodeOf runs a command and checks its exit code, as in "exitcode 3 hail ping -a".
func exitCodeOf(ts *testscript.TestScript, neg bool, args []string) {
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if fmt.Sprint(got) != args[0] {
		ts.Fatalf("exit code %d, want %s", got, args[0])
	}
}

const bound = 30 * time.Second

// waitFile waits until a file ends with a newline.
func waitFile(ts *testscript.TestScript, neg bool, args []string) {
	for begin := time.Now(); time.Since(begin) < bound; time.Sleep(10 * time.Millisecond) {
		if text, err := os.ReadFile(ts.MkAbs(args[0])); err == nil && bytes.HasSuffix(text, []byte("\n")) {
			return
		}
	}
	ts.Fatalf("%s was not written within %v", args[0], bound)
}

// gone waits until the process whose number is in a file has ended.
func gone(ts *testscript.TestScript, neg bool, args []string) {
	pid, err := strconv.Atoi(strings.TrimSpace(ts.ReadFile(args[0])))
	if err != nil {
		ts.Fatalf("%s does not have the number of a process: %v", args[0], err)
	}
	for begin := time.Now(); time.Since(begin) < bound; time.Sleep(10 * time.Millisecond) {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil || bytes.Contains(stat, []byte(") Z ")) || syscall.Kill(pid, 0) != nil {
			return
		}
	}
	ts.Fatalf("process %d is still there after %v", pid, bound)
}
