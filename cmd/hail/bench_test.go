package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"hail/inventory"
	"hail/report"
	"hail/runner"
	"hail/runner/action"
	"hail/runner/sshconn"
	"hail/runner/sshtest"
	"hail/runner/wrap"
)

// The programs of the benchmark. Each is a process of its own, so that the cost of the servers is not counted. They are
// the fleet and two clients to compare hail with.
//
//	bare      the SSH library alone: dial, verify, log in, run, read, close
//	engine    hail's runner, wrapper and connections, without a record: output is thrown away
//	hail      the whole program
var benchPrograms = map[string]func(){
	"bench-fleet":  func() { exitWith(benchFleet(os.Args[1])) },
	"bench-bare":   func() { exitWith(benchBare(os.Args[1:])) },
	"bench-engine": func() { exitWith(benchEngine(os.Args[1:])) },
}

func exitWith(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// benchSizes are the fleets, each with its fan-out. The fan-out of all hosts is for commands that wait for each other.
var benchSizes = []struct{ hosts, fanout int }{{100, 32}, {1000, 100}, {10_000, 100}, {10_000, 10_000}}

// There are fewer servers than hosts, because each server takes descriptors. Every host has its own name in
// known_hosts.
const benchServers = 100

// benchFleet serves until its input ends. A command n prints n bytes; a command -n waits until n connections are open
// at once. For each line of input, benchFleet prints the most connections that were open at once since the line before.
func benchFleet(dir string) error {
	crowd := newCrowd()
	play := func(c *sshtest.Command) {
		words := strings.Split(c.Line, "'") // the wrapper puts the command last
		n, _ := strconv.Atoi(words[max(0, len(words)-2)])
		crowd.await(-n)
		line := []byte(strings.Repeat("x", 79) + "\n")
		for text := bytes.Repeat(line, 400); n > 0; n -= len(text) {
			c.Stdout.Write(text[:min(n, len(text))])
		}
	}
	count := func(c *ssh.ServerConn) {
		crowd.change(1)
		c.Wait()
		crowd.change(-1)
	}
	servers := make([]sshtest.Server, benchServers)
	for i := range servers {
		servers[i] = sshtest.Server{Name: fmt.Sprintf("server%d", i), Play: play, Faults: sshtest.Faults{LoggedIn: count}}
	}
	fleet, err := sshtest.StartFleet(dir, servers)
	if err != nil {
		return err
	}
	defer fleet.Close()
	for _, size := range benchSizes {
		var hosts, known strings.Builder
		path := benchInventory(dir, size.hosts)
		fmt.Fprintf(&hosts, "defaults: {user: bench, identity: %q, known_hosts: %q, jump: none}\nhosts:\n", fleet.Identity(), path+".known")
		for i := range size.hosts {
			s := fleet.Servers[i%benchServers]
			fmt.Fprintf(&hosts, "  h%05d: {address: %s, port: %d, host_key_alias: h%05[1]d}\n", i, s.Address(), s.Port())
			fmt.Fprintf(&known, "h%05d %s", i, ssh.MarshalAuthorizedKey(s.HostKey.PublicKey()))
		}
		if err := errors.Join(os.WriteFile(path, []byte(hosts.String()), 0o600), os.WriteFile(path+".known", []byte(known.String()), 0o600)); err != nil {
			return err
		}
	}
	fmt.Println("ready")
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		fmt.Println(crowd.reset())
	}
	return nil
}

// crowd counts how many connections are open at once.
type crowd struct {
	mu         sync.Mutex
	open, most int
	wanted     int           // await waits for this many; 0 when nobody waits
	come       chan struct{} // closed when so many have been open
}

func newCrowd() *crowd { return &crowd{come: make(chan struct{})} }

func (c *crowd) change(by int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open += by
	c.most = max(c.most, c.open)
	if c.wanted > 0 && c.most >= c.wanted {
		close(c.come)
		c.wanted, c.come = 0, make(chan struct{})
	}
}

// await waits until n connections have been open at once, for at most two minutes.
func (c *crowd) await(n int) {
	c.mu.Lock()
	come, there := c.come, c.most >= n
	if !there {
		c.wanted = n
	}
	c.mu.Unlock()
	if there {
		return
	}
	select {
	case <-come:
	case <-time.After(2 * time.Minute):
	}
}

// reset returns the most connections that were open at once, and starts counting anew.
func (c *crowd) reset() (most int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	most, c.most = c.most, c.open
	return most
}

