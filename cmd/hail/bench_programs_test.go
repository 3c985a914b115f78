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
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
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
			fmt.Fprintf(&hosts, "  h%05d: {address: %s, port: %d, host_key_alias: h%05[1]d}\n", i, sshtest.Address, s.Port())
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
