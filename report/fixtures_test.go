package report

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"iter"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"hail/inventory"
	"hail/runner"
)

// The runs that many tests are about. They begin at start.

var start = time.Date(2026, 11, 23, 15, 4, 5, 0, time.UTC)

// printed is Files in memory.
type printed map[string]string

func (p printed) Output(host string, stream runner.Stream) (io.ReadSeekCloser, error) {
	return inMemory{strings.NewReader(p[host+" "+string(stream)])}, nil
}
func (p printed) Attempt(host string, _ int, stream runner.Stream) (io.ReadSeekCloser, error) {
	return p.Output(host, stream)
}
func (p printed) LogPath(host string) string { return "runs/id/hosts/" + host + "/log" }
func (p printed) Path() string               { return "runs/id" }

// fleet is a finished run, made of results and of what each host printed.
func fleet(results []Result, stdout, stderr map[string]string) (*Summary, printed) {
	plan := &runner.Plan{Run: "20261123-150405-k3f9"}
	files := printed{}
	for _, r := range results {
		plan.Hosts = append(plan.Hosts, inventory.Host{Name: r.Host})
	}
	s := &Summary{}
	s.Add([]runner.Event{{Kind: runner.KindPlan, Run: plan.Run, Time: start, Plan: plan}})
	for i, r := range results {
		begin := start.Add(time.Duration(i) * 10 * time.Millisecond)
		e := runner.Event{Host: r.Host, Attempt: 1, Time: begin}
		e.Kind = runner.KindAttempt
		s.Add([]runner.Event{e})
		if r.Status != runner.Unreachable {
			e.Kind, e.Reach = runner.KindReach, &runner.Reach{TCP: time.Millisecond, Handshake: 3 * time.Millisecond, Login: 2 * time.Millisecond,
				Server: "SSH-2.0-OpenSSH_9.2p1 Debian-2", HostKey: "ssh-ed25519 SHA256:x"}
			s.Add([]runner.Event{e})
			e.Kind, e.Time = runner.KindExec, begin.Add(6*time.Millisecond)
			s.Add([]runner.Event{e})
		}
		for stream, texts := range map[runner.Stream]map[string]string{runner.Stdout: stdout, runner.Stderr: stderr} {
			if text := texts[r.Host]; text != "" {
				files[r.Host+" "+string(stream)] = text
				s.Add([]runner.Event{{Kind: runner.KindOutput, Host: r.Host, Stream: stream, Length: int64(len(text)), Checksum: crcOf(text), Time: e.Time}})
			}
		}
		s.Add([]runner.Event{{Kind: runner.KindFinish, Host: r.Host, Time: begin.Add(time.Duration(50+7*i) * time.Millisecond), Status: r.Status, Reason: r.Reason, Exit: r.Exit, Error: r.Error, Remains: r.Remains}})
	}
	s.Add([]runner.Event{{Kind: runner.KindEnd, Time: start.Add(2 * time.Second)}})
	return s, files
}

// forty is a run of forty hosts: most alike, some that differ, failures of several kinds, and hostile output.
func forty() (*Summary, printed) {
	var results []Result
	out, errs := map[string]string{}, map[string]string{}
	for i := range 40 {
		name := fmt.Sprintf("web%02d", i+1)
		r := Result{Host: name, Status: runner.OK}
		out[name] = "Debian 12\nkernel 6.1\n"
		switch i {
		case 6, 7:
			out[name] = "Debian 11\nkernel 5.10\n"
		case 9:
			out[name] = "\x1b[2J\x1b]0;owned\a progress 10%\rprogress 100%\nno end of line"
		case 11, 12:
			r = Result{Host: name, Status: runner.Failed, Reason: runner.ExitStatus, Exit: 3, Error: "exit 3"}
			out[name], errs[name] = "", "looking\nls: cannot access '/data': No such file or directory\n"
		case 20:
			r = Result{Host: name, Status: runner.Timeout, Error: "stopped: its time ran out", Remains: runner.Alive}
			out[name] = ""
		case 30, 31, 32:
			r = Result{Host: name, Status: runner.Unreachable, Reason: runner.HostKeyUnknown, Error: "host key is not known: ssh-ed25519 SHA256:x as " + name}
			out[name] = ""
		}
		results = append(results, r)
	}
	return fleet(results, out, errs)
}

