package sshconn_test

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"hail/inventory"
	"hail/runner"
	"hail/runner/sshconn"
	"hail/runner/sshtest"
)

// TestMain serves hosts instead of running tests when a benchmark has started it for that. A server in the same process
// would count as cost of the client. Parallel tests mostly wait, so more of them run at once than there are processors.
func TestMain(m *testing.M) {
	if dir := os.Getenv("HAIL_SERVE"); dir != "" {
		os.Exit(serveHosts(dir))
	}
	flag.Parse()
	flag.Set("test.parallel", "8")
	os.Exit(m.Run())
}

// serveHosts serves the one host of the inventory that it writes to dir, until its input ends.
func serveHosts(dir string) int {
	f, err := sshtest.StartFleet(dir, []sshtest.Server{{Name: "web1", Play: func(c *sshtest.Command) { io.WriteString(c.Stdout, "hello\n") }}})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println("ready")
	io.Copy(io.Discard, os.Stdin)
	f.Close()
	return 0
}

// farm is a host served by another process.
type farm struct {
	host inventory.Host
	key  ssh.Signer
}

func newFarm(b *testing.B) farm {
	b.Helper()
	dir := b.TempDir()
	server := exec.Command(os.Args[0])
	server.Env = append(os.Environ(), "HAIL_SERVE="+dir)
	in, err := server.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := server.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := server.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { in.Close(); server.Wait() })
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		b.Fatal(line, err)
	}
	inv, err := inventory.Load(b.Context(), []string{filepath.Join(dir, "inventory.yaml")}, inventory.Surroundings{})
	if err != nil {
		b.Fatal(err)
	}
	f := farm{host: inv.Hosts()[0]}
	text, err := os.ReadFile(f.host.Connection.Identity[0])
	if err != nil {
		b.Fatal(err)
	}
	if f.key, err = ssh.ParsePrivateKey(text); err != nil {
		b.Fatal(err)
	}
	return f
}

// bare connects and logs in with the library alone, verifying the host key.
func (f farm) bare() (*ssh.Client, error) {
	text, err := os.ReadFile(f.host.Connection.KnownHosts[0])
	if err != nil {
		return nil, err
	}
	key, _, _, _, err := ssh.ParseAuthorizedKey(text[strings.Index(string(text), " ")+1:])
	if err != nil {
		return nil, err
	}
	return ssh.Dial("tcp", fmt.Sprintf("%s:%d", f.host.Connection.Address, f.host.Connection.Port), &ssh.ClientConfig{
		User: f.host.Connection.User, Auth: []ssh.AuthMethod{ssh.PublicKeys(f.key)}, HostKeyCallback: ssh.FixedHostKey(key), HostKeyAlgorithms: []string{ssh.KeyAlgoED25519},
	})
}

func (f farm) bareRun() error {
	c, err := f.bare()
	if err != nil {
		return err
	}
	defer c.Close()
	s, err := c.NewSession()
	if err != nil {
		return err
	}
	out, err := s.Output("true")
	if err == nil && string(out) != "hello\n" {
		err = fmt.Errorf("it printed %q", out)
	}
	return err
}

func (f farm) hailRun(b *testing.B, d *sshconn.Dialer) error {
	c, err := d.Dial(b.Context(), f.host)
	if err != nil {
		return err
	}
	defer c.Close()
	var out strings.Builder
	if err := c.Exec(b.Context(), "true", runner.Stdio{Out: &out}); err != nil || out.String() != "hello\n" {
		return fmt.Errorf("it printed %q, %v", out.String(), err)
	}
	return nil
}

// atOnce calls do n times, from so many workers.
func atOnce(b *testing.B, n, workers int, do func() error) {
	b.Helper()
	var next atomic.Int64
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for next.Add(1) <= int64(n) {
				if err := do(); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

func cpu() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkLogin dials, logs in, runs a command and closes, 32 at once, in turns with the bare library. The ratio is
// the cost of everything that hail adds.
func BenchmarkLogin(b *testing.B) {
	f := newFarm(b)
	d := sshconn.New(sshconn.Config{})
	defer d.Close()
	const n = 250
	var ours, theirs, wall time.Duration
	for b.Loop() {
		begun := cpu()
		atOnce(b, n, 32, f.bareRun)
		theirs += cpu() - begun
		begun, start := cpu(), time.Now()
		atOnce(b, n, 32, func() error { return f.hailRun(b, d) })
		ours += cpu() - begun
		wall += time.Since(start)
	}
	hosts := float64(b.N * n)
	b.ReportMetric(ours.Seconds()*1000/hosts, "cpu-ms/host")
	b.ReportMetric(ours.Seconds()/theirs.Seconds(), "×bare")
	b.ReportMetric(hosts/wall.Seconds(), "hosts/s")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkHeld measures the memory of open connections, compared with as many of the bare library.
func BenchmarkHeld(b *testing.B) {
	f := newFarm(b)
	for b.Loop() {
		const n = 5000
		used := func() float64 {
			runtime.GC()
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			return float64(m.HeapAlloc + m.StackInuse)
		}
		hold := func(dial func() (io.Closer, error)) float64 {
			before := used()
			var mu sync.Mutex
			var held []io.Closer
			atOnce(b, n, 32, func() error {
				c, err := dial()
				mu.Lock()
				defer mu.Unlock()
				held = append(held, c)
				return err
			})
			grown := used() - before
			for _, c := range held {
				c.Close()
			}
			return grown
		}
		d := sshconn.New(sshconn.Config{})
		theirs := hold(func() (io.Closer, error) { return f.bare() })
		ours := hold(func() (io.Closer, error) { return d.Dial(b.Context(), f.host) })
		d.Close()
		b.ReportMetric(ours/n/1024, "KiB/conn")
		b.ReportMetric(ours/theirs, "×bare")
	}
	b.ReportMetric(0, "ns/op")
}

// BenchmarkAgent logs in with a key in OpenSSH's agent, in turns with a key in a file.
func BenchmarkAgent(b *testing.B) {
	f := newFarm(b)
	socket := filepath.Join(b.TempDir(), "agent")
	agent := exec.Command("ssh-agent", "-D", "-a", socket)
	if err := agent.Start(); err != nil {
		b.Fatal(err)
	}
	defer func() { agent.Process.Kill(); agent.Wait() }()
	add := exec.Command("ssh-add", f.host.Connection.Identity[0])
	add.Env = append(os.Environ(), "SSH_AUTH_SOCK="+socket)
	for n := 0; ; n++ {
		if _, err := os.Stat(socket); err == nil || n > 500 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if out, err := add.CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	byAgent := f
	byAgent.host.Connection.Identity = nil
	var theirs, ours time.Duration
	const n = 500
	for b.Loop() {
		d := sshconn.New(sshconn.Config{})
		start := time.Now()
		atOnce(b, n, 100, func() error { return f.hailRun(b, d) })
		theirs += time.Since(start)
		d.Close()
		d = sshconn.New(sshconn.Config{Agent: socket})
		start = time.Now()
		atOnce(b, n, 100, func() error { return byAgent.hailRun(b, d) })
		ours += time.Since(start)
		d.Close()
	}
	b.ReportMetric(float64(b.N*n)/ours.Seconds(), "hosts/s")
	b.ReportMetric(ours.Seconds()/theirs.Seconds(), "×file")
	b.ReportMetric(0, "ns/op")
}
