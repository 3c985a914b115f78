package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// benchSizes are the fleets, each with its fan-out. The fan-out of all hosts is for commands that wait for each other.
var benchSizes = []struct{ hosts, fanout int }{{100, 32}, {1000, 100}, {10_000, 100}, {10_000, 10_000}}

func benchInventory(dir string, hosts int) string {
	return filepath.Join(dir, fmt.Sprint(hosts, ".yaml"))
}

// benchSite is a running fleet.
type benchSite struct {
	dir string
	ask io.Writer
	say *bufio.Reader
}

func newBenchSite(b *testing.B) *benchSite {
	b.Helper()
	s := &benchSite{dir: b.TempDir()}
	fleet := exec.Command("bench-fleet", s.dir)
	fleet.Stderr = os.Stderr
	in, err := fleet.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := fleet.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := fleet.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { in.Close(); fleet.Wait() })
	s.ask, s.say = in, bufio.NewReader(out)
	if line, err := s.say.ReadString('\n'); line != "ready\n" {
		b.Fatal(line, err)
	}
	return s
}

// cost is what one run of a program cost.
type cost struct {
	cpu, wall float64 // seconds
	peak      float64 // MiB, maximum resident set
	held      int     // most connections at once
}

func (s *benchSite) run(b *testing.B, hosts, fanout int, command, program string) (c cost) {
	b.Helper()
	cmd := exec.Command("bench-"+program, benchInventory(s.dir, hosts), fmt.Sprint(fanout), command)
	if program == "hail" {
		cmd = exec.Command("hail", "run", "-i", benchInventory(s.dir, hosts), "-a", "-f", fmt.Sprint(fanout), "--per-address", "64", "-F", "none",
			"--runs-dir", filepath.Join(s.dir, "runs"), "--output", "none", "-q", "--", command)
	}
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "SSH_AUTH_SOCK=") })
	begun := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%s: %v\n%s", program, err, out)
	}
	c.wall = time.Since(begun).Seconds()
	c.cpu = (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()
	if u, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		c.peak = float64(u.Maxrss) / 1024
	}
	fmt.Fprintln(s.ask)
	line, err := s.say.ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	c.held, _ = strconv.Atoi(strings.TrimSpace(line))
	return c // the record is not deleted yet: after a large deletion, some file systems are slow for a while
}

// BenchmarkFleet runs commands on fleets of several sizes, in turns with hail, its engine and the SSH library alone.
// docs/performance.md says how to read the results.
func BenchmarkFleet(b *testing.B) {
	site := newBenchSite(b)
	before := map[string]float64{} // CPU time for each host at the previous size, by command
	for _, size := range benchSizes {
		commands := []struct{ name, text string }{{"true", "0"}, {"1KB", "1024"}, {"1MB", "1048576"}}
		switch size.hosts {
		case size.fanout:
			commands = commands[:1]
			commands[0].name, commands[0].text = "held", fmt.Sprint(-size.hosts)
		case 10_000:
			commands = commands[:2] // a record of 1 MB from each would take 13 GB
		}
		for _, command := range commands {
			b.Run(fmt.Sprintf("%d×%d/%s", size.hosts, size.fanout, command.name), func(b *testing.B) {
				var bare, engine, hail cost
				add := func(to *cost, program string) {
					c := site.run(b, size.hosts, size.fanout, command.text, program)
					to.cpu, to.wall, to.peak, to.held = to.cpu+c.cpu, to.wall+c.wall, max(to.peak, c.peak), max(to.held, c.held)
				}
				for b.Loop() {
					add(&bare, "bare")
					add(&engine, "engine")
					add(&hail, "hail")
				}
				each := 1000 / float64(b.N*size.hosts)
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(bare.cpu*each, "bare-ms/host")
				b.ReportMetric(engine.cpu/bare.cpu, "×engine")
				b.ReportMetric(hail.cpu/bare.cpu, "×hail")
				b.ReportMetric(hail.wall/bare.wall, "×wall")
				b.ReportMetric(hail.wall/float64(b.N), "wall-s")
				b.ReportMetric(hail.peak, "peak-MB")
				if command.name == "held" {
					b.ReportMetric(hail.peak/bare.peak, "×peak") // else the process itself outweighs the library
				}
				b.ReportMetric(float64(hail.held), "held")
				if had := before[command.name]; had > 0 {
					b.ReportMetric(hail.cpu*each/had, "growth")
				}
				before[command.name] = hail.cpu * each
			})
		}
	}
}