// story is the events of a run of six hosts that end in different ways.
func story() []runner.Event {
	plan := &runner.Plan{Run: "20261123-150405-k3f9", Fanout: 3, Action: runner.Spec{Kind: runner.ActionExec}}
	for _, name := range []string{"web1", "web2", "web3", "db1", "db2", "db3"} {
		plan.Hosts = append(plan.Hosts, inventory.Host{Name: name, Vars: map[string]any{"role": "x"}})
	}
	var events []runner.Event
	tell := func(e runner.Event) {
		e.Seq, e.Run = int64(len(events)+1), plan.Run
		e.Time = start.Add(time.Duration(len(events)) * 100 * time.Millisecond)
		events = append(events, e)
	}
	tell(runner.Event{Kind: runner.KindPlan, Plan: plan})
	for _, h := range []string{"web1", "web2", "web3"} {
		tell(runner.Event{Kind: runner.KindAttempt, Host: h, Attempt: 1})
		tell(runner.Event{Kind: runner.KindReach, Host: h, Attempt: 1, Reach: &runner.Reach{Address: "192.0.2.1:22", TCP: time.Millisecond, Handshake: 2 * time.Millisecond, Login: 3 * time.Millisecond}})
		tell(runner.Event{Kind: runner.KindExec, Host: h, Attempt: 1})
		tell(runner.Event{Kind: runner.KindOutput, Host: h, Attempt: 1, Stream: runner.Stdout, Length: 3, Checksum: crcOf("hi\n")})
	}
	tell(runner.Event{Kind: runner.KindFinish, Host: "web1", Attempt: 1, Status: runner.OK})
	tell(runner.Event{Kind: runner.KindFinish, Host: "web2", Attempt: 1, Status: runner.Failed, Reason: runner.ExitStatus, Exit: 3, Error: "exit 3"})
	tell(runner.Event{Kind: runner.KindFinish, Host: "web3", Attempt: 1, Status: runner.Timeout, Remains: runner.Gone, Error: "stopped: its time ran out"})
	tell(runner.Event{Kind: runner.KindAttempt, Host: "db1", Attempt: 1})
	tell(runner.Event{Kind: runner.KindFinish, Host: "db1", Attempt: 1, Status: runner.Unreachable, Reason: runner.Refused, Error: "connection refused by 192.0.2.1:22"})
	tell(runner.Event{Kind: runner.KindFinish, Host: "db2", Status: runner.Skipped, Reason: runner.Interrupt})
	tell(runner.Event{Kind: runner.KindFinish, Host: "db3", Status: runner.Skipped, Reason: runner.Interrupt})
	tell(runner.Event{Kind: runner.KindEnd, Reason: runner.Interrupt})
	return events
}

func crcOf(s string) uint32 { return crc32.Checksum([]byte(s), castagnoli) }

