package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"hail/runner"
	"hail/runner/sshtest"
)

// crash is a series of runs that are killed. Their command appends a line to a file named after the host.
type crash struct {
	fleet *sshtest.Fleet
	hosts int
	runs  string // the folder of the records
	ran   string // the folder of those files
}

func newCrash(t *testing.T, hosts int) *crash {
	t.Helper()
	var servers []sshtest.Server
	for i := range hosts {
		servers = append(servers, sshtest.Server{Name: fmt.Sprintf("h%d", i)})
	}
	fleet, err := sshtest.StartFleet(t.TempDir(), servers)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { fleet.Close() })
	return &crash{fleet: fleet, hosts: hosts}
}

// begin makes new folders, and returns the command line of a run.
func (c *crash) begin(t *testing.T, options ...string) []string {
	t.Helper()
	c.newFolders(t)
	return c.run(c.append(), options...)
}

func (c *crash) newFolders(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	c.runs, c.ran = filepath.Join(dir, "runs"), filepath.Join(dir, "ran")
	if err := os.MkdirAll(c.ran, 0o700); err != nil {
		t.Fatal(err)
	}
}

// append is the command: it appends a line to the file of its host.
func (c *crash) append() string { return "echo ran >>" + c.ran + "/$HAIL_HOST" }

// run returns the command line of a run of a command.
func (c *crash) run(command string, options ...string) []string {
	return slices.Concat([]string{"hail", "run", "-a", "-i", c.fleet.Inventory(), "-F", "none", "--runs-dir", c.runs, "--retries", "0", "--connect-timeout", "1m", "--output", "none", "-q"},
		options, []string{"--", command})
}

// check fails the test unless the record accounts for every host, resume completes the run, and no host has run the
// command twice.
func (c *crash) check(t *testing.T) {
	t.Helper()
	out, err := c.hail("show", "last", "--output", "json")
	if err != nil && strings.Contains(out, "no such run") { // killed before there was a record, so no host may have run
		if files, _ := os.ReadDir(c.ran); len(files) > 0 {
			t.Errorf("there is no record, and %d hosts have run", len(files))
		}
		return
	}
	c.account(t, out, err)
	if out, err := c.hail("resume", "last", "-q", "--output", "none", "-i", c.fleet.Inventory()); err != nil && !strings.Contains(out, "nothing is left to resume") { // as all have ended or are lost
		t.Errorf("resume: %v\n%s", err, out)
	}
	out, err = c.hail("show", "last", "--merged", "--output", "json")
	for _, h := range c.account(t, out, err) {
		text, err := os.ReadFile(filepath.Join(c.ran, h.Host))
		lines := strings.Count(string(text), "ran\n")
		switch {
		case err != nil && !errors.Is(err, os.ErrNotExist):
			t.Error(err)
		case lines > 1, h.Status == runner.OK && lines != 1:
			t.Errorf("%s is %s and has run %d times", h.Host, h.Status, lines)
		case h.Status != runner.OK && h.Status != runner.Lost:
			t.Errorf("%s is %s after resume", h.Host, h.Status)
		}
	}
}

type ended struct {
	Host   string
	Status runner.Status
}

// account parses a summary, and checks that its counts add up to all hosts.
func (c *crash) account(t *testing.T, out string, err error) []ended {
	t.Helper()
	var s struct {
		Counts map[runner.Status]int
		Hosts  []ended
	}
	if err != nil || json.Unmarshal([]byte(out), &s) != nil {
		t.Fatalf("show: %v\n%s", err, out)
	}
	sum := 0
	for _, n := range s.Counts {
		sum += n
	}
	if sum != c.hosts || len(s.Hosts) != c.hosts {
		t.Errorf("%d of %d hosts are accounted for: %v", sum, c.hosts, s.Counts)
	}
	return s.Hosts
}

func (c *crash) hail(args ...string) (string, error) {
	var errs strings.Builder
	cmd := exec.Command("hail", append(args, "--runs-dir", c.runs)...)
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		return errs.String(), err
	}
	return string(out), nil
}

// TestTortureKill kills hail at random moments of a run.
func TestTortureKill(t *testing.T) {
	t.Parallel()
	c := newCrash(t, scale(20, 100))
	third := []string{"-f", fmt.Sprint(1 + c.hosts/3)} // so that some hosts have not begun, and some have ended
	args := c.begin(t, third...)
	begun := time.Now()
	if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	whole := time.Since(begun)
	killed := 0
	for range scale(6, 200) {
		args := c.begin(t, third...)
		cmd := exec.Command(args[0], args[1:]...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(time.Duration(rand.Float64()*float64(whole)), func() { cmd.Process.Kill() })
		if cmd.Wait() != nil {
			killed++
		}
		c.check(t)
	}
	t.Logf("%d runs were killed", killed)
}

// TestTortureKillAtEveryCall kills hail at each system call that changes files: at the first call of a thread, at the
// second, and so on.
func TestTortureKillAtEveryCall(t *testing.T) {
	if os.Getenv("HAIL_TORTURE") == "" {
		t.Skip("make torture runs it")
	}
	if _, err := exec.LookPath("strace"); err != nil {
		t.Fatalf("%v: apt-get install strace", err)
	}
	const calls = "write,pwrite64,openat,mkdirat,renameat,renameat2,linkat,symlinkat,unlinkat,fsync,fdatasync,ftruncate,fallocate,flock"
	c := newCrash(t, 3)
	killed := 0
	for call := range strings.SplitSeq(calls, ",") {
		survived := 0
		for n := 1; n < 200 && survived < 3; n++ {
			args := append([]string{"strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=" + call, "-e", fmt.Sprintf("inject=%s:signal=SIGKILL:when=%d", call, n)}, c.begin(t)...)
			cmd := exec.Command(args[0], args[1:]...)
			err := cmd.Run()
			if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); err == nil || ok && status.Exited() && status.ExitStatus() < 128 {
				survived++
			} else {
				killed++
			}
			c.check(t)
		}
	}
	t.Logf("%d runs were killed", killed)
}

// TestTwoResumes starts two resumes of one run at the same time: every host runs the command once in all.
func TestTwoResumes(t *testing.T) {
	t.Parallel()
	c := newCrash(t, 4)
	c.newFolders(t)
	again := filepath.Join(c.ran, ".again")
	args := c.run(c.append()+"; sleep 0.3; test $HAIL_HOST != h0 -o -e "+again, "--max-fail", "0", "-f", "1")
	exec.Command(args[0], args[1:]...).Run() // it fails on h0, and so does not get to the others
	if err := os.WriteFile(again, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	results := make(chan error)
	for range 2 {
		go func() {
			_, err := c.hail("resume", "last", "-q", "--output", "none", "-i", c.fleet.Inventory())
			results <- err
		}()
	}
	refused := 0
	for range 2 {
		if err := <-results; err != nil {
			refused++
		}
	}
	if refused > 1 {
		t.Error("both were refused")
	}
	out, err := c.hail("show", "last", "--merged", "--output", "json")
	for _, h := range c.account(t, out, err) {
		text, err := os.ReadFile(filepath.Join(c.ran, h.Host))
		if err != nil || string(text) != "ran\n" {
			t.Errorf("%s: %q, %v", h.Host, text, err)
		}
	}
}
