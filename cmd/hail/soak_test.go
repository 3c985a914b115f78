package main

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"hail/inventory"
	"hail/report"
	"hail/runner"
	"hail/runner/action"
	"hail/runner/sshconn"
	"hail/runner/sshtest"
	"hail/runner/wrap"
)

// held is what a process can leak.
type held struct {
	goroutines, files int
	memory            uint64 // bytes of heap and stacks in use
}

func heldNow(t *testing.T) (h held) {
	t.Helper()
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip(err)
	}
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return held{runtime.NumGoroutine(), len(files), m.HeapAlloc + m.StackInuse}
}

// TestTortureSoak runs the engine again and again over one Dialer, on hosts with many kinds of faults. At the end the
// process holds no more than at the beginning.
func TestTortureSoak(t *testing.T) {
	hello := func(c *sshtest.Command) { c.Stdout.Write([]byte("hello\n")) }
	servers := []sshtest.Server{
		{Name: "hangup", Faults: sshtest.Faults{HangUp: true}},
		{Name: "mute", Faults: sshtest.Faults{Mute: true}},
		{Name: "cut", Play: hello, Faults: sshtest.Faults{CutAfter: 3}},
		{Name: "nostatus", Play: hello, Faults: sshtest.Faults{NoStatus: true}},
		{Name: "noexec", Faults: sshtest.Faults{NoExec: true}},
	}
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"} {
		servers = append(servers, sshtest.Server{Name: name, Play: hello})
	}
	fleet, err := sshtest.StartFleet(t.TempDir(), servers)
	if err != nil {
		t.Fatal(err)
	}
	defer fleet.Close()
	inv, err := inventory.Load(t.Context(), []string{fleet.Inventory()}, inventory.Surroundings{})
	if err != nil {
		t.Fatal(err)
	}
	hosts := inv.Hosts()
	for i := range hosts {
		if hosts[i].Name == "mute" {
			hosts[i].Connection.ConnectTimeout = inventory.Duration(50 * time.Millisecond)
		}
	}
	ssh := sshconn.New(sshconn.Config{})
	defer ssh.Close()
	command := action.Exec{Line: "hello"}
	runs := t.TempDir()
	once := func() {
		plan := runner.Plan{Run: report.NewRunID(time.Now()), Action: command.Spec(), Fanout: 8, Hosts: hosts}
		record, err := report.Create(runs, report.Head{What: "hello", Plan: &plan}, nil, 64)
		if err != nil {
			t.Fatal(err)
		}
		summary, err := report.Drain(runner.Run(t.Context(), plan, command, wrap.Dialer{Inner: ssh}, record), record)
		if err != nil {
			t.Fatal(err)
		}
		if err := record.Finish(summary); err != nil {
			t.Fatal(err)
		}
		if n := summary.Counts; n[runner.OK] != 10 || n[runner.Unreachable] != 3 || n[runner.Lost] != 2 {
			t.Fatalf("the hosts ended as %v, want 10 ok, 3 unreachable, 2 lost", n)
		}
		if err := os.RemoveAll(filepath.Join(runs, plan.Run)); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 { // so that everything that is made once exists
		once()
	}
	before := heldNow(t)
	rounds := 0
	for begun, told := time.Now(), time.Now(); rounds < 5 || time.Since(begun) < time.Duration(scale(0, 1800))*time.Second; rounds++ {
		once()
		if time.Since(told) > time.Minute {
			told = time.Now()
			t.Logf("%v, %d runs: %+v", time.Since(begun).Round(time.Second), rounds, heldNow(t))
		}
	}
	after := heldNow(t)
	for n := 0; n < 1500 && after.goroutines > before.goroutines; n++ { // the servers of the last run may not have ended yet
		time.Sleep(20 * time.Millisecond)
		after = heldNow(t)
	}
	t.Logf("%d runs: %+v, and %+v before", rounds, after, before)
	if after.goroutines > before.goroutines+2 || after.files > before.files+2 || after.memory > before.memory+before.memory/5+1<<20 {
		t.Errorf("after %d runs the process holds %+v, before %+v", rounds, after, before)
	}
}
