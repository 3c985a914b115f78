package check_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"hail/inventory"
	"hail/runner"
	"hail/runner/action/check"
)

// canned is a host that answers the program of a suite at once, so that a benchmark measures only our own cost.
type canned struct{ answer string }

func (c canned) Dial(context.Context, inventory.Host) (runner.Conn, error) { return c, nil }
func (canned) Close() error                                                { return nil }

func (c canned) Exec(_ context.Context, line string, s runner.Stdio) error {
	if s.In != nil {
		if _, err := io.Copy(io.Discard, s.In); err != nil {
			return err
		}
	}
	nonce, _, _ := strings.Cut(line[strings.LastIndex(line, "' hail ")+len("' hail "):], " ")
	_, err := io.WriteString(s.Out, strings.ReplaceAll(c.answer, "NONCE", nonce))
	return err
}

// BenchmarkFifty measures what fifty checks cost for each host, without the connection: program, answers, matchers,
// events.
func BenchmarkFifty(b *testing.B) {
	var file, answer strings.Builder
	file.WriteString("checks:\n")
	for i := range 50 {
		fmt.Fprintf(&file, "  - {id: c%d, file: {path: /etc/file%d, mode: \"0644\", owner: root, size: {lt: 1MiB}}}\n", i, i)
		fmt.Fprintf(&answer, "hail:NONCE:begin %d 100.00\nexists true\ntype file\nmode 644\nowner root\ngroup root\nsize 812\nmtime 1700000000\nnow 1700001000\nhail:NONCE:end 0 100.01\n", i)
	}
	suite, err := check.Read([]string{"c.yaml"}, func(string) ([]byte, error) { return []byte(file.String()), nil })
	if err != nil {
		b.Fatal(err)
	}
	action, err := check.New(suite.Spec())
	if err != nil {
		b.Fatal(err)
	}
	plan := runner.Plan{Run: "bench", Fanout: 2}
	for i := range b.N {
		plan.Hosts = append(plan.Hosts, inventory.Host{Name: fmt.Sprint("web", i)})
	}
	plan.Checks, plan.Fleet = action.Listed()
	b.ReportAllocs()
	b.ResetTimer()
	passed := 0
	for batch := range runner.Run(b.Context(), plan, action, canned{answer.String()}, nil) {
		for _, e := range batch {
			if e.Status == runner.OK {
				passed++
			}
		}
	}
	if passed != b.N {
		b.Errorf("%d of %d hosts passed", passed, b.N)
	}
}

// BenchmarkAim fills in the templates of 200 checks for 200 hosts.
func BenchmarkAim(b *testing.B) {
	var file strings.Builder
	file.WriteString("checks:\n")
	for i := range 200 {
		fmt.Fprintf(&file, "  - {id: c%d, command: {run: 'echo {{.host}} %d', stdout: {contains: '{{.host}}'}}}\n", i, i)
	}
	suite, err := check.Read([]string{"x"}, func(string) ([]byte, error) { return []byte(file.String()), nil })
	if err != nil {
		b.Fatal(err)
	}
	hosts := make([]inventory.Host, 200)
	for i := range hosts {
		hosts[i].Name = fmt.Sprintf("web%d", i)
	}
	for b.Loop() {
		if err := suite.Aim(hosts, nil); err != nil {
			b.Fatal(err)
		}
	}
}