func benchInventory(dir string, hosts int) string {
	return filepath.Join(dir, fmt.Sprint(hosts, ".yaml"))
}

// benchTarget is what the clients other than hail are given.
type benchTarget struct {
	hosts   []inventory.Host
	fanout  int
	command string
}

func newBenchTarget(args []string) (t benchTarget, err error) {
	inv, err := inventory.Load(context.Background(), args[:1], inventory.Surroundings{})
	if err != nil {
		return t, err
	}
	t.hosts, t.command = inv.Hosts(), args[2]
	t.fanout, err = strconv.Atoi(args[1])
	return t, err
}

func benchEngine(args []string) error {
	t, err := newBenchTarget(args)
	if err != nil {
		return err
	}
	dialer := sshconn.New(sshconn.Config{Connecting: 64, PerAddress: 64})
	defer dialer.Close()
	if err := dialer.Prepare(context.Background(), t.hosts); err != nil {
		return err
	}
	osEnvironment(nil).reduceGC()
	command := action.Exec{Line: runner.Text(t.command)}
	plan := runner.Plan{Run: "bench", Action: command.Spec(), Fanout: t.fanout, Hosts: t.hosts}
	s, err := report.Drain(runner.Run(context.Background(), plan, command, wrap.Dialer{Inner: dialer}, nowhere{}))
	if err == nil && s.Counts[runner.OK] != len(t.hosts) {
		err = fmt.Errorf("%v", s.Counts)
	}
	return err
}

// nowhere discards what hosts print.
type nowhere struct{}

func (nowhere) Open(inventory.Host, int) (out, err io.WriteCloser, e error) {
	return nowhere{}, nowhere{}, nil
}
func (nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (nowhere) Close() error                { return nil }

func benchBare(args []string) error {
	t, err := newBenchTarget(args)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(t.hosts[0].Connection.Identity[0])
	if err != nil {
		return err
	}
	key, err := ssh.ParsePrivateKey(text)
	if err != nil {
		return err
	}
	known := map[string]ssh.PublicKey{}
	if text, err = os.ReadFile(t.hosts[0].Connection.KnownHosts[0]); err != nil {
		return err
	}
	for line := range bytes.Lines(text) {
		name, rest, _ := bytes.Cut(line, []byte(" "))
		if known[string(name)], _, _, _, err = ssh.ParseAuthorizedKey(rest); err != nil {
			return err
		}
	}
	var next, failed atomic.Int64
	var wg sync.WaitGroup
	for range t.fanout {
		wg.Go(func() {
			for i := next.Add(1); i <= int64(len(t.hosts)); i = next.Add(1) {
				h := &t.hosts[i-1]
				config := &ssh.ClientConfig{User: h.Connection.User, Auth: []ssh.AuthMethod{ssh.PublicKeys(key)},
					HostKeyCallback: ssh.FixedHostKey(known[h.Name]), HostKeyAlgorithms: []string{ssh.KeyAlgoED25519}}
				if bareRun(h, config, t.command) != nil {
					failed.Add(1)
				}
			}
		})
	}
	wg.Wait()
	if n := failed.Load(); n > 0 {
		return fmt.Errorf("%d hosts failed", n)
	}
	return nil
}

// bareRun does the minimum to reach a host and run a command. It uses the raw channel, which costs less than the
// library's Session.
func bareRun(h *inventory.Host, config *ssh.ClientConfig, command string) error {
	nc, err := net.Dial("tcp", net.JoinHostPort(h.Connection.Address, strconv.Itoa(h.Connection.Port)))
	if err != nil {
		return err
	}
	defer nc.Close()
	c, chans, reqs, err := ssh.NewClientConn(nc, h.Name, config)
	if err != nil {
		return err
	}
	go ssh.DiscardRequests(reqs)
	go func() {
		for range chans {
		}
	}()
	ch, requests, err := c.OpenChannel("session", nil)
	if err != nil {
		return err
	}
	if _, err := ch.SendRequest("exec", true, ssh.Marshal(struct{ Command string }{"'" + command + "'"})); err != nil {
		return err
	}
	status := make(chan byte, 1)
	go func() {
		for r := range requests {
			if r.Type == "exit-status" {
				status <- r.Payload[3]
			}
		}
		close(status)
	}()
	if _, err := io.Copy(io.Discard, ch); err != nil {
		return err
	}
	if got, ok := <-status; !ok || got != 0 {
		return errors.New("it failed")
	}
	return nil
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
