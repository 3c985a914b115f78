package check_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hail/inventory"
	"hail/inventory/strictyaml"
	"hail/runner"
	"hail/runner/action/check"
	"hail/runner/action/specfile"
	"hail/runner/hosttest"
	"hail/runner/local"
	"hail/runner/wrap"
)

// counting counts the commands that a host is given, and adds an environment to each.
type counting struct {
	runner.Dialer
	env   []string
	execs *int
}

func (c counting) Dial(ctx context.Context, h inventory.Host) (runner.Conn, error) {
	conn, err := c.Dialer.Dial(ctx, h)
	return countingConn{conn, c}, err
}

type countingConn struct {
	runner.Conn
	with counting
}

func (c countingConn) Unwrap() runner.Conn { return c.Conn }

func (c countingConn) Exec(ctx context.Context, cmd string, s runner.Stdio) error {
	*c.with.execs++
	s.Env = append(s.Env, c.with.env...)
	return c.Conn.Exec(ctx, cmd, s)
}

// machine is this machine as a host.
type machine struct {
	path  string // PATH on the host
	shell string
	host  inventory.Host
	limit runner.Duration // on an attempt; 0: none

	// Of the last run:
	execs  int
	stderr int64 // bytes
}

// userlands returns this machine with GNU's tools, and with busybox only.
func userlands(t *testing.T) map[string]*machine {
	machines := map[string]*machine{}
	for _, name := range hosttest.Userlands {
		machines[name] = newMachine(t, name)
	}
	return machines
}

// newMachine has the tools of a userland: see hosttest.Tools.
func newMachine(t *testing.T, name string) *machine {
	t.Helper()
	path, sh := hosttest.Tools(t, name)
	return &machine{path: path, shell: sh}
}

func TestMain(m *testing.M) { hosttest.Main(m) }

// read parses checks, as if text were the content of checks.yaml.
func read(t *testing.T, text string) *check.Suite {
	t.Helper()
	suite, err := check.Read([]string{"checks.yaml"}, func(string) ([]byte, error) { return []byte(text), nil })
	if err != nil {
		t.Fatal(err)
	}
	return suite
}

// run makes the checks, and returns the verdicts by id, and the finish event of the host.
func (m *machine) run(t *testing.T, suite *check.Suite) (map[string]runner.Verdict, runner.Event) {
	t.Helper()
	action, err := check.New(suite.Spec())
	if err != nil {
		t.Fatal(err)
	}
	m.execs, m.stderr = 0, 0
	with := counting{Dialer: local.Dialer{}, env: []string{"PATH=" + m.path}, execs: &m.execs}
	m.host.Name, m.host.Connection.Shell = "here", m.shell
	plan := runner.Plan{Run: "test", Hosts: []inventory.Host{m.host}, Fanout: 1, Clocks: runner.Clocks{Attempt: m.limit, Grace: runner.Duration(time.Second)}}
	plan.Checks, plan.Fleet = action.Listed()
	verdicts := map[string]runner.Verdict{}
	var finish runner.Event
	for batch := range action.Judge(runner.Run(t.Context(), plan, action, wrap.Dialer{Inner: with}, nil)) {
		for _, e := range batch {
			for _, v := range e.Verdicts {
				verdicts[v.Check] = v
			}
			if e.Stream == runner.Stderr {
				m.stderr += e.Length
			}
			if e.Kind == runner.KindFinish {
				finish = e
			}
		}
	}
	return verdicts, finish
}

// readHealth parses health checks, as in the spec of a push.
func readHealth(text string) (checks []check.Check, err error) {
	err = specfile.Read("push.yaml", []byte(text), func(r *specfile.Reader, root *strictyaml.Node) { checks = check.ReadHealth(r, root) })
	return checks, err
}

// judge has the host itself judge a check.
func (m *machine) judge(t *testing.T, c check.Check) (pass bool, why string) {
	t.Helper()
	arguments, err := c.Arguments()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(m.shell, "-c", fmt.Sprintf("timeout %d sh -c %s hail %s", int(c.Timeout.Value().Seconds()), runner.Quote(check.JudgeProgram([]check.Check{c})), arguments))
	cmd.Env = append(os.Environ(), "LC_ALL=C", "PATH="+m.path)
	said, err := os.Create(filepath.Join(t.TempDir(), "said")) // a file, because a check that hangs may keep it open
	must(t, err)
	defer said.Close()
	cmd.Stdout = said
	err = cmd.Run()
	out, readErr := os.ReadFile(said.Name())
	must(t, readErr)
	why, _ = c.Verdict(strings.Split(strings.TrimSuffix(string(out), "\n"), "\n"))
	return err == nil, why
}
