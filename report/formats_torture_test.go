package report

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"hail/runner"
)

// recordedHosts writes a record of n hosts, each with a different output of 1000 bytes, and returns its folder.
func recordedHosts(t testing.TB, n int) string {
	t.Helper()
	s := manyHosts(n).Summary
	s.Plan.Run = NewRunID(start)
	r, err := Create(t.TempDir(), Head{Started: start, Plan: s.Plan}, nil, 100)
	if err != nil {
		t.Fatal(err)
	}
	events := []runner.Event{{Kind: runner.KindPlan, Run: s.Plan.Run, Time: start, Plan: s.Plan}}
	for i, h := range s.Plan.Hosts {
		e := runner.Event{Run: s.Plan.Run, Host: h.Name, Attempt: 1, Time: start.Add(time.Duration(i) * time.Millisecond)}
		add := func(kind runner.Kind) {
			e.Kind = kind
			events = append(events, e)
		}
		add(runner.KindAttempt)
		out, errs, err := r.Open(h, 1)
		if err != nil {
			t.Fatal(err)
		}
		if s.Hosts[i].Status == runner.OK {
			add(runner.KindExec)
			text := fmt.Sprintf("%0999d\n", i)
			out.Write([]byte(text))
			e.Stream, e.Length, e.Checksum = runner.Stdout, int64(len(text)), crcOf(text)
			add(runner.KindOutput)
			e.Stream, e.Length, e.Checksum = "", 0, 0
		}
		out.Close()
		errs.Close()
		e.Time = e.Time.Add(time.Duration(50+i%300) * time.Millisecond)
		e.Status = s.Hosts[i].Status
		add(runner.KindFinish)
	}
	events = append(events, runner.Event{Run: s.Plan.Run, Kind: runner.KindEnd, Time: start.Add(time.Minute)})
	if err := r.Events(events); err != nil {
		t.Fatal(err)
	}
	whole := &Summary{}
	whole.Add(events)
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if err := r.Finish(whole); err != nil {
		t.Fatal(err)
	}
	return r.Path()
}

// TestTortureFormats: a process that writes all formats for 10,000 hosts, with 1000 bytes of output each, takes at most
// 300 MB of memory.
func TestTortureFormats(t *testing.T) {
	if record := os.Getenv("HAIL_TORTURE_RECORD"); record != "" {
		run, err := Open(record)
		if err != nil {
			t.Fatal(err)
		}
		s, err := run.Summary()
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range FormatNames() {
			r := &Report{Summary: s, Files: run, Events: run.Events()}
			if err := r.WriteFile(filepath.Join(t.TempDir(), name), Formats[name]); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		return
	}
	if os.Getenv("HAIL_TORTURE") == "" {
		t.Skip("make torture measures")
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestTortureFormats$")
	cmd.Env = append(os.Environ(), "HAIL_TORTURE_RECORD="+recordedHosts(t, 10_000))
	begun := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	peak := cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss >> 10
	t.Logf("every format of 10,000 hosts: %v, of which %v of processors, and %d MB at most", time.Since(begun).Round(10*time.Millisecond), cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime(), peak)
	if peak > 300 {
		t.Errorf("the formats took %d MB, more than 300", peak)
	}
}