// recorded writes a record of the story, and returns its folder.
func recorded(t *testing.T) string {
	t.Helper()
	events := story()
	plan := events[0].Plan
	dir := t.TempDir()
	r, err := Create(dir, Head{Version: "1", Started: start, User: "me", Machine: "here", Argv: []string{"run"}, What: "echo hi", Plan: plan}, nil, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if e.Kind == runner.KindAttempt {
			out, errs, err := r.Open(inventory.Host{Name: e.Host}, 1)
			if err != nil {
				t.Fatal(err)
			}
			if e.Host[0] == 'w' {
				out.Write([]byte("hi\n"))
			}
			out.Close()
			errs.Close()
		}
		if err := r.Events([]runner.Event{e}); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	s := &Summary{}
	s.Add(events)
	if err := r.Finish(s); err != nil {
		t.Fatal(err)
	}
	return r.Path()
}

// finished writes the record of a run in dir that has ended without doing anything.
func finished(t *testing.T, dir string, plan *runner.Plan) *Record {
	t.Helper()
	r, err := Create(dir, Head{Plan: plan}, nil, 1)
	if err == nil {
		err = errors.Join(r.Close(), r.Finish(&Summary{Run: plan.Run}))
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// read opens a record, and reads all of its events.
func read(t *testing.T, path string) (*Run, []runner.Event) {
	t.Helper()
	r, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	var events []runner.Event
	for batch := range r.Events() {
		events = append(events, batch...)
	}
	return r, events
}

// reportOf is a run of some hosts that ended in various ways; with checks, it is a test of these hosts.
func reportOf(t *testing.T, checks bool) *Report {
	t.Helper()
	s, files := forty()
	for i, h := range s.Plan.Hosts {
		s.Hosts[i].Ended = s.Hosts[i].Ended.Add(7 * time.Nanosecond)
		s.Plan.Hosts[i].Vars = map[string]any{"rack": fmt.Sprint("r", i%4), "cpus": 4 + i, "formula": "=1+1", "token": inventory.Redacted}
		if files[h.Name+" stdout"] == "" && s.Hosts[i].Status == runner.OK {
			t.Fatalf("%s printed nothing", h.Name)
		}
	}
	if checks {
		s.Plan.Checks = []runner.Check{{ID: "file:/etc/passwd", Type: "file", Severity: runner.Critical, Capture: "size"}, {ID: "=2+3 | # \"<b>", Type: "command", Severity: runner.Minor}, {ID: "third", Type: "port"}}
		s.Plan.Fleet = []runner.Check{{ID: "same"}}
		size := runner.Text("1024")
		for i := range s.Hosts {
			if s.Hosts[i].Status == runner.OK {
				outcomes := []runner.Outcome{runner.Pass, runner.Waived, runner.Skip}
				s.Hosts[i].Checks = []runner.Verdict{{Check: "file:/etc/passwd", Outcome: runner.Pass, Value: &size}, {Check: "=2+3 | # \"<b>", Outcome: outcomes[i%3], Text: "is \x00\x1b[31m]]> `x` | # \ufffe"}, {Check: "third", Outcome: runner.Pass}}
			} else if s.Hosts[i].Status == runner.Failed {
				s.Hosts[i].Reason = runner.CheckFailed
				s.Hosts[i].Checks = []runner.Verdict{{Check: "file:/etc/passwd", Outcome: runner.Fail, Text: "mode: expected 0644"}, {Check: "=2+3 | # \"<b>", Outcome: runner.CheckError, Text: "no"}, {Check: "third", Outcome: runner.Pass}}
			}
		}
		s.Fleet = []runner.Verdict{{Check: "same", Outcome: runner.Fail, Text: "there are 2"}}
		s.Settle()
	}
	return &Report{Summary: s, Files: files, Events: eventsOf(s)}
}

// eventsOf returns events that add up to this summary, in one batch.
func eventsOf(s *Summary) iter.Seq[[]runner.Event] {
	events := []runner.Event{{Kind: runner.KindPlan, Run: s.Run, Plan: s.Plan}}
	for _, h := range s.Hosts {
		if h.Checks != nil {
			events = append(events, runner.Event{Kind: runner.KindCheck, Host: h.Host, Verdicts: h.Checks})
		}
		events = append(events, runner.Event{Kind: runner.KindFinish, Host: h.Host, Status: h.Status, Reason: h.Reason, Exit: h.Exit, Error: h.Error})
	}
	return slices.Values([][]runner.Event{append(events, runner.Event{Kind: runner.KindEnd})})
}

func (r *Report) written(t *testing.T, name string) string {
	t.Helper()
	var b bytes.Buffer
	if err := Formats[name](&b, r); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return b.String()
}

// hostileReport is a run whose hosts have output, and errors, that are dangerous in some format.
func hostileReport() *Report {
	hostile := []string{"</script><script>alert(1)</script>", "]]><x/>", "```\n# not a title\n", "=cmd|' /C calc'!A0", "\x00\x01\x1b[2J\x7f\xff\xfe\u202e", "not ok 1 - forged\nBail out!\n",
		"web01\",status=\"ok\"} 1\n", "1\tweb9\t0\t0\t0\t0\t0\t0\ttrue\n", "\ufffe\uffff", strings.Repeat("ä", 100_000), everyControl()}
	var results []Result
	out, errs := map[string]string{}, map[string]string{}
	for i, text := range hostile {
		name := fmt.Sprintf("h%d", i)
		results = append(results, Result{Host: name, Status: runner.Failed, Reason: runner.Signalled, Error: text[:min(len(text), 500)]})
		out[name], errs[name] = text, text
	}
	s, files := fleet(results, out, errs)
	return &Report{Summary: s, Files: files}
}

// everyControl has every control and format character, each after an a.
var everyControl = sync.OnceValue(func() string {
	var b strings.Builder
	for c := range rune(0x110000) {
		if unicode.In(c, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) {
			b.WriteString("a" + string(c))
		}
	}
	return b.String()
})

// manyHosts makes a run of n hosts, each with a different output of 1000 bytes.
func manyHosts(n int) *Report {
	var results []Result
	out := map[string]string{}
	for i := range n {
		name := fmt.Sprintf("node%05d", i)
		status := runner.OK
		if i%37 == 0 {
			status = runner.Unreachable
		}
		results = append(results, Result{Host: name, Status: status})
		out[name] = fmt.Sprintf("%0999d\n", i)
	}
	s, files := fleet(results, out, nil)
	return &Report{Summary: s, Files: files}
}
